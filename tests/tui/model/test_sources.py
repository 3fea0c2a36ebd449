"""Where events come from: a folder that grows, a list."""

from __future__ import annotations

from model_runs import begins, evaluated, make_folder, make_plan, write_events

from dlbench.tui.model.source import FolderSource, ListSource


def test_a_tail_tells_how_much_of_what_was_there_is_read(tmp_path):
    """Opening a long run the share read rises from 0; once all is read there is no share, whatever is written then."""
    folder = make_folder(tmp_path, make_plan())
    write_events(folder, [begins(), *(evaluated(i, [1, 1]) for i in range(300))])
    tail, shares, count = FolderSource(folder), [], 0
    assert tail.progress == 0
    while not tail.over:
        count += len(tail.poll(0.0))
        shares.append(tail.progress)
    assert count == 301
    told = [share for share in shares if share is not None]
    assert told == sorted(told)
    assert 0 < told[0] < 0.05
    assert 0.9 < told[-1] < 1
    assert shares[-1] is None
    write_events(folder, [evaluated(i, [1, 1]) for i in range(2)], worker=1)
    assert len(tail.poll(1.0)) == 2
    assert tail.progress is None
    assert not tail.over


def test_a_tail_of_a_run_that_has_not_begun_waits(tmp_path):
    """Where there is no event yet there is nothing to load; the first one is found when it comes."""
    folder = make_folder(tmp_path, make_plan())
    tail = FolderSource(folder)
    assert tail.poll(1.0) == []
    assert tail.over
    assert tail.progress is None
    write_events(folder, [begins()])
    assert [event["kind"] for event in tail.poll(1.0)] == ["stack"]


def test_memory_hands_out_a_list():
    """A list comes in pieces, with the share that is out, and may grow."""
    memory = ListSource([{"seq": i} for i in range(5)], at_once=2)
    assert [[event["seq"] for event in memory.poll(1.0)] for _ in range(2)] == [[0, 1], [2, 3]]
    assert memory.progress == 0.8
    assert len(memory.poll(1.0)) == 1
    assert memory.over
    assert memory.progress is None
    memory.add([{"seq": 5}])
    assert not memory.over
    assert memory.poll(1.0) == [{"seq": 5}]
