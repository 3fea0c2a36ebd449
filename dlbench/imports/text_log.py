"""What logs of one file of text have in common: the file, and `hparams.yaml` beside it where there is one."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

from dlbench.imports.hparams import hparams_beside
from dlbench.imports.log import Remarks, checksums_of, path_text


@dataclass
class TextLog:
    """A log of one file; a format says how its rows are read, and whether those before the first step tell of it as a whole."""

    path: Path
    files: list[Path] = field(init=False)
    hparams: dict[str, Any] = field(init=False)
    remarks: Remarks = field(default_factory=Remarks)
    columns: list[str] = field(default_factory=list)
    has_failed: ClassVar[bool] = False
    begins_with_hparams: ClassVar[bool] = False
    part: ClassVar[str] = ""
    names: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Look beside the file."""
        self.files = [self.path]
        self.hparams = hparams_beside(self.path, self.remarks)

    @property
    def label(self) -> str:
        """Its path."""
        return path_text(self.path)

    def checksums(self) -> list[dict[str, str]]:
        """Of its file."""
        return checksums_of(self.files)
