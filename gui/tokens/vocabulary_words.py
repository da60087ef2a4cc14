"""What the vocabulary page says of kinds, of the round trip and of figures. No widgets."""

from engine.process.token_messages import TokenKind
from gui.tokens.words import tr


def kind_text(kind: TokenKind) -> str:
    return {
        "normal": tr("normal"),
        "control": tr("control"),
        "byte": tr("byte"),
        "user": tr("added by hand"),
        "unknown": tr("unknown"),
        "unused": tr("unused"),
    }[kind]


def kind_meaning(kind: TokenKind) -> str:
    return {
        "normal": tr("A piece of text, learned when the tokenizer was trained."),
        "control": tr("It steers the model (begin, end, turn) and stands for no text."),
        "byte": tr("A single byte, for text that no other token covers."),
        "user": tr("Added after training; it is found in a text before anything merges."),
        "unknown": tr("It stands for every character that has no token."),
        "unused": tr("Kept free: no text becomes this token."),
    }[kind]


def reach_text(reach: str) -> str:
    return {
        "reached": tr("reached"),
        "otherwise": tr("other tokens"),
        "never": tr("out of reach"),
        "part": tr("part of a character"),
        "special": tr("special"),
    }[reach]


def reach_meaning(reach: str) -> str:
    return {
        "reached": tr("Its own text becomes this token again."),
        "otherwise": tr("Its own text becomes other tokens; inside another text it may stand."),
        "never": tr(
            "No merge or score makes it, whatever text stands around it. The model may hardly have "
            "seen it in training: a glitch token."
        ),
        "part": tr("It holds a part of a character, so it has no text of its own."),
        "special": tr("It stands for no text."),
    }[reach]


def figure_name(figure: str) -> str:
    return {"rank": tr("Merge rank"), "score": tr("Score")}.get(figure, tr("Rank"))


def figure_text(value: float | None, figure: str) -> str:
    """A rank or score; "–" where there is none."""
    if value is None:
        return "–"
    return f"{value:.3f}" if figure == "score" else f"{int(value):,}"


def found_text(n_found: int, n_tokens: int) -> str:
    if n_found == n_tokens:
        return tr("All {n} tokens").format(n=f"{n_tokens:,}")
    return tr("{found} of {all} tokens").format(found=f"{n_found:,}", all=f"{n_tokens:,}")


def left_text(seconds: float) -> str:
    """How long something will still take."""
    if seconds < 60:
        return tr("{n} s left").format(n=max(1, round(seconds)))
    return tr("{n} min left").format(n=round(seconds / 60))
