"""Texts to tokenise, for hypothesis: anything at all, and what tokenizers are picky about."""

from hypothesis import strategies as st

FRAGMENTS = [
    *(
        "the",
        "The",
        "QUICK",
        "don't",
        "I'LL",
        "naïve",
        "Straße",
        "e\u0301",
        "ﬁ",
        "ǅ",
        "ªº",
        "²",
        "Ⅷ",
    ),
    *(" ", "  ", "     ", "\t", "\n", "\n\n", "\r\n", "\r", "\u00a0", "\u3000", "\u2028", "\x1c"),
    *("1", "123", "12345678", "٣٤", "3.14", "१२"),
    *(
        ".",
        ",",
        "!?",
        "'",
        "_",
        "--",
        "//",
        "/\n",
        "()[]{}",
        "#\n",
        "<",
        "|>",
        "<|end|>",
        "<think>",
    ),
    *(
        "你好",
        "世界",
        "\uff0c",
        "。",
        "、",
        "\uff01",
        "\uff1f",
        "\uff1a",
        "\uff1b",
        "「",
        "」",
        "今日は",
        "カタカナ",
        "한국어",
    ),
    *("Привет", "ελληνικά", "שלום", "مرحبا", "हिन्दी", "ไทย", "ქართული", "𐍈", "\U0001d4b3", "𠀀"),
    *("🙂", "👩\u200d👩\u200d👧", "🏳️\u200d🌈", "\u200b", "\u0300\u0301", "\ufeff", "\ufffd"),
    *("\x00", "\x01", "\x7f", "\x85", "\U0010ffff", "\ue000", "\U000e0041"),
    *("for (int i=0;i<n;i++) {", "x = {'a': 1}\n", "<|endoftext|>", "▁", "Ġ", "##ing", "[UNK]"),
    *("aaaaaaaaaaaaaaaaaaaaaaaaaa", "ababababab", "================"),
]

ANY_TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
TEXTS = st.lists(st.sampled_from(FRAGMENTS) | ANY_TEXT, max_size=12).map("".join)
