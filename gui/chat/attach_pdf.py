"""The text of a PDF, page by page. Runs on a worker's thread; Qt's PDF module is imported when a
PDF is first read.

Draws nothing: a page that is only a picture has no text, and the document says so.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from engine.errors import AppError
from gui.chat.attachments import Document, Part
from gui.chat.words import count, tr

if TYPE_CHECKING:
    from PySide6.QtPdf import QPdfDocument

MAX_PAGES = 5_000
MAX_CHARS = 20_000_000
# A line of a page that was set with breaks of its own ends in these.
_BREAKS = ("\r\n", "\r", "\x02", "\ufffe")


class PasswordNeededError(AppError):
    """The PDF is encrypted, and the password (if one was given) does not open it."""


def read_pdf(path: Path, password: str, is_over: Callable[[], bool]) -> Document | None:
    """A PDF as a document with one part per page that has text; None where it was called off.

    Raises:
        PasswordNeededError: a password, or another one, is needed.
        AppError: it cannot be read, or has no text.
    """
    from PySide6.QtPdf import QPdfDocument

    # Made and ended in this thread, with no parent.
    pdf = QPdfDocument()
    try:
        _open(pdf, path, password)
        return _document(pdf, path.name, is_over)
    finally:
        pdf.close()


def _open(pdf: QPdfDocument, path: Path, password: str) -> None:
    pdf.setPassword(password)
    outcome, name = pdf.load(str(path)), path.name
    errors = type(outcome)
    if outcome == errors.None_:
        return
    if outcome == errors.IncorrectPassword:
        asks = tr("“{name}” is locked with a password.")
        wrong = tr("That password does not open “{name}”.")
        raise PasswordNeededError(
            (wrong if password else asks).format(name=name),
            tr("Type the password that its maker gave it."),
        )
    if outcome == errors.UnsupportedSecurityScheme:
        message = tr("“{name}” is encrypted in a way that cannot be opened here.")
        raise AppError(message.format(name=name), tr("Save a copy of it without protection."))
    raise AppError(
        tr("“{name}” cannot be read as a PDF.").format(name=name),
        tr("It may be damaged: save it again, or attach its text."),
        str(outcome),
    )


def _document(pdf: QPdfDocument, name: str, is_over: Callable[[], bool]) -> Document | None:
    n_pages = pdf.pageCount()
    if n_pages > MAX_PAGES:
        message = tr("“{name}” has {n} pages; at most {most} can be attached.")
        raise AppError(
            message.format(name=name, n=f"{n_pages:,}", most=f"{MAX_PAGES:,}"),
            tr("Save the part you need as a PDF of its own."),
        )
    parts, n_chars = [], 0
    for page in range(n_pages):
        if is_over():
            return None
        text = page_text(pdf.getAllText(page).text())
        n_chars += len(text)
        if n_chars > MAX_CHARS:
            raise _too_long(name)
        if text.strip():
            parts.append(Part(text, page + 1, page + 1))
    if not parts:
        raise AppError(
            tr("“{name}” has no text: its pages are pictures, as from a scanner.").format(
                name=name
            ),
            tr("Run it through text recognition (OCR) first, then attach the result."),
        )
    return Document(name, "pdf", "page", tuple(parts), note=_without_text(n_pages - len(parts)))


def page_text(text: str) -> str:
    """A page's text with plain line breaks; words broken by a soft hyphen at a line's end are made
    whole."""
    for mark in ("\x02\r\n", "\ufffe\r\n", "\u00ad\r\n"):
        text = text.replace(mark, "")
    for mark in _BREAKS:
        text = text.replace(mark, "\n" if mark.startswith("\r") else "")
    return text.replace("\0", "")


def _without_text(n_pages: int) -> str:
    if not n_pages:
        return ""
    return count(
        n_pages, tr("{n} page is a picture without text"), tr("{n} pages are pictures without text")
    )


def _too_long(name: str) -> AppError:
    return AppError(
        tr("“{name}” holds more text than can be attached.").format(name=name),
        tr("Save the part you need as a PDF of its own."),
    )
