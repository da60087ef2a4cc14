"""Trees of continuations: each path against its own scoring, the widest against the narrowest, what
they leave in the cache, cancelled, refused."""

import math
from typing import Any

import numpy as np
import pytest

from engine.errors import AppError, JobCancelledError
from engine.generation.generate import generate
from engine.generation.loaded import Loaded
from engine.generation.prefix import Slot
from engine.generation.score import score
from engine.generation.tree import MAX_PATHS, grow_tree
from engine.process.client import Client
from engine.process.messages import (
    Cancelled,
    Done,
    Generate,
    Sampling,
    Score,
    Token,
    Tokenize,
    Tokenized,
)
from engine.process.token_messages import GrowTree, Tree, TreeLevel, TreeNode
from tests.engine.generating import GREEDY, STORY, forget, tokens_of
from tests.engine.loading import drain


@pytest.fixture(autouse=True)
def cold(request: pytest.FixtureRequest) -> None:
    if "loaded" in request.fixturenames:
        forget(request.getfixturevalue("loaded"))


def ids_of(loaded: Loaded, text: str = STORY) -> list[int]:
    ids: list[int] = loaded.vocab.tokenize(text).tolist()
    return ids


def grown(loaded: Loaded, **fields: Any) -> list[TreeNode]:
    request = GrowTree(job=1, **{"ids": ids_of(loaded), **fields})
    levels, tree = drain(grow_tree(loaded, request))
    assert [node for level in levels for node in level.nodes] == tree.nodes
    assert not busy(loaded)
    return list(tree.nodes)


def busy(loaded: Loaded) -> list[Slot]:
    return [slot for slot in loaded.context("main").slots.slots if slot.busy]


def path(nodes: list[TreeNode], index: int) -> list[int]:
    """Indices of the nodes from the text to this one."""
    way = []
    while index >= 0:
        way.append(index)
        index = nodes[index].parent
    return way[::-1]


def test_every_path_has_the_logprobs_it_has_alone(loaded: Loaded) -> None:
    nodes = grown(loaded, width=3, depth=4, most_likely=6)
    depths = [len(path(nodes, index)) for index in range(len(nodes))]
    assert [depths.count(depth) for depth in (1, 2, 3, 4)] == [3, 9, 18, 18]
    leaves = [index for index, depth in enumerate(depths) if depth == 4]
    for leaf in leaves:
        way = [nodes[index] for index in path(nodes, leaf)]
        request = Score(job=1, prompt=STORY, ids=[node.id for node in way])
        told = [event for event in drain(score(loaded, request))[0] if isinstance(event, Token)]
        for node, token in zip(way, told, strict=True):
            assert node.logprob == pytest.approx(token.logprob, abs=0.08)
            assert node.piece == token.piece == loaded.vocab.piece(node.id)


def test_a_level_keeps_its_likeliest_paths(loaded: Loaded) -> None:
    nodes = grown(loaded, width=4, depth=3, most_likely=5)
    totals = [
        math.fsum(nodes[step].logprob for step in path(nodes, index)) for index in range(len(nodes))
    ]
    second = [index for index in range(len(nodes)) if len(path(nodes, index)) == 2]
    gone_on = {node.parent for index, node in enumerate(nodes) if len(path(nodes, index)) == 3}
    ends = {index for index in second if loaded.vocab.is_end(nodes[index].id)}
    best = sorted(set(second) - ends, key=lambda index: -totals[index])[:5]
    assert gone_on == set(best)
    for parent in {node.parent for node in nodes}:
        children = [node.logprob for node in nodes if node.parent == parent]
        assert children == sorted(children, reverse=True) and len(children) == 4


def test_one_branch_is_the_greedy_reply(loaded: Loaded) -> None:
    nodes = grown(loaded, width=1, depth=12, most_likely=1)
    forget(loaded)
    request = Generate(job=1, prompt=STORY, max_tokens=12, sampling=GREEDY)
    assert [node.id for node in nodes] == tokens_of(drain(generate(loaded, request))[0])
    assert [node.parent for node in nodes] == list(range(-1, 11))


