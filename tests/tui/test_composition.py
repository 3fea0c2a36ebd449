"""The dashboard is composed: no class of it stands on more than one other class of ours."""

import importlib
import inspect
import pkgutil

from each import each

import dlbench.tui
from dlbench.tui.app import Dashboard
from dlbench.tui.widgets.tabs import Tabs

MOST_LEVELS = 2


def own_classes():
    """Every class that a module of the dashboard defines."""
    names = [module.name for module in pkgutil.walk_packages(dlbench.tui.__path__, "dlbench.tui.")]
    modules = map(importlib.import_module, names)
    return {
        found
        for module in modules
        for found in vars(module).values()
        if inspect.isclass(found) and found.__module__ == module.__name__
    }


def levels(found):
    """How many classes of this package a class is made of, itself included."""
    return [base for base in found.__mro__ if base.__module__.partition(".")[0] == "dlbench"]


CLASSES = sorted(own_classes(), key=lambda found: (found.__module__, found.__qualname__))


@each("found", CLASSES, ids=lambda found: found.__qualname__)
def test_two_levels_at_most(found):
    """Over Textual's own classes stands one base of ours at most."""
    assert len(levels(found)) <= MOST_LEVELS


def test_a_third_level_would_be_noticed():
    """The walk finds the app and widgets, and the count sees a class that goes one level too deep."""
    third = type("Third", (Tabs,), {"__module__": "dlbench.tui.widgets.tabs"})

    assert {Dashboard, Tabs} <= set(CLASSES)
    assert len(levels(third)) == MOST_LEVELS + 1
