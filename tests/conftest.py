"""What holds for every test: the same environment wherever they run, and no deadline on a slow machine."""

import gc
import os
import signal

import pytest
from costs import (  # noqa: F401  # hooks
    pytest_addoption,
    pytest_runtest_makereport,
    pytest_runtest_protocol,
    pytest_terminal_summary,
)
from endings import end_all_that_name
from hypothesis import HealthCheck, settings

import dlbench.engine  # noqa: F401  # says how MKL shall multiply, which it reads before the first product of any test

UNHURRIED = dict(deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])
settings.register_profile("same", max_examples=40, derandomize=True, **UNHURRIED)
settings.register_profile("search", max_examples=400, **UNHURRIED)
settings.load_profile(
    "same"
)  # a change is never refused for what another draw would have found in what was there before

NOT_FOR_NAMES = " at 0x"
"""An address in a test's name: it differs from process to process, and pytest-xdist refuses to go on."""

COLORS = {"NO_COLOR", "FORCE_COLOR"}
SENT = (signal.SIGINT, signal.SIGHUP, signal.SIGTERM)
"""What tests send to processes."""


@pytest.fixture(scope="session", autouse=True)
def plain_environment():
    """Nothing of the caller's shell: 80 columns, no wishes about colours, of dlbench's variables only where data lies."""
    ours = {name for name in os.environ if name.startswith("DLBENCH_")} - {"DLBENCH_DATA"}
    with pytest.MonkeyPatch.context() as patch:
        for name in COLORS | ours:
            patch.delenv(name, raising=False)
        patch.setenv("COLUMNS", "80")
        yield


@pytest.fixture(scope="session", autouse=True)
def signals_are_heeded():
    """What whoever started the suite had it ignore (nohup, the background of a script) is heeded by what tests start.

    A process hands down that it ignores a signal, but no handler: one that does nothing leaves the suite as it was.
    """
    ignored = [number for number in SENT if signal.getsignal(number) is signal.SIG_IGN]
    for number in ignored:
        signal.signal(number, lambda *_: None)
    yield
    for number in ignored:
        signal.signal(number, signal.SIG_IGN)


@pytest.fixture(scope="session", autouse=True)
def nothing_goes_on(tmp_path_factory):
    """When all tests have run, nothing works on in their folders."""
    yield
    assert end_all_that_name(tmp_path_factory.getbasetemp()) == []


def pytest_configure():
    """A session that is told to end (SIGTERM) ends like one that is interrupted, and so do all that its tests have started."""
    if signal.getsignal(signal.SIGTERM) is signal.SIG_DFL:
        signal.signal(signal.SIGTERM, signal.default_int_handler)


def pytest_collection_finish():
    """What stays until the end is never searched for garbage, the rest seldom: that took a quarter of the time of all tests."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 20, 20)


def pytest_collection_modifyitems(items):
    """Refuse names that another process would spell otherwise."""
    changing = [item.nodeid for item in items if NOT_FOR_NAMES in item.nodeid]
    if changing:
        raise pytest.UsageError(f"give ids to the parameters of {changing[0]}: its name holds an address")
