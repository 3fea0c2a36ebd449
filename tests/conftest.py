"""What holds for every test: the same environment wherever they run, and no deadline on a slow machine."""

import os

import pytest
from hypothesis import settings

settings.register_profile("patient", deadline=None)
settings.load_profile("patient")

COLORS = {"NO_COLOR", "FORCE_COLOR"}


@pytest.fixture(scope="session", autouse=True)
def plain_environment():
    """Nothing of the caller's shell: 80 columns, no wishes about colours, of dlbench's variables only where data lies."""
    ours = {name for name in os.environ if name.startswith("DLBENCH_")} - {"DLBENCH_DATA"}
    with pytest.MonkeyPatch.context() as patch:
        for name in COLORS | ours:
            patch.delenv(name, raising=False)
        patch.setenv("COLUMNS", "80")
        yield
