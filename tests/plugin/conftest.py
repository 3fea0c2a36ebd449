"""Folders of recipes for sessions of the plugin."""

import re
from pathlib import Path

import pytest
from endings import end_all_that_name

PAGE = (Path(__file__).parents[2] / "docs" / "testing-recipes.md").read_text(encoding="utf-8")


@pytest.fixture(scope="session")
def page():
    """The first block of each language on the page on testing recipes."""
    blocks = re.findall(r"^```(\w+)\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    return {language: text for language, text in reversed(blocks) if language != "sh"}


@pytest.fixture
def own_folder(tmp_path):
    """A folder for a session that may be left in its middle: what still works in it when the test ends is killed."""
    yield tmp_path
    end_all_that_name(tmp_path)
