"""Write the three questions of docs/diagnosis.md, with what the commands print: `python docs/make_questions.py`, minutes."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

HERE = Path(__file__).parent
PAGE = HERE / "diagnosis.md"
BEGIN, END = "<!-- the questions begin -->\n", "<!-- the questions end -->\n"
QUESTIONS = {
    "stuck-at-0693": "The loss is stuck at 0.693",
    "ten-percent": "Accuracy is 0.1 on ten digits",
    "all-the-same": "All predictions are the same",
}
"""The recipe of each question, and what is asked."""
ANSWERS = {
    "stuck-at-0693": """\
0.693 is ln 2, what guessing costs between two classes. The net does not guess because it has learned that, it has
learned nothing: six layers of sigmoids have taken the gradient away before it reaches the first one.""",
    "ten-percent": """\
One digit in ten is what guessing gets right. Here the rate is one that plain descent may take and Adam may not: the
first steps throw the units to where they are off for every sample, and an off unit has no gradient. With MNIST itself,
where it is on the machine, behind `run`: `--set 'data={kind="mnist",validation=5000}' --set train.epochs=1`; the
finding and its remedy are the same.""",
    "all-the-same": """\
The net answers with the shares of the classes, whatever it sees: its weights are hardly there any more, and only the
last biases are left to learn. What keeps them small is stronger than what the loss asks for.""",
}


def printed(folder: Path, *words: str) -> str:
    """What a command prints on stdout."""
    environment = os.environ | {"COLUMNS": "100", "NO_COLOR": "1", "LC_ALL": "C.UTF-8"}
    command = [sys.executable, "-m", "dlbench", *words]
    done = subprocess.run(command, cwd=folder, env=environment, check=True, stdout=subprocess.PIPE, text=True)
    return "\n".join(line.rstrip() for line in done.stdout.strip().splitlines())


def answered(name: str, folder: Path) -> str:
    """One question: the recipe, the commands, what they print, and the recipe once it is mended."""
    recipe = (HERE / "questions" / f"{name}.toml").read_text(encoding="utf-8")
    file = folder / f"{name}.toml"
    file.write_text(recipe, encoding="utf-8")
    printed(folder, "run", file.name, "--display", "none")
    diagnosed = printed(folder, "diagnose", name)
    tried = printed(folder, "try", name, "--display", "none")
    patch = tried.partition("As a variant of the recipe:\n")[2].strip()
    file.write_text(f"{recipe}\n[variants.base]\n\n{patch}\n", encoding="utf-8")
    again = printed(folder, "run", file.name, "--display", "none").partition("\n\n")[0]
    return "\n\n".join(
        [
            f"### {QUESTIONS[name]}",
            f"```toml\n{recipe.strip()}\n```",
            f"```console\ndlbench run {file.name}\ndlbench diagnose {name}\n```",
            f"```text\n{diagnosed}\n```",
            ANSWERS[name],
            f"```console\ndlbench try {name}\n```",
            f"```text\n{tried}\n```",
            "With these lines, and `[variants.base]` to keep the old net beside it, `dlbench run` compares the two:",
            f"```text\n{again}\n```",
        ]
    )


def main() -> None:
    """Put the questions between the marks of the page."""
    with TemporaryDirectory() as folder:
        told = "\n\n".join(answered(name, Path(folder)) for name in QUESTIONS)
    before, _, rest = PAGE.read_text(encoding="utf-8").partition(BEGIN)
    PAGE.write_text(f"{before}{BEGIN}\n{told}\n\n{END}{rest.partition(END)[2]}", encoding="utf-8")


if __name__ == "__main__":
    main()
