"""A chat's automatic title, from its first exchange. Qt-free.

The question names a chat best; a greeting or a single word says nothing, and then the reply's first
words do.
"""

import re

from engine.chats.records import title_from

# Said to open a conversation, not to say what it is about.
_GREETING = re.compile(
    "hi|hello|hey|hallo|hola|ciao|bonjour|salut|servus|moin|yo|sup|greetings|good|morning|afternoon"
    "|evening|day|there|again|test|testing|ping|ok|okay|thanks|thank|you|please|help|me|start|guten"
    "|tag|abend|morgen|buenos|dias|bom|dia"
)
FEW_WORDS = 1
LONGEST_READ = 2_000
_REASONING = re.compile(r"<(think|thinking|reasoning)>.*?(</\1>|\Z)", re.DOTALL | re.IGNORECASE)
_MARKS = re.compile(
    r"^[ \t]*(?:#{1,6}[ \t]+|>[ \t]?|[-*+][ \t]+|\d+[.)][ \t]+|```.*$)", re.MULTILINE
)
_LINK = re.compile(r"!?\[([^\]]*)\]\([^)]*\)")
_EMPHASIS = re.compile(r"(\*\*|__|`|\*(?=\S)|(?<=\S)\*)")


def title_for(question: str, reply: str) -> str:
    """The title of a chat that begins with these two."""
    if not says_little(question):
        return title_from(question)
    return title_from(plain(reply)) or title_from(question)


def says_little(question: str) -> bool:
    """A greeting or one word: no title tells such chats apart."""
    words = re.findall(r"[^\W_]+", question.casefold())
    return len(words) <= FEW_WORDS or all(map(_GREETING.fullmatch, words))


def plain(markdown: str) -> str:
    """The first paragraph of a reply as plain words: no reasoning, no marks of Markdown."""
    text = _REASONING.sub("", markdown[:LONGEST_READ])
    paragraphs = (_without_marks(part) for part in re.split(r"\n\s*\n", text))
    return next((part for part in paragraphs if part), "")


def _without_marks(text: str) -> str:
    words = _EMPHASIS.sub("", _LINK.sub(r"\1", _MARKS.sub("", text)))
    return " ".join(words.split())
