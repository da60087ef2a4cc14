"""Text, Markdown, code and tables as documents: which encoding, where the parts begin. No widgets.

A file that is no text is refused in a sentence that says what it is. A guess (the encoding) is told
in the document's note.
"""

import codecs
import csv
import io
from collections.abc import Iterable, Iterator

from engine.errors import AppError
from gui.chat.attachments import Document, Kind, Part
from gui.chat.words import tr

# About a page, so that a person chooses in pages whatever the file is.
PAGE_CHARS = 3_000
_LOOK_BYTES = 4_096
_CHUNK_BYTES = 256 * 1024
_FEW_CONTROLS = 0.02
_CONTROLS = bytes(set(range(32)) - {9, 10, 12, 13, 27})
_BOMS = (
    (b"\xef\xbb\xbf", "utf-8-sig"),
    (b"\xff\xfe\x00\x00", "utf-32"),
    (b"\x00\x00\xfe\xff", "utf-32"),
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
)
_MARKDOWN = {"md", "markdown", "mdx", "rmd", "qmd"}
_TABLES = {"csv", "tsv", "tab"}
_CODE = frozenset(
    {"asm", "bash", "bat", "c", "cc", "clj", "cmake", "conf", "cpp", "cs", "css", "cu", "cxx"}
    | {"dart", "diff", "ex", "f90", "go", "gradle", "graphql", "h", "hpp", "hs", "htm", "html"}
    | {"ini", "ipynb", "java", "jl", "js", "json", "jsonl", "jsx", "kt", "less", "lisp", "lua"}
    | {"m", "make", "mjs", "ml", "nix", "patch", "php", "pl", "proto", "ps1", "py", "pyi", "r"}
    | {"rb", "rs", "sass", "scala", "scss", "sh", "sql", "svelte", "swift", "tex", "tf", "toml"}
    | {"ts", "tsx", "v", "vb", "vhdl", "vim", "vue", "xml", "yaml", "yml", "zig", "zsh"}
)
_CODE_NAMES = {"makefile", "dockerfile", "cmakelists.txt", ".gitignore", ".env"}


def kind_of(name: str) -> Kind:
    """What a file is, by its name; "text" where that says nothing."""
    lower = name.casefold()
    ending = lower.rpartition(".")[2] if "." in lower else ""
    if ending in _MARKDOWN:
        return "markdown"
    if ending in _TABLES:
        return "table"
    return "code" if ending in _CODE or lower in _CODE_NAMES else "text"


def read_text(name: str, data: bytes) -> Document:
    """A file's bytes as a document.

    Raises:
        AppError: it is empty, or no text.
    """
    chunks, note = decode(name, data)
    if not any(chunk.strip() for chunk in chunks):
        raise AppError(tr("“{name}” is empty.").format(name=name), tr("Choose another file."))
    kind = kind_of(name)
    if kind == "table":
        return table(name, _lines_of(chunks), note)
    n_chars = sum(map(len, chunks))
    texts = sections_of(_lines_of(chunks), n_chars, kind)
    sections = tuple(Part(text, number, number) for number, text in enumerate(texts, 1))
    return Document(name, kind, "section", sections, note=note)


def decode(name: str, data: bytes) -> tuple[list[str], str]:
    """Bytes as text in chunks, with one sign for the end of a line; and what was guessed to read
    them ("" where nothing was).

    Raises:
        AppError: this is no text.
    """
    for mark, encoding in _BOMS:
        if data.startswith(mark):
            return _decoded(name, data, encoding), ""
    wide = _wide_encoding(data)
    if wide:
        return _decoded(name, data, wide), tr("read as UTF-16, a guess: the file does not say")
    if _is_binary(data):
        raise _no_text(name, data)
    try:
        return _chunks(data, "utf-8"), ""
    except UnicodeDecodeError:
        note = tr("read as Latin-1, a guess: accented letters may be wrong")
        return _chunks(data, "cp1252" if _fits_windows(data) else "latin-1"), note


def _fits_windows(data: bytes) -> bool:
    # Windows' Latin-1 has quotes and dashes where the standard one has control characters.
    return not any(sign in data for sign in (b"\x81", b"\x8d", b"\x8f", b"\x90", b"\x9d"))


def _decoded(name: str, data: bytes, encoding: str) -> list[str]:
    try:
        return _chunks(data, encoding)
    except UnicodeDecodeError as error:
        raise AppError(
            tr("“{name}” is damaged: it cannot be read as {encoding} text.").format(
                name=name, encoding=encoding.upper().removesuffix("-SIG")
            ),
            tr("Save it again as UTF-8 text and attach that."),
            str(error)[:500],
        ) from error


def _chunks(data: bytes, encoding: str) -> list[str]:
    """A chunk at a time: one call for all of it would hold up the window's thread."""
    letters = codecs.getincrementaldecoder(encoding)()
    decoder = io.IncrementalNewlineDecoder(letters, translate=True)
    starts = range(0, len(data), _CHUNK_BYTES)
    chunks = [decoder.decode(data[start : start + _CHUNK_BYTES]) for start in starts]
    return [*chunks, decoder.decode(b"", final=True)]


