"""`--costs`: the processor time of tests, by directory and the dearest, which a busy machine changes less than their duration.

What a fixture costs is charged to the first test that wants it, what its processes cost to the test that waits for their end.
"""

import os
from collections import Counter

import pytest

SECONDS = "seconds"
DEAREST = 25


def spent():
    """The processor seconds of this process and of those that it has waited for."""
    return sum(os.times()[:4])


def pytest_addoption(parser):
    """The wish to see what tests cost."""
    parser.addoption(
        "--costs", action="store_true", help="show the processor time of tests, by directory and the dearest"
    )


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_protocol(item):
    """Note where the clock stands before a test."""
    item.stash[CLOCK] = spent()
    yield


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    """Send with the report of each phase what it cost."""
    outcome = yield
    before, item.stash[CLOCK] = item.stash[CLOCK], spent()
    outcome.get_result().user_properties = [(SECONDS, item.stash[CLOCK] - before)]


CLOCK = pytest.StashKey[float]()


def pytest_terminal_summary(terminalreporter, config):
    """Tables of directories and tests."""
    if not config.getoption("--costs"):
        return
    tests, places, calls = Counter(), Counter(), Counter()
    for report in (one for kind in ("passed", "failed", "skipped", "") for one in terminalreporter.getreports(kind)):
        if not isinstance(report, pytest.TestReport):  # a module that was skipped as a whole
            continue
        seconds = dict(report.user_properties).get(SECONDS, 0.0)
        tests[report.nodeid] += seconds
        for place in {report.nodeid.split("::")[0], "/".join(report.nodeid.split("::")[0].split("/")[:2]), "all"}:
            places[place] += seconds
            calls[place] += report.duration
    terminalreporter.section("processor seconds (and seconds) by directory and file")
    for place, seconds in places.most_common():
        terminalreporter.write_line(f"{seconds:8.1f} ({calls[place]:.1f}) {place}")
    terminalreporter.section("processor seconds of the dearest tests")
    for name, seconds in tests.most_common(DEAREST):
        terminalreporter.write_line(f"{seconds:8.1f} {name}")
