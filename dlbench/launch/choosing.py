"""`--on`: which launcher a run's workers get, and what may be said of it. Imports no library of a cluster."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, TypeVar

from dlbench.errors import UsageError, hint
from dlbench.files import expanded, read_file
from dlbench.launch.launcher import Launcher
from dlbench.launch.local import THIS_MACHINE
from dlbench.plan.machines import Machine
from dlbench.plan.reading import typed

LARGEST = 1 << 20
KINDS = ("ray", "slurm")
CLIENT_PORT = 10001
"""Where a Ray listens for drivers from outside, unless told otherwise."""

T = TypeVar("T")


@dataclass(frozen=True)
class Place:
    """Where workers run: their launcher, the words of the command line that name it, and who it is for messages."""

    launcher: Launcher = THIS_MACHINE
    words: tuple[str, ...] = ()

    @property
    def is_here(self) -> bool:
        """Whether that is this machine."""
        return not self.words

    def nodes(self) -> list[Machine]:
        """The nodes of a cluster, for whom to plan; none where the run stays here, or nobody can say which it will get.

        Raises SetupError where the cluster cannot be reached.
        """
        from dlbench.launch.on_ray.launcher import OnRay
        from dlbench.launch.on_slurm.launcher import OnSlurm

        return self.launcher.nodes() if isinstance(self.launcher, OnRay | OnSlurm) else []


HERE = Place()


def chosen(on: str | None, options: Sequence[str] = (), profile: Path | None = None) -> Place:
    """What `--on`, `--cluster KEY=VALUE` and `--cluster-file FILE` mean together.

    Raises UsageError where that is nothing, MissingLibraryError where the cluster's library is not installed.
    """
    if on is None:
        if options or profile:
            raise UsageError(
                "--cluster and --cluster-file say how a cluster is used; name it with --on ray or --on slurm"
            )
        return HERE
    words = ["--on", on, *(word for one in options for word in ("--cluster", one))]
    words += ["--cluster-file", str(profile)] if profile else []
    kind = on.partition(":")[0]
    given = {**_of_profile(profile, kind), **_of_words(options)}
    return Place(_launcher(on, kind, given), tuple(words))


def _launcher(on: str, kind: str, given: Mapping[str, Any]) -> Launcher:
    if kind == "ray":
        from dlbench.launch.on_ray.launcher import OnRay, RayOptions, require

        require()
        return OnRay(checked(RayOptions, {"address": address_of(on), **given}, "ray"))
    if kind == "slurm":
        from dlbench.launch.on_slurm import launcher as slurm
        from dlbench.launch.on_slurm.options import HERE as LOCALLY
        from dlbench.launch.on_slurm.options import LEAST_MINUTES, SlurmOptions

        if on not in {"slurm", f"slurm:{LOCALLY}"}:
            raise UsageError(f"--on {on}: write slurm, or slurm:{LOCALLY} for the same jobs without Slurm")
        slurm.require()
        where = {"cluster": LOCALLY if on.endswith(LOCALLY) else "slurm"}
        options = checked(SlurmOptions, {**given, **where}, "slurm")
        if options.time < LEAST_MINUTES:
            raise UsageError(
                f"--cluster time={options.time}: a job needs at least {LEAST_MINUTES} minutes, since it ends with a checkpoint "
                "up to two and a half minutes before its time is over"
            )
        return slurm.OnSlurm(options)
    raise UsageError(f"--on {on}: there is no such cluster{hint(on, KINDS, 'there are ray, ray://HOST and slurm')}")


def address_of(on: str) -> str | None:
    """The address that `ray`, `ray://host`, `ray://host:port` names; `None` without one. Raises UsageError where it is none."""
    if on == "ray":
        return None
    host, _, port = on.removeprefix("ray://").partition(":")
    if not on.startswith("ray://") or not host or (port and not port.isdigit()) or "/" in host:
        raise UsageError(f"--on {on}: write ray, or the address of a Ray's head as ray://HOST or ray://HOST:PORT")
    return f"ray://{host}:{port or CLIENT_PORT}"


def checked(kind: type[T], given: Mapping[str, Any], name: str) -> T:
    """Options as their dataclass; raises UsageError at one that is none, or has no such value."""
    known = [one.name for one in fields(kind)]  # type: ignore[arg-type]
    for key in given:
        if key not in known:
            raise UsageError(
                f"--cluster {key}: {name} has no such option{hint(key, known, '')}; there are {', '.join(known)}"
            )
    try:
        return typed(kind, dict(given))
    except ValueError as error:
        raise UsageError(f"--cluster: {error}") from error


def _of_words(options: Sequence[str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for one in options:
        key, separator, value = one.partition("=")
        if not separator or not key.strip():
            raise UsageError(f"--cluster {one}: write KEY=VALUE, such as memory=4")
        found[key.strip()] = _value(value.strip())
    return found


def _value(text: str) -> Any:
    """A number, a truth value, a list as TOML has them; anything else is text."""
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text


def _of_profile(profile: Path | None, kind: str) -> dict[str, Any]:
    """The table of a profile that is for this kind of cluster; raises UsageError where the file has none."""
    if profile is None:
        return {}
    path = expanded(profile)
    try:
        whole = tomllib.loads(read_file(path, LARGEST).decode())
    except OSError as error:
        raise UsageError(f"{path}: cannot be read as a profile: {error.strerror or error}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"{path}: is no TOML: {error}") from error
    table = whole.get(kind)
    if not isinstance(table, dict):
        raise UsageError(f"{path}: has no table [{kind}]")
    return table
