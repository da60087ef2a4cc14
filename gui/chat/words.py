"""What the chat room says in numbers and sentences: footers, notes, ages, sizes. No widgets.

Every sentence goes through Qt's translation; numbers are grouped as in English until the app has
another language.
"""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from PySide6.QtCore import QCoreApplication, QDate, QLocale

from engine.process.messages import ModelInfo
from gui.chat.chat_rows import Age


def tr(text: str) -> str:
    """A sentence in the window's language."""
    return QCoreApplication.translate("ChatRoom", text)


def count(n: int, one: str, many: str) -> str:
    """A number with its noun, in the right one of two (translated) forms."""
    return (one if n == 1 else many).format(n=f"{n:,}")


def tokens_text(n: int) -> str:
    return count(n, tr("{n} token"), tr("{n} tokens"))


def size_text(n_bytes: int) -> str:
    """A file's size as its maker would say it: decimal units."""
    if n_bytes >= 10**9:
        return tr("{n} GB").format(n=f"{n_bytes / 10**9:.1f}")
    if n_bytes >= 10**6:
        return tr("{n} MB").format(n=f"{n_bytes / 10**6:.0f}")
    return tr("{n} kB").format(n=f"{n_bytes / 10**3:.0f}")


def parameters_text(n_params: int) -> str:
    """135M, 1.7B: the way models are named."""
    if n_params >= 10**9:
        return f"{n_params / 10**9:.1f}".removesuffix(".0") + "B"
    if n_params >= 10**6:
        return f"{n_params / 10**6:.0f}M"
    return f"{n_params:,}"


def model_facts(model: ModelInfo) -> str:
    """One line under a model's name: quantisation, size, parameters."""
    facts = [model.quantisation, size_text(model.size_bytes)]
    if model.n_params:
        facts.append(tr("{n} parameters").format(n=parameters_text(model.n_params)))
    if model.template == "none":
        facts.append(tr("base model"))
    return " · ".join(fact for fact in facts if fact)


def model_label(model: ModelInfo) -> str:
    """Name and quantisation, as on the model button."""
    if not model.quantisation or model.quantisation.casefold() in model.name.casefold():
        return model.name
    return f"{model.name} · {model.quantisation}"


def file_label(path: str) -> str:
    """A model's file of which only the path is known: its name, or its folder's where it is called
    "model" like its neighbours."""
    file = Path(path)
    return file.parent.name if file.stem == "model" else file.stem


def footer_text(details: dict[str, Any]) -> str:
    """The quiet line under a reply, from what the store keeps of it."""
    parts: list[str] = []
    if "n_generated" in details:
        parts.extend(_length_texts(details))
        if n_reasoning := int(details.get("n_reasoning", 0)):
            parts.append(tr("{n} of them reasoning").format(n=f"{n_reasoning:,}"))
        parts.append(tr("{n} tok/s").format(n=f"{details['tokens_per_s']:,.0f}"))
        parts.append(tr("first after {n} ms").format(n=f"{details['first_token_ms']:,.0f}"))
        parts.append(reuse_text(details["n_reused"], details["n_prompt"]))
        parts.append(tr("seed {n}").format(n=details["seed"]))
    elif "n_by_hand" in details:
        parts.append(tr("{tokens} picked by hand").format(tokens=tokens_text(details["n_by_hand"])))
    ending = _ending_text(str(details.get("finish", "")))
    return " · ".join([*parts, ending] if ending else parts)


def _length_texts(details: dict[str, Any]) -> list[str]:
    """How long a reply is, and how much of it was written last where it went on."""
    n_last = int(details["n_generated"])
    if details.get("went_on"):
        return [tr("{tokens} added").format(tokens=tokens_text(n_last))]
    n_all = int(details.get("n_tokens", n_last))
    if n_all == n_last:
        return [tokens_text(n_all)]
    return [tokens_text(n_all), tr("{n} of them written last").format(n=f"{n_last:,}")]


def reuse_text(n_reused: int, n_prompt: int) -> str:
    text = tr("reused {reused} of {all} prompt tokens")
    return text.format(reused=f"{n_reused:,}", all=f"{n_prompt:,}")


