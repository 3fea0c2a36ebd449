"""dlbench: a bench for the classic lessons of deep learning, driven from a terminal."""

__version__ = "0.1.0"
