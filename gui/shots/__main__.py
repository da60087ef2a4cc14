"""python -m gui.shots: see run.py."""

import sys

from gui.shots.run import main

if __name__ == "__main__":
    sys.exit(main())
