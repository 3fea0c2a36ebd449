"""How fast dlbench is: against plain PyTorch, against its peers, against the matrix products alone, side by side in one run."""
