"""What data is there, and fetching more: states, exact texts, and downloads that end whole or not at all."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from dlbench.data import DataStatus, fetch, listing
from dlbench.errors import SetupError, UsageError
from dlbench.parts.datasets import DATASETS
from dlbench.parts.datasets.cifar import CIFAR10
from dlbench.parts.datasets.mnist import MNIST

STAND_IN = '''
"""Stands in for torchvision: "downloads" files of zeros, as many bytes each as the real ones, times SHARE."""
import os, pathlib
DOWNLOADS = {downloads}

def downloading(sizes, packed):
    class Dataset:
        def __init__(self, root, download):
            assert download
            for name, size in sizes.items():
                path = pathlib.Path(root, name)
                path.parent.mkdir(parents=True, exist_ok=True)
                with path.open("wb") as file:
                    file.truncate(int(size * float(os.environ["SHARE"])))
            if said := os.environ.get("WANTS_PACKED"):
                assert all(pathlib.Path(root, name).read_text() == said for name in packed)
            if os.environ.get("RAISES"):
                raise OSError("no route to\\nhost")
    return Dataset

for name, (sizes, packed) in DOWNLOADS.items():
    globals()[name] = downloading(sizes, packed)
'''


@pytest.fixture
def empty(monkeypatch, tmp_path):
    """A machine without data."""
    monkeypatch.delenv("DLBENCH_DATA", raising=False)
    monkeypatch.chdir(tmp_path)
    for module in ("dlbench.parts.datasets.folders", "dlbench.data"):
        monkeypatch.setattr(f"{module}.cache", lambda: tmp_path / "cache")
    return tmp_path


@pytest.fixture
def stand_in(empty, monkeypatch):
    """A torchvision in the child process that needs no network."""
    package = empty / "packages" / "torchvision"
    package.mkdir(parents=True)
    downloads = {one.torchvision: (dict(one.files), one.packed) for one in (MNIST, CIFAR10)}
    (package / "__init__.py").write_text("")
    (package / "datasets.py").write_text(STAND_IN.format(downloads=downloads))
    repository = Path(__file__).parents[1]
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(package.parent), str(repository)]))
    monkeypatch.setenv("SHARE", "1")
    return monkeypatch


def left(folder):
    """Every file below a folder."""
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def state(name):
    """The status of one dataset."""
    return next(status for status in listing() if status.name == name)


def test_the_listing_has_every_dataset_with_its_kind(empty):
    """Each dataset of the catalogue is listed once, with the kind that it says it has."""
    assert [(part.name, part.traits["origin"]) for part in DATASETS] == [(one.name, one.kind) for one in listing()]


def test_the_listing_says_what_is_there_and_what_is_not(empty):
    """On board is ready, a file needs its path, a download is missing with its size and the folders looked in."""
    assert state("xor") == DataStatus("xor", "on board", "ready", "comes with dlbench", None)
    assert state("csv") == DataStatus("csv", "file", "needs a path", "the file or folder that 'path' names", None)
    looked = f"looked in {empty}/data/MNIST/raw, {empty}/cache/MNIST/raw"
    assert state("mnist") == DataStatus("mnist", "download", "missing", looked, 54950048)


def test_a_fetched_dataset_lies_whole_in_the_cache_and_is_listed(empty, stand_in):
    """Without a folder the files go to the user's cache, nothing else is left there, and a second fetch finds them."""
    assert fetch("mnist") == empty / "cache"
    assert left(empty / "cache") == sorted(MNIST.files)
    assert state("mnist") == DataStatus("mnist", "download", "ready", f"{empty}/cache/MNIST/raw", 54950048)
    stand_in.setenv("RAISES", "1")
    assert fetch("mnist") == empty / "cache"


def test_the_folder_given_and_the_variable_say_where_to_fetch_to(empty, stand_in):
    """DLBENCH_DATA goes before the cache, a folder before both."""
    stand_in.setenv("DLBENCH_DATA", str(empty / "mine"))
    assert fetch("mnist", str(empty / "given")) == empty / "given"
    assert fetch("mnist") == empty / "mine"
    assert left(empty / "given") == left(empty / "mine") == sorted(MNIST.files)


