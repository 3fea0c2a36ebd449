"""The pre-training of a stack: its hidden layers learn without labels, one after the other, before step 0."""
