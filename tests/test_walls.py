"""Who may import whom, asked of fresh interpreters and of the source itself."""

import ast
import os
import pkgutil
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from graphlib import CycleError, TopologicalSorter
from importlib.util import find_spec
from pathlib import Path

import orjson
import pytest
from each import each
from synthetic_run import finished, make_plan
from verbs import VERBS

import dlbench
from dlbench.plan.questions import Claim, Questions
from dlbench.run.folder import create

ROOT = Path(dlbench.__file__).parent
TORCH = {"torch", "torchvision"}
ROOMS = (
    "catalog",
    "errors",
    "words",
    "files",
    "plugins",
    "data_facts",
    "measures",
    "metrics",
    "parts",
    "data",
    "plan",
    "recipe",
    "run",
    "engine",
    "recording",
    "weights",
    "launch",
    "imports",
    "callbacks",
    "state",
    "analysis",
    "self_test",
    "questions",
    "text",
    "export",
    "display",
    "notebook",
    "tui",
    "serve",
    "cli",
    "pytest_plugin",
)
"""The rooms from the ground up, as docs/design.md has them: a room imports from those before it, and from itself."""
WITH_TORCH = ("engine", "recording", "callbacks")
"""Rooms that need torch as soon as they are imported."""
LAZILY = ("measures", "parts", "data", "weights")
"""Rooms that import torch inside of a function, where something is computed or fetched."""
WITHOUT_TORCH = tuple(room for room in ROOMS if room not in WITH_TORCH)
NEVER_TORCH = tuple(room for room in WITHOUT_TORCH if room not in LAZILY)
CLAIM = Claim("It learns.", "measured", "relu", "test_accuracy", at_least=0.9)
HEAVY = {"torch", "torchvision", "numpy", "scipy", "sklearn", "textual", "rich"}


@cache
def modules(room: str) -> list[str]:
    """Every module of a room, `__main__` left out because importing it runs it."""
    name = f"dlbench.{room}"
    if not (ROOT / room).is_dir():
        return [name]
    inside = [module.name for module in pkgutil.walk_packages([str(ROOT / room)], f"{name}.")]
    return [name, *(module for module in inside if not module.endswith("__main__") and has_its_libraries(module))]


def has_its_libraries(module: str) -> bool:
    """Whether all that a module imports as it is loaded is installed: what stands behind an extra may not be."""
    path = ROOT.joinpath(*module.split(".")[1:])
    body = ast.parse((path / "__init__.py" if path.is_dir() else path.with_suffix(".py")).read_text()).body
    names = [alias.name for line in body if isinstance(line, ast.Import) for alias in line.names]
    names += [line.module for line in body if isinstance(line, ast.ImportFrom) and line.module and not line.level]
    return all(find_spec(root) is not None for root in {name.partition(".")[0] for name in names})


@cache
def loaded_in_turn(*codes: str) -> tuple[set[str], ...]:
    """The modules that one fresh interpreter has loaded after each of these pieces of code, run one after the other.

    A piece is answered for all that came before it too. Starting an interpreter is what costs, so what must stay light
    comes first, and questions of one kind share a process.
    """
    tell = 'print("loaded after it:", *sys.modules, file=sys.stderr)'
    script = "\n".join(["import sys", *(line for code in codes for line in (code, tell))])
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    told = [line.split()[3:] for line in done.stderr.splitlines() if line.startswith("loaded after it:")]
    assert len(told) == len(codes)
    return tuple(set(modules) for modules in told)


def loaded_by_rooms(room: str, rooms: tuple[str, ...]) -> set[str]:
    """The modules that a fresh interpreter has loaded after every module of these rooms, up to this one."""
    codes = ["\n".join(f"import {module}" for module in modules(one)) for one in rooms]
    return loaded_in_turn(*codes)[rooms.index(room)]