@pytest.mark.parametrize(
    ("variable", "value", "why"),
    [
        ("RAISES", "1", "no route to host (OSError)"),
        ("SHARE", "0.5", "MNIST/raw/train-images-idx3-ubyte has 23520008 bytes instead of 47040016"),
        ("SHARE", "nonsense", "could not convert string to float: 'nonsense' (ValueError)"),
    ],
)
def test_a_download_that_fails_leaves_nothing_and_says_what_to_do(empty, stand_in, variable, value, why):
    """No file, whole or half, appears; the text has the reason and every way on."""
    stand_in.setenv(variable, value)
    with pytest.raises(SetupError) as caught:
        fetch("mnist")
    text = str(caught.value)
    assert text.startswith("mnist could not be fetched: ")
    assert f"{why}. Without a network: copy MNIST/raw from another machine to {empty}/cache/MNIST/raw" in text
    assert "DLBENCH_DATA" in text
    assert "--quick" in text
    assert left(empty / "cache") == []


def test_a_damaged_dataset_is_listed_as_such_and_fetching_mends_it(empty, stand_in):
    """A file cut short is named with its sizes, and is replaced by a whole one."""
    raw = empty / "cache" / "MNIST" / "raw"
    raw.mkdir(parents=True)
    (raw / "train-labels-idx1-ubyte").write_bytes(bytes(7))

    assert state("mnist").state == "damaged"
    fetch("mnist")
    assert state("mnist").state == "ready"


@pytest.mark.parametrize("download", [MNIST, CIFAR10], ids=lambda download: download.name)
def test_packed_files_that_lie_in_place_are_handed_to_torchvision(empty, stand_in, download):
    """A classroom without network copies the packed files; they are there when torchvision compares checksums."""
    for name in download.packed:
        (empty / "cache" / name).parent.mkdir(parents=True, exist_ok=True)
        (empty / "cache" / name).write_text("packed")
    stand_in.setenv("WANTS_PACKED", "packed")

    fetch(download.name)
    assert state(download.name).state == "ready"


def test_an_archive_is_named_where_a_download_fails(empty, stand_in):
    """What comes in one archive says where to put that."""
    stand_in.setenv("RAISES", "1")
    with pytest.raises(SetupError, match=f"{empty}/cache/cifar-10-python.tar.gz will do, then fetch again"):
        fetch("cifar10")
    assert left(empty / "cache") == []


def test_a_folder_that_cannot_be_written_is_one_clear_error(empty, stand_in):
    """The text names the dataset and the folder."""
    (empty / "file").write_text("")
    with pytest.raises(
        SetupError, match=rf"mnist cannot be written to {empty}/file/below \(.*\); choose another folder"
    ):
        fetch("mnist", str(empty / "file" / "below"))


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("xor", "'xor' needs no download; those that do are cifar10, mnist, fashion_mnist"),
        ("npz", "'npz' needs no download; those that do are cifar10, mnist, fashion_mnist"),
        ("mnits", "there is no dataset 'mnits'; did you mean 'mnist'?"),
        ("?", f"there is no dataset '?'; the datasets are {', '.join(DATASETS.names)}"),
    ],
)
def test_what_cannot_be_fetched_is_a_usage_error(name, says):
    """Unknown names get a suggestion, datasets without a download the names of those with one."""
    with pytest.raises(UsageError) as caught:
        fetch(name)
    assert says == str(caught.value)


def test_listing_and_fetching_offline_import_no_torch_and_really_ask_torchvision(empty):
    """In a fresh interpreter behind a dead proxy, the real torchvision is asked, fails, and torch was never imported here."""
    code = (
        "import sys; from dlbench.data import fetch, listing; from dlbench.errors import SetupError\n"
        "listing()\n"
        "try: fetch('fashion_mnist', sys.argv[1])\n"
        "except SetupError as error: print(error)\n"
        "print('torch' in sys.modules)"
    )
    dead = dict.fromkeys(("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"), "http://127.0.0.1:9")
    environment = {**os.environ, **dead, "no_proxy": "", "NO_PROXY": ""}
    command = [sys.executable, "-c", code, str(empty / "there")]
    said = subprocess.run(command, capture_output=True, text=True, check=True, env=environment).stdout.splitlines()

    assert said[0].startswith(
        "fashion_mnist could not be fetched: Error downloading train-images-idx3-ubyte.gz: Tried http://"
    )
    assert "Connection refused" in said[0]
    assert said[1:] == ["False"]
    assert left(empty / "there") == []
