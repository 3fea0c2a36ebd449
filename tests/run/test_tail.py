"""Following a file whose last line has no end."""

from dlbench.run import tail


def test_a_line_without_end_is_handed_out_once_and_ends_the_reading(tmp_path, monkeypatch):
    """Of a line longer than any of ours so much is handed out as tells that it is none, and nothing behind it is read."""
    monkeypatch.setattr(tail, "LONGEST_LINE", 10)
    file = tmp_path / "log"
    file.write_bytes(b"first\n" + b"\0" * 1000 + b"\nlast\n")
    found = tail.Tail(file)

    assert list(found.lines()) == [b"first\n", b"\0" * 10]
    assert list(found.lines()) == []
    assert found.offset == 6


def test_a_line_as_long_as_may_be(tmp_path, monkeypatch):
    """A line of just so many bytes, its newline among them, is one."""
    monkeypatch.setattr(tail, "LONGEST_LINE", 6)
    file = tmp_path / "log"
    file.write_bytes(b"first\nlast\n")

    assert list(tail.Tail(file).lines()) == [b"first\n", b"last\n"]
