"""A context of a model: the KV cache, decoding, logits. Knows sequences by number; prefix.py
decides what stands in them.

One thread decodes at a time; `abort` may be called from any thread and ends a running decode within
milliseconds.
"""

import ctypes
import ctypes.util
import os
import re
import sys
from dataclasses import dataclass
from pathlib import Path

import llama_cpp.llama_cpp as C
import numpy as np
import numpy.typing as npt

from engine.errors import AppError
from engine.llama import library
from engine.llama.model import Model

N_SEQ_MAX = 20
N_UBATCH = 128
N_BATCH = 512

Logits = npt.NDArray[np.float32]

_KV_TYPES = {
    "f32": C.GGML_TYPE_F32,
    "f16": C.GGML_TYPE_F16,
    "q8_0": C.GGML_TYPE_Q8_0,
    "q4_0": C.GGML_TYPE_Q4_0,
}
_FLASH_TYPES = {
    "auto": C.LLAMA_FLASH_ATTN_TYPE_AUTO,
    "off": C.LLAMA_FLASH_ATTN_TYPE_DISABLED,
}
_SIZE_LINE = re.compile(r"(KV|RS|compute|output)\s+buffer size\s*=\s*([\d.]+) MiB")
_FLASH_LINE = re.compile(r"Flash Attention.* (enabled|disabled)")


class NoRoomError(Exception):
    """No free cells in the KV cache for this batch; nothing was changed."""


class AbortedError(Exception):
    """The decode was aborted; whole micro-batches before the abort stay in the cache."""


@dataclass(frozen=True)
class BufferSizes:
    """Bytes as llama.cpp reports them: the KV cache; compute and output buffers together."""

    kv: int
    compute: int


def _c_library() -> ctypes.CDLL:
    if sys.platform == "win32":
        return ctypes.CDLL("msvcrt")
    return ctypes.CDLL(None)