def _lines_of(chunks: Iterable[str]) -> Iterator[str]:
    """The lines with their ends; together they are the whole text."""
    rest = ""
    for chunk in chunks:
        lines = (rest + chunk).splitlines(keepends=True)
        rest = lines.pop() if lines else ""
        yield from lines
    if rest:
        yield rest


def _wide_encoding(data: bytes) -> str:
    """UTF-16 without its mark shows as every other byte being zero, in text of our letters."""
    start = data[:_LOOK_BYTES]
    half = len(start) // 2
    if half < 8 or len(data) % 2:
        return ""
    even, odd = start[::2].count(0), start[1::2].count(0)
    if odd > half * 0.4 and even < half * 0.05:
        return "utf-16-le"
    return "utf-16-be" if even > half * 0.4 and odd < half * 0.05 else ""


def _is_binary(data: bytes) -> bool:
    start = data[:_LOOK_BYTES]
    n_controls = len(start) - len(start.translate(None, _CONTROLS))
    return b"\0" in data or n_controls > len(start) * _FEW_CONTROLS


def _no_text(name: str, data: bytes) -> AppError:
    what, hint = _recognised(data)
    return AppError(tr("“{name}” is {what}, not text.").format(name=name, what=what), hint)


def _recognised(data: bytes) -> tuple[str, str]:
    """What a binary file is, and what to do about it."""
    as_text = tr("Save it as text or PDF and attach that.")
    if data.startswith(b"PK\x03\x04"):
        return tr("a document or an archive (ZIP)"), as_text
    if data.startswith((b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"BM")) or data[8:12] == b"WEBP":
        return tr("a picture"), tr("This model reads text: attach its words instead.")
    if data.startswith(b"GGUF"):
        return tr("a model"), tr("Open it as a model: Choose a model, Open a GGUF file.")
    if data.startswith(b"\xd0\xcf\x11\xe0"):
        return tr("an Office document"), as_text
    return tr("a binary file"), tr("Attach text, Markdown, PDF, code or CSV files.")


# ---- parts ----


def sections_of(lines: Iterable[str], n_chars: int, kind: Kind) -> list[str]:
    """A text in sections of about a page, cut before a heading, between paragraphs, or at least
    between lines. Together they are the whole text."""
    if n_chars <= PAGE_CHARS * 3 // 2:
        return ["".join(lines)]
    sections: list[str] = []
    current: list[str] = []
    size = 0
    for block in _blocks_of(lines, kind):
        is_heading = kind == "markdown" and block.startswith("#") and size > PAGE_CHARS // 2
        if current and (size + len(block) > PAGE_CHARS or is_heading):
            sections.append("".join(current))
            current, size = [], 0
        current.append(block)
        size += len(block)
    return [*sections, "".join(current)]


def _blocks_of(all_lines: Iterable[str], kind: Kind) -> Iterator[str]:
    """Paragraphs with the blank lines behind them; longer ones by lines, long lines by letters."""
    lines: list[str] = []
    size = 0
    for line in all_lines:
        opens = kind == "markdown" and line.startswith("#")
        if lines and (opens or (not lines[-1].strip() and line.strip())):
            yield "".join(lines)
            lines, size = [], 0
        if size + len(line) > PAGE_CHARS and lines:
            yield "".join(lines)
            lines, size = [], 0
        while len(line) > PAGE_CHARS:
            yield line[:PAGE_CHARS]
            line = line[PAGE_CHARS:]
        lines.append(line)
        size += len(line)
    if lines:
        yield "".join(lines)


def table(name: str, lines: Iterable[str], note: str = "") -> Document:
    """A table in ranges of rows of about a page; its first line goes with every choice."""
    rows = list(_rows_of(lines))
    head, rows = rows[0], rows[1:]
    if not rows:
        return Document(name, "table", "rows", (Part(head, 1, 1),), note=note)
    parts: list[Part] = []
    first, size, begun = 1, 0, 0
    for number, row in enumerate(rows, 1):
        if size and size + len(row) > PAGE_CHARS:
            parts.append(Part("".join(rows[begun : number - 1]), first, number - 1))
            first, begun, size = number, number - 1, 0
        size += len(row)
    parts.append(Part("".join(rows[begun:]), first, len(rows)))
    return Document(name, "table", "rows", tuple(parts), head=head, note=note)


def _rows_of(lines: Iterable[str]) -> Iterator[str]:
    """The rows as they are written; a quoted field may hold line breaks."""
    taken: list[str] = []

    def take() -> Iterator[str]:
        for line in lines:
            taken.append(line)
            yield line

    reader = csv.reader(take(), strict=False)
    try:
        for _ in reader:
            row = "".join(taken)
            taken.clear()
            if row.strip():
                yield row
    except csv.Error:  # a field of over 128 kB: no table, so line by line
        yield from (line for line in (*taken, *lines) if line.strip())
