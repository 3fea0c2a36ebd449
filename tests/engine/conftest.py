"""What tests of the engine share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from dlbench.engine import ways
from dlbench.engine.native.build import Built, library


@pytest.fixture(scope="module", params=["native", "torch"])
def either_way(request: pytest.FixtureRequest) -> Iterator[str]:
    """All of a file is tested twice: as the plan has it, and as on a machine where the native loop cannot be built."""
    with pytest.MonkeyPatch.context() as patch:
        if request.param == "torch":
            patch.setattr(ways, "library", lambda: Built(None, "a test trains by torch"))
        elif library().train is None:
            pytest.skip(library().says)
        yield request.param