def _ending_text(finish: str) -> str:
    return {
        "length": tr("stopped at the reply length that is set"),
        "context": tr("stopped: the context is full"),
        "cancelled": tr("stopped"),
        "failed": tr("broken off"),
        "interrupted": tr("broken off when the app ended"),
    }.get(finish, "")


def marks_text(rating: int, correction: str, tags: Sequence[str], details: dict[str, Any]) -> str:
    """What a person did with a message, for the quiet line under it."""
    parts = [tr("edited")] if details.get("edited") else []
    if rating:
        parts.append(tr("rated good") if rating > 0 else tr("rated bad"))
    if correction:
        parts.append(tr("corrected"))
    if tags:
        parts.append(tr("tags: {names}").format(names=", ".join(tags)))
    return " · ".join(parts)


def reasoning_text(ms: int, n_tokens: int, *, is_on: bool) -> str:
    """The line that stands for a reply's reasoning; empty where nothing is known of it."""
    if is_on:
        return tr("Thinking… {s} s").format(s=ms // 1000)
    if not n_tokens:
        return ""
    seconds = f"{ms / 1000:.1f}" if ms < 10_000 else f"{ms / 1000:,.0f}"
    words = tr("Thought for {s} s · {n} tokens")
    return words.format(s=seconds, n=f"{n_tokens:,}")


def reading_text(n_done: int, n_total: int) -> str:
    text = tr("Reading {done} of {all} prompt tokens")
    return text.format(done=f"{n_done:,}", all=f"{n_total:,}")


def dropped_text(first_words: list[str], n_tokens: int) -> str:
    """Which messages the overflow policy left out, by their first words; "" where none were."""
    saved = tokens_text(n_tokens)
    if not first_words:
        text = tr("The first {saved} of the text were left out to fit the context.")
        return text.format(saved=saved) if n_tokens else ""
    quoted = [f"“{words}”" for words in first_words]
    named = ", ".join(quoted) if len(quoted) <= 2 else f"{quoted[0]} … {quoted[-1]}"
    one = tr("{n} earlier message ({saved}) was left out to fit the context: {named}.")
    many = tr("{n} earlier messages ({saved}) were left out to fit the context: {named}.")
    form = one if len(first_words) == 1 else many
    return form.format(n=len(first_words), named=named, saved=saved)


def dropped_later_text(first_words: list[str], n_tokens: int) -> str:
    """Which messages made room in the middle of a reply; "" where none did."""
    if not first_words:
        return ""
    quoted = [f"“{words}”" for words in first_words]
    named = ", ".join(quoted) if len(quoted) <= 2 else f"{quoted[0]} … {quoted[-1]}"
    one = tr("In the middle of the reply {n} message ({saved}) was left out to make room: {named}.")
    many = tr(
        "In the middle of the reply {n} messages ({saved}) were left out to make room: {named}."
    )
    form = one if len(first_words) == 1 else many
    return form.format(n=len(first_words), named=named, saved=tokens_text(n_tokens))


def heading_text(key: str) -> str:
    """A heading of the list of chats."""
    return {
        "pinned": tr("Pinned"),
        "today": tr("Today"),
        "yesterday": tr("Yesterday"),
        "week": tr("Previous 7 days"),
        "earlier": tr("Earlier"),
    }[key]


def age_text(age: Age, now: datetime) -> str:
    """2 m, 1 h, Fri, 3 Mar: short enough to stand beside a title."""
    locale = QLocale()
    if age.unit == "weekday":
        return locale.dayName(age.day.isoweekday(), QLocale.FormatType.ShortFormat)
    if age.unit == "date":
        form = "d MMM" if age.day.year == now.year else "d MMM yyyy"
        return locale.toString(QDate(age.day.year, age.day.month, age.day.day), form)
    return {
        "now": tr("now"),
        "minutes": tr("{n} m").format(n=age.n),
        "hours": tr("{n} h").format(n=age.n),
    }[age.unit]
