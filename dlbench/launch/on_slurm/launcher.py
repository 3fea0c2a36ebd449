"""The launcher of workers on Slurm: one array of jobs for a session, submitted by submitit, which is imported only for that."""

from __future__ import annotations

import pickle
import socket
import subprocess
import time
import warnings
from collections.abc import Iterator, Sequence
from contextlib import suppress
from importlib.util import find_spec
from typing import Any

import psutil

from dlbench.errors import MissingLibraryError, SetupError
from dlbench.launch.launcher import Assignment
from dlbench.launch.on_slurm.job import LOCAL_JOB, SLURM, WARNING_SECONDS, SlurmJob, base_of
from dlbench.launch.on_slurm.options import HERE, SlurmOptions
from dlbench.launch.on_slurm.states import JobStates
from dlbench.plan.machines import Machine
from dlbench.run.processes import is_heard, is_there
from dlbench.run.workers import LOCAL, Token

MOST_TIMEOUTS = 10_000
"""How often a job that ran out of time is begun again: as often as it takes."""


class OnSlurm:
    """Submits workers as an array of jobs over a shared folder."""

    name = SLURM

    def __init__(self, options: SlurmOptions | None = None, states: JobStates | None = None) -> None:
        self._options = options or SlurmOptions()
        self._states = states or JobStates()
        self._jobs: dict[Token, Any] = {}

    def nodes(self) -> list[Machine]:
        """What a run is planned for: Slurm does not say before which nodes jobs will get."""
        job = Machine("a job", self._options.cpus, self._options.gpus, int((self._options.memory or 0) * 2**30))
        return [job] * self._options.at_once

    def start(self, assignments: Sequence[Assignment]) -> Iterator[Token]:
        """Submit all at once; a worker begins when Slurm lets its job."""
        require()
        executor = executor_of(self._options, assignments)
        works = [job_of(one) for one in assignments]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # submitit's words on parameters that only one kind of cluster has
            jobs = _submitted(executor, works)
        began = time.time()
        for job in jobs:
            token = self._token(str(job.job_id), began)
            self._jobs[token] = job
            yield token

    def _token(self, job: str, began: float) -> Token:
        if self._options.cluster == HERE:
            with suppress(psutil.Error):
                began = psutil.Process(int(job)).create_time()
            job = f"{LOCAL_JOB}{job}"
        return Token(SLURM, job, socket.gethostname(), began)

    def is_alive(self, token: Token, seen: float) -> bool:
        """As Slurm says, be it waiting or at work; where that cannot be asked, by how long it has been silent."""
        job = base_of(token)
        if job.startswith(LOCAL_JOB):
            return is_there(_process(token), seen)
        known = self._states.is_there(job)
        return is_heard(seen) if known is None else known

    def stop(self, token: Token, *, force: bool) -> bool:
        """SIGTERM to what the job runs, or off the queue where it waits; with `force` it is cancelled."""
        job = base_of(token)
        if job.startswith(LOCAL_JOB):
            return _stop_process(_process(token), force=force)
        words = (
            [["scancel", job]] if force else [["scancel", "--state=PENDING", job], ["scancel", "--signal=TERM", job]]
        )
        try:
            codes = [subprocess.run(one, capture_output=True, timeout=10, check=False).returncode for one in words]
        except (OSError, subprocess.TimeoutExpired):
            return False
        return 0 in codes

    def exit_code(self, token: Token) -> int | None:
        """What the job has left as its result; minus 9 where it is gone without one."""
        job = self._jobs[token]
        result = job.paths.result_pickle
        if result.is_file():
            return _code_of(result.read_bytes())
        return None if self.is_alive(token, time.time()) else -9

    def describe(self, token: Token) -> str:
        """The job by the number that squeue and scancel know."""
        job = base_of(token)
        if job.startswith(LOCAL_JOB):
            return f"job with pid {job.removeprefix(LOCAL_JOB)} on {token.host}"
        return f"Slurm job {job}"


def require() -> None:
    """Raise MissingLibraryError where submitit is not installed."""
    if find_spec("submitit") is None:
        raise MissingLibraryError("--on slurm needs submitit; install it with `pip install 'dlbench[slurm]'`")


def job_of(assignment: Assignment) -> SlurmJob:
    """The job of a worker."""
    return SlurmJob(
        str(assignment.folder.path.absolute()),
        assignment.session,
        assignment.worker,
        tuple(assignment.stacks),
        assignment.threads,
        assignment.attended,
        assignment.looking,
        tuple(assignment.parts),
    )


def executor_of(options: SlurmOptions, assignments: Sequence[Assignment]) -> Any:
    """submitit's executor of a session's jobs; its scripts and logs lie in `slurm` in the run's folder.

    Raises SetupError where there is no Slurm on this machine.
    """
    import submitit

    folder = str(assignments[0].folder.path.absolute() / "slurm")
    try:
        executor = submitit.AutoExecutor(folder, cluster=options.cluster, slurm_max_num_timeout=MOST_TIMEOUTS)
    except RuntimeError as error:
        raise SetupError(
            f"no Slurm can be used here: {error}; --on slurm:{HERE} tries the same on this machine"
        ) from error
    executor.update_parameters(**parameters_of(options, max(one.threads for one in assignments)))
    return executor


def parameters_of(options: SlurmOptions, threads: int) -> dict[str, Any]:
    """The options in submitit's words."""
    wished = {
        "slurm_partition": options.partition,
        "slurm_account": options.account,
        "slurm_qos": options.qos,
        "slurm_constraint": options.constraint,
        "mem_gb": options.memory,
    }
    return {name: value for name, value in wished.items() if value is not None} | {
        "name": "dlbench",
        "timeout_min": options.time,
        "cpus_per_task": max(options.cpus, threads),
        "gpus_per_node": options.gpus,
        "slurm_array_parallelism": options.at_once,
        "slurm_setup": options.setup,
        "slurm_signal_delay_s": WARNING_SECONDS,
        # Where a node dies Slurm begins its job again by itself.
        "slurm_additional_parameters": {"requeue": True, **options.extra},
    }


def _submitted(executor: Any, works: Sequence[SlurmJob]) -> list[Any]:
    """The jobs of one array."""
    with executor.batch():
        return [executor.submit(work) for work in works]


def _process(token: Token) -> Token:
    """The process of a job that this machine runs."""
    return Token(LOCAL, int(base_of(token).removeprefix(LOCAL_JOB)), token.host, token.started)


def _stop_process(process: Token, *, force: bool) -> bool:
    if not isinstance(process.id, int) or not is_there(process, 0.0):
        return False
    with suppress(psutil.Error):
        found = psutil.Process(process.id)
        workers = [child for child in found.children(recursive=True) if "dlbench.engine" in child.cmdline()]
        for child in [*workers, found] if force else workers:
            child.kill() if force else child.terminate()
        return bool(force or workers)
    return False


def _code_of(result: bytes) -> int:
    """A worker's exit code, of what submitit has kept of a job of ours: `("success", code)`, or `("error", text)`."""
    outcome, value = pickle.loads(result)  # noqa: S301  # it was written by the job that this process submitted
    return int(value) if outcome == "success" else 1
