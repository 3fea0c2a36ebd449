"""What the shell offers behind a verb. Only names of files are read, so that TAB answers at once.

Names that a terminal would obey are left out: as escapes they would name nothing.
"""

from __future__ import annotations

from pathlib import Path

RESULTS = Path("results")
"""Where runs land unless `--out` says otherwise."""


def recipes(incomplete: str) -> list[str]:
    """Names of shipped recipes, then folders and TOML files that begin so."""
    from dlbench.recipe import shipped_recipes

    return [path.stem for path in shipped_recipes() if path.stem.startswith(incomplete)] + _files(incomplete, ".toml")


def _files(incomplete: str, *endings: str) -> list[str]:
    """Folders, and files of these endings, that begin so."""
    paths = (f"{path}/" if path.is_dir() else str(path) for path in sorted(Path().glob(f"{incomplete}*")))
    return [path for path in paths if path.endswith((*endings, "/")) and path.isprintable()]


def new(incomplete: str) -> list[str]:
    """What a recipe can be written for: data here, datasets that come along, shipped recipes."""
    from dlbench.parts.datasets import DATASETS
    from dlbench.recipe import shipped_recipes

    names = [part.name for part in DATASETS if part.traits["origin"] != "file"]
    names += [path.stem for path in shipped_recipes()]
    tables = _files(incomplete, ".csv", ".tsv", ".txt", ".npz")
    return [name for name in names if name.startswith(incomplete)] + tables


def runs(incomplete: str) -> list[str]:
    """`latest` and the runs in the usual folder, newest first, as `recipe/time`."""
    from dlbench.run.folder import find_runs

    found = [run.name for run in find_runs(RESULTS) if run.name.isprintable()]
    return [name for name in (["latest", *found] if found else []) if name.startswith(incomplete)]


def parts(incomplete: str) -> list[str]:
    """Names of sections, of catalogues and of parts."""
    from dlbench.parts import CATALOGS
    from dlbench.recipe.changes import PATCHES
    from dlbench.recipe.sections import FRAME
    from dlbench.recipe.training import TRAINING

    names = {part.name for catalog in CATALOGS.values() for part in catalog}
    return sorted(
        name
        for name in {"sections", *FRAME, *TRAINING, *PATCHES, *CATALOGS, "metrics", *names}
        if name.startswith(incomplete)
    )


def downloads(incomplete: str) -> list[str]:
    """Names of the datasets that can be fetched."""
    from dlbench.parts.datasets import DATASETS

    return [part.name for part in DATASETS if "download" in part.traits and part.name.startswith(incomplete)]


def formats(incomplete: str) -> list[str]:
    """Names of the formats that a report can be written in."""
    from dlbench.cli.nets import FORMAT
    from dlbench.export import EXPORTERS, WRITERS

    return [name for name in (*EXPORTERS.names, *WRITERS.names, FORMAT) if name.startswith(incomplete)]


def tables(incomplete: str) -> list[str]:
    """Names of the tables of a run that are written for programs."""
    from dlbench.export import RECORDS

    return [name for name in RECORDS.names if name.startswith(incomplete)]


def plots(incomplete: str) -> list[str]:
    """Names of the pictures that can be drawn of a run."""
    from dlbench.export.plots import PLOTS

    return [name for name in PLOTS.names if name.startswith(incomplete)]


def log_formats(incomplete: str) -> list[str]:
    """Names of the formats of logs that can be imported."""
    from dlbench.imports.sources import FORMATS

    return [name for name in FORMATS if name.startswith(incomplete)]
