"""From a prompt to tokens, one event at a time: fit the prompt, reuse what the KV cache holds,
decode the rest in slices, then draw and decode until every reply is finished.

A generator: each `next` does at most one decode. Several such generators may take turns on one
context. It is cancelled
by throwing JobCancelledError into it, or by aborting the decode it is in; what it has is returned
all the same.
"""

import secrets
import time
from collections.abc import Callable, Generator, Sequence

import numpy as np
import numpy.typing as npt

from engine.errors import AppError, JobCancelledError
from engine.generation import overflow, threads
from engine.generation.loaded import Loaded
from engine.generation.prefix import Slot
from engine.generation.reply import GrowingReply
from engine.llama.context import N_BATCH, N_SEQ_MAX, AbortedError, NoRoomError
from engine.llama.sampler import Sampler, check_grammar
from engine.llama.schema import schema_to_grammar
from engine.process.messages import (
    Dropped,
    Finish,
    Generate,
    Generated,
    PromptProgress,
    Token,
)

Ids = npt.NDArray[np.int32]
Step = PromptProgress | Dropped | Token | None
Steps = Generator[Step, None, None]

# While another job is at work on the same context, prompts go in smaller slices so that its tokens
# keep coming.
CROWDED_SLICE = 32


def generate(loaded: Loaded, request: Generate) -> Generator[Step, None, Generated]:
    """Answer a request.

    Yields:
        Token for each token, PromptProgress after each slice, Dropped where the overflow policy
        left something out, None while it waits for room that another job holds.

    Returns:
        What was generated; replies cut short by a cancel have finish "cancelled".

    Raises:
        AppError: the request cannot be answered.
    """
    run = _Run(loaded, request)
    try:
        yield from run.read_prompt()
        yield from run.write_replies()
    except JobCancelledError:
        run.end_all("cancelled")
    finally:
        run.release()
    return run.result()


