"""Ensembles from a recipe's text to its verdicts, with dlbench as a process."""

import json

from small_recipe import RECIPE

from dlbench.analysis.summary import summarize
from dlbench.export.json_data import as_data
from dlbench.run.folder import RunFolder

ENSEMBLES = """
[ensemble]
sizes = "all"

[[claims]]
says = "Two never lose more than one"
source = "theory"
variant = "slow"
metric = "ensemble_loss_gain"
members = 2
at_least = 0
every_seed = true

[[claims]]
says = "Slow is right about something"
source = "theory"
variant = "slow"
metric = "test_accuracy"
at_least = 0.0
"""


def test_a_run_ends_with_its_ensembles(bench):
    """Table and verdicts tell what the workers left on disk, predictions and right answers; whoever reads the folder later finds the same."""
    small = RECIPE[: RECIPE.index("[quick]")].replace("seeds = 2", "seeds = 3")
    (bench.folder / "small.toml").write_text(small + ENSEMBLES)

    code, out, _ = bench("run", "small.toml", "--device", "cpu")
    (folder,) = bench.folder.glob("results/small/*")
    kept = json.loads((folder / "summary.json").read_text())

    assert code == 0
    assert "fast, 2 members" in out
    assert "; met by every subset" in " ".join(out.split())
    assert [claim["outcome"] for claim in kept["claims"]][1] == "confirmed"
    assert len(kept["ensembles"]["rows"]) == 6
    assert kept["ensembles"]["bytes"] == sum(path.stat().st_size for path in folder.glob("predictions/*"))
    later = as_data(summarize(RunFolder(folder)))
    assert (later["ensembles"], later["claims"]) == (kept["ensembles"], kept["claims"])
    assert kept["claims"][2]["interval_of_samples"] is not None
