"""What rooms whose work goes in stages say in words. Every sentence goes through Qt's translation.
No widgets."""

from PySide6.QtCore import QCoreApplication


def tr(text: str) -> str:
    """A sentence in the window's language."""
    return QCoreApplication.translate("StagedRoom", text)
