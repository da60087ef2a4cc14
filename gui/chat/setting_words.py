"""What each setting of a chat is called, and the sentence that teaches it."""

from gui.chat.words import tr


def setting_words(name: str) -> tuple[str, str]:
    """A setting's name and the sentence that teaches it."""
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
        "repeat_penalty": (
            tr("Repeat penalty"),
            tr("Make words of the last 64 tokens less likely to come again; 1 leaves them alone."),
        ),
        "max_tokens": (
            tr("Reply length"),
            tr("The most tokens a reply may have; without a limit the model ends when it likes."),
        ),
        "seed": (
            tr("Seed"),
            tr("Where the dice start: the same seed and settings give the same reply again."),
        ),
        "overflow": (
            tr("When the context is full"),
            tr("Stop the reply there, leave out the oldest turns (and say which), or refuse."),
        ),
        "system_prompt": (
            tr("System prompt"),
            tr("What the model is told before the first message: who it is and how to answer."),
        ),
    }[name]
