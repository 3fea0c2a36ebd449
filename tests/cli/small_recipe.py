"""The recipe that the tests of the command line run: it takes a moment, or for ever."""

RECIPE = """
[lesson]
section = "0.1"
title = "A small one"
question = "Does it learn?"
explain = "It may."

[data]
kind = "xor"

[model]
activation = "tanh"
layers = [{ kind = "dense", units = 4 }]

[train]
optimizer = { kind = "sgd", lr = 0.5 }
steps = 40

[trials]
seeds = 2

[variants.slow]
[variants.fast]
train.optimizer.lr = 1.0

[[claims]]
says = "Forty steps are enough"
source = "measured"
variant = "slow"
metric = "train_loss"
at_most = 0.0
every_seed = true

[quick]
train.steps = 20
"""
FOREVER = "train.steps=100_000_000"
