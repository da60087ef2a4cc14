"""Which settings stand together in the details pane, and the row that each is set with."""

from msgspec import Struct

from gui.chat.bias_rows import BiasRows
from gui.chat.number_field import NumberField
from gui.chat.setting_row import SettingRow
from gui.chat.spin_row import ChoiceRow, LengthRow, SpinRow
from gui.chat.text_row import LinesRow, TextRow, check_grammar, check_schema
from gui.chat.words import tr
from gui.theme import Theme

# The few that most people come for; they are always in view.
COMMON = ("temperature", "top_p", "min_p", "top_k")


class Group(Struct, frozen=True):
    """A part of the pane that opens and closes."""

    key: str
    title: str
    tip: str
    names: tuple[str, ...]


def groups() -> list[Group]:
    """The parts below the common settings, in their order."""
    return [
        Group(
            "samplers",
            tr("More samplers"),
            tr("Further ways to bar unlikely words, or the most obvious ones."),
            ("typical_p", "top_n_sigma", "xtc_probability", "xtc_threshold"),
        ),
        Group(
            "repetition",
            tr("Repetition"),
            tr("What keeps a model from saying the same words and phrases again."),
            (
                "repeat_penalty",
                "frequency_penalty",
                "presence_penalty",
                "penalty_last_n",
                "dry_multiplier",
                "dry_base",
                "dry_allowed_length",
                "dry_last_n",
                "dry_breakers",
            ),
        ),
        Group(
            "mirostat",
            tr("Mirostat"),
            tr("A sampler that steers the text's surprise in place of fixed bounds."),
            ("mirostat", "mirostat_tau", "mirostat_eta"),
        ),
        Group(
            "output",
            tr("Output"),
            tr("How long a reply may be, where it ends and what form it must have."),
            (
                "max_tokens",
                "reasoning_budget",
                "stop",
                "json_schema",
                "grammar",
                "logit_bias",
            ),
        ),
    ]


def make_row(theme: Theme, name: str) -> SettingRow:
    """The row of a setting, by its name in ChatSettings."""
    match name:
        case "max_tokens":
            return LengthRow(theme)
        case "reasoning_budget" | "penalty_last_n" | "dry_last_n" | "dry_allowed_length":
            return SpinRow(theme, name)
        case "mirostat":
            return ChoiceRow(theme, name, _mirostat_choices())
        case "overflow":
            return ChoiceRow(theme, name, _overflow_choices(), below=True)
        case "stop" | "dry_breakers":
            return LinesRow(theme, name, 64)
        case "json_schema":
            return TextRow(theme, name, 96, check_schema, is_code=True)
        case "grammar":
            return TextRow(theme, name, 80, check_grammar, is_code=True)
        case "logit_bias":
            return BiasRows(theme)
        case "system_prompt":
            return TextRow(theme, name, 92)
    return NumberField(theme, name)


def _mirostat_choices() -> list[tuple[str, object]]:
    return [(tr("Off"), 0), (tr("Version 1"), 1), (tr("Version 2"), 2)]


def _overflow_choices() -> list[tuple[str, object]]:
    return [
        (tr("Stop the reply"), "stop"),
        (tr("Drop the oldest turns"), "drop_oldest"),
        (tr("Refuse to answer"), "fail"),
    ]
