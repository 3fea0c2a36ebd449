"""What `--on`, `--cluster` and `--cluster-file` mean."""

from __future__ import annotations

import importlib.util
import subprocess
import sys

import pytest

from dlbench.errors import MissingLibraryError, UsageError
from dlbench.launch import choosing
from dlbench.launch.choosing import HERE, address_of, checked, chosen
from dlbench.launch.on_ray.launcher import RayOptions


@pytest.fixture
def with_libraries(monkeypatch):
    """As if the libraries of clusters were installed."""
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: object())
    for module in ("dlbench.launch.on_ray.launcher",):
        monkeypatch.setattr(f"{module}.find_spec", lambda name: object())


def test_without_a_word_everything_stays_here():
    """No option, no cluster; and no option of a cluster without one."""
    assert chosen(None) is HERE
    with pytest.raises(UsageError, match="name it with --on ray"):
        chosen(None, ["memory=2"])


@pytest.mark.parametrize(
    ("on", "address"),
    [("ray", None), ("ray://head", "ray://head:10001"), ("ray://10.0.0.1:20001", "ray://10.0.0.1:20001")],
)
def test_addresses(on, address):
    """The port is Ray's own unless it is given."""
    assert address_of(on) == address


@pytest.mark.parametrize("on", ["ray:", "ray:head", "ray://", "ray://head:port", "ray://head/x"])
def test_what_is_no_address_is_refused(on):
    """With what to write."""
    with pytest.raises(UsageError, match="ray://HOST"):
        address_of(on)


def test_a_profile_is_read_and_words_stand_above_it(tmp_path, with_libraries):
    """Its table of the kind; the words name the same place again to a process that goes on with the run."""
    profile = tmp_path / "ours.toml"
    profile.write_text("[ray]\nmemory = 4\ngpu = 0.5\n[slurm]\npartition = 'long'\n")
    place = chosen("ray", ["memory=2"], profile)

    assert place.launcher._options == RayOptions(None, gpu=0.5, memory=2)
    assert place.words == ("--on", "ray", "--cluster", "memory=2", "--cluster-file", str(profile))


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["memory"], "write KEY=VALUE"),
        (["memroy=2"], "ray has no such option; did you mean 'memory'"),
        (["memory=lots"], "memory"),
    ],
)
def test_a_wrong_option_is_told(options, said, with_libraries):
    """What, and what to write."""
    with pytest.raises(UsageError, match=said):
        chosen("ray", options)


@pytest.mark.parametrize(
    ("content", "said"), [(None, "cannot be read"), ("[slurm]\n", r"no table \[ray\]"), ("[", "no TOML")]
)
def test_a_wrong_profile_is_told(content, said, tmp_path, with_libraries):
    """With its name."""
    profile = tmp_path / "ours.toml"
    if content is not None:
        profile.write_text(content)
    with pytest.raises(UsageError, match=f"ours.toml.*{said}"):
        chosen("ray", [], profile)


def test_no_such_cluster():
    """With those that there are."""
    with pytest.raises(UsageError, match="did you mean 'ray'"):
        chosen("rya")


def test_without_its_library_the_command_to_install_it_is_told(monkeypatch):
    """Before anything is made."""
    monkeypatch.setattr("dlbench.launch.on_ray.launcher.find_spec", lambda name: None)
    with pytest.raises(MissingLibraryError, match=r"pip install 'dlbench\[ray\]'"):
        chosen("ray")


def test_nothing_of_a_cluster_is_imported_for_a_run_that_stays_here():
    """Neither the libraries nor what runs on nodes."""
    code = "import sys, dlbench.cli.run, dlbench.cli.session; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    unwanted = (
        "ray",
        "submitit",
        "dlbench.launch.freight",
        "dlbench.launch.on_ray.driver",
        "dlbench.launch.on_ray.agent",
    )

    assert not set(unwanted) & set(loaded)


def test_options_that_are_checked_are_those_of_the_dataclass():
    """An oracle that the launcher's options are what `checked` knows."""
    assert checked(RayOptions, {"store": 80}, "ray") == RayOptions(store=80)
    assert choosing.CLIENT_PORT == 10001