class _Run:
    """The state of one generate call."""

    def __init__(self, loaded: Loaded, request: Generate) -> None:
        _check(request)
        self.loaded = loaded
        self.request = request
        self.context = loaded.context(request.context).context
        self.slots = loaded.context(request.context).slots
        self.key = loaded.adapters.key(request.adapters)
        self.grammar = _grammar(request)
        check_grammar(loaded.vocab, self.grammar)
        self.started_s = time.perf_counter()
        self.first_token_s = 0.0
        self.last_token_s = 0.0
        self.slot: Slot | None = None
        self.replies: list[GrowingReply] = []
        self.dropped: list[int] = []
        self.n_prompt = self.n_reused = 0
        self.slices: list[int] = []

    # ---- the prompt ----

    def read_prompt(self) -> Steps:
        """Bring the prompt into the cache: its longest held prefix is reused, the rest is decoded
        in slices."""
        fitted = overflow.fit(self.loaded, self.request, self.context.n_ctx)
        if fitted.dropped or fitted.n_tokens:
            self.dropped = fitted.dropped
            yield Dropped(job=0, messages=fitted.dropped, n_tokens=fitted.n_tokens)
        ids = fitted.prompt.ids
        if len(ids) == 0:
            raise AppError("There is no text to go on from.", "Write something first.")
        self.context.set_threads(
            threads.beside_training(self.loaded.n_threads, self.loaded.paths.runs)
        )
        self.n_prompt = len(ids)
        yield from self._wait_until_alone()
        self.slot = self._acquire(ids)
        self.n_reused = self.slot.length
        yield from self._decode_prompt(ids)
        self._begin_replies(ids)

    def _wait_until_alone(self) -> Steps:
        if self.request.alone:
            while any(slot.busy for slot in self.slots.slots):
                yield None
            self.slots.clear()
        while self.slots.n_free() < self.request.n_replies:
            yield None

    def _acquire(self, ids: Ids) -> Slot:
        """A slot that holds the longest prefix at hand: in the cache, parked, or on disk."""
        slot = None if self.request.alone else self._restored(ids)
        if slot is None:
            slot = self.slots.acquire(ids, self.key)
        self.slots.trim(slot, self.loaded.n_idle_max(self.context, slot))
        return slot

    def _restored(self, ids: Ids) -> Slot | None:
        """A slot filled from a parked or kept state, where one holds more than the cache does."""
        _, n_held = self.slots.longest(ids, self.key)
        parked = self.loaded.parked.find(ids, self.key, n_held)
        kept = self.loaded.states.find(ids, self.key, parked[1] if parked else n_held)
        if kept is not None:
            tokens, n_common = kept.tokens, kept.n_common
        elif parked is not None:
            tokens, n_common = parked[0].tokens, parked[1]
        else:
            return None
        slot = self.slots.claim_empty(self.key)
        if kept is not None:
            is_there = self.context.load(slot.sequence, kept.path, len(tokens)) == len(tokens)
        else:
            assert parked is not None
            is_there = self.context.restore(slot.sequence, parked[0].data)
        if not is_there:
            self.slots.empty(slot)
            self.slots.release(slot)
            return None
        slot.append(tokens)
        slot.saved = slot.length if kept is not None else 0
        self.slots.cut(slot, min(n_common, len(ids) - 1))
        return slot

    def _decode_prompt(self, ids: Ids) -> Steps:
        """Decode what the slot lacks of `ids`. Yields before each slice and not after the last:
        another job may decode whenever this one yields, and the logits of the last slice are still
        to be read."""
        while self._slot.length < len(ids):
            slot, start = self._slot, self._slot.length
            yield PromptProgress(
                job=0, n_done=start, n_total=len(ids), n_reused=min(self.n_reused, start)
            )
            run = ids[start : min(len(ids), start + self._slice_size())]
            wanted = "last" if start + len(run) == len(ids) else "none"
            if self._found_room(self.context.decode, run, start, slot.sequence, wanted):
                slot.append(run)
                self.slices.append(len(run))
            else:
                yield from self._give_way()

    def _slice_size(self) -> int:
        size = min(max(1, self.request.slice_tokens), N_BATCH)
        n_own = max(1, len(self.replies))
        crowded = sum(slot.busy for slot in self.slots.slots) > n_own
        return min(size, CROWDED_SLICE) if crowded else size

    # ---- the replies ----

    def _begin_replies(self, ids: Ids) -> None:
        request, vocab = self.request, self.loaded.vocab
        seed = request.sampling.seed
        first_seed = secrets.randbelow(2**31) if seed is None else seed
        for index in range(request.n_replies):
            sampler = Sampler(
                request.sampling, self.grammar, vocab, self.context.n_ctx, first_seed + index
            )
            slot = self._slot if index == 0 else self.slots.fork(self._slot)
            sampler.accept_prompt(ids)
            self.replies.append(
                GrowingReply(index, request, sampler, first_seed + index, slot, vocab)
            )

    def write_replies(self) -> Steps:
        """Draw and decode until every reply is finished. The first tokens are all drawn from the
        prompt's last logits; all of a step are drawn before any is given away, since logits last
        only until the next decode."""
        active = list(self.replies)
        rows: Sequence[int] = [self._last_row()] * len(active)
        while active:
            drawn = [
                reply.draw(self.context, row, self.loaded.logprobs)
                for reply, row in zip(active, rows, strict=True)
            ]
            self._note_time()
            yield from drawn
            active = [reply for reply in active if reply.finish is None]
            if not active:
                return
            if self._decode_step(active):
                rows = range(len(active))
            else:
                yield from self._make_room(active)
                active = _unfinished(active)
                rows = [self._last_row()] * len(active)

    def _decode_step(self, active: list[GrowingReply]) -> bool:
        """Decode the newest token of each reply; their logits stand in the batch in this order.
        False, and nothing is decoded, where there is no room. Runs for every token, with caches
        cold from the decode before: the plainer, the quicker."""
        slot = active[0].slot
        if slot.length >= self.context.n_ctx:
            return False
        if len(active) == 1:
            token = active[0].last
            if not self._found_room(self.context.decode_one, token, slot.length, slot.sequence):
                return False
            slot.append_one(token)
            return True
        found = self._found_room(
            self.context.decode_step,
            [reply.last for reply in active],
            [reply.slot.length for reply in active],
            [reply.slot.sequence for reply in active],
        )
        if found:
            for reply in active:
                reply.slot.append_one(reply.last)
        return found

    def _make_room(self, active: list[GrowingReply]) -> Steps:
        """After a step without room: the replies are finished, or their tokens are all decoded in a
        new place."""
        if active[0].slot.length >= self.context.n_ctx:
            yield from self._overflow(active)
        else:
            yield from self._give_way()

    def _last_row(self) -> int:
        return self.slices[-1] - 1

    # ---- room ----

    def _found_room(self, decode: Callable[..., None], *arguments: object) -> bool:
        """Decode; where the cache is full let idle chats go first. False, and nothing is decoded,
        where other jobs hold the rest."""
        while True:
            try:
                self.loaded.adapters.apply(self.context, self.request.adapters, self.key)
                decode(*arguments)
                return True
            except AbortedError as error:
                for slot in self._own_slots():
                    self.slots.cut(slot, slot.length)
                raise JobCancelledError from error
            except NoRoomError:
                if not self.slots.evict_one():
                    return False

    def _give_way(self) -> Steps:
        """Other jobs hold the rest of the cache: free our cells, wait until one of them ends, and
        come back."""
        own = self._own_slots()
        others = [slot for slot in self.slots.slots if slot.busy and slot not in own]
        if not others or len(self.replies) > 1:
            self._end_for_lack_of_room()
            return
        ids = np.concatenate([self._slot.tokens, [reply.last for reply in self.replies]])
        self.slots.leave(self._slot)
        self._move_to(None)
        while all(slot.busy for slot in others):
            yield None
        self._move_to(self._acquire(ids.astype(np.int32)))
        if self.replies:
            yield from self._decode_prompt(ids.astype(np.int32))

    def _overflow(self, active: list[GrowingReply]) -> Steps:
        """The context is full in the middle of a reply: stop, fail, or leave out the oldest turns
        and go on."""
        fitted = self._refit() if len(self.replies) == 1 else None
        if fitted is None:
            self._end_for_lack_of_room()
            return
        self.dropped = fitted.dropped
        yield Dropped(job=0, messages=fitted.dropped, n_tokens=fitted.n_tokens)
        ids = np.concatenate([fitted.prompt.ids, active[0].ids]).astype(np.int32)
        self.slots.release(self._slot)
        self._move_to(self._acquire(ids))
        yield from self._decode_prompt(ids)

    def _refit(self) -> overflow.Fitted | None:
        if self.request.overflow != "drop_oldest" or self.request.messages is None:
            return None
        n_reply = len(self.replies[0].ids)
        try:
            return overflow.fit(
                self.loaded, self.request, self.context.n_ctx, n_reply, self.dropped
            )
        except AppError:
            return None  # nothing more may be left out: the reply ends where the context does

    def _end_for_lack_of_room(self) -> None:
        if self.request.overflow == "fail" or not self.replies:
            raise AppError(
                f"The context of {self.context.n_ctx:,} tokens is full.",
                "Choose a longer context, or let old turns be left out.",
            )
        self.end_all("context")

    def _move_to(self, slot: Slot | None) -> None:
        """This job's one sequence is now another, or for a while none."""
        self.slot = slot
        if self.replies:
            self.replies[0].slot = slot or Slot(-1)

    def _own_slots(self) -> list[Slot]:
        slots = [reply.slot for reply in self.replies]
        if not slots and self.slot is not None:
            slots = [self.slot]
        return [slot for slot in slots if slot.sequence >= 0]

    # ---- the end ----

    def end_all(self, finish: Finish) -> None:
        """Finish every reply that is not finished yet."""
        for reply in _unfinished(self.replies):
            reply.end(finish)

    def release(self) -> None:
        """Give everything back; what stands in the cache stays warm."""
        for slot in self._own_slots():
            self.slots.release(slot)
        for reply in self.replies:
            reply.sampler.close()

    def result(self) -> Generated:
        n_generated = sum(len(reply.ids) for reply in self.replies)
        seconds = self.last_token_s - self.first_token_s
        n_timed = n_generated - len(self.replies)
        return Generated(
            replies=[reply.result() for reply in self.replies],
            n_prompt=self.n_prompt,
            n_reused=self.n_reused,
            n_decoded=self.n_prompt - self.n_reused,
            n_generated=n_generated,
            tokens_per_s=n_timed / seconds if seconds > 0 and n_timed > 0 else 0.0,
            first_token_ms=1e3 * max(0.0, self.first_token_s - self.started_s),
            slices=self.slices,
            n_threads=self.context.n_threads,
            dropped=self.dropped,
        )

    @property
    def _slot(self) -> Slot:
        assert self.slot is not None, "the prompt was not read"
        return self.slot

    def _note_time(self) -> None:
        self.last_token_s = time.perf_counter()
        if not self.first_token_s:
            self.first_token_s = self.last_token_s


def _unfinished(replies: list[GrowingReply]) -> list[GrowingReply]:
    return [reply for reply in replies if reply.finish is None]


def _grammar(request: Generate) -> str:
    sampling = request.sampling
    if sampling.json_schema and sampling.grammar:
        raise AppError("A reply follows a grammar or a JSON schema, not both.", "Remove one.")
    return schema_to_grammar(sampling.json_schema) if sampling.json_schema else sampling.grammar


def _check(request: Generate) -> None:
    if (request.messages is None) == (request.prompt is None):
        raise AppError("Either messages or a text to continue are needed, not both.")
    if not 1 <= request.n_replies <= N_SEQ_MAX:
        raise AppError(
            f"{request.n_replies} replies at once cannot be done.", f"Ask for 1 to {N_SEQ_MAX}."
        )
    if request.top_logprobs < 0:
        raise AppError("A negative number of alternatives cannot be shown.", "Ask for 0 or more.")
    if request.max_tokens == 0 or request.max_tokens < -1:
        raise AppError(
            f"A reply of {request.max_tokens} tokens cannot be written.",
            "Ask for 1 or more, or -1 for no bound.",
        )
