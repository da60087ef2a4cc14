"""What a tokenizer.json and the files beside it say: tokens as bytes, merges, scores, the chat
template. It tokenises nothing.
"""

import json
import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from tokenizers import Tokenizer as Library

from engine.errors import AppError
from engine.generation.specials import SpecialInfo
from engine.tokens.cut_kinds import cut_kinds
from engine.tokens.listed import merge_of, spelled_bytes
from engine.tokens.tokenizer import Merge

FILE = "tokenizer.json"
MAX_BYTES = 512 * 1024 * 1024
_KINDS = {"BPE": "BPE", "WordPiece": "WordPiece", "Unigram": "Unigram", "WordLevel": "words"}
_SPACE_SIGN = "▁"
# Steps that judge each place by what stands there and after it.
_LOCAL_STEPS = ("ByteLevel", "Split", "Digits")
_LOOKS_BACK = re.compile(r"\(\?<[=!]|\\[bBAG]|(?<![\[\\])\^")
Json = dict[str, Any]


def read_description(path: Path) -> "Description":
    """Read a tokenizer.json, or the one in a folder.

    Raises:
        AppError: there is none, or it is none.
    """
    file = path / FILE if path.is_dir() else path
    if not file.is_file():
        raise AppError(
            f"There is no {FILE} in the folder {path.name}.",
            "Choose a folder that has one, or a GGUF file.",
        )
    data = _read_json(file)
    if not isinstance(data, dict) or not isinstance(data.get("model"), dict):
        raise not_a_tokenizer(file, "it has no “model”")
    return Description(file, data)


def not_a_tokenizer(path: Path, detail: str) -> AppError:
    """What to say of a file that holds no tokenizer."""
    return AppError(
        f"{path.name} is not a tokenizer.",
        "Choose a GGUF file, or a tokenizer.json as Hugging Face's tokenizers write it.",
        detail,
    )


