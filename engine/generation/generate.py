"""From a prompt to tokens, one event at a time: fit the prompt, reuse what the KV cache holds,
decode the rest in slices, then draw and decode until every reply is finished.

A generator: each `next` does at most one decode. Several such generators may take turns on one
context. It is cancelled
by throwing JobCancelledError into it, or by aborting the decode it is in; what it has is returned
all the same.
"""

import secrets
import time
from collections.abc import Generator, Sequence

from engine.errors import AppError, JobCancelledError
from engine.generation import overflow, threads
from engine.generation.loaded import Loaded
from engine.generation.place import CacheFullError, Ids, Place, joined
from engine.generation.prompt import Prompt, prompt_hash
from engine.generation.reading import read, recorded
from engine.generation.reasoning import Mark, opened_by
from engine.generation.reply import GrowingReply
from engine.generation.thinking import Thinking
from engine.llama.context import N_SEQ_MAX
from engine.llama.sampler import Sampler, check_grammar
from engine.llama.schema import schema_to_grammar
from engine.process.messages import (
    Dropped,
    Finish,
    Generate,
    Generated,
    PromptProgress,
    Sampling,
    Token,
)

Step = PromptProgress | Dropped | Token | None
Steps = Generator[Step, None, None]

# The last character's bytes are in at most this many tokens.
_N_INCOMPLETE = 4


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
        run.note_end()
        run.release()
    return run.result()


