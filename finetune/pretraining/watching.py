"""What is looked at while a model is raised: how it goes on after fixed beginnings, and one token's
probabilities, from noise to knowledge.

Computed in torch on the weights as they are, with a generator of its own: the training's chance is
not touched.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any

import torch

from finetune.run.attempt import RaisingAttempt
from finetune.run.events import NextTokens

if TYPE_CHECKING:
    from finetune.model.bpe import TrainedTokenizer
    from finetune.model.gpt import GPT

N_PIECES = 8
_N_TEXTS, _N_PROMPTS, _PROMPT_CHARACTERS, _PLACE_TOKENS = 8, 3, 40, 32


@dataclass(frozen=True)
class Place:
    """A place in a text: what stands before it, and the token that really came."""

    ids: list[int]
    target: int


class Watcher:
    """Writes samples and NextTokens of the weights as they are.

    Args:
        held_out: documents to take beginnings and the place from where the run's file names none.
    """

    def __init__(
        self, attempt: RaisingAttempt, tokenizer: TrainedTokenizer, held_out: Iterable[str]
    ) -> None:
        watch = attempt.config.watch
        texts = [one.strip() for one in islice(held_out, _N_TEXTS) if one.strip()]
        self._attempt, self._tokenizer = attempt, tokenizer
        self.prompts = watch.prompts or tuple(beginnings(texts))
        self.place = place_in(tokenizer, watch.next_token, texts)

    def look(self, step: int, model: GPT) -> None:
        """Write what the model says now. Raises AppError where the disk refuses."""
        log, config = self._attempt.log, self._attempt.config
        log.step = step
        for number, prompt in enumerate(self.prompts):
            ids = goes_on(
                model,
                self._tokenizer,
                prompt,
                n=config.watch.max_tokens,
                temperature=config.watch.temperature,
                seed=config.train.seed + number,
            )
            finish = "stop" if self._tokenizer.end_id in ids else "length"
            said = [one for one in ids if one != self._tokenizer.end_id]
            log.sample_at(step, prompt, self._tokenizer.decode(said), finish)
        if self.place is not None:
            log.say(NextTokens, **told(model, self._tokenizer, self.place))


def beginnings(texts: Sequence[str]) -> list[str]:
    """The first words of some texts; of one long text, of some of its lines."""
    lines = texts if len(texts) > 1 else [one for text in texts for one in _lines(text)]
    found = []
    for line in lines:
        head = line[:_PROMPT_CHARACTERS]
        words = head.rpartition(" ")[0] if len(line) > len(head) and " " in head else head
        if words.strip() and words not in found:
            found.append(words)
    return found[:_N_PROMPTS]


def _lines(text: str) -> list[str]:
    return [one for one in text[:10_000].splitlines() if len(one) > _PROMPT_CHARACTERS // 2]


def place_in(tokenizer: TrainedTokenizer, wanted: str, texts: Sequence[str]) -> Place | None:
    """The place that is followed: the last token of the wanted text, else the beginning of a word
    in the first text. None where there is no text of two tokens."""
    text = wanted or (texts[0][:2000] if texts else "")
    ids = tokenizer.encode([text])[0].tolist()
    if len(ids) < 2:
        return None
    if wanted:
        return Place(ids[:-1], ids[-1])
    pieces = tokenizer.pieces()
    last = min(len(ids) - 1, _PLACE_TOKENS)
    starts = [one for one in range(last, 0, -1) if _begins_word(pieces[ids[one]])]
    at = starts[0] if starts else last
    return Place(ids[:at], ids[at])


def _begins_word(piece: bytes) -> bool:
    return len(piece) > 2 and piece[:1] == b" " and piece[1:2].isalpha()


def goes_on(
    model: GPT,
    tokenizer: TrainedTokenizer,
    prompt: str,
    *,
    n: int,
    temperature: float,
    seed: int,
) -> list[int]:
    """The tokens that a model says after a prompt, n at most, an end token among them last."""
    chance = torch.Generator().manual_seed(seed)
    device = next(model.parameters()).device
    ids = tokenizer.encode([prompt])[0].tolist() or [tokenizer.end_id]
    found: list[int] = []
    for one in model.generate(torch.tensor(ids, device=device), n, temperature, chance):
        found.append(one)
        if one == tokenizer.end_id:
            break
    return found


@torch.no_grad()
def told(model: GPT, tokenizer: TrainedTokenizer, place: Place) -> dict[str, Any]:
    """What a model takes for likely at a place: the fields of NextTokens."""
    probabilities = next_probabilities(model, place.ids)
    best = probabilities.topk(min(N_PIECES, len(probabilities)))
    right = float(probabilities[place.target])
    return {
        "text": tokenizer.decode(place.ids),
        "pieces": [tokenizer.decode([int(one)]) for one in best.indices],
        "probabilities": [round(float(one), 6) for one in best.values],
        "target": tokenizer.decode([place.target]),
        "target_probability": right,
        "target_rank": int((probabilities > right).sum()) + 1,
    }


@torch.no_grad()
def next_probabilities(model: GPT, ids: Sequence[int]) -> torch.Tensor:
    """Of every token, after the last ones that the context holds; shape (n_vocab,)."""
    was_training = model.training
    model.eval()
    try:
        device = next(model.parameters()).device
        seen = torch.tensor([list(ids)[-model.config.context :]], device=device)
        logits = model(seen)[0, -1].float()
    finally:
        model.train(was_training)
    found: torch.Tensor = logits.softmax(-1).cpu()
    return found
