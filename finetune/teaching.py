"""The training of a run, and what goes on beside it: the base's own answers, the fixed prompts at
every evaluation, an adapter to chat with in every checkpoint. Read `teach` first.

Two cores: while torch is imported and weights are unpacked, llama.cpp answers on the other core;
while torch trains, it rests. The loop itself is sft.py's.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

import msgspec

from engine.process.tune_messages import Parity, Row, RowWarning
from finetune import ranks
from finetune.base_file import BaseFile
from finetune.data.prepare import prepare, prepared
from finetune.data.token_set import TokenSet
from finetune.measure.answers import Answerer, Asked, Voice
from finetune.measure.aside import Aside, Task
from finetune.measure.budget import LEAST_TRAINING, Budget, budget_of
from finetune.measure.evaluate import answered, fixed_prompts
from finetune.measure.forgetting import Heard, Unrelated, heard, unrelated
from finetune.measure.own_answers import keep_rows, kept_rows, own_rows, wanted_rows
from finetune.run.attempt import Attempt, StoppedError
from finetune.run.events import AnyRunEvent, CheckpointSaved, Facts, Warned
from finetune.run.folder import EventTail, read_samples
from finetune.torch_import import import_torch

if TYPE_CHECKING:
    from finetune.checkpoint import Trained
    from finetune.model.base import Base
    from finetune.sft import Outcome

_TICK_S = 0.1


@dataclass(frozen=True)
class Torch:
    """What torch holds: the base, and what is taught on it."""

    base: Base
    trained: Trained


class Teaching:
    """One attempt's training, and its tools for whoever judges the result."""

    def __init__(self, attempt: Attempt, base: BaseFile, answerer: Answerer) -> None:
        self.attempt, self.base, self.answerer = attempt, base, answerer
        self._is_lora = attempt.config.train.method == "lora"
        self.product_name = "adapter.gguf" if self._is_lora else "model.gguf"
        self.budget: Budget = budget_of(attempt.config)
        self.prompts: list[Asked] = fixed_prompts(attempt.config.watch, self.budget.prompt_tokens)
        self.unrelated: Unrelated = unrelated(
            self.budget.n_questions, self.budget.prose_bytes, self.budget.question_tokens
        )
        self._aside = Aside()
        self._first: Task[list[str]] | None = None
        self._heard: Task[Heard] | None = None
        self._base: Base | None = None
        self._torch: Torch | None = None

    def teach(self) -> Outcome | None:
        """From rows to checkpoints; None where a person stopped it before the first step.

        Raises:
            AppError: it cannot go on.
        """
        config = self.attempt.config
        try:
            own = self._begin_own_answers()
            self._first = self._aside.begin(self._answer_prompts)
            if config.watch.forgetting:
                self._heard = self._aside.begin(self._hear_base)
            sets = self._sets_and_base(own)
            self._wait(self._first)
        except StoppedError:
            return None
        finally:
            self._aside.rest()
        self._say_first()
        return self._train(*sets)

    # ---- before ----

    def _begin_own_answers(self) -> Task[list[Row]] | None:
        """Ask the base, where the run wants its answers and has none yet."""
        if not self.attempt.config.data.own_answers:
            return None
        from finetune.data.own_questions import own_questions

        questions = own_questions()
        count = wanted_rows(self.attempt.config, len(questions))
        voice, n_tokens = self.answerer.voice, self.budget.own_tokens
        return self._aside.begin(
            lambda report: own_rows(voice(), questions[:count], n_tokens, report)
        )

    def _sets_and_base(self, own: Task[list[Row]] | None) -> tuple[TokenSet, TokenSet]:
        """Rows first, where nothing has to be waited for: they fail sooner than weights load."""
        if own is None:
            sets = self._prepared([])
            self._load_base()
            return sets
        self._load_base()
        return self._prepared(self._own_answers(own))

    def _own_answers(self, asked: Task[list[Row]]) -> list[Row]:
        kept = kept_rows(self.attempt.folder.own_answers)
        if kept is None:
            self.attempt.enter("answering", "the base's own answers")
            self._wait(asked)
            kept = asked.result()
            keep_rows(self.attempt.folder.own_answers, kept)
        return kept

    def _prepared(self, extra: list[Row]) -> tuple[TokenSet, TokenSet]:
        """The rows as tokens: those that this run began with, where it has begun."""
        tokens = self.attempt.folder.tokens
        if any(self.attempt.folder.checkpoints.glob("step-*")):
            known = prepared(tokens)
            if known is not None:
                return known
        self.attempt.enter("preparing")
        tokens.mkdir(exist_ok=True)
        steps = prepare(self.attempt.config, tokens, extra)
        while True:
            try:
                self.attempt.tell(next(steps))
            except StopIteration as end:
                sets: tuple[TokenSet, TokenSet] = end.value
                return sets
            self._check_stop()

    def _load_base(self) -> Base:
        if self._base is None:
            self.attempt.enter("loading")
            import_torch()
            from finetune import sft

            self.base.require()
            self._base = sft.base_for(self.attempt.config, self.base.path)
            self._check_stop()
        return self._base

    def _answer_prompts(self, report: Callable[[float], object]) -> list[str]:
        return answered(self.answerer.voice(), self.prompts, report)

    def _hear_base(self, report: Callable[[float], object]) -> Heard:
        return heard(self.answerer.voice(), self.unrelated, report)

    def _wait(self, task: Task[list[str]] | Task[list[Row]]) -> None:
        while not task.is_done:
            self.attempt.tell(task.fraction)
            self._check_stop()
            time.sleep(_TICK_S)

    def _check_stop(self) -> None:
        if self.attempt.control.is_stopping:
            raise StoppedError

    def _say_facts(self, train_set: TokenSet, validation_set: TokenSet) -> None:
        """What is known once everything is loaded, and what to know of the rows."""
        from finetune.device import choose_machine
        from finetune.feed import Feed
        from finetune.model.four_bits import n_values
        from finetune.schedule import count_steps

        assert self._base is not None
        config, facts = self.attempt.config, train_set.facts
        machine = choose_machine(config.train.precision)
        feed = Feed(train_set, config.train, world=ranks.world())
        weights = list(self._base.model.parameters())
        self.attempt.log.say(
            Facts,
            n_steps=count_steps(config.train, feed.n_packs, ranks.world()),
            n_rows=train_set.n_rows,
            n_validation=validation_set.n_rows,
            n_tokens=train_set.n_tokens,
            n_learned=train_set.n_learned,
            n_cut=int(facts.get("n_cut", 0)),
            n_trained=sum(one.numel() for one in weights if one.requires_grad),
            n_weights=sum(n_values(one) for one in weights),
            precision=machine.precision,
            device=machine.device,
            world=ranks.world(),
            is_sharded=ranks.is_sharded(),
        )
        if self.attempt.number == 1:
            for warning in msgspec.convert(facts.get("warnings", []), list[RowWarning]):
                self.attempt.log.say(Warned, message=warning.message, hint=warning.remedy)

    def _say_first(self) -> None:
        """The base's answers, and those of checkpoints that a kill has left without."""
        assert self._first is not None
        log, known = self.attempt.log, self._known_samples()
        for asked, text in zip(self.prompts, self._first.result(), strict=True):
            if (0, asked.question) not in known:
                log.sample_at(0, asked.question, text)
        self._mend()

    # ---- training ----

    def _train(self, train_set: TokenSet, validation_set: TokenSet) -> Outcome:
        from finetune import checkpoint, sft
        from finetune.schedule import shares_told

        attempt, base = self.attempt, self._load_base()
        resume = checkpoint.last_to_resume(attempt.folder.checkpoints)
        hooks = sft.Hooks(
            attempt=attempt.number,
            resume=resume,
            also_write=self._write_adapter,
            seconds_left=self._seconds_left(resume),
            done=shares_told(attempt.folder, checkpoint.step_of(resume) if resume else 0),
        )
        attempt.enter("training")
        steps = sft.train(
            attempt.config, base, train_set, validation_set, attempt.folder, attempt.control, hooks
        )
        is_told = False
        while True:
            try:
                event = next(steps)
            except StopIteration as end:
                outcome: Outcome = end.value
                self._keep(base, outcome.trained)
                return outcome
            if not is_told:  # only now it is known which weights are taught
                self._say_facts(train_set, validation_set)
                is_told = True
            attempt.log.write(event)
            self._answer_at(event)

    def _keep(self, base: Base, trained: Trained) -> None:
        """What was taught, for the checks. Of a base in 4 bits, or in shares, they need another
        one: the file's own weights, which are chatted with, in this process alone."""
        if self.attempt.config.base.in_4_bits or ranks.is_sharded():
            self._base = None
        else:
            self._torch = Torch(base, trained)

    def _answer_at(self, event: AnyRunEvent) -> None:
        """The fixed prompts at a checkpoint: torch stands still meanwhile."""
        if isinstance(event, CheckpointSaved):
            self.base.require()
            self._sample(event.folder, event.step)

    def _sample(self, folder: str, step: int) -> None:
        adapter = self.attempt.folder.checkpoints / folder / self.product_name
        if not adapter.exists() or not self.prompts:
            return
        with self.voice(adapter) as voice:
            for asked in self.prompts:
                answer = voice.answer(asked)
                self.attempt.log.sample_at(step, asked.question, answer.text, answer.finish)

    def _write_adapter(self, folder: Path, trained: Trained) -> None:
        """What llama.cpp reads of a checkpoint; the events before it reach the disk first."""
        from finetune.export.adapter_gguf import write_adapter
        from finetune.export.merge import write_full

        self.attempt.log.sync()
        assert self._base is not None
        if not trained.is_lora:
            write_full(self._base, folder / self.product_name, self._provenance())
            return
        lora = trained.model.peft_config["default"]
        write_adapter(
            self._base, trained.weights(), lora, folder / self.product_name, self._provenance()
        )

    def _provenance(self) -> dict[str, str | int | float | bool]:
        config = self.attempt.config
        return {
            "name": config.out.name,
            "base": self.base.path.name,
            "base_fingerprint": self.base.fingerprint,
            "base_sha256": self.base.sha256(),
            "dataset": Path(config.data.path).name,
            "run": self.attempt.folder.path.name,
            "seed": config.train.seed,
        }

    def _seconds_left(self, resume: Path | None) -> Callable[[], float] | None:
        """Until the training has to end for the run to keep its time."""
        minutes = self.attempt.config.train.minutes
        if not minutes:
            return None
        from finetune.checkpoint import STATE_FILE

        used_s = 0.0
        if resume is not None:
            used_s = float(msgspec.json.decode((resume / STATE_FILE).read_bytes())["trained_s"])
        whole_s, now_s = 60.0 * minutes, time.monotonic()
        end_s = max(
            self.attempt.began_s + whole_s - self.budget.reserve_s,
            now_s + LEAST_TRAINING * whole_s,
        )
        end_s -= used_s
        return lambda: end_s + self.attempt.control.stood_s - time.monotonic()

    def _mend(self) -> None:
        """Tell of checkpoints that were whole when a kill kept their event, or their answers, from
        being written."""
        from finetune.checkpoint import checkpoints_in, step_of

        folder = self.attempt.folder
        told = {e.folder for e in EventTail(folder).read() if isinstance(e, CheckpointSaved)}
        known = self._known_samples()
        for path in checkpoints_in(folder.checkpoints):
            step = step_of(path)
            if path.name not in told:
                self.attempt.log.step = step
                self.attempt.log.say(CheckpointSaved, folder=path.name)
            if any((step, asked.question) not in known for asked in self.prompts):
                self._sample(path.name, step)

    def _known_samples(self) -> set[tuple[int, str]]:
        return {(one.step, one.prompt) for one in read_samples(self.attempt.folder)}

    # ---- for whoever judges ----

    @contextlib.contextmanager
    def voice(self, product: Path) -> Iterator[Voice]:
        """The tuned model: the base with an adapter, or a file of its own in its own worker."""
        if self._is_lora:
            yield self.answerer.voice(product)
            return
        with Answerer(product, None, self.attempt.config.train.max_length + 64) as answerer:
            yield answerer.voice()

    def parity(self, product: Path, folder: Path, report: Callable[[float], None]) -> list[Parity]:
        """torch with a checkpoint's weights beside llama.cpp with its product."""
        from finetune.export.parity import measure

        sets = prepared(self.attempt.folder.tokens)
        assert sets is not None, "rows are tokens by now"
        train_set, validation_set = sets
        return measure(
            self.torch_at(folder).trained.model,
            validation_set if validation_set.n_rows else train_set,
            self.base.path,
            adapter=product if self._is_lora else None,
            merged=None if self._is_lora else product,
            explains=self.budget.explains,
            report=report,
        )

    def torch_at(self, folder: Path) -> Torch:
        """torch with the weights of a checkpoint, over the base's own."""
        import_torch()
        from finetune import checkpoint, sft
        from finetune.config import changed

        if self._torch is None:
            config = changed(self.attempt.config, base__in_4_bits=False)
            base = self._base or sft.base_for(config, self.base.path)
            self._torch = Torch(base, sft.prepare_model(config, base))
        checkpoint.load_weights(folder, self._torch.trained)
        return self._torch

    def __enter__(self) -> Teaching:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._aside.__exit__(kind, error, trace)
