"""The native loop: many steps of a stack of small nets in one call of C, where a C compiler is there; torch does it elsewhere."""
