"""How long a large csv takes to read, and in how much memory: `python -m benchmarks.tables`; libraries not installed are left out.

The table is made up: 42,000 rows of 784 whole numbers and a label. Every reading is a process of its own.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path

import numpy as np

ROWS, COLUMNS = 42_000, 784
READINGS = {
    "pandas": """
import pandas
imported()
table = pandas.read_csv(path, dtype={"label": str}, low_memory=False)
labels, x = table.pop("label"), table.to_numpy("float64")
""",
    "polars": """
import polars
imported()
table = polars.read_csv(path, infer_schema=False)
x = numpy.empty((table.height, table.width - 1))
for place, name in enumerate(table.columns[1:]):
    x[:, place] = table[name].cast(polars.Float64).to_numpy()
""",
    "pyarrow": """
import pyarrow, pyarrow.compute, pyarrow.csv
imported()
names = open(path).readline().strip().split(",")
table = pyarrow.csv.read_csv(path, parse_options=pyarrow.csv.ParseOptions(newlines_in_values=True),
    convert_options=pyarrow.csv.ConvertOptions(column_types=dict.fromkeys(names, pyarrow.string())))
x = numpy.empty((table.num_rows, table.num_columns - 1))
for place, name in enumerate(names[1:]):
    x[:, place] = pyarrow.compute.cast(table[name], pyarrow.float64())
""",
    "dlbench, first process": """
from dlbench.parts.datasets import describe
imported()
describe({"kind": "csv", "path": path, "label": "label"})
""",
    "dlbench, every worker": """
from dlbench.parts.datasets import load_data
imported()
load_data({"kind": "csv", "path": path, "label": "label"})
""",
}
FRAME = """
import resource, sys, time
import numpy
path, started = sys.argv[1], time.process_time()
def imported():
    global ready
    ready = time.process_time()
{reading}
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
print(f"{{ready - started:9.2f}} {{time.process_time() - ready:9.2f}} {{peak:9.2f}}")
"""


def main() -> None:
    """Make the table, read it in every way, and print a line each."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "table.csv")
        write_table(path)
        environment = {**os.environ, "XDG_CACHE_HOME": folder}
        print(
            f"{ROWS:,} x {COLUMNS + 1}, {path.stat().st_size / 2**20:.0f} MiB; seconds of processor time, GiB at the peak"
        )
        print(f"{'':24}{'import':>9} {'read':>9} {'memory':>9}")
        for name, reading in READINGS.items():
            if name.startswith("dlbench") or find_spec(name):
                program = [sys.executable, "-c", FRAME.format(reading=reading), str(path)]
                done = subprocess.run(program, env=environment, capture_output=True, text=True, check=True)
                print(f"{name:24}{done.stdout.rstrip()}", flush=True)


def write_table(path: Path) -> None:
    """Four of five numbers are 0, as in pictures of digits."""
    random = np.random.default_rng(0)
    x = random.integers(0, 256, (ROWS, COLUMNS))
    x[random.random(x.shape) < 0.8] = 0
    header = ",".join(["label", *(f"pixel{place}" for place in range(COLUMNS))])
    np.savetxt(path, np.c_[random.integers(0, 10, ROWS), x], fmt="%d", delimiter=",", header=header, comments="")


if __name__ == "__main__":
    main()
