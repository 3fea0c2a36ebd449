"""Wrong recipes, each with every word of what is said about it."""

import pytest

from dlbench.errors import ExitCode, RecipeError, UsageError

GRID = '[variants.sigmoid]\n\n[variants.relu]\nmodel.activation = "relu"\n'

WRONG = {
    "unknown section": (
        [("[lesson]", "[lesons]")],
        ["1: lesons: there is no section 'lesons'; did you mean 'lesson'?"],
    ),
    "unknown key of a section": (
        [("steps = 100", "steps = 100\nbatchsize = 2")],
        ["17: train.batchsize: [train] has no key 'batchsize'; did you mean 'batch_size'?"],
    ),
    "unknown key far from all": (
        [("seeds = 3", "seeds = 3\nxyz = 1")],
        ["20: trials.xyz: [trials] has no key 'xyz'; it has 'seeds'"],
    ),
    "key of a section inside another": (
        [('title = "Nine hidden layers"', 'title = "Nine hidden layers"\nsteps = 3')],
        ["3: lesson.steps: [lesson] has no key 'steps'; did you mean train.steps?"],
    ),
    "unknown layer": (
        [('{ kind = "dense"', '{ kind = "dens"')],
        ["10: model.layers[0].kind: no layer is called 'dens'; did you mean 'dense'?"],
    ),
    "unknown activation as a string": (
        [('activation = "sigmoid"', 'activation = "sigmoind"')],
        ["8: model.activation: no activation is called 'sigmoind'; did you mean 'sigmoid'? (in variant 'sigmoid')"],
    ),
    "unknown dataset": (
        [('"xor"', '"mnits"')],
        ["5: data.kind: no dataset is called 'mnits'; did you mean 'mnist'?"],
    ),
    "unknown argument": (
        [("units = 5", "unit = 5")],
        ["10: model.layers[0].unit: 'dense' has no argument 'unit'; did you mean 'units'?"],
    ),
    "argument of another optimizer": (
        [("lr = 0.1 }", "lr = 0.1, rho = 0.9 }")],
        ["15: train.optimizer.rho: 'sgd' has no argument 'rho'; 'adadelta' has"],
    ),
    "argument where there are none": (
        [('activation = "sigmoid"', 'activation = { kind = "sigmoid", steep = 2 }')],
        ["8: model.activation.steep: 'sigmoid' has no argument 'steep'; it takes none (in variant 'sigmoid')"],
    ),
    "argument of another activation": (
        [('activation = "sigmoid"', 'activation = { kind = "sigmoid", slope = 2 }')],
        ["8: model.activation.slope: 'sigmoid' has no argument 'slope'; 'leaky_relu' has (in variant 'sigmoid')"],
    ),
    "missing argument": (
        [("units = 5, ", "")],
        ["10: model.layers[0]: 'dense' needs 'units'"],
    ),
    "missing argument of a nested part": (
        [("units = 5", 'units = 5, init = "constant"')],
        ["10: model.layers[0].init: 'constant' needs 'value'"],
    ),
    "missing kind": (
        [('kind = "sgd", ', "")],
        ["15: train.optimizer: needs 'kind', the name of an optimizer: "],
    ),
    "kind is no text": (
        [('kind = "sgd"', "kind = 3")],
        ["15: train.optimizer.kind: takes the name of an optimizer, not 3"],
    ),
    "part is no part": (
        [('{ kind = "dropout", keep = 0.9 }', "[0.9]")],
        ['11: model.layers[1]: takes the name of a layer or a table with its "kind", not the list [0.9]'],
    ),
    "text for a whole number": (
        [("units = 5", 'units = "5"')],
        ['10: model.layers[0].units: takes a whole number, not the text "5"'],
    ),
    "true for a whole number": (
        [("repeat = 2", "repeat = true")],
        ["10: model.layers[0].repeat: takes a whole number, not true"],
    ),
    "true for a number": (
        [("lr = 0.1", "lr = true")],
        ["15: train.optimizer.lr: takes a number, not true"],
    ),
    "number for true or false": (
        [("units = 5", "units = 5, bias = 0")],
        ["10: model.layers[0].bias: takes true or false, not 0"],
    ),
    "fraction for a whole number": (
        [("steps = 100", "steps = 1.5")],
        ["16: train.steps: takes a whole number, not 1.5"],
    ),
    "date for a number": (
        [("steps = 100", "steps = 2026-01-01")],
        ["16: train.steps: takes a whole number, not the date 2026-01-01"],
    ),
    "not a number": (
        [("lr = 0.1", "lr = nan")],
        ["15: train.optimizer.lr: takes a finite number, not nan"],
    ),
    "word for a choice": (
        [('kind = "xor"', 'kind = "xor"\nnormalize = "standart"')],
        ["6: data.normalize: takes 'none', 'standard' or 'center', not the text \"standart\""],
    ),
    "word for a batch size": (
        [("steps = 100", 'steps = 100\nbatch_size = "all"')],
        ['17: train.batch_size: takes a whole number of at least 1, or "full", not the text "all"'],
    ),
    "table for a list": (
        [
            ('  { kind = "dense", units = 5, repeat = 2 },\n', ""),
            ("layers = [\n", "layers = { a = [\n"),
            ("},\n]", "}] }"),
        ],
        ["9: model.layers: takes a list, not a table"],
    ),
    "number for a section": (
        [("[trials]\nseeds = 3\n", ""), ("[lesson]", "trials = 3\n[lesson]")],
        ["1: trials: takes a table, not 3"],
    ),
    "number for a text": (
        [('"Nine hidden layers"', "9")],
        ["2: lesson.title: takes a text, or texts as { en = ..., ko = ... }, not 9"],
    ),
    "unknown language": (
        [('"Nine hidden layers"', '{ de = "Neun" }')],
        ["2: lesson.title: takes a text, or texts as { en = ..., ko = ... }, not a table"],
    ),
    "too small": (
        [("units = 5", "units = 0")],
        ["10: model.layers[0].units: must be at least 1, not 0"],
    ),
    "not above": (
        [("lr = 0.1", "lr = -0.1")],
        ["15: train.optimizer.lr: must be more than 0, not -0.1"],
    ),
    "too large": (
        [("keep = 0.9", "keep = 1.5")],
        ["11: model.layers[1].keep: must be at most 1, not 1.5"],
    ),
    "not below": (
        [("keep = 0.9", "rate = 1.0")],
        ["11: model.layers[1].rate: must be less than 1, not 1.0"],
    ),
    "keep and rate": (
        [("keep = 0.9", "keep = 0.9, rate = 0.1")],
        ["11: model.layers[1]: 'dropout' takes exactly one of 'keep' (share kept) and 'rate' (share dropped)"],
    ),
    "neither keep nor rate": (
        [(", keep = 0.9", "")],
        ["11: model.layers[1]: 'dropout' takes exactly one of 'keep' (share kept) and 'rate' (share dropped)"],
    ),
    "steps and epochs": (
        [("steps = 100", "steps = 100\nepochs = 3")],
        ["17: train.epochs: [train] takes either 'steps' or 'epochs', not both"],
    ),
    "neither steps nor epochs": (
        [("steps = 100\n", "")],
        ["14: train: [train] needs 'steps' or 'epochs'"],
    ),
    "grid and variants": (
        [("[compare]", '[grid]\nmodel.activation = ["relu"]\n\n[compare]')],
        ["26: grid: [grid] and [variants] cannot be combined; remove one"],
    ),
    "unknown baseline": (
        [('baseline = "sigmoid"', 'baseline = "sigmod"')],
        ["28: compare.baseline: no variant is called 'sigmod'; did you mean 'sigmoid'?"],
    ),
    "claim on an unknown variant": (
        [('variant = "sigmoid"', 'variant = "tanh"')],
        ["33: claims[0].variant: no variant is called 'tanh'; there are 'sigmoid' and 'relu'"],
    ),
    "claim on an unknown metric": (
        [('metric = "solved"\nat_most', 'metric = "slved"\nat_most')],
        ["34: claims[0].metric: no metric is called 'slved' here; did you mean 'solved'?"],
    ),
    "claim on nothing": (
        [('metric = "solved"\nat_most', "at_most")],
        ["30: claims[0]: needs a 'metric', or instead of one 'finds' or 'finds_none'"],
    ),
    "claim on an unknown finding": (
        [('metric = "solved"\nat_most = 0', 'finds = "vanishing-gradients"')],
        ["34: claims[0].finds: no kind of finding is called 'vanishing-gradients'; did you mean 'vanishing-gradient'?"],
    ),
    "claim on a metric and on findings": (
        [("at_most = 0", "finds_none = true")],
        ["34: claims[0].metric: a claim has 'metric' or 'finds_none', not both"],
    ),
    "claim on notes where nothing may be found": (
        [('metric = "solved"\nat_most = 0', "finds_none = true\nnotes = true")],
        ["35: claims[0].notes: is of 'finds'; 'finds_none' asks for alarms and warnings alone"],
    ),
    "claim on a metric's notes": (
        [("at_most = 0", "at_most = 0\nnotes = true")],
        ["36: claims[0].notes: needs 'finds'"],
    ),
    "claim on findings with what is of metrics": (
        [('metric = "solved"\nat_most = 0', 'finds = "dead-units"\nbetter_than = "relu"\nat_least = 90')],
        [
            (
                "35: claims[0].better_than: is of metrics, and a claim with 'finds' takes 'at_most', 'at_least' or 'between' "
                "of the share of seeds"
            ),
            "36: claims[0].at_least: is of a share of seeds, which lies from 0 to 1",
        ],
    ),
    "claim on findings where no layers are measured": (
        [
            ('metric = "solved"\nat_most = 0', "finds_none = true"),
            ("[train]", "[probes]\npoints = 0\n\n[train]"),
        ],
        ["37: claims[0].finds_none: needs probes.points, at how many points layers are measured"],
    ),
    "claim against an unknown variant": (
        [("at_most = 0", 'better_than = "rel"')],
        ["35: claims[0].better_than: no variant is called 'rel'; did you mean 'relu'?"],
    ),
    "claim against itself": (
        [("at_most = 0", 'better_than = "sigmoid"')],
        ["35: claims[0].better_than: a variant cannot be better than itself"],
    ),
    "claim with two conditions": (
        [("at_most = 0", "at_most = 0\nat_least = 0")],
        [
            (
                "30: claims[0]: needs exactly one of 'at_most', 'at_least', 'between', 'near' and 'better_than', "
                "but has 'at_most' and 'at_least'"
            )
        ],
    ),
    "claim without condition": (
        [("at_most = 0\n", "")],
        [
            (
                "30: claims[0]: needs exactly one of 'at_most', 'at_least', 'between', 'near' and 'better_than', "
                "but has none"
            )
        ],
    ),
    "near without tolerance": (
        [("at_most = 0", "near = 0.5")],
        ["30: claims[0]: 'near' and 'tolerance' go together"],
    ),
    "exact of what is not theory's": (
        [("at_most = 0", "at_most = 0\nexact = true")],
        [
            "36: claims[0].exact: only theory can say that a number is exact; another seed may contradict what was measured"
        ],
    ),
    "exact and every seed": (
        [('source = "lecture"', 'source = "theory"'), ("at_most = 0", "at_most = 0\nexact = true\nevery_seed = true")],
        ["36: claims[0].exact: already asks every seed; remove 'every_seed'"],
    ),
    "by without better_than": (
        [("at_most = 0", "at_most = 0\nby = 0.1")],
        ["36: claims[0].by: 'by' needs 'better_than'"],
    ),
    "between the wrong way round": (
        [("at_most = 0", "between = [1, 0]")],
        ["35: claims[0].between: the low end 1 is above the high end 0"],
    ),
    "between one number": (
        [("at_most = 0", "between = [1]")],
        ["35: claims[0].between: takes at least 2 values, not 1"],
    ),
    "claim from nowhere": (
        [('source = "lecture"', 'source = "hearsay"')],
        ["32: claims[0].source: takes 'lecture', 'theory' or 'measured', not the text \"hearsay\""],
    ),
    "claim without words": (
        [('says = "The sigmoid net fails"\n', "")],
        ["30: claims[0]: [[claims]] needs 'says'"],
    ),
    "claims as a table": (
        [("[[claims]]", "[claims]")],
        ["30: claims: takes a list, written as [[claims]], not a table"],
    ),
    "claim on a choice without search": (
        [("at_most = 0", 'at_most = 0\nchoice."train.optimizer.lr" = 1.0')],
        ["36: claims[0].choice: 'sigmoid' has no such choice in its search"],
    ),
    "claim on a choice of what is wrong elsewhere": (
        [
            ("steps = 100", "steps = 100\nbatchsize = 2"),
            ("[compare]", '[search]\ntrain.optimizer.lr = [0.1, 1.0]\n\n[compare]\nselect = "train_loss"'),
            ("at_most = 0", 'at_most = 0\nchoice."train.optimizer.lr" = 1.0'),
        ],
        ["17: train.batchsize: [train] has no key 'batchsize'; did you mean 'batch_size'?"],
    ),
    "solved by two rules": (
        [("[[claims]]", 'solved = { metric = "train_loss", at_least = 1, at_most = 2 }\n[[claims]]')],
        ["30: compare.solved: takes exactly one of 'at_least' and 'at_most'"],
    ),
    "solved by no curve": (
        [("[[claims]]", 'solved = { metric = "seconds", at_least = 1 }\n[[claims]]')],
        ["30: compare.solved.metric: no metric is called 'seconds' here; there are "],
    ),
    "metric of absent data": (
        [('baseline = "sigmoid"', 'baseline = "sigmoid"\ncolumns = ["train_loss", "validation_loss"]')],
        ["29: compare.columns[1]: 'validation_loss' needs data.validation, the number of samples to split off"],
    ),
    "column at no step": (
        [('baseline = "sigmoid"', 'baseline = "sigmoid"\ncolumns = ["first_last_gradient_ratio@0", "train_loss@end"]')],
        ["29: compare.columns[1]: '@' takes a step, as in 'train_loss@0', not 'end'"],
    ),
    "column at a step of too many digits": (
        [('baseline = "sigmoid"', f'baseline = "sigmoid"\ncolumns = ["train_loss@{"9" * 5000}"]')],
        [f"29: compare.columns[0]: '@' takes a step, as in 'train_loss@0', not '{'9' * 18}'"],
    ),
    "better where nothing is better": (
        [('metric = "solved"\nat_most = 0', 'metric = "first_last_gradient_ratio"\nbetter_than = "relu"')],
        [
            (
                "35: claims[0].better_than: 'first_last_gradient_ratio' has no better direction; "
                "claim it with 'at_most', 'at_least', 'between' or 'near'"
            )
        ],
    ),
    "search picks by what is never better": (
        [('baseline = "sigmoid"', 'baseline = "sigmoid"\nselect = "parameters"')],
        ["29: compare.select: 'parameters' has no better direction to pick by"],
    ),
    "misspelt duration": (
        [("steps = 100", "stepps = 100")],
        ["16: train.stepps: [train] has no key 'stepps'; did you mean 'steps'?"],
    ),
    "variants that are no table": (
        [(GRID, ""), ("[lesson]", "variants = 3\n[lesson]")],
        ["1: variants: takes a table for each variant, not 3"],
    ),
    "seeds twice": (
        [("seeds = 3", "seeds = [0, 1, 1]")],
        ["19: trials.seeds: names the seed 1 more than once"],
    ),
    "negative seed": (
        [("seeds = 3", "seeds = [0, -1]")],
        ["19: trials.seeds: takes how many seeds, at least 1, or a list of seeds from 0 up, not the list [0, -1]"],
    ),
    "no seeds": (
        [("seeds = 3", "seeds = []")],
        ["19: trials.seeds: needs at least one seed"],
    ),
    "zero seeds": (
        [("seeds = 3", "seeds = 0")],
        ["19: trials.seeds: takes how many seeds, at least 1, or a list of seeds from 0 up, not 0"],
    ),
    "syntax": (
        [("units = 5,", "units 5,")],
        ["10: is not valid TOML: expected '=' after a key in a key/value pair (column 27)"],
    ),
    "unfinished": (
        [("at_most = 0\n", "at_most = [")],
        ["35: is not valid TOML: invalid value (at the end)"],
    ),
    "key twice": (
        [("steps = 100", "steps = 100\nsteps = 100")],
        ["17: is not valid TOML: cannot overwrite a value (column 12)"],
    ),
    "shapes that do not fit": (
        [('"xor"', '"mnist"')],
        ["10: model.layers[0]: 'dense' takes features, but gets (1, 28, 28); put { kind = \"flatten\" } before it"],
    ),
    "output that does not fit": (
        [('"xor"', '"mnist"'), ('{ kind = "dense", units = 5, repeat = 2 },', "")],
        [
            (
                "9: model.layers: the output layer does not fit: 'dense' takes features, but gets (1, 28, 28); "
                'put { kind = "flatten" } before it'
            )
        ],
    ),
    "batch larger than the data": (
        [("steps = 100", "steps = 100\nbatch_size = 5")],
        ["17: train.batch_size: a batch of 5 is more than the 4 samples to train on"],
    ),
    "more validation than data": (
        [('kind = "xor"', 'kind = "xor"\nvalidation = 4')],
        ["4: data: 'validation' takes 4 of 4 training samples, all"],
    ),
    "wrong in one variant": (
        [('model.activation = "relu"', 'model.activation = "rleu"')],
        ["24: variants.relu.model.activation: no activation is called 'rleu'; did you mean 'relu'?"],
    ),
    "wrong in a layer of a variant": (
        [('model.activation = "relu"', "model.layers.0.unit = 3")],
        ["24: variants.relu.model.layers.0.unit: 'dense' has no argument 'unit'; did you mean 'units'?"],
    ),
    "no such layer in a variant": (
        [('model.activation = "relu"', "model.layers.2.units = 3")],
        ["24: variants.relu.model.layers.2: the list has no item '2'; it has the items 0 to 1"],
    ),
    "another kind without its arguments": (
        [('model.activation = "relu"', 'train.optimizer = { kind = "adam", momentum = 0.9 }')],
        ["24: variants.relu.train.optimizer.momentum: 'adam' has no argument 'momentum'; "],
    ),
    "base that fits only one variant": (
        [('model.activation = "relu"', 'data.kind = "mnist"')],
        [
            (
                "10: model.layers[0]: 'dense' takes features, but gets (1, 28, 28); "
                "put { kind = \"flatten\" } before it (in variant 'relu')"
            )
        ],
    ),
    "variant that changes the seeds": (
        [('model.activation = "relu"', "trials.seeds = 3")],
        [
            (
                "24: variants.relu.trials: a variant cannot change 'trials'; it can change "
                "'data', 'model', 'train', 'evaluate', 'probes' and 'search'"
            ),
        ],
    ),
    "variant that is no table": (
        [("[variants.relu]\nmodel.activation =", "[variants]\nrelu =")],
        ['24: variants.relu: takes a table of changes, not the text "relu"'],
    ),
    "search without a way to pick": (
        [("[compare]", "[search]\ntrain.optimizer.lr = [0.1, 1.0]\n\n[compare]")],
        ["26: search: needs compare.select, the metric that picks each variant's best, such as 'validation_loss'"],
    ),
    "search with unequal budgets": (
        [
            ("[compare]", '[search]\ntrain.optimizer.lr = [0.1, 1.0]\n\n[compare]\nselect = "train_loss"'),
            ('model.activation = "relu"', "search.train.optimizer.lr = [1.0]"),
        ],
        ["23: variants.relu: tries 1 choices, but 'sigmoid' tries 2; a fair comparison gives each the same number"],
    ),
    "wrong value in a search": (
        [("[compare]", '[search]\ntrain.optimizer.lr = [0.1, 0]\n\n[compare]\nselect = "train_loss"')],
        ["27: search.train.optimizer.lr[1]: must be more than 0, not 0"],
    ),
    "wrong value in a grid": (
        [(GRID, '[grid]\n"model.activation" = [\n  "sigmoid",\n  "rleu",\n]\n'), ('baseline = "sigmoid"\n', "")],
        ["24: grid.\"model.activation\"[1]: no activation is called 'rleu'; did you mean 'relu'?"],
    ),
    "grid of one value": (
        [(GRID, '[grid]\nmodel.activation = "relu"\n'), ('baseline = "sigmoid"\n', "")],
        ['22: grid.model.activation: takes a list of values, not the text "relu"'],
    ),
    "grid with a value twice": (
        [(GRID, '[grid]\nmodel.activation = ["sigmoid", "relu", "sigmoid"]\n')],
        ["22: grid.model.activation[2]: is in the list already"],
    ),
    "grid over no values": (
        [(GRID, "[grid]\nmodel.activation = []\n")],
        ["22: grid.model.activation: needs at least one value"],
    ),
    "grid over an unknown section": (
        [(GRID, "[grid]\nmodle.activation = [1]\n")],
        ["22: grid.modle: there is no section 'modle' to vary; did you mean 'model'?"],
    ),
    "path varied twice": (
        [(GRID, '[grid]\nmodel.activation = ["sigmoid"]\n"model.activation" = ["relu"]\n')],
        [
            "22: grid.model.activation: 'model.activation' is varied twice",
            "23: grid.\"model.activation\": 'model.activation' is varied twice",
        ],
    ),
    "quick that cannot run": (
        [("at_most = 0\n", "at_most = 0\n\n[quick]\ntrain.step = 5\n")],
        ["38: quick.train.step: [train] has no key 'step'; did you mean 'steps'?"],
    ),
    "number beyond 64 bits": (
        [("units = 5", "units = 99999999999999999999")],
        ["10: model.layers[0].units: the number has 20 digits; it must fit into 64 bits"],
    ),
    "several at once": (
        [
            ("units = 5", "unit = 5"),
            ("lr = 0.1", "lr = 0"),
            ("seeds = 3", "seeds = [1, 1]"),
            ('model.activation = "relu"', 'model.init = "hee"'),
            ("at_most = 0", "near = 0"),
        ],
        [
            "10: model.layers[0].unit: 'dense' has no argument 'unit'; did you mean 'units'?",
            "15: train.optimizer.lr: must be more than 0, not 0",
            "19: trials.seeds: names the seed 1 more than once",
            "24: variants.relu.model.init: no init is called 'hee'; did you mean 'he'?",
            "30: claims[0]: 'near' and 'tolerance' go together",
        ],
    ),
}
"""What is changed in the recipe, and the problems that are said, in order; one that ends in a blank may go on."""


