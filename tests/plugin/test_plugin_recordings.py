"""Questions on recordings are test items: each claim is judged by the recordings that are there, and nothing is trained."""

import pytest
from plugin_session import session
from recorded_runs import group

from dlbench.pytest_plugin.finding import is_questions, is_recipe

CLAIM = """
[[claims]]
says = "{says}"
source = "{source}"
variant = "{variant}"
metric = "bleu"
{condition}
"""


def claim(says, condition, source="measured", variant="he"):
    """A claim on `bleu`."""
    return CLAIM.format(says=says, source=source, variant=variant, condition=condition)


CLAIMS = "".join(
    [
        claim("he reads well", "at_least = 20.0"),
        claim("he reads like a poet", "at_least = 90.0"),
        claim("the book says poets", "at_least = 90.0", source="lecture"),
        claim("xavier is much worse", 'better_than = "xavier"\nby = 5.0'),
    ]
)
BETTER = '[compare]\nmetric = "bleu"\nbetter = { bleu = "higher" }\n'


@pytest.fixture(scope="module")
def judged(tmp_path_factory):
    """A session over a folder with a group of recordings and files of questions on it, and on others."""
    folder = tmp_path_factory.mktemp("judged")
    mine = group(folder / "results")[0].path.parent
    files = {
        "asked.toml": f'recordings = "results/mine"\n{BETTER}{CLAIMS}',
        "results/mine/beside.toml": claim("he reads well beside", "at_least = 20.0"),
        "ended.toml": 'recordings = "results/mine"\n',
        "none.toml": f'recordings = "results/yours"\n{claim("nobody reads", "at_least = 20.0")}',
        "slip.toml": f'recordings = "results/mine"\n{claim("hee reads", "at_least = 20.0", variant="hee")}',
        "nowhere.toml": claim("who reads", "at_least = 20.0"),
    }
    for name, text in files.items():
        (folder / name).write_text(text)
    return mine, session(folder, ".", "--continue-on-collection-errors")


def test_a_claim_passes_or_fails_as_the_recordings_say(judged):
    """Confirmed passes, refuted fails with its numbers and what shows them, what the lecture says fails as expected."""
    mine, found = judged

    assert found.items["he reads well"] == ("passed", "")
    outcome, said = found.items["he reads like a poet"]
    assert (outcome, "refuted: bleu 2" in said, f"dlbench table {mine}" in said) == ("failure", True, True)
    assert "asked.toml:13" in said
    assert found.items["the book says poets"][0] == "xfailed"
    assert found.items["xavier is much worse"][0] in {"skipped", "failure"}
    assert found.items["runs"] == ("passed", "")
    assert "recipes are trained" not in found.out


def test_a_file_beside_the_recordings_asks_of_them(judged):
    """What lies in the folder of the name need not say so."""
    assert judged[1].items["he reads well beside"] == ("passed", "")


def test_what_is_not_there_is_told(judged):
    """Recordings that are not made yet are lacking, as data are; a slip in a name is an error, and so is a file without a name."""
    items = judged[1].items

    assert items["nobody reads"][0] == "skipped"
    assert "results/yours: nothing is recorded there" in items["nobody reads"][1]
    assert items["hee reads"][0] == "error"
    assert "claims[0].variant: no variant is called 'hee' so far; did you mean 'he'?" in items["hee reads"][1]
    assert 'such as recordings = "results/NAME"' in judged[1].out


@pytest.mark.parametrize(
    ("text", "in_a_folder", "named"),
    [
        ('recordings = "results/mine"\n', True, True),
        (CLAIMS, True, True),
        (BETTER, False, True),
        ("", False, False),
        ('[data]\nkind = "xor"\n' + CLAIMS, False, False),
        ("#:schema ./recipe.schema.json\n" + CLAIMS, False, False),
        ("recordings = [", False, False),
    ],
)
def test_questions_are_told_by_their_sections(tmp_path, text, in_a_folder, named):
    """Sections of questions alone, and a claim or the name of recordings; a recipe is none, whatever it claims."""
    path = tmp_path / "some.toml"
    path.write_text(text)

    assert (is_questions(path), is_questions(path, is_named=True)) == (in_a_folder, named)
    assert not (is_recipe(path) and text.startswith(("recordings", "[compare]")))