@cache
def imported(path: Path) -> frozenset[str]:
    """Every module that a file imports anywhere, in functions too, as its dotted names."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return frozenset(found)


def sources(room: str) -> list[Path]:
    """The files of a room."""
    return sorted((ROOT / room).rglob("*.py")) if (ROOT / room).is_dir() else [ROOT / f"{room}.py"]


def crossing(names: set[str], wall: set[str]) -> set[str]:
    """The names that stand behind a wall."""
    return {name for name in names if any(name == other or name.startswith(f"{other}.") for other in wall)}


@pytest.mark.parametrize("room", WITHOUT_TORCH)
def test_room_loads_without_torch(room):
    """Importing every module of the room loads no torch."""
    loaded = loaded_by_rooms(room, WITHOUT_TORCH)

    assert f"dlbench.{room}" in loaded
    assert crossing(loaded, TORCH) == set()


@pytest.mark.parametrize("room", NEVER_TORCH)
def test_room_never_names_torch(room):
    """No function of the room imports torch later either."""
    names = {name for path in sources(room) for name in imported(path)}

    assert names
    assert crossing(names, TORCH) == set()


def rooms_in(names: set[str]) -> set[str]:
    """The rooms that dotted names of modules stand in."""
    return {name.split(".")[1] for name in names if name.startswith("dlbench.")} & set(ROOMS)


@each("room", ROOMS)
def test_rooms_import_downwards_only(room):
    """A room names those before it in the order and no other, not even inside of a function or for types."""
    names = {name for path in sources(room) for name in imported(path)}

    assert rooms_in(names) <= {*ROOMS[: ROOMS.index(room) + 1]}


@pytest.mark.parametrize("room", ["cli", "tui", "display", "export"])
def test_views_know_no_processes(room):
    """What looks at a run knows workers by their tokens: it starts, signals and looks for no process itself."""
    names = {name for path in sources(room) for name in imported(path)}
    attributes = {
        f"{path.relative_to(ROOT)}: {ast.unparse(node)}"
        for path in sources(room)
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute) and (node.attr == "pid" or ast.unparse(node) in {"os.kill", "os.killpg"})
    }

    assert crossing(names, {"subprocess", "psutil", "multiprocessing", "dlbench.run.processes"}) == set()
    assert attributes == set()


def circle_in(graph: dict[str, set[str]]) -> list[str]:
    """The modules of one circle of imports, if there is one."""
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return list(error.args[1])
    return []


def test_no_module_knows_itself():
    """Inside the rooms too imports go one way, those for types among them."""
    files = {name: ROOT.parent.joinpath(*name.split(".")) for room in ROOMS for name in modules(room)}
    paths = {name: path / "__init__.py" if path.is_dir() else path.with_suffix(".py") for name, path in files.items()}
    # A package names what is in it, and is none of the modules that are named.
    graph = {name: imported(path) & (set(paths) - {name}) for name, path in paths.items() if path.stem != "__init__"}

    assert len(graph) > 100
    assert circle_in({"a": {"b"}, "b": {"c"}, "c": {"a"}}) != []
    assert circle_in(graph) == []


def test_every_room_has_its_place():
    """No room is left out of the order, and none stands there that is not."""
    there = {path.stem for path in ROOT.iterdir() if path.suffix == ".py" or (path / "__init__.py").is_file()}

    assert there - {"__init__", "__main__"} == set(ROOMS)


def test_a_session_of_pytest_pays_nothing_for_the_plugin():
    """Whoever runs pytest where dlbench is installed loads the plugin, and none of the heavy libraries by it."""
    (loaded,) = loaded_in_turn("import dlbench.pytest_plugin")

    assert crossing(loaded, HEAVY | {"pydantic", "orjson", "dlbench.recipe", "dlbench.run"}) == set()


def test_the_table_in_python_needs_no_torch():
    """`dlbench.table` is loaded without torch, and `import dlbench` without anything heavy."""
    light, table = loaded_in_turn("import dlbench", "dlbench.table")

    assert crossing(light, HEAVY | {"pydantic"}) == set()
    assert "dlbench.notebook" in table
    assert crossing(table, TORCH) == set()


def test_walls_would_be_noticed():
    """A loaded torch does cross the wall, submodules included, and a namesake does not."""
    assert crossing({"torch.nn", "torchless", "numpy"}, TORCH) == {"torch.nn"}


def help_of(*verb):
    """A program that asks for `dlbench VERB --help`, and must get it."""
    return (
        f"sys.argv[1:] = {[*verb, '--help']!r}\nfrom dlbench.cli import main\n"
        "try:\n    main()\nexcept SystemExit as end:\n    assert end.code in (0, None), end.code"
    )


HELP = {verb: help_of(*verb.split()) for verb in ("", *VERBS)}
"""The page of the command line itself comes first: it may load least."""


def loaded_by_help(verb):
    """The modules that a fresh interpreter has loaded after the `--help` of verb after verb, up to this one."""
    return dict(zip(HELP, loaded_in_turn(*HELP.values()), strict=True))[verb]


def test_help_loads_nothing_heavy():
    """`--help` loads none of the heavy libraries."""
    assert crossing(loaded_by_help(""), HEAVY | {"pydantic"}) == set()


@pytest.mark.parametrize("verb", VERBS)
def test_help_of_verbs_loads_nothing_heavy(verb):
    """`--help` of a verb neither, but for pydantic, with which newer versions of Typer read every option."""
    loaded = loaded_by_help(verb)

    assert "dlbench.cli" in loaded
    assert crossing(loaded, HEAVY) == set()


MOST_OF_TABLE, MOST_OF_KEPT = 150, 60
"""Modules of the package that a table may load, one that is made of events (a rule of diagnosis is a module each), and one that was
kept. docs/design.md, "Walked", has the numbers."""


def of_the_package(loaded):
    """Those of the modules that are dlbench's own."""
    return [name for name in loaded if name.partition(".")[0] == "dlbench"]


