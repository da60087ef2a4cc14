"""What is said of attachments: names of parts, costs, what does not fit. No widgets."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from gui.chat.attachments import Attachment, Document, Space, Unit, spans_of
from gui.chat.words import count, tokens_text, tr

LONGEST_NAME = 34
MOST_SPANS = 6


def short_name(name: str) -> str:
    """A file's name, cut in its middle where it is long: its ending says what it is."""
    if len(name) <= LONGEST_NAME:
        return name
    half = LONGEST_NAME // 2
    return f"{name[: half + 2]}…{name[-half + 3 :]}"


def part_name(document: Document, index: int) -> str:
    """Page 3, Section 2, Rows 51–100."""
    part = document.parts[index]
    return {
        "page": tr("Page {n}").format(n=f"{part.first:,}"),
        "section": tr("Section {n}").format(n=f"{part.first:,}"),
        "rows": tr("Rows {span}").format(span=_span((part.first, part.last))),
    }[document.unit]


def parts_text(unit: Unit, spans: Sequence[Sequence[int]]) -> str:
    """pages 2–4, 7: which parts were chosen, in few words."""
    shown = ", ".join(_span(span) for span in spans[:MOST_SPANS])
    if len(spans) > MOST_SPANS:
        shown += ", …"
    is_one = len(spans) == 1 and spans[0][0] == spans[0][-1]
    form = {
        "page": tr("page {spans}") if is_one else tr("pages {spans}"),
        "section": tr("section {spans}") if is_one else tr("sections {spans}"),
        "rows": tr("row {spans}") if is_one else tr("rows {spans}"),
    }[unit]
    return form.format(spans=shown)


def _span(span: Sequence[int]) -> str:
    first, last = span[0], span[-1]
    return f"{first:,}" if first == last else f"{first:,}–{last:,}"


def chosen_text(attachment: Attachment) -> str:
    """Which parts go with the message; "" for all of them."""
    document = attachment.document
    if len(attachment.chosen) == len(document.parts):
        return ""
    if not attachment.chosen:
        return tr("nothing chosen")
    return parts_text(document.unit, spans_of(document, attachment.chosen))


def cost_text(attachment: Attachment, *, is_counting: bool) -> str:
    """1,204 tokens; about so many while they are being counted or nobody can."""
    n_tokens = attachment.n_chosen_tokens
    if attachment.is_counted:
        return tokens_text(n_tokens)
    text = tr("about {tokens}…") if is_counting else tr("about {tokens}")
    return text.format(tokens=tokens_text(_rounded(n_tokens)))


def chip_text(attachment: Attachment, *, is_counting: bool) -> str:
    parts = [short_name(attachment.document.name), chosen_text(attachment)]
    parts.append(cost_text(attachment, is_counting=is_counting))
    return " · ".join(part for part in parts if part)


def sum_text(space: Space, *, is_counted: bool) -> str:
    """The line under the chips: what is attached and what is left."""
    tokens = tokens_text(space.attached if is_counted else _rounded(space.attached))
    attached = (tr("{tokens} attached") if is_counted else tr("about {tokens} attached")).format(
        tokens=tokens
    )
    if not space.n_ctx:
        return tr("{attached} · no model is loaded, so this is an estimate").format(
            attached=attached
        )
    if space.fits:
        free = tr("{n} free").format(n=f"{max(0, space.free):,}")
        if space.free < space.reserve:
            free = tr("the oldest turns will be left out for it")
        return f"{attached} · {free}"
    return tr("Too long: {attached}, room for {n}. Choose what goes with the message.").format(
        attached=attached, n=f"{max(0, space.room):,}"
    )


def sent_line(attachments: Iterable[dict[str, Any]]) -> str:
    """What a sent message had attached: report.pdf, pages 2–4 · 1,204 tokens; one line each."""
    return "\n".join(_sent_one(one) for one in attachments)


def _sent_one(attachment: dict[str, Any]) -> str:
    name = short_name(str(attachment.get("name", ""))) or tr("Attachment")
    spans, unit = attachment.get("spans"), attachment.get("unit")
    if spans and unit in ("page", "section", "rows"):
        name = f"{name}, {parts_text(unit, spans)}"
    n_tokens = attachment.get("n_tokens")
    return f"{name} · {tokens_text(n_tokens)}" if isinstance(n_tokens, int) else name


def choice_text(attachment: Attachment, space: Space) -> str:
    """The running sum of the chooser, which is `space` with what is chosen now."""
    n_parts, n_chosen = len(attachment.document.parts), len(attachment.chosen)
    form = {
        "page": count(n_parts, tr("{{k}} of {n} page"), tr("{{k}} of {n} pages")),
        "section": count(n_parts, tr("{{k}} of {n} section"), tr("{{k}} of {n} sections")),
        "rows": count(n_parts, tr("{{k}} of {n} range"), tr("{{k}} of {n} ranges")),
    }[attachment.document.unit]
    chosen = form.format(k=f"{n_chosen:,}")
    tokens = cost_text(attachment, is_counting=True)
    if not space.n_ctx:
        return f"{chosen} · {tokens}"
    room = max(0, space.room - (space.attached - attachment.n_chosen_tokens))
    return tr("{chosen} · {tokens} · room for {n}").format(
        chosen=chosen, tokens=tokens, n=f"{room:,}"
    )


def _rounded(n_tokens: int) -> int:
    """Two figures are enough for an estimate."""
    step = int(10 ** max(0, len(str(n_tokens)) - 2))
    return round(n_tokens / step) * step


def parse_spans(text: str) -> list[tuple[int, int]] | None:
    """Typed ranges ("1-4, 7, 9-") as pairs; None where something is no range. An open end is as far
    as there is."""
    spans: list[tuple[int, int]] = []
    for piece in text.replace("–", "-").replace(";", ",").split(","):
        piece = piece.strip()
        if not piece:
            continue
        first, dash, last = (one.strip() for one in piece.partition("-"))
        if not first.isdecimal() or (last and not last.isdecimal()):
            return None
        spans.append((int(first), int(last) if last else (2**31 if dash else int(first))))
    return spans
