"""What may be said of Slurm, with `--cluster KEY=VALUE` or in the table `[slurm]` of a profile."""

from __future__ import annotations

from dataclasses import dataclass, field

HERE = "local"
"""`--on slurm:local`: the same jobs without Slurm, as processes of this machine, to try a profile out."""

LEAST_MINUTES = 5
"""Of a job: it is warned a minute and a half before its end, and Slurm may do that a minute too early."""


@dataclass(frozen=True)
class SlurmOptions:
    """How jobs are submitted; what is left out is the cluster's own default.

    `time` are minutes, after which a job ends with a checkpoint and is begun again; `cpus`, `gpus` and `memory` (GiB) are those of
    each job; `at_once` is how many run at the same time at most, and how many a run is planned for. `setup` are shell commands
    before the worker, such as `module load cuda`; `extra` are other parameters of `sbatch`.
    """

    partition: str | None = None
    account: str | None = None
    qos: str | None = None
    constraint: str | None = None
    time: int = 60
    cpus: int = 1
    gpus: int = 0
    memory: float | None = None
    at_once: int = 8
    setup: list[str] = field(default_factory=list)
    extra: dict[str, str | int | bool] = field(default_factory=dict)
    cluster: str = "slurm"
    """`slurm`, or `local`."""