def table_of(base, *, is_stopped):
    """A program that prints the table of a run whose workers have all ended, half of it untrained where it was stopped."""
    plan = replace(make_plan(["sigmoid", "relu"]), questions=Questions(claims=[CLAIM]))
    folder = create(base, "xor", datetime.now(UTC))
    folder.write_plan(plan)
    events = finished(plan, lambda trial: {"train_loss": 0.1 + trial.seed, "test_loss": 0.5, "test_accuracy": 1.0})
    told = [*events[: len(events) // 2 if is_stopped else None], {"v": 1, "kind": "end", "status": "stopped"}]
    lines = [orjson.dumps({"seq": seq, "time": 1e9, **event}) for seq, event in enumerate(told)]
    folder.events_file(0, 0).write_bytes(b"".join(line + b"\n" for line in lines))
    for file in (folder.plan_file, folder.events_file(0, 0)):
        os.utime(file, (1e9, 1e9))  # of what was written just now nothing is kept
    return (
        f"import sys\nsys.argv[1:] = ['table', {str(folder.path)!r}]\nfrom dlbench.cli import main\n"
        "try:\n    main()\nexcept SystemExit as end:\n    assert end.code in (0, None), end.code"
    )


def test_a_table_reads_neither_recipes_nor_parts(tmp_path):
    """`dlbench table` of a run that was stopped, as of one that is done, asks no launcher and loads no recipe, part or measure.

    The plan and the events are enough; nor does it load more modules of the package than it did, far fewer the second time.
    """
    finished_run = table_of(tmp_path, is_stopped=False)
    done, stopped = loaded_in_turn(finished_run, table_of(tmp_path, is_stopped=True))

    assert "dlbench.analysis.summary" in done
    unread = {"dlbench.recipe", "dlbench.parts", "dlbench.engine", "dlbench.launch", "dlbench.measures.catalog"}
    assert crossing(stopped, unread) == set()
    assert len(of_the_package(stopped)) <= MOST_OF_TABLE

    (kept,) = loaded_in_turn(f"{finished_run}\n")
    assert crossing(kept, {*unread, "dlbench.state", "dlbench.analysis", "numpy", "scipy"}) == set()
    assert len(of_the_package(kept)) <= MOST_OF_KEPT
