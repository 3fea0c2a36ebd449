"""The sections that change others: what is said of them, and an example of each."""

from __future__ import annotations

PATCHES: dict[str, str] = {
    "variants": """What is compared: a table of changes for each name, laid over the recipe.

    Tables merge, values and lists replace, a table of another `kind` replaces the whole; a part without arguments is its name.
    One layer of the list is reached by its place, from 0. A variant may change the sections that make a training, and have a
    `search` of its own. Without variants and grid there is one, called `base`.

    `insert` puts items into a list: `at` a place, `before` or `after` an item (by its place) or all items of a kind. `remove` takes
    them out, by place or kind. All places are those before the patch, and a list inside of a layer is edited in the same way.

        [variants.relu]
        model.activation = "relu"
        model.layers.0.units = 64

        [variants.dropout]
        model.layers.insert = [{ after = "dense", kind = "dropout", keep = 0.7 }]

        [variants.shallow]
        model.layers.remove = [1]
    """,
    "grid": """A list of values for each path; all their combinations are the variants, named by their values.

        [grid]
        model.activation = ["sigmoid", "relu"]
        train.optimizer.lr = [0.1, 0.01]
    """,
    "search": """A list of values for each path, all combinations of which are tried within each variant.

    Each seed picks its best by `compare.select`, and every variant has the same number of choices.

        [search]
        train.optimizer.lr = [0.1, 0.03, 0.01]

        [compare]
        select = "best_validation_accuracy"
    """,
    "quick": """Changes of the whole recipe that `--quick` makes: a version that takes seconds and needs no network.

        [quick]
        trials.seeds = 3
        train.steps = 500
    """,
}
"""The sections that change others, with what is said of them, and an example."""
