"""Hyperparameters that stand in a file of YAML beside a log, as Lightning writes `hparams.yaml`."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import islice
from pathlib import Path
from typing import Any

from dlbench.files import is_file, read_file
from dlbench.imports.log import Remarks, flattened, plain_setting, storable, wrong

FILE = "hparams.yaml"
LONGEST = 1 << 20
"""Bytes of such a file."""
MOST = 1_000
"""Values of such a file, which can name one and the same table again and again."""


def hparams_beside(log: Path, remarks: Remarks) -> dict[str, Any]:
    """The plain values of `hparams.yaml` in a log's folder, flat; none where there is no such file.

    Raises UsageError where it is damaged. Without a library for YAML that is remarked, and there are none.
    """
    path = log.parent / FILE
    if not is_file(path):
        return {}
    try:
        import yaml
    except ImportError:
        remarks.say(f"{FILE} is not read; install what reads it with `pip install 'dlbench[yaml]'`")
        return {}
    try:
        told = yaml.load(read_file(path, LONGEST), _loader())  # noqa: S506  # a subclass of the safe one
    except OSError as error:
        raise wrong(path, None, f"cannot be read: {error.strerror}") from error
    except (yaml.YAMLError, UnicodeDecodeError, ValueError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        why = getattr(error, "problem", None) or "too deep, or no text"
        raise wrong(path, None if mark is None else mark.line + 1, f"is no YAML: {why}") from error
    if told is None:
        return {}
    if not isinstance(told, Mapping):
        raise wrong(path, None, "is no table of hyperparameters")
    values = dict(islice(flattened(told), MOST + 1))
    if len(values) > MOST:
        raise wrong(path, None, f"has more than {MOST:,} values; these are no hyperparameters")
    plain = {storable(name): plain_setting(value) for name, value in values.items()}
    return {name: value for name, value in plain.items() if value is not None}


def _loader() -> Any:
    """The safe loader, for which objects of Python, such as Lightning writes of what is no number, are nothing."""
    import yaml

    class PlainLoader(yaml.SafeLoader):
        """Makes nothing but plain data."""

    def nothing(loader: Any, node: Any) -> None:
        del loader, node

    PlainLoader.add_constructor(None, nothing)
    return PlainLoader