class _Run:
    """The state of one generate call."""

    def __init__(self, loaded: Loaded, request: Generate) -> None:
        _check(request)
        self.loaded = loaded
        self.request = request
        self.place = Place(loaded, request.context, request.adapters, private=request.private)
        self.context = self.place.context
        self.grammar = grammar_of(request.sampling)
        check_grammar(loaded.vocab, self.grammar)
        self.before = loaded.vocab.checked(request.prefill_ids)
        self.started_s = time.perf_counter()
        self.first_token_s = 0.0
        self.last_token_s = 0.0
        self.replies: list[GrowingReply] = []
        self.dropped: list[int] = []  # what the prompt lacked
        self.dropped_later: list[int] = []  # and what made room in the middle of the reply
        self.n_prompt = self.n_reused = 0
        self.prompt_hash = ""
        self.slices: list[int] = []
        self.is_alone = False

    # ---- the prompt ----

    def read_prompt(self) -> Steps:
        """Bring the prompt into the cache and make ready to write."""
        fitted = overflow.fit(self.loaded, self.request, self.context.n_ctx)
        if fitted.dropped or fitted.n_tokens:
            self.dropped = fitted.dropped
            yield Dropped(job=0, messages=fitted.dropped, n_tokens=fitted.n_tokens)
        ids = joined(fitted.prompt.ids, self.before)
        if len(ids) == 0:
            raise AppError("There is no text to go on from.", "Write something first.")
        self.context.set_threads(
            threads.beside_training(self.loaded.n_threads, self.loaded.paths.runs)
        )
        self.n_prompt = len(ids)
        self.prompt_hash = prompt_hash(ids)
        calls = recorded(self.request.slices, len(ids), self.context.n_ctx)
        yield from self.place.wait(self.request.n_replies, alone=self.request.alone)
        fresh = self.request.alone or bool(calls)
        self.n_reused = self.place.acquire(ids, fresh=fresh, at_once=True).length
        yield from read(self.place, ids, self.request.slice_tokens, calls)
        self.slices = self.place.slot.call_sizes()
        self._begin_replies(ids, fitted.prompt)

    # ---- the replies ----

    def _begin_replies(self, ids: Ids, prompt: Prompt) -> None:
        request, vocab = self.request, self.loaded.vocab
        seed = request.sampling.seed
        first_seed = secrets.randbelow(2**31) if seed is None else seed
        pieces = [vocab.piece(token) for token in request.prefill_ids]
        opened = opened_by(prompt.text[: len(prompt.text) - len(request.prefill)])
        for index in range(request.n_replies):
            sampler = Sampler(
                request.sampling, self.grammar, vocab, self.context.n_ctx, first_seed + index
            )
            slot = self.place.slot if index == 0 else self.place.fork()
            sampler.accept_prompt(ids)
            self.replies.append(
                GrowingReply(
                    index,
                    request,
                    sampler,
                    first_seed + index,
                    slot,
                    vocab,
                    self.loaded.logprobs,
                    self._thinking(opened, pieces),
                    b"".join(pieces[-_N_INCOMPLETE:]),
                )
            )

    def _thinking(self, opened: Mark | None, pieces: list[bytes]) -> Thinking:
        """What a reply's reasoning has come to before its first token."""
        thinking = Thinking(opened, self.request.prefill, self.request.reasoning_budget)
        for piece in pieces:
            if thinking.is_over:
                break
            thinking.read(piece)
        return thinking

    def write_replies(self) -> Steps:
        """Draw and decode until every reply is finished. The first tokens are all drawn from the
        prompt's last logits; all of a step are drawn before any is given away, since logits last
        only until the next decode."""
        active = list(self.replies)
        rows: Sequence[int] = [self.place.last_size - 1] * len(active)
        while active:
            drawn = [reply.draw(self.context, row) for reply, row in zip(active, rows, strict=True)]
            self._note_time(active)
            yield from drawn
            active = [reply for reply in active if reply.finish is None]
            if not active:
                return
            if self.place.trims_late:
                self.place.trim()
            if self._decode_step(active):
                rows = range(len(active))
            else:
                yield from self._make_room(active)
                active = _unfinished(active)
                rows = [self.place.last_size - 1] * len(active)

    def _decode_step(self, active: list[GrowingReply]) -> bool:
        """Decode the newest token of each reply; their logits stand in the batch in this order.
        False, and nothing is decoded, where there is no room. Runs for every token, with caches
        cold from the decode before: the plainer, the quicker."""
        slot = active[0].slot
        if slot.length >= self.context.n_ctx:
            return False
        if len(active) == 1:
            token = active[0].last
            if not self.place.found_room(
                self.context.decode_one, token, slot.length, slot.sequence
            ):
                return False
            slot.append_one(token)
            return True
        found = self.place.found_room(
            self.context.decode_step,
            [reply.last for reply in active],
            [reply.slot.length for reply in active],
            [reply.slot.sequence for reply in active],
        )
        if found:
            for reply in active:
                reply.slot.append_one(reply.last)
        return found

    # ---- room ----

    def _make_room(self, active: list[GrowingReply]) -> Steps:
        """After a step without room: the replies are finished, or their tokens are all decoded in a
        new place."""
        try:
            if active[0].slot.length >= self.context.n_ctx:
                yield from self._leave_out(active)
            else:
                yield from self._give_way()
        except CacheFullError:
            if self.request.overflow == "fail":
                raise
            self.end_all("context")

    def _give_way(self) -> Steps:
        """Other jobs hold the rest of the cache: come back when one of them has ended."""
        ids = joined(self.place.slot.tokens, [reply.last for reply in self.replies])
        yield from self.place.come_back(ids)
        yield from self._go_on(ids)

    def _leave_out(self, active: list[GrowingReply]) -> Steps:
        """The context is full in the middle of a reply: stop, fail, or leave out the oldest turns
        and go on."""
        fitted = self._refit() if len(self.replies) == 1 else None
        if fitted is None:
            raise self.place.full()
        self.dropped_later = fitted.dropped[len(self.dropped) :]
        n_written = len(active[0].ids)
        yield Dropped(job=0, messages=fitted.dropped, n_tokens=fitted.n_tokens, n_written=n_written)
        ids = joined(fitted.prompt.ids, self.before, active[0].ids)
        self.place.release()
        self.place.acquire(ids)
        yield from self._go_on(ids)

    def _refit(self) -> overflow.Fitted | None:
        if self.request.overflow != "drop_oldest" or self.request.messages is None:
            return None
        n_reply = len(self.replies[0].ids)
        dropped = [*self.dropped, *self.dropped_later]
        try:
            return overflow.fit(self.loaded, self.request, self.context.n_ctx, n_reply, dropped)
        except AppError:
            return None  # nothing more may be left out: the reply ends where the context does

    def _go_on(self, ids: Ids) -> Steps:
        """Read all of it in the new place."""
        yield from read(self.place, ids, self.request.slice_tokens)
        self.replies[0].slot = self.place.slot

    # ---- the end ----

    def end_all(self, finish: Finish) -> None:
        """Finish every reply that is not finished yet."""
        for reply in _unfinished(self.replies):
            reply.end(finish)

    def note_end(self) -> None:
        """What only the place knows, before it is given back."""
        self.is_alone = bool(self.place.own) and all(slot.alone for slot in self.place.own)

    def release(self) -> None:
        """Give everything back; what stands in the cache stays warm."""
        self.place.release()
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
            prompt_hash=self.prompt_hash,
            template_hash="" if self.request.messages is None else self.loaded.template_hash,
            alone=self.is_alone,
            n_reasoning=sum(reply.n_reasoning for reply in self.replies),
            dropped_later=self.dropped_later,
            sha256=self.loaded.sha256,
            adapter_files=self.loaded.files_of(self.request.adapters),
            speeds=[reply.tokens_per_s(self.first_token_s) for reply in self.replies],
        )

    def _note_time(self, active: list[GrowingReply]) -> None:
        self.last_token_s = time.perf_counter()
        for reply in active:
            reply.last_s = self.last_token_s
        if not self.first_token_s:
            self.first_token_s = self.last_token_s


def _unfinished(replies: list[GrowingReply]) -> list[GrowingReply]:
    return [reply for reply in replies if reply.finish is None]


def grammar_of(sampling: Sampling) -> str:
    """The grammar that replies follow, "" for none.

    Raises:
        AppError: there are two, or a JSON schema cannot be expressed as one.
    """
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