class Context:
    """One context. Sequences 0 to n_seq_max - 1 share its n_ctx cells."""

    def __init__(
        self,
        model: Model,
        n_ctx: int,
        n_threads: int,
        kv_type: str = "f16",
        n_seq_max: int = N_SEQ_MAX,
        flash_attention: str = "auto",
    ) -> None:
        """Allocate.

        Args:
            n_ctx: cells of the KV cache, shared by all sequences.
            n_threads: threads of a decode.
            flash_attention: "auto" or "off".

        Raises:
            AppError: too little memory, or a cache that only flash attention reads.
        """
        if flash_attention == "off" and kv_type not in ("f16", "f32"):
            raise AppError(
                f"A cache of {kv_type} needs flash attention.",
                "Leave flash attention on, or choose f16 for the KV cache.",
            )
        self.model = model
        self.n_ctx = n_ctx
        self.n_seq_max = n_seq_max
        self.n_threads = n_threads
        self.n_vocab = model.vocab.n_tokens
        with library.log_lines() as lines:
            self._handle = C.llama_init_from_model(
                model.handle, _parameters(n_ctx, n_threads, kv_type, n_seq_max, flash_attention)
            )
        if not self._handle:
            raise AppError(
                f"There is too little memory for a context of {n_ctx:,} tokens.",
                "Choose a shorter context, or a smaller type for the KV cache.",
                "\n".join(lines[-20:]),
            )
        self.buffers = _buffer_sizes(lines)
        self.flash_attention = "disabled" if flash_attention == "off" else _flash_attention(lines)
        self._memory = C.llama_get_memory(self._handle)
        self._batch = _Batch(N_BATCH)
        self._rows: dict[int, Logits] = {}
        self._is_recurrent = bool(
            C.llama_model_is_recurrent(model.handle) or C.llama_model_is_hybrid(model.handle)
        )
        self._arm_abort()

    def _arm_abort(self) -> None:
        # The abort callback runs some 500 times a token. C's own strlen serves as one: it reads our
        # flag (1, 0 -> 1; 0 -> 0) without Python and without the GIL, so it can stay armed always.
        self._abort_flag = ctypes.create_string_buffer(2)
        self._abort_function = ctypes.cast(_c_library().strlen, C.ggml_abort_callback)
        C.llama_set_abort_callback(
            self._handle,
            self._abort_function,
            ctypes.cast(self._abort_flag, ctypes.c_void_p),
        )

    @property
    def handle(self) -> object:
        return self._handle

    def close(self) -> None:
        if self._handle:
            C.llama_free(self._handle)
            self._handle = None

    # ---- decoding ----

    def abort(self) -> None:
        """End the decode that runs now, or the next one, until `clear_abort`."""
        library.expect_abort(True)
        self._abort_flag[0] = b"\x01"

    def clear_abort(self) -> None:
        self._abort_flag[0] = b"\x00"
        library.expect_abort(False)

    def set_threads(self, n_threads: int) -> None:
        if n_threads != self.n_threads:
            C.llama_set_n_threads(self._handle, n_threads, n_threads)
            self.n_threads = n_threads

    def decode(
        self, tokens: npt.NDArray[np.int32] | list[int], start: int, sequence: int, logits: str
    ) -> None:
        """Decode tokens of one sequence at positions start, start + 1, ...

        Args:
            tokens: at most N_BATCH ids.
            logits: "last", "all" or "none": for which of them logits are kept.

        Raises:
            NoRoomError, AbortedError; AppError: llama.cpp failed.
        """
        self._batch.fill_run(tokens, start, sequence, logits)
        self._decode()

    def decode_one(self, token: int, position: int, sequence: int) -> None:
        """Decode one token, logits for it. Raises as `decode`."""
        batch = self._batch
        batch.struct.n_tokens = 1
        batch.token[0] = token
        batch.position[0] = position
        batch.sequence[0] = sequence
        batch.wants[0] = 1
        self._decode()

    def decode_step(self, tokens: list[int], positions: list[int], sequences: list[int]) -> None:
        """Decode one token for each of several sequences, logits for all. Raises as `decode`."""
        self._batch.fill_step(tokens, positions, sequences)
        self._decode()

    def _decode(self) -> None:
        status = C.llama_decode(self._handle, self._batch.struct)
        if status == 0:
            return
        if status == 1:
            raise NoRoomError
        if status == 2:
            raise AbortedError
        raise AppError(
            "llama.cpp could not compute this.",
            "Load the model again; if it fails again, Details help us mend it.",
            f"llama_decode returned {status}",
        )

    def logits(self, row: int) -> Logits:
        """Logits of the batch's token `row`, shape (n_vocab,): llama.cpp's own memory, valid until
        the next decode."""
        pointer = C.llama_get_logits_ith(self._handle, row)
        address = ctypes.cast(pointer, ctypes.c_void_p).value
        if address is None:
            raise AppError(
                "llama.cpp gave no probabilities for this token.", "Load the model again."
            )
        known = self._rows.get(address)
        if known is None:
            if len(self._rows) > 4 * N_BATCH:
                self._rows.clear()
            known = np.ctypeslib.as_array(pointer, (self.n_vocab,))
            self._rows[address] = known
        return known

    # ---- the KV cache ----

    def clear(self) -> None:
        C.llama_memory_clear(self._memory, True)

    def remove(self, sequence: int, start: int) -> bool:
        """Forget a sequence from position `start` on. False where the model cannot (recurrent
        models, a window that is gone): then the caller clears the whole sequence."""
        if start > 0 and C.llama_memory_seq_pos_min(self._memory, sequence) > 0:
            return False
        return bool(C.llama_memory_seq_rm(self._memory, sequence, start, -1))

    def copy(self, source: int, target: int, end: int) -> bool:
        """Let `target` share the cells of `source` before position `end`; target must be empty.
        False where the model cannot share a part (recurrent ones only share all)."""
        if self._is_recurrent:
            if end < self.length(source):
                return False
            end = -1
        C.llama_memory_seq_cp(self._memory, source, target, 0 if end >= 0 else -1, end)
        return True

    def length(self, sequence: int) -> int:
        """Tokens held for a sequence, by its last position."""
        return int(C.llama_memory_seq_pos_max(self._memory, sequence)) + 1

    def state_bytes(self, sequence: int) -> int:
        """Size of a sequence's state."""
        return int(C.llama_state_seq_get_size(self._handle, sequence))

    def snapshot(self, sequence: int) -> bytes:
        """A sequence's state, for `restore`."""
        size = self.state_bytes(sequence)
        buffer = (ctypes.c_uint8 * size)()
        n = C.llama_state_seq_get_data(self._handle, buffer, size, sequence)
        return bytes(memoryview(buffer)[:n])

    def restore(self, sequence: int, data: bytes) -> bool:
        """Put a snapshot into an empty sequence. False where there is no room for it."""
        buffer = (ctypes.c_uint8 * len(data)).from_buffer_copy(data)
        return bool(C.llama_state_seq_set_data(self._handle, buffer, len(data), sequence))

    def save(self, sequence: int, tokens: npt.NDArray[np.int32], path: Path) -> int:
        """Write a sequence's state. Returns bytes written; the caller renames the file into place.

        Raises:
            OSError: it could not be written.
        """
        pointer = tokens.ctypes.data_as(ctypes.POINTER(C.llama_token))
        n = C.llama_state_seq_save_file(
            self._handle, os.fsencode(path), sequence, pointer, len(tokens)
        )
        if n == 0:
            raise OSError(f"the state could not be written to {path.name}")
        return int(n)

    def load(self, sequence: int, path: Path, n_tokens: int) -> int:
        """Read a state back into an empty sequence. Returns tokens restored, 0 where the file does
        not fit here."""
        buffer = (C.llama_token * n_tokens)()
        count = ctypes.c_size_t()
        n = C.llama_state_seq_load_file(
            self._handle, os.fsencode(path), sequence, buffer, n_tokens, ctypes.byref(count)
        )
        return int(count.value) if n else 0