@dataclass(frozen=True, eq=False)
class Description:
    """One file, parsed."""

    path: Path
    data: Json

    def library(self, *, special: bool) -> Library:
        """The library's tokenizer; `special`: it reads special tokens written out in a text.

        Raises:
            AppError: the library does not know what the file asks for.
        """
        try:
            made = Library.from_file(str(self.path))
        except Exception as error:  # the library raises nothing more special
            raise not_a_tokenizer(self.path, str(error)) from error
        made.no_truncation()
        made.no_padding()
        made.encode_special_tokens = not special
        return made

    @property
    def _model(self) -> Json:
        model: Json = self.data["model"]
        return model

    @cached_property
    def kind(self) -> str:
        named = str(self._model.get("type") or ("BPE" if "merges" in self._model else ""))
        if named == "BPE" and not self._is_byte_level and self._puts_sign:
            return "SentencePiece"
        return _KINDS.get(named, named or "unknown")

    @property
    def name(self) -> str:
        """The folder's name says more than "tokenizer"."""
        plain = self.path.name == FILE
        return self.path.parent.name if plain else self.path.stem

    @cached_property
    def is_exact(self) -> bool:
        """Byte-level without anything that rewrites a text."""
        adds_space = any(part.get("add_prefix_space") for part in self._parts("pre_tokenizer"))
        return self._is_byte_level and not self.data.get("normalizer") and not adds_space

    @cached_property
    def cuts(self) -> list[str]:
        """Where nothing rewrites a text, and no pattern looks back over a cut."""
        steps = self._parts("pre_tokenizer")
        patterns = [step.get("pattern") or {} for step in steps if step.get("type") == "Split"]
        looks_back = any(_LOOKS_BACK.search(str(one.get("Regex", ""))) for one in patterns)
        known = all(step.get("type") in _LOCAL_STEPS for step in steps)
        if not self.is_exact or looks_back or not known:
            return []
        return cut_kinds(self.pieces, [text.encode() for text, t in self.added.items() if t.rstrip])

    @property
    def pre_tokenizer(self) -> str:
        return " + ".join(str(part.get("type", "")) for part in self._parts("pre_tokenizer"))

    @cached_property
    def added(self) -> dict[str, SpecialInfo]:
        """Written form -> token, for those that are found in a text as they are."""
        return {
            str(one["content"]): SpecialInfo(
                id=int(one["id"]),
                lstrip=bool(one.get("lstrip")),
                rstrip=bool(one.get("rstrip")),
                is_control=bool(one.get("special")),
            )
            for one in self.data.get("added_tokens") or ()
        }

    @cached_property
    def _written(self) -> dict[int, str]:
        """Id -> the token as the file writes it."""
        vocabulary = self._model.get("vocab") or {}
        if isinstance(vocabulary, dict):
            return {int(token): text for text, token in vocabulary.items()}
        return {token: str(entry[0]) for token, entry in enumerate(vocabulary)}

    @cached_property
    def pieces(self) -> list[bytes]:
        """Every token's bytes, by id; b"" where an id stands for nothing."""
        added = {token.id: text.encode() for text, token in self.added.items()}
        highest = max([*self._written, *added], default=-1)
        pieces = [b""] * (highest + 1)
        for token, text in self._written.items():
            pieces[token] = self._bytes_of(text)
        for token, piece in added.items():
            pieces[token] = piece
        return pieces

    @cached_property
    def continuing(self) -> list[int]:
        """WordPiece: the tokens that go on in a word."""
        mark = str(self._model.get("continuing_subword_prefix") or "")
        if self._model.get("type") != "WordPiece" or not mark:
            return []
        return [token for token, text in self._written.items() if text.startswith(mark)]

    @property
    def used(self) -> list[int]:
        return list(self._written)

    @cached_property
    def byte_tokens(self) -> list[int]:
        """Those that stand for one byte, written <0x0A>."""
        if not self._model.get("byte_fallback"):
            return []
        return [token for token, text in self._written.items() if _byte_written(text) is not None]

    @property
    def unknown(self) -> int:
        """The token that stands for what has no token; -1 where there is none."""
        token = self._model.get("unk_id")
        if isinstance(token, int):
            return token
        text = self._model.get("unk_token")
        ids = [token for token, written in self._written.items() if written == text]
        return ids[0] if text is not None and ids else -1

    @cached_property
    def merges(self) -> list[Merge]:
        listed = self._model.get("merges") or []
        pairs = [one.split(" ", 1) if isinstance(one, str) else one for one in listed]
        if self._is_byte_level:
            return [merge_of(left, right) for left, right in pairs]
        return [(self._bytes_of(left), self._bytes_of(right)) for left, right in pairs]

    @cached_property
    def scores(self) -> list[tuple[int, float]]:
        vocabulary = self._model.get("vocab")
        if self._model.get("type") != "Unigram" or not isinstance(vocabulary, list):
            return []
        return [(token, float(entry[1])) for token, entry in enumerate(vocabulary)]

    @cached_property
    def _config(self) -> Json:
        """tokenizer_config.json beside it; nothing where there is none."""
        path = self.path.with_name("tokenizer_config.json")
        found = _read_json(path) if path.is_file() else {}
        return found if isinstance(found, dict) else {}

    @property
    def n_ctx(self) -> int:
        longest = self._config.get("model_max_length")
        return int(longest) if isinstance(longest, int) and longest < 1 << 31 else 0

    @cached_property
    def template(self) -> str:
        """The chat template beside it; "" where there is none. Of several the default one."""
        path = self.path.with_name("chat_template.jinja")
        if path.is_file():
            return path.read_text("utf-8", "replace")
        found = self._config.get("chat_template")
        if isinstance(found, list):
            named = {str(one.get("name")): one.get("template") for one in found}
            found = named.get("default")
        return found if isinstance(found, str) else ""

    def id_of(self, key: str) -> int:
        """The id of the token that the config names ("bos_token"), -1 where it names none."""
        named = self._config.get(key)
        text = named.get("content") if isinstance(named, dict) else named
        found = self.added.get(text) if isinstance(text, str) else None
        return found.id if found else -1

    @cached_property
    def _is_byte_level(self) -> bool:
        places = ("pre_tokenizer", "decoder", "normalizer")
        return any(part.get("type") == "ByteLevel" for key in places for part in self._parts(key))

    @cached_property
    def _puts_sign(self) -> bool:
        """Whether spaces are written as SentencePiece's sign."""
        return any(_SPACE_SIGN in text for text in self._written.values())

    def _bytes_of(self, text: str) -> bytes:
        if self._is_byte_level:
            return spelled_bytes(text)
        if self._model.get("byte_fallback") and (value := _byte_written(text)) is not None:
            return bytes([value])
        prefix = self._model.get("continuing_subword_prefix")
        if prefix and text.startswith(prefix):
            text = text[len(prefix) :]
        if self._model.get("type") != "WordPiece":
            text = text.replace(_SPACE_SIGN, " ")
        return text.encode("utf-8", "replace")

    def _parts(self, key: str) -> list[Json]:
        """A step of the pipeline, or all those that it is a sequence of."""
        step = self.data.get(key)
        if not isinstance(step, dict):
            return []
        inner = step.get("pretokenizers") or step.get("decoders") or step.get("normalizers")
        return [one for one in inner if isinstance(one, dict)] if inner else [step]


def _byte_written(text: str) -> int | None:
    """The byte that <0x0A> stands for."""
    if len(text) == 6 and text.startswith("<0x") and text.endswith(">"):
        try:
            return int(text[3:5], 16)
        except ValueError:
            return None
    return None


def _read_json(path: Path) -> object:
    try:
        if path.stat().st_size > MAX_BYTES:
            raise not_a_tokenizer(path, f"{path.stat().st_size} bytes")
        return json.loads(path.read_bytes())
    except UnicodeDecodeError as error:
        raise AppError(
            f"{path.name} is not UTF-8 text.",
            "Fetch the file again, or choose another.",
            str(error),
        ) from error
    except (ValueError, RecursionError) as error:
        raise not_a_tokenizer(path, str(error)) from error
    except OSError as error:
        raise AppError(
            f"{path.name} cannot be read.", "Look whether the file may be read.", str(error)
        ) from error
