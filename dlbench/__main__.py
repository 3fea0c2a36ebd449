"""`python -m dlbench` is `dlbench`."""

from dlbench.cli import main

main()
