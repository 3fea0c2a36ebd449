from __future__ import annotations

from datetime import UTC, datetime

import pytest

from dlbench.run.folder import RunFolder, create


@pytest.fixture
def folder(tmp_path) -> RunFolder:
    """A new, empty run's folder."""
    return create(tmp_path, "xor", datetime(2026, 11, 23, 15, 30, 12, tzinfo=UTC))