def test_the_widest_tree_there_can_be(loaded: Loaded) -> None:
    nodes = grown(loaded, width=MAX_PATHS, depth=3, most_likely=MAX_PATHS)
    assert len(nodes) == MAX_PATHS + 2 * MAX_PATHS**2


def test_an_end_is_a_leaf(loaded: Loaded) -> None:
    """After an answer that is over the likeliest token is the end of the turn."""
    chat = "<|im_start|>user\nSay yes.<|im_end|>\n<|im_start|>assistant\nYes."
    ids = loaded.vocab.tokenize(chat, parse_special=True).tolist()
    nodes = grown(loaded, ids=ids, width=2, depth=3, most_likely=8)
    ends = [index for index, node in enumerate(nodes) if loaded.vocab.is_end(node.id)]
    assert ends and nodes[ends[0]].parent == -1
    assert not any(node.parent in ends for node in nodes)


def test_it_leaves_the_text_warm_and_its_branches_nowhere(loaded: Loaded) -> None:
    ids = ids_of(loaded)
    grown(loaded, width=3, depth=3)
    held = [slot.tokens.tolist() for slot in loaded.context("main").slots.slots if slot.length]
    assert held == [ids]
    request = Generate(job=1, prompt=STORY + " lived", max_tokens=1, sampling=Sampling(seed=1))
    _, result = drain(generate(loaded, request))
    assert result.n_reused == len(ids)


def test_a_cancel_gives_everything_back(loaded: Loaded) -> None:
    steps = grow_tree(loaded, GrowTree(job=1, ids=ids_of(loaded), depth=6))
    n_levels = 0
    while n_levels < 3:
        n_levels += isinstance(next(steps), TreeLevel)
    assert len(busy(loaded)) > 1
    with pytest.raises(JobCancelledError):
        steps.throw(JobCancelledError())
    assert not busy(loaded)
    assert sum(slot.length > 0 for slot in loaded.context("main").slots.slots) == 1


def test_what_cannot_grow_is_said_in_words(loaded: Loaded) -> None:
    for fields, words in (
        ({"ids": []}, "no text to go on from"),
        ({"ids": [99_999_999]}, "no token 99999999"),
        ({"width": 0}, "at least one branch"),
        ({"most_likely": MAX_PATHS + 1}, "paths at once"),
        ({"depth": 200, "width": 2}, "has no room for 3,184 tokens of branches"),
        ({"depth": 400, "width": 30, "most_likely": 4}, "too large to be shown"),
    ):
        with pytest.raises(AppError, match=words):
            grown(loaded, **fields)
    assert not busy(loaded)


@pytest.mark.soak
def test_branches_find_room_at_the_end_of_a_long_text(loaded: Loaded) -> None:
    ids = ids_of(loaded, "the sea and " * 800) + ids_of(loaded)
    assert len(ids) > 2048
    assert len(grown(loaded, ids=ids, depth=4)) == 3 + 9 + 27 + 48


def test_a_worker_grows_and_is_cancelled(client: Client) -> None:
    tokens = client.ask(lambda job: Tokenize(job=job, text=STORY))
    assert isinstance(tokens, Tokenized)
    ids = np.frombuffer(tokens.ids.data, np.int32).tolist()
    events = list(client.stream(lambda job: GrowTree(job=job, ids=ids, depth=3)))
    end = events.pop()
    assert isinstance(end, Done) and isinstance(end.result, Tree)
    levels = [event for event in events if isinstance(event, TreeLevel)]
    assert [len(level.nodes) for level in levels] == [3, 9, 27]
    told: list[Any] = []
    for event in client.stream(lambda job: GrowTree(job=job, ids=ids, depth=60)):
        told.append(event)
        if len(told) == 1:
            client.cancel(event.job)
    assert isinstance(told[-1], Cancelled)
