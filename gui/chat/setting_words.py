"""What each setting of a chat is called, and the sentence that teaches it; why one has no effect
now.
"""

from gui.chat.chat_settings import ChatSettings
from gui.chat.words import tr

TRUNCATING = (
    "top_p",
    "min_p",
    "top_k",
    "typical_p",
    "top_n_sigma",
    "xtc_probability",
    "xtc_threshold",
)
MIROSTAT = ("mirostat_tau", "mirostat_eta")


def setting_words(name: str) -> tuple[str, str]:
    """A setting's name and the sentence that teaches it."""
    return {**_choice_words(), **_repetition_words(), **_reply_words()}[name]


def _choice_words() -> dict[str, tuple[str, str]]:
    return {
        "temperature": (
            tr("Temperature"),
            tr("How daring the choice of each word is: 0 always takes the likeliest, 2 is wild."),
        ),
        "top_p": (
            tr("Top-p"),
            tr("Choose only among the likeliest words that together have this probability."),
        ),
        "min_p": (
            tr("Min-p"),
            tr("Leave out words less likely than this share of the likeliest word's probability."),
        ),
        "top_k": (
            tr("Top-k"),
            tr("Choose only among this many of the likeliest words; 0 sets no bound."),
        ),
        "seed": (
            tr("Seed"),
            tr("Where the dice start: the same seed and settings give the same reply again."),
        ),
        "typical_p": (
            tr("Typical-p"),
            tr("Keep words that are about as surprising as the text usually is; 1 keeps all."),
        ),
        "top_n_sigma": (
            tr("Top-n-sigma"),
            tr("Keep words whose score is within this many deviations of the best; 0 keeps all."),
        ),
        "xtc_probability": (
            tr("XTC chance"),
            tr("How often the most obvious words are left out, for less usual prose; 0 never."),
        ),
        "xtc_threshold": (
            tr("XTC threshold"),
            tr("Words above this probability count as obvious; the least likely of them stays."),
        ),
        "mirostat": (
            tr("Mirostat"),
            tr("Holds how surprising the words are at one level, in place of top-k and the like."),
        ),
        "mirostat_tau": (
            tr("Target surprise"),
            tr("The surprise that Mirostat steers to: low is focused, high is varied."),
        ),
        "mirostat_eta": (
            tr("Learning rate"),
            tr("How quickly Mirostat corrects itself; higher reacts faster and less evenly."),
        ),
    }


def _repetition_words() -> dict[str, tuple[str, str]]:
    return {
        "repeat_penalty": (
            tr("Repeat penalty"),
            tr("Make words that came lately less likely to come again; 1 leaves them alone."),
        ),
        "frequency_penalty": (
            tr("Frequency penalty"),
            tr("Lower a word's score each time it came lately; 0 leaves it, below 0 raises it."),
        ),
        "presence_penalty": (
            tr("Presence penalty"),
            tr("Lower a word's score once if it came lately, however often; 0 leaves it."),
        ),
        "penalty_last_n": (
            tr("Penalties look back"),
            tr("How many of the latest tokens the three penalties look at."),
        ),
        "dry_multiplier": (
            tr("DRY strength"),
            tr("Hold back words that would go on with a phrase said before; 0 switches it off."),
        ),
        "dry_base": (
            tr("DRY growth"),
            tr("How steeply DRY grows with each further token of a repeated phrase."),
        ),
        "dry_allowed_length": (
            tr("DRY allowed length"),
            tr("Repeated phrases up to this many tokens are left alone."),
        ),
        "dry_last_n": (
            tr("DRY looks back"),
            tr("How many of the latest tokens are searched for repeated phrases."),
        ),
        "dry_breakers": (
            tr("DRY breakers"),
            tr("Where one of these stands, a phrase ends and DRY begins anew; one a line."),
        ),
    }


def _reply_words() -> dict[str, tuple[str, str]]:
    return {
        "max_tokens": (
            tr("Reply length"),
            tr("The most tokens a reply may have; without a limit the model ends when it likes."),
        ),
        "reasoning_budget": (
            tr("Reasoning budget"),
            tr("The most tokens a model may think before it must answer; 0 answers at once."),
        ),
        "stop": (
            tr("Stop strings"),
            tr("A reply ends before any of these texts, one a line; \\n is a line break."),
        ),
        "json_schema": (
            tr("JSON schema"),
            tr("The reply must be JSON of this shape; every token that would break it is barred."),
        ),
        "grammar": (
            tr("Grammar"),
            tr("The reply must follow this GBNF grammar, which begins with a rule named root."),
        ),
        "logit_bias": (
            tr("Word bias"),
            tr("Raise or lower a text's tokens, from −100 (never) to 100; “ sea” is not “sea”."),
        ),
        "overflow": (
            tr("When the context is full"),
            tr("Stop the reply there, leave out the oldest turns (and say which), or refuse."),
        ),
        "system_prompt": (
            tr("System prompt"),
            tr("What the model is told before the first message: who it is and how to answer."),
        ),
    }


def special_number_words(name: str) -> dict[int, str]:
    """Numbers of a setting that stand for something else, and their words."""
    return {
        "max_tokens": {-1: tr("no limit")},
        "reasoning_budget": {-1: tr("no limit"), 0: tr("none")},
        "penalty_last_n": {-1: tr("everything"), 0: tr("nothing")},
        "dry_last_n": {-1: tr("everything"), 0: tr("nothing")},
    }.get(name, {})


def reason_off(settings: ChatSettings, name: str) -> str:
    """Why a setting has no effect beside the others; "" where it has."""
    if settings.temperature == 0 and name in (*TRUNCATING, *MIROSTAT, "mirostat", "seed"):
        return tr("No effect at temperature 0: the likeliest word is always taken.")
    if settings.mirostat and name in TRUNCATING:
        return tr("No effect while Mirostat is on: it chooses how many words stay.")
    if not settings.mirostat and name in MIROSTAT:
        return tr("Takes part when Mirostat is on.")
    if name == "xtc_threshold" and not settings.xtc_probability:
        return tr("Takes part when the XTC chance is above 0.")
    if name.startswith("dry_") and name != "dry_multiplier" and not settings.dry_multiplier:
        return tr("Takes part when the DRY strength is above 0.")
    if name == "penalty_last_n" and not _has_penalties(settings):
        return tr("Takes part when one of the three penalties is set.")
    return _grammar_reason(settings, name)


def _grammar_reason(settings: ChatSettings, name: str) -> str:
    if name == "grammar" and settings.json_schema.strip() and not settings.grammar.strip():
        return tr("A reply follows a JSON schema or a grammar, not both.")
    if name == "json_schema" and settings.grammar.strip() and not settings.json_schema.strip():
        return tr("A reply follows a grammar or a JSON schema, not both.")
    return ""


def _has_penalties(settings: ChatSettings) -> bool:
    penalties = (settings.frequency_penalty, settings.presence_penalty)
    return settings.repeat_penalty != 1.0 or any(penalties)
