"""`dlbench run --until-decided`: seeds are added, a batch at a time, until each claim is confirmed or refuted."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from threading import Event, Thread
from typing import TYPE_CHECKING

from dlbench.analysis.claims import Verdict
from dlbench.analysis.claims.looks import is_decided_by_sequence
from dlbench.analysis.summary import folded, verdicts_of
from dlbench.cli.dashboard import Left, way_back
from dlbench.cli.messages import command, counted
from dlbench.cli.output import say
from dlbench.errors import UsageError
from dlbench.launch import sessions
from dlbench.launch.apart import start_apart
from dlbench.launch.choosing import HERE, Place
from dlbench.launch.status import alive, status
from dlbench.metrics.names import ENSEMBLE
from dlbench.metrics.trial_view import Status
from dlbench.plan import FIRST_LOOK, UntilDecided
from dlbench.plan.growth import MOST_SEEDS, grown, next_number, planned_seeds, seeds_of
from dlbench.run.adding import adding, is_adding
from dlbench.state.growth import grow

if TYPE_CHECKING:
    from dlbench.launch.sessions import WorkerGroup
    from dlbench.plan import Plan
    from dlbench.recipe.model import Recipe
    from dlbench.run.folder import RunFolder
    from dlbench.state.run_state import RunState

POLL_SECONDS = 0.5
ENDED = frozenset({Status.OK, Status.DIVERGED, Status.DROPPED})
"""How trials end after which seeds may be added: one that failed, or was stopped, is for somebody to look at first."""


def begun(recipe: Recipe, most: int | None) -> tuple[Recipe, UntilDecided]:
    """The recipe with its first seeds, and how further ones are added; raises UsageError where no claim waits for seeds."""
    require_claims(recipe)
    wish = UntilDecided(sorted(recipe.seeds), MOST_SEEDS if most is None else most)
    return recipe.with_seeds(seeds_of(wish, FIRST_LOOK)), wish


def require_claims(recipe: Recipe) -> None:
    """Raise UsageError where no claim waits for seeds."""
    claims = recipe.questions.claims
    if any(map(is_decided_by_sequence, claims)):
        return
    why = "none of its claims is decided sequentially" if claims else "it has none; write some as [[claims]]"
    if any(claim.metric in ENSEMBLE for claim in claims):
        why = "of ensembles no method is known that holds however often one looks; train a fixed number with --seeds"
    raise UsageError(f"{recipe.name}: --until-decided adds seeds until the recipe's claims are decided, and {why}")


def wished(plan: Plan, most: int | None) -> UntilDecided:
    """How seeds are added to a run that has some; raises UsageError where it has more than it may."""
    seeds = planned_seeds(plan)
    wish = plan.until_decided or UntilDecided(seeds, MOST_SEEDS)
    wish = wish if most is None else replace(wish, most=most)
    if len(seeds) > wish.most:
        raise UsageError(f"--max-seeds {wish.most}: the run has {len(seeds)} seeds already")
    return wish


@dataclass(frozen=True)
class SeedAdder:
    """Adds seeds to a run whose workers have ended; `tell` is told what is decided and what comes next."""

    folder: RunFolder
    recipe: Recipe
    tell: Callable[[str], None]
    place: Place = HERE

    def extend(self, state: RunState) -> bool:
        """Plan a further batch, in the folder and in the state, where a claim is open and seeds are left; whether there is one."""
        plan = self.folder.read_plan()
        wish, seeds = plan.until_decided, planned_seeds(plan)
        if wish is None or any(trial.status not in ENDED for trial in state.trials):
            return False
        verdicts = verdicts_of(state, self.recipe.questions, self.folder)
        added = seeds_of(wish, next_number(len(seeds), wish.most))[len(seeds) :]
        self.tell(standing(verdicts, len(seeds), added))
        if not added or not waiting(verdicts):
            return False
        larger = grown(plan, added)
        with self.folder.lock():
            self.folder.write_recipe(self.recipe.with_seeds([*seeds, *added]).to_toml())
            self.folder.write_plan(larger)
        grow(state, larger, solved=self.recipe.questions.compare.solved)
        return True

    def more(self, state: RunState) -> WorkerGroup | None:
        """The workers of a further batch; `None` where there is none."""
        return sessions.resume(self.folder, launcher=self.place.launcher) if self.extend(state) else None


def waiting(verdicts: Sequence[Verdict]) -> list[Verdict]:
    """The claims that more seeds can decide."""
    return [verdict for verdict in verdicts if verdict.looks and verdict.looks.is_open]


def standing(verdicts: Sequence[Verdict], seeds: int, added: Sequence[int]) -> str:
    """`after 5 seeds 2 of 3 claims are decided, open: 'it learns'; seeds 5-6 are added`."""
    found, left = [one for one in verdicts if one.looks], waiting(verdicts)
    decided = sum(one.looks is not None and one.looks.decided_after is not None for one in found)
    told = (
        f"after {seeds} seeds {decided} of {counted(len(found), 'claim')} {'is' if len(found) == 1 else 'are'} decided"
    )
    if not left:
        return told
    names = ", ".join(f"'{one.says}'" for one in left)
    comes = f"seeds {added[0]}-{added[-1]} are added" if added else f"no more than {seeds} seeds are allowed"
    return f"{told}, open: {names}; {comes}"


def further(plan: Plan, folder: RunFolder) -> str:
    """How to add seeds to a run with open claims."""
    seeds, most = len(planned_seeds(plan)), plan.until_decided.most if plan.until_decided else MOST_SEEDS
    words = ("run", "--resume", folder)
    if seeds < most:
        return f"claims are open; continue with `{command(*words)}`"
    return f"claims are open after {seeds} seeds; allow more with `{command(*words, '--max-seeds', str(2 * most))}`"


def continued(folder: RunFolder, recipe: Recipe, most: int | None, tell: Callable[[str], None]) -> None:
    """Plan the seeds by which a run goes on, whose first ones may be under way; `most` are allowed, or as many as before.

    Raises UsageError where somebody else adds seeds, and where no claim waits for any.
    """
    if is_adding(folder):
        raise UsageError(
            f"another process is adding seeds to {folder.name}; watch it with 'dlbench watch {folder.path}'"
        )
    plan = folder.read_plan()
    if plan.until_decided is None:
        require_claims(recipe)
    wish = wished(plan, most)
    if wish != plan.until_decided:
        with folder.lock():
            folder.write_plan(replace(plan, until_decided=wish))
    while plan.until_decided and alive(folder):
        time.sleep(POLL_SECONDS)
    if status(folder).unfinished:
        return
    state = folded(folder, solved=recipe.questions.compare.solved)
    if not SeedAdder(folder, recipe, tell).extend(state):
        raise UsageError(
            f"{folder.name}: no claim waits for seeds that are allowed, so there is nothing to resume; "
            f"show it with 'dlbench table {folder.path}', allow more seeds with --max-seeds"
        )


class AddingThread(Thread):
    """Adds seeds while a dashboard is open, from its making on."""

    def __init__(self, folder: RunFolder, recipe: Recipe, group: WorkerGroup, place: Place) -> None:
        super().__init__(name="adding seeds", daemon=True)
        self._folder, self._place = folder, place
        self._solved = recipe.questions.compare.solved
        # The screen is the dashboard's.
        self._adder = SeedAdder(folder, recipe, lambda _: None)
        self._stopping = Event()
        self.group = group
        """The workers of the last batch."""
        self._is_over = False
        self._failure: Exception | None = None
        self.start()

    def run(self) -> None:
        """Wait for one batch after the other."""
        try:
            with adding(self._folder):
                while not (self._stopping.is_set() or self._is_over):
                    if self.group.wait(POLL_SECONDS) and not self._stopping.is_set():
                        self._next()
        except Exception as error:  # noqa: BLE001  # it is raised where the dashboard is closed
            self._failure = error

    def _next(self) -> None:
        if self._adder.extend(folded(self._folder, solved=self._solved)):
            self.group = sessions.resume(self._folder, attended=True, launcher=self._place.launcher)
        else:
            self._is_over = True

    def close(self, left: Left) -> Left:
        """What the run has come to; where the dashboard was left before its last seeds, another process goes on with it."""
        self._stopping.set()
        self.join()
        if self._failure is not None:
            raise self._failure
        if not self._is_over:
            leave(self._folder, self._place)
            if left.state is not None:
                say(way_back(self._folder))
            return replace(left, state=None)
        return left if left.state is None else replace(left, state=folded(self._folder, solved=self._solved))


def leave(folder: RunFolder, place: Place = HERE) -> None:
    """Have a process of its own train the run, or wait for its workers, and add seeds, without a terminal."""
    start_apart(
        ["run", "--resume", str(folder.path), "--display", "none", *place.words], folder.path / "console-adding.log"
    )
