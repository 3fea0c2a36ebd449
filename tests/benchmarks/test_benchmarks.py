"""The benchmarks' cheap parts: every case declares sound comparisons, laps are timed and counted, reports hold every row."""

from __future__ import annotations

import io
import json
import random
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.cases import CASES
from benchmarks.cases.scale import Scale
from benchmarks.comparison import Aim, Comparison, ComparisonCase, Entry, Measured, Outcome
from benchmarks.environment import environment
from benchmarks.mnist import REPOSITORY, make_random
from benchmarks.report import RATIOS, TIMES, Report
from benchmarks.runner import measure
from benchmarks.timer import Finished, Timer

ORDER = '{"threads": null, "warm_up": false}\n'


@pytest.fixture
def outcome() -> Outcome:
    """Two implementations whose laps are known."""
    fast, slow = Entry("fast", "command"), Entry("slow", "command")
    comparisons = [
        Comparison("slow / fast", "slow", "fast", Aim(2, at_least=True)),
        Comparison("slow - fast", "slow", "fast", Aim(1), how="difference"),
        Comparison("total", "slow", "fast", of="total"),
        Comparison("memory", "slow", "fast", of="memory"),
        Comparison("slow", "slow", "slow", how="alone"),
    ]
    comparison = ComparisonCase("known", "lap", [fast, slow], comparisons, rounds=3)
    measured = [Measured(fast, [1.0, 2.0, 4.0], 10.0, 50.0), Measured(slow, [3.0, 4.0, 16.0], 10.0, 100.0)]
    return Outcome("known", comparison, 1, measured)


@pytest.mark.parametrize("quick", [True, False])
@pytest.mark.parametrize("case", CASES)
def test_a_case_compares_what_it_measures(case: str, *, quick: bool) -> None:
    """Entries have names of their own, implementations that exist, work to do, and every comparison names two of them."""
    comparison = CASES[case](Scale(quick=quick))
    names = [entry.name for entry in comparison.entries]
    assert len(set(names)) == len(names)
    assert {side for one in comparison.comparisons for side in (one.left, one.right)} <= set(names)
    assert comparison.rounds >= 1
    for entry in comparison.entries:
        assert entry.units >= 1
        assert (REPOSITORY / "benchmarks" / "implementations" / f"{entry.implementation}.py").is_file()


def test_the_issue_s_aims_are_all_there() -> None:
    """Every aim that the design sets stands in some comparison."""
    aims = [str(one.aim) for make in CASES.values() for one in make(Scale()).comparisons if one.aim]
    assert {
        ">= 30",
        ">= 1",
        ">= 5",
        ">= 8",
        "<= 1.5",
        "<= 1.05",
        "<= 0.25",
        "<= 1",
        "<= 0.6",
        "<= 1.02",
        "<= 0.01",
    } == set(aims)


def test_comparisons_follow_their_laps(outcome: Outcome) -> None:
    """Medians, totals, differences, memory, best laps and ranges of rounds are those of the laps."""
    ratio, difference, total, memory, alone = outcome.compared()
    assert (ratio.value, ratio.best, ratio.low, ratio.high, ratio.met) == (2.0, 3.0, 2.0, 4.0, True)
    assert (difference.value, difference.met) == (2.0, False)
    assert total.value == pytest.approx(23 / 7)
    assert (memory.value, memory.met) == (2.0, None)
    assert alone.value == 4.0


def test_a_lap_answers_for_every_order() -> None:
    """`start` ends the lap before, waits for an order, and raises `Finished` when the orders end."""
    answers = io.StringIO()
    lap = Timer(io.StringIO(ORDER * 2), answers)
    lap.start()
    lap.start()
    with pytest.raises(Finished):
        lap.start()
    said = [json.loads(line) for line in answers.getvalue().splitlines()]
    assert len(said) == 2
    assert all(one["seconds"] >= 0 and one["peak_mb"] > 1 for one in said)