class _Batch:
    """A llama_batch over numpy memory, reused for every decode."""

    def __init__(self, capacity: int) -> None:
        self.capacity = capacity
        self.token = np.zeros(capacity, np.int32)
        self.position = np.zeros(capacity, np.int32)
        self.n_seq_id = np.ones(capacity, np.int32)
        self.sequence = np.zeros(capacity, np.int32)
        self.wants = np.zeros(capacity, np.int8)
        address = self.sequence.ctypes.data
        self._pointers = np.arange(address, address + 4 * capacity, 4, dtype=np.uintp)
        self._steps = np.arange(capacity, dtype=np.int32)
        self.struct = C.llama_batch(
            0,
            self.token.ctypes.data_as(ctypes.POINTER(C.llama_token)),
            None,
            self.position.ctypes.data_as(ctypes.POINTER(C.llama_pos)),
            self.n_seq_id.ctypes.data_as(ctypes.POINTER(ctypes.c_int32)),
            self._pointers.ctypes.data_as(ctypes.POINTER(ctypes.POINTER(C.llama_seq_id))),
            self.wants.ctypes.data_as(ctypes.POINTER(ctypes.c_int8)),
        )

    def fill_run(
        self, tokens: npt.NDArray[np.int32] | list[int], start: int, sequence: int, logits: str
    ) -> None:
        n = len(tokens)
        assert 0 < n <= self.capacity, (n, self.capacity)
        self.struct.n_tokens = n
        self.token[:n] = tokens
        np.add(self._steps[:n], start, out=self.position[:n])
        self.sequence[:n] = sequence
        self.wants[:n] = logits == "all"
        if logits == "last":
            self.wants[n - 1] = 1

    def fill_step(self, tokens: list[int], positions: list[int], sequences: list[int]) -> None:
        n = len(tokens)
        assert 0 < n <= self.capacity, (n, self.capacity)
        self.struct.n_tokens = n
        self.token[:n] = tokens
        self.position[:n] = positions
        self.sequence[:n] = sequences
        self.wants[:n] = 1


def _parameters(
    n_ctx: int, n_threads: int, kv_type: str, n_seq_max: int, flash_attention: str
) -> C.llama_context_params:
    parameters: C.llama_context_params = C.llama_context_default_params()
    parameters.n_ctx = n_ctx
    parameters.n_batch = min(N_BATCH, n_ctx)
    parameters.n_ubatch = min(N_UBATCH, n_ctx)
    parameters.n_seq_max = n_seq_max
    parameters.n_threads = parameters.n_threads_batch = n_threads
    parameters.flash_attn_type = _FLASH_TYPES[flash_attention]
    parameters.kv_unified = True
    parameters.swa_full = True
    parameters.type_k = parameters.type_v = _KV_TYPES[kv_type]
    parameters.no_perf = True
    return parameters


def _flash_attention(lines: list[str]) -> str:
    """What llama.cpp chose: "enabled" or "disabled"; "" where it does not say."""
    found = [match[1] for line in lines if (match := _FLASH_LINE.search(line))]
    return found[-1] if found else ""


def _buffer_sizes(lines: list[str]) -> BufferSizes:
    sizes = {"KV": 0.0, "RS": 0.0, "compute": 0.0, "output": 0.0}
    for line in lines:
        found = _SIZE_LINE.search(line)
        if found:
            sizes[found[1]] += float(found[2])
    mebibyte = 1024 * 1024
    return BufferSizes(
        kv=int((sizes["KV"] + sizes["RS"]) * mebibyte),
        compute=int((sizes["compute"] + sizes["output"]) * mebibyte),
    )
