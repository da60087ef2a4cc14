"""What the tests of received prompts and of replays share: whole turns of the fake engine, with all
that a worker tells of them.
"""

from collections.abc import Sequence
from typing import Any

from msgspec.structs import replace

from engine.process.messages import (
    AdapterFile,
    Done,
    Dropped,
    Finish,
    Generate,
    Generated,
    PromptProgress,
    Render,
    Reply,
    Token,
    Tokens,
)
from tests.fakes.fake_engine import model_info
from tests.fakes.rendered import rendered_chat
from tests.gui.chat_room_helpers import Bench

TEMPLATE = "ab" * 32
# A model as a worker tells of it once it is loaded.
LOADED = replace(
    model_info(),
    fingerprint="aa",
    n_threads=2,
    backend="CPU",
    n_gpu_layers=0,
    kv_type="f16",
    flash_attention="enabled",
)


def words(*pieces: str, first_id: int = 300) -> list[Token]:
    """Tokens of these pieces, each with an id of its own."""
    return [Token(first_id + at, piece.encode(), piece) for at, piece in enumerate(pieces)]


def result_of(
    request: Generate,
    tokens: Sequence[Token],
    n_reused: int = 4,
    dropped: Sequence[int] = (),
    *,
    alone: bool = False,
    n_threads: int = 2,
    finish: Finish = "stop",
    dropped_later: Sequence[int] = (),
    sha256: str = "",
    adapter_files: Sequence[AdapterFile] = (),
) -> Generated:
    """What a worker would say of a reply with these tokens."""
    rendered = rendered_chat(
        Render(
            job=0,
            messages=request.messages or [],
            prompt=request.prompt,
            prefill=request.prefill,
            dropped=list(dropped),
        )
    )
    n_prompt = rendered.ids.shape[0]
    text = "".join(token.text for token in tokens)
    return Generated(
        replies=[Reply(text, finish, len(tokens), seed=7)],
        n_prompt=n_prompt,
        n_reused=n_reused,
        n_decoded=n_prompt - n_reused,
        n_generated=len(tokens),
        tokens_per_s=152.4,
        first_token_ms=41.2,
        slices=[n_prompt],
        n_threads=n_threads,
        dropped=list(dropped),
        prompt_hash=rendered.prompt_hash,
        template_hash=TEMPLATE if request.messages is not None else "",
        alone=alone,
        dropped_later=list(dropped_later),
        sha256=sha256,
        adapter_files=list(adapter_files),
    )


def finish(bench: Bench, tokens: Sequence[Token], result: Generated) -> None:
    """Let the reply asked for last be these tokens and end so."""
    request = bench.engine.generates[-1]
    bench.engine.tell(Tokens(job=request.job, items=list(tokens)))
    bench.engine.tell(Done(job=request.job, result=result))
    bench.settle()


def turn(
    bench: Bench,
    question: str,
    tokens: Sequence[Token],
    dropped: Sequence[int] = (),
    later: Sequence[int] = (),
    **told: Any,
) -> str:
    """A whole turn, noted in full.

    Args:
        dropped: messages that its prompt lacks. later: those that make room behind its first token.
        told: as for `result_of`.

    Returns:
        The reply's id.
    """
    bench.send(question)
    request = bench.engine.generates[-1]
    n_prompt = result_of(request, tokens).n_prompt
    bench.engine.tell(PromptProgress(job=request.job, n_done=4, n_total=n_prompt, n_reused=4))
    if dropped:
        bench.engine.tell(Dropped(job=request.job, messages=list(dropped), n_tokens=412))
    if later:
        bench.engine.tell(Tokens(job=request.job, items=list(tokens[:1])))
        bench.engine.tell(
            Dropped(
                job=request.job,
                messages=[*dropped, *later],
                n_tokens=412 * bool(dropped) + 120,
                n_written=1,
            )
        )
    result = result_of(request, tokens, dropped=dropped, dropped_later=later, **told)
    finish(bench, tokens[bool(later) :], result)
    return bench.room.session.conversation.path()[-1].id
