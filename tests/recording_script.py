"""A script that records itself without torch, as `dlbench.record` would: `recording_script.py [--lr X] [--seed N] [BEHAVIOUR]`.

Behaviours: `done`; `fail` ends with a traceback in the middle; `silent` records nothing; `caught` fails and ends with code 0;
`wait` goes on until SIGINT comes, and records that it was stopped; `deaf` hears no signal but the last, nor does its own child.
"""

import argparse
import os
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

from dlbench.plan.recorded import recorded_plan
from dlbench.run import workers
from dlbench.run.atomic import write_json_atomic
from dlbench.run.environment import environment
from dlbench.run.events import EventWriter
from dlbench.run.folder import create
from dlbench.run.processes import token_of
from dlbench.run.workers import Launched

LAYERS = [{"name": "fc", "kind": "Linear", "weight": [2, 2]}]


def told(name, otherwise=""):
    """What `dlbench repeat` says in the environment."""
    return os.environ.get(f"DLBENCH_RECORD_{name}", otherwise)


def loss(lr, seed):
    """What the training comes to: a number that follows from what the command line said."""
    return lr + seed / 1000


def main():
    """Record, and behave."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--lr", type=float, default=0.5)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("behaviour", nargs="?", default="done")
    given = parser.parse_args()
    sys.stdout.write(f"threads {os.environ['OMP_NUM_THREADS']}\n")
    if given.behaviour == "silent":
        return
    folder = create(Path(told("OUT", "results")), told("NAME", "mine"), datetime.now(UTC).astimezone())
    workers.record(folder, Launched(0, 0, token_of(os.getpid()), [0], 0))
    write_json_atomic(folder.env_file, environment())
    with EventWriter(folder.events_file(0, 0)) as events:
        folder.write_plan(recorded_plan(told("NAME", "mine"), told("VARIANT", "base"), int(told("SEED", "0"))))
        events.write("run", session=0, worker=0, stacks=[0])
        events.write("stack", stack=0, step=0, layers=LAYERS, steps=None)
        status = behave(given, events)
        events.write("metrics", stack=0, step=9, epoch=None, seconds=0.1, train_loss=[loss(given.lr, given.seed)])
        error = "it did not learn" if status == "failed" else None
        for stack in (0, None):
            events.write("end", stack=stack, step=9, status=status, error=error, seconds=0.1)


def behave(given, events):
    """Do as the command line says; returns the status to end with."""
    if given.behaviour == "fail":
        raise ValueError(f"no such rate: {given.lr}")
    if given.behaviour == "deaf":
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        # A session of its own, as torchrun's workers have: no signal to the script's group reaches it.
        code = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(60)"
        subprocess.Popen([sys.executable, "-c", code, __file__], start_new_session=True)
        events.write("heartbeat", stack=0, step=1, rate=1.0)
    if given.behaviour in {"wait", "deaf"}:
        try:
            time.sleep(60)
        except KeyboardInterrupt:
            return "stopped"
    return "failed" if given.behaviour == "caught" else "done"


if __name__ == "__main__":
    main()
