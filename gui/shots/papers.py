"""The files that are attached in the pictures: a table, a text, and reports as PDF."""

from pathlib import Path

from PySide6.QtCore import QMarginsF, QRectF, Qt
from PySide6.QtGui import QFont, QPageLayout, QPageSize, QPainter, QPdfWriter

LOG = """dive,date,depth_m,minutes,seen
1,2026-05-02,120,54,"jellyfish, a sunken buoy"
2,2026-05-03,310,71,"lantern fish, two squid"
3,2026-05-05,660,96,"a chain of salps, nine metres long"
4,2026-05-06,923,118,"an anglerfish, which kept its distance"
"""
NOTES = """# Before the dive

- Close and test both valves.
- Weigh the ballast; write it down.
- Talk to the ship every five minutes. Two calls missed: come up.

The window is cleaned with fresh water only. It is the one part that cannot be mended below.
"""
CHAPTERS = {
    "Summary": "Four dives were made within a week, the deepest to 923 metres.",
    "The vessel": "A steel sphere of two metres, with one window of quartz.",
    "The crew": "Two divers below, a winch team and a doctor above.",
    "Ballast": "Lead shot in four tanks; each can be let go by hand.",
    "The first dive": "Down to 120 metres, where daylight is a deep blue.",
    "The second dive": "At 310 metres the last colour is gone; lantern fish came near.",
    "The third dive": "A chain of salps passed the window for half a minute.",
    "The fourth dive": "At 923 metres the sphere creaked, as it had done in the tests.",
    "The window": "No scratch, no mist; it was dried after each dive.",
    "Temperature": "From 19 degrees at the surface to 4 at the bottom.",
    "Light": "A lamp of 200 watts shows eight metres of water, no more.",
    "Next year": "A second window, a longer cable, and a camera outside.",
}
REMARKS = (
    "The cable was paid out at twelve metres a minute and stopped every hundred.",
    "The ship's log and the divers' log agree but for one entry, which is marked.",
    "Oxygen was let in by hand; the scrubber kept carbon dioxide under one per cent.",
    "The telephone worked at all depths, and nobody had to rely on knocking.",
    "What was seen was drawn at once, as a drawing forgets less than a diver does.",
    "All times are those of the ship; depths are from the cable and the pressure gauge.",
)


def write_papers(folder: Path) -> tuple[Path, Path, Path]:
    """The table, the text and the report."""
    folder.mkdir(parents=True, exist_ok=True)
    log, notes, report = folder / "dives.csv", folder / "checklist.md", folder / "report.pdf"
    log.write_text(LOG, encoding="utf-8")
    notes.write_text(NOTES, encoding="utf-8")
    _write_pdf(report, _pages(2))
    return log, notes, report


def write_long_paper(folder: Path) -> Path:
    """A report that no small context holds."""
    folder.mkdir(parents=True, exist_ok=True)
    report = folder / "expedition.pdf"
    _write_pdf(report, _pages(16))
    return report


def _pages(n_remarks: int) -> list[str]:
    """A page for each chapter, of unlike lengths."""
    pages = []
    for n, (title, words) in enumerate(CHAPTERS.items()):
        remarks = [REMARKS[(n * 5 + k) % len(REMARKS)] for k in range(n_remarks + n % 4)]
        pages.append("\n\n".join([f"{n + 1}. {title}", words, " ".join(remarks)]))
    return pages


def _write_pdf(path: Path, pages: list[str]) -> None:
    writer = QPdfWriter(str(path))
    writer.setPageSize(QPageSize(QPageSize.PageSizeId.A4))
    writer.setPageMargins(QMarginsF(20, 20, 20, 20), QPageLayout.Unit.Millimeter)
    painter = QPainter(writer)
    painter.setFont(QFont("sans-serif", 11))
    room = QRectF(0, 0, writer.width(), writer.height())
    for number, text in enumerate(pages):
        if number:
            writer.newPage()
        painter.drawText(room, Qt.TextFlag.TextWordWrap, text)
    painter.end()
