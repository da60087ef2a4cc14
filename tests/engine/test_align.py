"""Which bytes each token covers where pieces are not the text: cases worked out by hand."""

from pathlib import Path

import numpy as np
import pytest

from engine.tokens import align
from engine.tokens.opened import open_tokenizer
from engine.tokens.tokenizer import Flags
from tests.engine.tokenizer_files import GGUF_KINDS, json_file


def flags(*values: int) -> Flags:
    return np.array(values, np.uint8)


def covered(text: str, pieces: list[str], *unknown: int) -> tuple[list[str], bool]:
    """The text of each token."""
    data = text.encode()
    marks = flags(*(int(index in unknown) for index in range(len(pieces))))
    lengths, text_ok = align.by_pieces(data, [piece.encode() for piece in pieces], marks)
    ends = np.cumsum(lengths).tolist()
    spans = zip([0, *ends], ends, strict=False)
    return [data[start:end].decode() for start, end in spans], text_ok


def test_pieces_that_are_the_text_are_left_alone() -> None:
    assert covered("a b", ["a", " b"]) == (["a", " b"], True)


def test_an_added_space_covers_nothing() -> None:
    assert covered("Hello you", [" ", "Hello", " you"]) == (["", "Hello", " you"], False)
    assert covered("Hello you", [" Hello", " you"]) == (["Hello", " you"], False)


def test_folded_letters_and_lost_marks_are_found() -> None:
    assert covered("THE Größe", [" the", " große"])[0] == ["THE", " Größe"]
    assert covered("ﬁne", [" fi", "ne"])[0] == ["ﬁ", "ne"]


def test_a_dropped_byte_belongs_to_its_left_neighbour() -> None:
    assert covered("a   b", [" a", " b"])[0] == ["a  ", " b"]
    assert covered("\x01\x02a", [" a"])[0] == ["\x01\x02a"]
    assert covered("a\x01\x02", [" a"])[0] == ["a\x01\x02"]


def test_an_unknown_token_covers_what_it_stands_for() -> None:
    found = covered("a 🙂🙂 b", [" a", "[UNK]", " b"], 1)
    assert found == (["a", " 🙂🙂", " b"], False)
    assert covered("🙂", ["[UNK]"], 0)[0] == ["🙂"]


def test_a_token_that_is_nowhere_covers_nothing() -> None:
    assert covered("ab", ["a", "zzz", "b"])[0] == ["a", "", "b"]


def test_dropped_bytes_of_a_byte_level_vocabulary() -> None:
    found = align.by_kept(b"a\x04b\x04\x04c", [b"a", b"bc"], b"\x04")
    assert found is not None and found.tolist() == [2, 4]
    assert align.by_kept(b"abc", [b"a", b"c"], b"\x04") is None
    nothing = align.by_kept(b"\x04", [], b"\x04")
    assert nothing is not None and nothing.tolist() == []


def test_tokens_that_share_a_character_part_by_their_pieces() -> None:
    offsets = [(0, 1), (1, 2), (1, 2), (1, 2)]
    found = align.by_offsets("a世", offsets, [b"a", b"\xe4", b"\xb8", b"\x96"])
    assert found.tolist() == [1, 1, 1, 1]


@pytest.mark.parametrize("kind", ["WordPiece", "Unigram"])
def test_a_megabyte_is_aligned_in_linear_time(kind: str, tmp_path: Path) -> None:
    """Ten times the text takes some ten times as long, not a hundred times."""
    import time

    tokenizers = [
        open_tokenizer(str(GGUF_KINDS[kind](tmp_path))),
        open_tokenizer(str(json_file(tmp_path, kind))),
    ]
    for tokenizer in tokenizers:
        seconds = []
        for n_repeats in (1_000, 10_000):
            text = "Größe 🙂 naïve  café\x01 THE end\n" * n_repeats
            start = time.process_time()
            tokens = tokenizer.tokens(text)
            seconds.append(time.process_time() - start)
            assert int(tokens.lengths.sum()) == len(text.encode())
        assert seconds[1] < 40 * seconds[0] + 1
