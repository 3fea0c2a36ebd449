"""Loading: variants, grids, searches, quick, the command line's changes, and back to TOML."""

import tomllib
from pathlib import Path

import numpy as np
import pytest
import tomli_w
from hypothesis import given, settings
from hypothesis import strategies as st

from dlbench.errors import RecipeError, SetupError, UsageError
from dlbench.recipe import find_recipe, load, shipped, shipped_recipes

SHIPPED = [path.stem for path in shipped_recipes()]


def layer(recipe, variant=0, index=0):
    """One layer of one candidate."""
    return recipe.candidates[variant].settings["model"]["layers"][index]


def test_settings_are_complete(alone, loaded):
    """A candidate's settings hold every section with every default, the model's own filled into its layers."""
    recipe = loaded(alone)

    (candidate,) = recipe.candidates
    sigmoid, torch_default, zeros = {"kind": "sigmoid"}, {"kind": "torch_default"}, {"kind": "zeros"}
    dense = {"kind": "dense", "units": 5, "activation": sigmoid, "init": torch_default, "bias": True}
    assert candidate.settings == {
        "data": {
            "kind": "xor",
            "noise": 0.0,
            "copies": 1,
            "seed": 0,
            "limit": None,
            "limit_per_class": None,
            "validation": 0,
            "validation_split": "stratified",
            "split_seed": 0,
            "split_per_seed": False,
            "classes": None,
            "normalize": "none",
            "normalize_target": None,
            "label_noise": 0.0,
        },
        "model": {
            "activation": sigmoid,
            "init": torch_default,
            "bias_init": zeros,
            "layers": [
                {**dense, "bias_init": zeros, "repeat": 2},
                {"kind": "dropout", "keep": 0.9, "rate": None, "at_test": False, "repeat": 1},
            ],
            "output": {
                "init": torch_default,
                "bias_init": zeros,
                "bias": True,
                "units": 1,
                "activation": {"kind": "identity"},
            },
        },
        "train": {
            "optimizer": {"kind": "sgd", "lr": 0.1, "weight_decay": 0.0},
            "schedule": {"kind": "constant"},
            "loss": {"kind": "cross_entropy"},
            "regularizers": [],
            "batch_size": "full",
            "drop_last": False,
            "class_weights": None,
            "steps": 100,
            "epochs": None,
            "early_stopping": None,
            "pretrain": None,
            "precision": "float32",
        },
        "evaluate": {"every": "auto", "train_samples": 10_000, "predictions": False, "weights": False},
        "probes": {"points": 200, "histograms": True, "profile": False},
    }
    assert (recipe.name, recipe.variants, recipe.seeds) == ("mine", ["base"], [0, 1, 2])


def test_variants_keep_their_order(base, loaded):
    """Variants come in the order of the file, each with its patch and nothing of the others'."""
    recipe = loaded(base)

    assert recipe.variants == ["sigmoid", "relu"]
    assert [layer(recipe, variant)["activation"]["kind"] for variant in (0, 1)] == ["sigmoid", "relu"]
    assert recipe.questions.compare.baseline == "sigmoid"
    (claim,) = recipe.questions.claims
    assert (claim.variant, claim.metric, claim.at_most, claim.every_seed) == ("sigmoid", "solved", 0.0, False)


def test_first_variant_is_the_baseline(base, loaded):
    """Without a baseline the first of several variants is it."""
    assert loaded(base.replace('baseline = "sigmoid"\n', "")).questions.compare.baseline == "sigmoid"


def test_layers_own_arguments_win(alone, loaded):
    """What a layer says itself is not replaced by the model's default; the output layer follows the model."""
    text = alone.replace("units = 5", 'units = 5, activation = "tanh"').replace(
        'activation = "sigmoid"', 'activation = "sigmoid"\ninit = "he"\noutput.bias = false'
    )

    recipe = loaded(text)

    assert layer(recipe)["activation"] == {"kind": "tanh"}
    assert layer(recipe)["init"] == {"kind": "he", "distribution": "normal", "slope": None}
    output = recipe.candidates[0].settings["model"]["output"]
    plain = {"units": 1, "activation": {"kind": "identity"}}
    assert output == {"init": layer(recipe)["init"], "bias_init": {"kind": "zeros"}, "bias": False, **plain}


def test_grid_multiplies_out(alone, loaded):
    """A grid makes a variant of every combination, the last path the fastest, with short and unique names."""
    recipe = loaded(
        alone
        + '[grid]\nmodel.activation = ["relu", "tanh"]\n'
        + 'model.init = ["he", { kind = "uniform", low = -0.1 }, { kind = "uniform", low = -0.2 }]\n'
        + "model.layers.0.bias = [true, false]\n"
    )

    assert recipe.variants[:3] == ["relu he bias", "relu he no bias", "relu uniform low=-0.1 bias"]
    assert recipe.variants[-1] == "tanh uniform low=-0.2 no bias"
    assert len(set(recipe.variants)) == 2 * 3 * 2
    last = layer(recipe, -1)
    assert (last["activation"], last["init"]["low"], last["bias"]) == ({"kind": "tanh"}, -0.2, False)


