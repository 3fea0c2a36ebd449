"""What is too much is counted, not made."""

import time

import pytest

from dlbench.errors import RecipeError, UsageError

AXES = "\n".join(f"train.optimizer.a{axis} = {list(range(100))}" for axis in range(20))


def replaced(old, new):
    """A change of the text."""
    return lambda text: text.replace(old, new)


TOO_MUCH = {
    "seeds": (
        replaced("seeds = 3", "seeds = 1_000_000"),
        "trials.seeds: asks for 1,000,000 seeds; the limit is 10,000",
    ),
    "listed seeds": (
        replaced("seeds = 3", f"seeds = {list(range(10_001))}"),
        "trials.seeds: asks for 10,001 seeds; the limit is 10,000",
    ),
    "grid": (
        lambda text: f"{text}[grid]\n{AXES}\n",
        f"grid: asks for {3 * 100**20:,} trials; the limit is 10,000",
    ),
    "search": (
        lambda text: f'{text}[search]\n{AXES}\n[compare]\nselect = "train_loss"\n',
        f"search: asks for {3 * 100**20:,} trials; the limit is 10,000",
    ),
    "variants and seeds": (
        lambda text: text.replace("seeds = 3", "seeds = 5_000") + "[variants]\na = {}\nb = {}\nc = {}\n",
        "trials: asks for 15,000 trials; the limit is 10,000",
    ),
    "many variants": (
        lambda text: text + "[variants]\n" + "".join(f"v{i} = {{}}\n" for i in range(10_000)),
        "trials: asks for 30,000 trials; the limit is 10,000",
    ),
    "repeat": (
        replaced("repeat = 2", "repeat = 1_000_000_000"),
        "model.layers: asks for 1,000,000,001 layers; the limit is 1,000",
    ),
    "layers of all candidates": (
        lambda text: (
            text.replace("repeat = 2", "repeat = 900") + f"[grid]\nmodel.layers.0.units = {list(range(1, 301))}\n"
        ),
        "model.layers: asks for 270,300 layers in all candidates together; the limit is 200,000",
    ),
    "listed layers": (
        replaced("layers = [", f"layers = [{'3,' * 50_000}"),
        "model.layers: asks for 50,002 layers; the limit is 1,000",
    ),
    "parameters": (
        replaced("units = 5", "units = 1_000_000"),
        "model: asks for 1,000,005,000,001 parameters in one trial; the limit is 500,000,000",
    ),
    "bytes": (
        lambda text: text.replace("units = 5", "units = 10_000").replace("seeds = 3", "seeds = 100"),
        "asks for 160,080,001,600 bytes in all trials together; the limit is 68,719,476,736 (16 a parameter)",
    ),
    "steps": (
        replaced("steps = 100", "steps = 1_000_000_000"),
        "train.steps: asks for 1,000,000,000 steps; the limit is 100,000,000",
    ),
    "epochs": (
        replaced("steps = 100", "epochs = 100_000_000\nbatch_size = 1"),
        "train.epochs: asks for 400,000,000 steps; the limit is 100,000,000",
    ),
    "file": (
        lambda text: text + "#" * 1_000_000,
        "a recipe this large asks for 1,000,266 bytes; the limit is 200,000",
    ),
    "nesting": (
        lambda text: text + f"x = {'[' * 40}{']' * 40}\n",
        "has tables and lists 41 deep; the limit is 32",
    ),
    "deep nesting": (
        lambda text: text + f"x = {'[' * 90_000}",
        "is not valid TOML: nested too deeply",
    ),
    "digits": (
        lambda text: text + f"x = {'9' * 5_000}",
        "is not valid TOML: Exceeds the limit (4300 digits) for integer string conversion",
    ),
}


@pytest.mark.parametrize("name", TOO_MUCH)
def test_limit(name, alone, loaded):
    """What is over a limit is answered with its number and the limit, at once."""
    change, expected = TOO_MUCH[name]
    loaded(alone)
    text = change(alone)
    start = time.process_time()

    with pytest.raises(RecipeError) as caught:
        loaded(text)

    assert time.process_time() - start < 1.5
    assert expected in str(caught.value)
    assert len(caught.value.problems) == 1


def test_large_recipes_load(alone, loaded):
    """What is within the limits loads, and not slowly."""
    values = list(range(1, 31))
    start = time.process_time()

    recipe = loaded(f"{alone}[grid]\nmodel.layers.0.units = {values}\nprobes.points = {values}\n")

    assert len(recipe.candidates) == 900
    assert time.process_time() - start < 3


def test_typical_recipe_is_fast(base, loaded):
    """A typical recipe loads within 150 ms of the processor once everything is imported."""
    loaded(base)
    start = time.process_time()

    loaded(base)

    assert time.process_time() - start < 0.15


def test_layers_in_layers_are_laid_out_once(loaded, alone):
    """A net of fourteen residual blocks in one another is checked as fast as one of two: each level once, not twice."""
    net = '{ kind = "dense", units = 2 }'
    for _ in range(14):
        net = f'{{ kind = "residual", layers = [{net}] }}'
    loaded(alone)
    start = time.process_time()

    loaded(f'[data]\nkind = "xor"\n[model]\nlayers = [{net}]\n[train]\nsteps = 1\n')

    assert time.process_time() - start < 0.5


@pytest.mark.parametrize("path", ["a" + ".b" * 10_000, "a" + ".b" * 40, "model.layers"])
def test_deep_changes_of_the_command_line(path, loaded, alone):
    """A change of the command line is no deeper than a recipe may be."""
    value = "1" if "." in path[:2] else "[" * 9_000 + "]" * 9_000

    with pytest.raises(UsageError, match="is nested too deeply; the limit is 32") as caught:
        loaded(alone, [f"{path}={value}"])

    assert len(str(caught.value)) < 400
