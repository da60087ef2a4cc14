"""The text that stands in the editor before a person wrote one: ours, with what makes tokens
worth looking at (a long word, numbers, code, another script, an emoji)."""

FIRST_TEXT = (
    "Unbelievably, the bathysphere sank 1846 metres into the dark.\n"
    "def depth(p): return p / (1025 * g)\n"
    "深海 is Japanese for deep sea 🐙.\n"
)
