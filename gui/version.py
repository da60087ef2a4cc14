"""Which version of Bathysphere this is, as installed."""

from functools import cache


@cache
def app_version() -> str:
    """The installed version; "unpacked" where the source runs without being installed."""
    from importlib import metadata  # 10 ms that the start of the window need not pay

    try:
        return metadata.version("bathysphere")
    except metadata.PackageNotFoundError:
        return "unpacked"