def test_laps_are_timed_and_shared_out_by_units() -> None:
    """A process that sleeps 0.2 s is measured so, once a round, divided by its units, and the warm-up is left out."""
    sleep = Entry("sleep", "command", {"arguments": ["-c", "import time; time.sleep(0.2)"]}, units=2)
    nothing = Entry("nothing", "command", {"arguments": ["-c", "pass"]})
    comparison = ComparisonCase("sleeping", "half", [sleep, nothing], [], rounds=2, threads=False)
    (outcome,) = measure("sleeping", comparison, [1, 2], random.Random(0))
    slept, ran = outcome.measured
    assert len(slept.seconds) == len(ran.seconds) == 2
    assert min(slept.seconds) >= 0.1
    assert outcome.threads is None
    assert slept.ready_mb > 1


def test_a_broken_contender_is_told_and_the_others_go_on() -> None:
    """A implementation that fails has its last words in the report and takes nobody with it; a missing library is told apart."""
    entries = [
        Entry("fails", "command", {"arguments": ["-c", "raise SystemExit(3)"]}),
        Entry("missing", "no_such_contender"),
        Entry("works", "command", {"arguments": ["-c", "pass"]}),
    ]
    comparison = ComparisonCase("broken", "lap", entries, [Comparison("x", "works", "fails")], rounds=1, threads=False)
    (outcome,) = measure("broken", comparison, [1], random.Random(0))
    fails, missing, works = outcome.measured
    assert "exit status 3" in str(fails.failure)
    assert (fails.installed, missing.installed) == (True, False)
    assert len(works.seconds) == 1
    assert outcome.compared() == []
    assert Report(environment("x", "none", [1]), [outcome]).failures() == [fails]


def test_reports_agree(outcome: Outcome, tmp_path: Path) -> None:
    """JSON and Markdown hold a row for every comparison and implementation, with the same numbers."""
    report = Report(environment("python -m benchmarks", "none", [1]), [outcome])
    as_json, as_markdown = (path.read_text() for path in report.write(tmp_path))
    read = json.loads(as_json)
    assert [one["value"] for one in read["ratios"]] == [one.value for one in outcome.compared()]
    assert [one["seconds"] for one in read["measured"]] == [[1.0, 2.0, 4.0], [3.0, 4.0, 16.0]]
    assert read["environment"]["libraries"]["torch"] in as_markdown
    for head, rows in ((RATIOS, report.ratios()), (TIMES, report.times())):
        assert all(len(row) == len(head) for row in rows)
        assert all(f"| {' | '.join(row)} |" in as_markdown for row in rows)


def test_random_data_has_mnist_s_form(tmp_path: Path) -> None:
    """torchvision reads the random files as it reads MNIST."""
    torchvision = pytest.importorskip("torchvision")
    dataset = torchvision.datasets.MNIST(str(make_random(tmp_path)))
    assert dataset.data.shape == (60_000, 28, 28)
    assert sorted(set(dataset.targets.tolist())) == list(range(10))


@pytest.mark.extras
def test_one_case_runs_from_the_command_line(tmp_path: Path) -> None:
    """`python -m benchmarks --only xor --quick` trains both sides and writes positive times and ratios."""
    command = [sys.executable, "-m", "benchmarks", "--only", "xor", "--quick", "--threads", "1", "--out", str(tmp_path)]
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    read = json.loads((tmp_path / "benchmarks.json").read_text())
    assert [one["failure"] for one in read["measured"]] == [None, None]
    assert all(seconds > 0 for one in read["measured"] for seconds in one["seconds"])
    assert [one["value"] > 0 for one in read["ratios"]] == [True, True]
    assert "XOR, nine hidden layers" in done.stdout


def test_a_wrong_case_is_a_usage_error() -> None:
    """An unknown case is refused with the list of those there are."""
    command = [sys.executable, "-m", "benchmarks", "--only", "xr"]
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "growth-xor" in done.stderr
