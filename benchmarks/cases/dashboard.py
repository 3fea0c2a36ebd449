"""The dashboard: how soon it stands, what a frame costs, what goes to the terminal, and what it takes from a training."""

from __future__ import annotations

from benchmarks.cases.scale import Scale
from benchmarks.comparison import Aim, Comparison, ComparisonCase, Entry

PANES = ("gradients", "curves", "layers")
LARGE = {"layers": 60, "seeds": 100, "probes": 48, "evaluations": 1000}
"""About 100 MB of events: 200 trials of 60 layers."""


def dashboard_opening(scale: Scale) -> ComparisonCase:
    """From the command to the first frame; a large run read to its end; a key pressed meanwhile; the memory after it."""
    small, large = {"steps": 1000, "probes": 20}, LARGE if not scale.quick else {"layers": 3, "seeds": 2}
    first, bare = "first frame of a finished run", "import of Textual's app"
    early, read, key = "first frame, 100 MB", "all read, 100 MB", "`?` while 100 MB are read"
    lean, full = "memory of a viewer", "memory of a viewer, 100 MB read"
    return ComparisonCase(
        title="Opening a run in the dashboard",
        unit="opening",
        entries=[
            Entry(bare, "command", {"arguments": ["-c", "import textual.app"]}),
            Entry(first, "dashboard_opening", {"size": small, "until": "frame"}),
            Entry(early, "dashboard_opening", {"size": large, "until": "frame"}),
            Entry(read, "dashboard_opening", {"size": large, "until": "read"}),
            Entry(key, "dashboard_opening", {"size": large, "until": "help"}),
            Entry(lean, "dashboard_opening", {"size": small, "until": "memory"}, counts="MB"),
            Entry(full, "dashboard_opening", {"size": large, "until": "memory"}, counts="MB"),
        ],
        comparisons=[
            Comparison("seconds to the first frame", first, first, Aim(0.6), how="alone"),
            Comparison("seconds to the first frame beyond Textual's import", first, bare, how="difference"),
            Comparison("seconds to the first frame of a run of 100 MB", early, early, Aim(0.6), how="alone"),
            Comparison("seconds until 100 MB are read", read, read, how="alone"),
            Comparison("seconds from a key to its screen while they are read", key, key, how="alone"),
            Comparison("memory of a viewer that has read 100 MB", full, full, how="alone"),
            Comparison("the same against one of a small run", full, lean),
        ],
        rounds=scale.of(5, 1),
        threads=False,
    )


def dashboard_frames(scale: Scale) -> ComparisonCase:
    """A frame of each picture with a thousand records behind it and with thirty thousand."""
    frames = scale.of(40, 2)
    short, long = scale.of(1_000, 20), scale.of(30_000, 40)
    names = {(pane, records): f"{pane}, {records:,} records" for pane in PANES for records in (short, long)}
    return ComparisonCase(
        title="A frame of 120x40 against the length of the history",
        unit="frame",
        entries=[
            Entry(name, "dashboard_frame", {"records": records, "pane": pane, "frames": frames}, frames)
            for (pane, records), name in names.items()
        ],
        comparisons=[
            *(
                Comparison(f"{pane}: a frame after {long:,} records / after {short:,}", names[pane, long], names[pane, short], Aim(1.5))
                for pane in PANES
            ),
            *(Comparison(f"{pane}: seconds a frame", names[pane, short], names[pane, short], how="alone") for pane in PANES),
        ],
        rounds=scale.of(5, 1),
        threads=False,
    )  # fmt: skip


def dashboard_traffic(scale: Scale) -> ComparisonCase:
    """What a live training and a finished one send to the terminal, and what of a core the viewer takes."""
    seconds = scale.of(15.0, 0.5)
    live, remote, still, core = "live", "live, over SSH", "nothing changes", "live: share of a core"
    return ComparisonCase(
        title="A dashboard of 120x40 that watches",
        unit="watch",
        entries=[
            Entry(live, "dashboard_traffic", {"seconds": seconds, "of": "bytes"}, counts="KiB/s"),
            Entry(remote, "dashboard_traffic", {"seconds": seconds, "of": "bytes", "ssh": True}, counts="KiB/s"),
            Entry(still, "dashboard_traffic", {"seconds": seconds, "of": "bytes", "finished": True}, counts="KiB/s"),
            Entry(core, "dashboard_traffic", {"seconds": seconds, "of": "core"}, counts="cores"),
        ],
        comparisons=[
            Comparison("KiB a second, live", live, live, how="alone"),
            Comparison("KiB a second, live over SSH", remote, remote, how="alone"),
            Comparison("KiB a second when nothing changes", still, still, Aim(0.01), how="alone"),
            Comparison("share of one core, live", core, core, how="alone"),
        ],
        rounds=scale.of(3, 1),
        threads=False,
    )


def dashboard_slowdown(scale: Scale) -> ComparisonCase:
    """The same training with nobody looking and with a dashboard beside it, once that stands; with one worker and with two."""
    steps = scale.of(40_000, 100)
    names = {(workers, watched): f"{workers} worker{'s' if workers > 1 else ''}, {'watched' if watched else 'alone'}"
             for workers in (1, 2) for watched in (False, True)}  # fmt: skip
    return ComparisonCase(
        title="A training beside a dashboard",
        unit="training",
        entries=[
            Entry(name, "dashboard_slowdown", {"steps": steps, "workers": workers, "watched": watched})
            for (workers, watched), name in names.items()
        ],
        comparisons=[
            Comparison(
                f"{workers} workers: time watched / alone", names[workers, True], names[workers, False], Aim(1.02)
            )
            for workers in (1, 2)
        ],
        rounds=scale.of(5, 1),
        threads=False,
    )
