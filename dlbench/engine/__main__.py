"""`python -m dlbench.engine RUN --session N --worker W --stacks 0,2` trains a worker's share of a run."""

from __future__ import annotations

import sys

from dlbench.engine.worker import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
