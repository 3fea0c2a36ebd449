"""How often dlbench's statistics hold, by simulation: its own functions, fed with numbers whose truth is known."""
