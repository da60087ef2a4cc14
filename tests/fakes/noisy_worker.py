"""The real worker, with a library that prints to stdout from C and from Python whenever it is
asked something."""

import ctypes
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from engine.process import worker
from engine.process.messages import AnyRequest, AnyResult
from engine.process.service import Service

_libc = ctypes.CDLL(None)


class NoisyService(Service):
    """Prints before every answer."""

    def answer(self, request: AnyRequest) -> AnyResult | None:
        _libc.puts(b"printed from C" * 40)
        _libc.fflush(None)
        print("printed from Python", flush=True)
        return super().answer(request)


if __name__ == "__main__":
    worker.main(NoisyService)