@pytest.mark.parametrize("name", WRONG)
def test_wrong_recipe(name, base, loaded):
    """Every problem of a wrong recipe is said in exact words at its exact line, and nothing else is."""
    changes, expected = WRONG[name]
    for old, new in changes:
        assert base.count(old) == 1, old
        base = base.replace(old, new)

    with pytest.raises(RecipeError) as caught:
        loaded(base)

    said = str(caught.value).splitlines()
    cut = [
        line[: len(f"mine.toml:{want}")] if want.endswith(" ") else line
        for line, want in zip(said, expected, strict=False)
    ]
    assert cut == [f"mine.toml:{want}" for want in expected]
    assert len(said) == len(expected)
    assert caught.value.exit_code == ExitCode.USAGE


def test_missing_sections(loaded):
    """An empty recipe is told which sections it needs, without a line."""
    with pytest.raises(RecipeError) as caught:
        loaded("")

    assert str(caught.value).splitlines() == [
        "mine.toml: the recipe needs [data]",
        "mine.toml: the recipe needs [model]",
        "mine.toml: the recipe needs [train]",
    ]


OVERRIDES = {
    "unknown argument": (
        ["model.layers.0.unit=64"],
        "--set model.layers.0.unit=64: model.layers.0.unit: 'dense' has no argument 'unit'; did you mean 'units'?",
    ),
    "wrong type": (
        ["train.steps=ten"],
        '--set train.steps=ten: train.steps: takes a whole number, not the text "ten"',
    ),
    "no such item": (
        ["model.layers.7.units=64"],
        "--set model.layers.7.units=64: model.layers.7: the list has no item '7'; it has the items 0 to 1",
    ),
    "no value": (["train.steps"], "--set train.steps: takes path=value, such as model.layers.0.units=64"),
    "no path": (["a b=1"], "--set a b=1: 'a b' is not a path such as model.layers.0.units"),
}


@pytest.mark.parametrize("name", OVERRIDES)
def test_wrong_override(name, base, loaded):
    """A wrong `--set` is named by its own words, not by a line of the file."""
    overrides, expected = OVERRIDES[name]

    with pytest.raises((RecipeError, UsageError)) as caught:
        loaded(base, overrides)

    assert str(caught.value) == expected


@pytest.mark.parametrize(
    ("seeds", "expected"),
    [
        ("x", '--seeds x: takes a count ("5"), a list ("0,3,7") or a range ("0-9")'),
        ("-3", '--seeds -3: takes a count ("5"), a list ("0,3,7") or a range ("0-9")'),
        ("9-0", "--seeds 9-0: '9-0' runs backwards"),
        ("0-1000000", "--seeds 0-1000000: asks for 1,000,001 seeds; the limit is 10,000"),
        ("1,1", "--seeds 1,1: trials.seeds: names the seed 1 more than once"),
    ],
)
def test_wrong_seeds(seeds, expected, base, loaded):
    """Wrong `--seeds` are named by their own words."""
    with pytest.raises((RecipeError, UsageError)) as caught:
        loaded(base, seeds=seeds)

    assert str(caught.value) == expected
