"""The bare loop in a process of its own, for a bench that must not load llama.cpp itself.

python -m engine.bench_bare MODEL N_THREADS: for each line "N_TOKENS PROMPT" on stdin, one line with
tokens per second on stdout; ends with stdin.
"""

import sys
from pathlib import Path

from engine.bench_peers import BareLoop


def main() -> None:
    """Serve runs until stdin ends."""
    loop = BareLoop(Path(sys.argv[1]), int(sys.argv[2]))
    for line in sys.stdin:
        n_tokens, prompt = line.rstrip("\n").split(" ", 1)
        print(loop.tokens_per_s(prompt, int(n_tokens)), flush=True)
    loop.close()


if __name__ == "__main__":
    main()
