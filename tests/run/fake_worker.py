"""A worker without torch: `fake_worker.py BEHAVIOUR RUN --session N --worker W --stacks 0,2` in dlbench.run's own words.

Behaviours: `done` trains nothing and ends well; `obey` works until a control or SIGTERM stops it; `deaf` hears neither;
`crash` dies in the middle with a text; `mute` dies before its first event; `fail` ends as failed.
"""

import os
import signal
import socket
import sys
import time
from pathlib import Path

import psutil

from dlbench.run.control import ControlReader
from dlbench.run.events import EventWriter
from dlbench.run.folder import RunFolder


def main(behaviour, run, _session, session, _worker, worker, _stacks, stacks, *_attended):
    """Introduce itself, work, and tell the ends."""
    folder, session, worker = RunFolder(Path(run)), int(session), int(worker)
    stacks = [int(stack) for stack in stacks.split(",")]
    sys.stdout.write(f"threads {os.environ['OMP_NUM_THREADS']} {os.environ['MKL_NUM_THREADS']}\n")
    if behaviour == "deaf":
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    if behaviour == "mute":
        sys.exit("no such device: cuda:7")
    with EventWriter(folder.events_file(session, worker)) as events:
        process = psutil.Process()
        who = {"pid": process.pid, "started": process.create_time(), "host": socket.gethostname()}
        events.write("run", session=session, worker=worker, device="cpu", threads=1, stacks=stacks, **who)
        end = work(behaviour, events, ControlReader(folder.control_file, session), stacks)
        for stack in stacks:
            events.write("end", stack=stack, step=1, status=end, error=None, seconds=0.0)
        events.write("end", stack=None, step=1, status=end, error="it broke" if end == "failed" else None, seconds=0.0)


def work(behaviour, events, controls, stacks):
    """Behave, and give the status to end with."""
    if behaviour in {"done", "fail"}:
        return {"done": "done", "fail": "failed"}[behaviour]
    if behaviour == "crash":
        events.write("metrics", stack=stacks[0], step=1)
        events.flush()
        sys.stdout.write("Segmentation fault, so to speak\n")
        sys.stdout.flush()
        os._exit(139)
    stopped = []
    if behaviour == "obey":
        signal.signal(signal.SIGTERM, lambda *_: stopped.append(True))
    give_up = time.monotonic() + 300
    while not stopped and time.monotonic() < give_up:
        events.write("heartbeat", stack=stacks[0], step=1, rate=1.0)
        time.sleep(0.02)
        for control in controls.poll() if behaviour == "obey" else ():
            events.write("control", id=control["id"], action=control["action"], stack=stacks[0], step=1)
            stopped.append(True)
    return "stopped"


if __name__ == "__main__":
    main(*sys.argv[1:])