def test_grid_over_whole_lists(alone, loaded):
    """A grid's value may be a list or a table without a kind."""
    recipe = loaded(alone + '[grid]\nmodel.layers = [["flatten"], []]\ntrain = [{ steps = 5 }, { epochs = 2 }]\n')

    assert recipe.variants == ["1 layers steps=5", "1 layers epochs=2", "0 layers steps=5", "0 layers epochs=2"]
    assert recipe.candidates[1].settings["train"]["epochs"] == 2


def test_search_inside_variants(base, loaded):
    """A search makes candidates inside each variant; a variant may search along lists of its own, equally many."""
    recipe = loaded(
        base.replace('model.activation = "relu"', 'model.activation = "relu"\nsearch.train.optimizer.lr = [1, 2]')
        .replace("[compare]", "[search]\ntrain.optimizer.lr = [0.1, 0.2]\n[compare]\nselect = 'train_loss'")
        .replace("at_most = 0", 'at_most = 0\nchoice = { "train.optimizer.lr" = 0.2 }')
    )

    assert [(one.variant, one.choice["train.optimizer.lr"]) for one in recipe.candidates] == [
        ("sigmoid", 0.1),
        ("sigmoid", 0.2),
        ("relu", 1),
        ("relu", 2),
    ]
    assert [one.settings["train"]["optimizer"]["lr"] for one in recipe.candidates] == [0.1, 0.2, 1.0, 2.0]
    assert recipe.variants == ["sigmoid", "relu"]


def test_quick(base, loaded):
    """--quick lays [quick] over everything, claims and variants included, and is gone from the document."""
    text = base + "\n[quick]\ntrials.seeds = 1\nvariants.relu.train.epochs = 2\nclaims.0.at_least = 1\n"

    plain, quick = loaded(text), loaded(text, quick=True)

    assert (len(plain.seeds), len(quick.seeds)) == (3, 1)
    assert [one.settings["train"]["epochs"] for one in quick.candidates] == [None, 2]
    assert [one.settings["train"]["steps"] for one in quick.candidates] == [100, None]
    assert (quick.questions.claims[0].at_least, quick.questions.claims[0].at_most) == (1.0, None)
    assert "quick" in plain.document
    assert "quick" not in quick.document


def test_no_quick(base, loaded):
    """--quick on a recipe without [quick] is refused, rather than running for hours."""
    with pytest.raises(RecipeError, match=r"^mine.toml: quick: the recipe has no \[quick\]$"):
        loaded(base, quick=True)


def test_overrides(base, loaded):
    """--set changes one value: TOML, or else a text; later ones win, and --set wins over [quick]."""
    recipe = loaded(
        base + "\n[quick]\ntrain.steps = 5\n",
        [
            "model.layers.0.units=64",
            "model.activation=tanh",
            'variants."relu".model.init={kind = "uniform", low = -0.5}',
            "train.steps=6",
            "train.steps=7",
            'lesson.title="a = b"',
            "lesson.question=What = this?",
        ],
        quick=True,
    )

    assert [layer(recipe, variant)["units"] for variant in (0, 1)] == [64, 64]
    assert [layer(recipe, variant)["activation"]["kind"] for variant in (0, 1)] == ["tanh", "relu"]
    assert layer(recipe, 1)["init"] == {"kind": "uniform", "low": -0.5, "high": 1.0}
    assert recipe.candidates[0].settings["train"]["steps"] == 7
    assert (recipe.questions.lesson.title, recipe.questions.lesson.question) == ("a = b", "What = this?")


def test_override_takes_one_value(base, loaded):
    """A value that continues with another assignment stays one text."""
    recipe = loaded(base, ["lesson.title=1\ntrain.steps = 3"])

    assert recipe.questions.lesson.title == "1\ntrain.steps = 3"
    assert recipe.candidates[0].settings["train"]["steps"] == 100


@pytest.mark.parametrize(
    ("text", "expected"),
    [("2", [0, 1]), ("0,3,7", [0, 3, 7]), ("2-4", [2, 3, 4]), (" 9, 0-1 ", [9, 0, 1]), ("5,", None)],
)
def test_seeds(text, expected, base, loaded):
    """--seeds is a count, a list, a range, or lists of ranges."""
    if expected is None:
        with pytest.raises(UsageError):
            loaded(base, seeds=text)
    else:
        assert loaded(base, seeds=text).seeds == expected


VALUES = {
    "model.activation": ["relu", {"kind": "leaky_relu", "slope": 0.3}],
    "model.layers": [[], ["batch_norm", {"kind": "dense", "units": 2}], [{"kind": "dense", "units": 3, "repeat": 2}]],
    "train.optimizer": ["adam", {"kind": "sgd", "lr": 1}],
    "train.epochs": [1, 2],
    "data": [{"kind": "xor", "copies": 3}, "xor"],
    "probes.points": [0, 7],
}
PATCHES = st.dictionaries(st.sampled_from(list(VALUES)), st.integers(0, 1), max_size=3)
DOCUMENTS = st.fixed_dictionaries(
    {},
    optional={
        "variants": st.dictionaries(st.sampled_from(["a", "b c", "d.e", "é\"'"]), PATCHES, max_size=3),
        "search": st.just({"train.batch_size": [2, 4]}),
        "trials": st.sampled_from([{"seeds": 2}, {"seeds": [5, 3]}]),
        "quick": st.just({"trials": {"seeds": 1}}),
    },
)


