"""What is to be known of a link before it is followed: its real address, its host in ASCII, and
whether its words say another host. Qt-free; opens nothing.
"""

import re
from urllib.parse import urlsplit

from msgspec import Struct

_HOST_IN_WORDS = re.compile(
    r"(?:https?://)?((?:[\w-]{1,63}\.){1,8}[^\W\d_]{2,24})(?::\d{1,5})?(?:[/?#]\S*)?\s*",
    re.IGNORECASE,
)
MAX_WORDS = 2_000


class LinkFacts(Struct, frozen=True):
    """address: what a browser would be given, its host as the network knows it. host: as it is
    written, where it has letters that may be taken for others, else empty. claimed: the other host
    that the link's words say, else empty."""

    address: str
    host: str = ""
    claimed: str = ""
    has_name: bool = False


def link_facts(url: str, words: str) -> LinkFacts:
    """Look at a link. has_name: somebody's name stands before the host, which may look like one."""
    parts = urlsplit(url.strip())
    host = parts.hostname or ""
    plain = ascii_host(host)
    address = url.strip()
    if plain != host:
        address = parts._replace(netloc=_with_host(parts.netloc, plain)).geturl()
    said = _host_in(words)
    claimed = said if said and not _same(ascii_host(said), plain) else ""
    if parts.scheme == "mailto":
        claimed = ""
    has_name = parts.scheme != "mailto" and "@" in parts.netloc
    return LinkFacts(_ascii(address), host if plain != host else "", claimed, has_name)


def ascii_host(host: str) -> str:
    """A host as the network knows it (xn--…); what has no such form is escaped."""
    if host.isascii():
        return host.lower()
    try:
        return host.encode("idna").decode("ascii")
    except UnicodeError:
        return host.encode("ascii", "backslashreplace").decode("ascii")


def _with_host(netloc: str, host: str) -> str:
    before, at, rest = netloc.rpartition("@")
    port = re.search(r":\d+$", rest)
    return f"{before}{at}{host}{port.group() if port else ''}"


def _host_in(words: str) -> str:
    """The host that words say, if they are an address and nothing else."""
    found = _HOST_IN_WORDS.fullmatch(words[:MAX_WORDS].strip())
    return found[1].lower() if found is not None else ""


def _same(one: str, other: str) -> bool:
    return one.removeprefix("www.") == other.removeprefix("www.")


def _ascii(address: str) -> str:
    """An address whose other letters are escaped, as a browser sends them."""
    return "".join(
        character if character.isascii() else "".join(f"%{byte:02X}" for byte in character.encode())
        for character in address
    )
