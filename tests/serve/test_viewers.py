"""Dashboards in this process with pages that tests speak for: no server, no browser."""

import asyncio
from contextlib import AsyncExitStack

import pytest
from pages import SpokenPage, finished_run, opened, seen, viewers_of

from dlbench.serve import viewers as module
from dlbench.tui.app import Dashboard
from dlbench.tui.app_base import AppBase


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A run that has ended."""
    return finished_run(tmp_path_factory.mktemp("runs"))


def test_many_look_and_one_reads(run):
    """Three pages show the run, each with its own cursor; its folder is read by one reader, which goes with the server."""

    async def watch():
        async with viewers_of(run) as (viewers, broken):
            assert viewers.readers.followers == [1]
            async with AsyncExitStack() as stack:
                one, two, _ = [await stack.enter_async_context(opened(viewers)) for _ in range(3)]
                assert viewers.readers.followers == [4]
                one.drawn = two.drawn = ""
                one.type("2")
                await one.shows("Accuracy")
                assert "Accuracy" not in two.drawn
            assert viewers.readers.followers == [1]
        return viewers.readers.followers, broken

    assert asyncio.run(watch()) == ([], [])


KEYS = ("\x1a", "x", "X", " ", ".", ">", "l", "k", "f", "\r", "e", "\r", "s", "8", "7", "i", "\r")
"""All that changes a run, or writes a file where the dashboard is a terminal's, and what would confirm it."""


def test_watching_writes_nothing(run, monkeypatch, tmp_path):
    """Read-only, every key that controls is refused with its reason, and the run's folder stays as it was, to its times."""
    monkeypatch.setattr(AppBase, "is_live", True)
    monkeypatch.chdir(tmp_path)

    async def watch():
        async with viewers_of(run) as (viewers, broken), opened(viewers, (120, 40)) as page:
            for key in KEYS:
                page.type(key)
            await page.shows("it was served without")
            await page.until(lambda one: any("deliver_file_start" in word for word in one.words))
        assert broken == []

    before = seen(run)
    asyncio.run(watch())
    assert seen(run) == before
    assert list(tmp_path.iterdir()) == []


def test_control_is_there_for_who_asked_for_it(tmp_path, monkeypatch):
    """With control allowed the same keys reach the run's folder."""
    monkeypatch.setattr(AppBase, "is_live", True)
    folder = finished_run(tmp_path)
    before = seen(folder)

    async def watch():
        async with viewers_of(folder, read_only=False) as (viewers, broken), opened(viewers, (120, 40)) as page:
            page.type(" ")
            await page.until(lambda _: seen(folder) != before)
        assert broken == []

    asyncio.run(watch())


def test_a_key_closes_one_dashboard_and_no_other(run):
    """`q` ends the dashboard of its page alone, and gives its place back."""

    async def watch():
        async with viewers_of(run) as (viewers, _), opened(viewers) as other:
            async with opened(viewers) as page:
                page.type("q")
                await page.until(lambda one: one.farewell is not None)
            other.drawn = ""
            other.type("2")
            await other.shows("Accuracy")

    asyncio.run(watch())


def test_what_breaks_one_dashboard_breaks_no_other(run, monkeypatch):
    """An error in one is told to whoever serves, and its page is closed; another goes on."""

    def action_theme(self):
        raise ZeroDivisionError("of a test")

    async def watch():
        async with viewers_of(run) as (viewers, broken), opened(viewers) as other:
            async with opened(viewers) as page:
                monkeypatch.setattr(Dashboard, "action_sidebar", action_theme)
                page.type("[")
                await page.until(lambda one: one.farewell is not None)
            assert [type(error) for error in broken] == [ZeroDivisionError]
            other.drawn = ""
            other.type("2")
            await other.shows("Accuracy")

    asyncio.run(watch())


def test_nonsense_ends_its_own_connection(run):
    """Messages that mean nothing are passed over at first; whoever sends no others is left."""

    async def watch():
        async with viewers_of(run) as (viewers, broken), opened(viewers) as page:
            page.said_so_far.put_nowait('["ping", "7"]')
            for _ in range(module.GARBAGE + 1):
                page.said_so_far.put_nowait("\x00{")
            await page.until(lambda one: one.farewell is not None)
            assert page.words == ['["pong", "7"]']
        assert broken == []

    asyncio.run(watch())


def test_hostile_keys_are_survived(run):
    """Pastes without an end, broken sequences, sizes beyond measure and letters of every kind leave a dashboard that answers."""
    odd = ["\x1b[200~" + "x" * 60_000] * 3 + [
        "\x1b",
        "\x1b[",
        "\x1b[<0;99999;99999M",
        "\x1b[999999~",
        "\x1b]52;c;?\x07",
        "\x00\x7f",
        "é𝄞",
    ]

    async def watch():
        async with viewers_of(run) as (viewers, broken), opened(viewers) as page:
            for text in odd:
                page.type(text)
            page.said_so_far.put_nowait('["resize", {"width": 4000000000, "height": 1}]')
            page.said_so_far.put_nowait('["resize", {"width": 90, "height": 30}]')
            page.type("\x1b\x1b1")
            page.drawn = ""
            page.type("4")
            await page.shows("Compare")
        assert broken == []

    asyncio.run(watch())


def test_a_page_that_takes_nothing_is_left(run, monkeypatch):
    """A browser that stands still is given up, with its place, before it fills the memory."""
    monkeypatch.setattr(module, "STALL_SECONDS", 0.01)
    monkeypatch.setattr("dlbench.serve.outlet.LOST", -1)

    class Stuck(SpokenPage):
        async def send(self, data):
            await asyncio.Event().wait()

    async def watch():
        async with viewers_of(run) as (viewers, broken):
            async with asyncio.timeout(60):
                await viewers.show(Stuck(), (100, 30))
            assert viewers.readers.followers == [1]
        assert broken == []

    asyncio.run(watch())