def nested(patch):
    """`{"model.activation": 0}` as a partial recipe."""
    result = {}
    for path, index in patch.items():
        section, _, key = path.partition(".")
        value = VALUES[path][index]
        if key:
            result.setdefault(section, {})[key] = value
        else:
            result[section] = value
    return result


@settings(max_examples=40)
@given(document=DOCUMENTS, quick=st.booleans(), seeds=st.sampled_from([None, "3", "4,2"]))
def test_round_trip(document, quick, seeds, alone, loaded, tmp_path):
    """A recipe written by `to_toml` under another name loads as the same recipe."""
    data = tomllib.loads(alone) | {
        **document,
        "variants": {k: nested(v) for k, v in document.get("variants", {}).items()},
    }
    if "search" in data:
        data["compare"] = {"select": "train_loss"}
    first = loaded(tomli_w.dumps(data), ["model.layers.0.units=4"], seeds=seeds, quick=quick and "quick" in data)

    other = tmp_path / "elsewhere"
    other.mkdir(exist_ok=True)
    (other / "recipe.toml").write_text(first.to_toml(), encoding="utf-8")
    second = load(other / "recipe.toml")

    for name in ("name", "variants", "candidates", "seeds", "questions", "document"):
        assert getattr(second, name) == getattr(first, name), name


def test_files_are_relative_to_the_recipe(alone, loaded, tmp_path, monkeypatch):
    """A file that lies beside the recipe is found from any folder, and from the recipe that `to_toml` writes."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(6, 2))
    np.savez(tmp_path / "own.npz", x_train=x, y_train=[0, 1, 2] * 2, x_test=x, y_test=[0, 1, 2] * 2)
    recipe = loaded(alone.replace('kind = "xor"', 'kind = "npz"\npath = "own.npz"'))
    other = tmp_path / "other"
    other.mkdir()
    monkeypatch.chdir(other)
    Path("recipe.toml").write_text(recipe.to_toml(), encoding="utf-8")

    assert load("../mine.toml").candidates == recipe.candidates
    assert load("recipe.toml").candidates == recipe.candidates
    assert recipe.candidates[0].settings["data"]["path"] == str(tmp_path / "own.npz")


def test_absent_file_is_no_mistake_of_the_recipe(alone, loaded):
    """A file that is not there is an error of the machine, said once the recipe itself is right."""
    absent = alone.replace('kind = "xor"', 'kind = "npz"\npath = "absent.npz"')

    with pytest.raises(SetupError, match=r"no file 'absent.npz'"):
        loaded(absent)
    with pytest.raises(RecipeError, match="must be at least 1"):
        loaded(absent.replace("steps = 100", "steps = 0"))


def test_bilingual_lesson(alone, loaded):
    """A text may be in two languages."""
    recipe = loaded(alone.replace('"Nine hidden layers"', '{ en = "Nine", ko = "아홉" }'))

    assert recipe.questions.lesson.title == {"en": "Nine", "ko": "아홉"}


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("absent.toml", "absent.toml: there is no such file"),
        ("folder/absent", "folder/absent: there is no such file"),
        ("xor-nine-layer", "no recipe is called 'xor-nine-layer'; did you mean 'xor-nine-layers'?"),
    ],
)
def test_no_such_recipe(name, expected):
    """A recipe that is not there is told from a misspelt name."""
    with pytest.raises(UsageError) as caught:
        find_recipe(name)

    assert str(caught.value) == expected


def test_installed_recipes(tmp_path, monkeypatch):
    """Inside an installed package, recipes lie in its own folder."""
    (tmp_path / "dlbench" / "shipped").mkdir(parents=True)
    (tmp_path / "dlbench" / "shipped" / "mine.toml").touch()
    (tmp_path / "recipes").mkdir()
    monkeypatch.setattr(shipped, "_PACKAGE", tmp_path / "dlbench")

    assert find_recipe("mine") == tmp_path / "dlbench" / "shipped" / "mine.toml"


def test_recipes_are_shipped():
    """There are recipes to test below."""
    assert "xor-nine-layers" in SHIPPED


@pytest.mark.parametrize("quick", [False, True])
@pytest.mark.parametrize("name", SHIPPED)
def test_shipped_recipe_loads(name, quick):
    """Every shipped recipe is right, has a lesson and claims, and a [quick] that needs no download."""
    recipe = load(name, quick=quick)

    assert recipe.name == name
    assert recipe.questions.lesson.title
    assert recipe.questions.lesson.question
    assert recipe.questions.claims
    if quick:
        kinds = {candidate.settings["data"]["kind"] for candidate in recipe.candidates}
        assert kinds <= {"xor", "spirals", "blobs", "digits"}
