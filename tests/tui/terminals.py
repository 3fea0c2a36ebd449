"""dlbench in a real terminal: a pseudo-terminal of its own, or tmux; and runs for it to show."""

import fcntl
import os
import pty
import re
import select
import shlex
import signal
import struct
import subprocess
import sys
import termios
import time
from datetime import UTC, datetime

from cli.small_recipe import RECIPE
from launch.launching import fake, speaking
from patience import PATIENCE, wait_for
from synthetic_run import finished, make_plan

from dlbench.launch.sessions import start
from dlbench.run.events import EventWriter
from dlbench.run.folder import create

LEAVES = ("\x1b[?1049l", "\x1b[?1003l", "\x1b[?25h", "\x1b[?2004l")
"""What leaves the alternate screen, the mouse, the hidden cursor and bracketed paste."""


def plain(output):
    """What was written without its escape codes."""
    return re.sub(r"\x1b\[[0-9;?<>$]*[a-zA-Z]", "", output)


def environment(**changes):
    """A terminal in full colour, on this machine, whatever the tests themselves run in."""
    drop = {"NO_COLOR", "COLUMNS", "LINES", "SSH_CONNECTION", "SSH_TTY", "COLORFGBG", "LC_CTYPE", "LANG"}
    kept = {key: value for key, value in os.environ.items() if key not in drop}
    own = {"TERM": "xterm-256color", "COLORTERM": "truecolor", "LC_ALL": "C.UTF-8", "OMP_NUM_THREADS": "1"}
    return {key: value for key, value in (kept | own | changes).items() if value is not None}


def new_run(base, name="small", seeds=2):
    """A run's folder with recipe and plan, before its first event."""
    folder = create(base, name, datetime.now(UTC).astimezone())
    folder.write_recipe(RECIPE)
    folder.write_plan(make_plan(["slow", "fast"], seeds))
    return folder


def finished_run(base):
    """A run that has ended well."""
    folder = new_run(base)
    numbers = {"train_loss": 0.1, "train_accuracy": 1.0, "test_loss": 0.2, "test_accuracy": 0.75}
    with EventWriter(folder.events_file(0, 0)) as events:
        for event in finished(folder.read_plan(), lambda trial: numbers):
            events.write(event["kind"], **{key: value for key, value in event.items() if key not in {"v", "kind"}})
        events.write("end", stack=None, step=None, status="done", error=None, seconds=None)
    return folder


def running_run(base):
    """A run whose worker is at work until someone stops it, and its group of one."""
    folder = new_run(base)
    group = start(folder, launcher=fake("obey"))
    speaking(folder)
    return folder, group


class Terminal:
    """`python ARGUMENTS` on a pseudo-terminal of its own, of which it is the leader."""

    def __init__(self, *arguments, cwd, columns=100, rows=30, before=None, **changes):
        self.pid, self._master = pty.fork()
        if self.pid == 0:
            os.chdir(cwd)
            if before is not None:
                before()
            os.execve(sys.executable, [sys.executable, *arguments], environment(**changes))
        self.output = ""
        self.code = None
        self.resize(columns, rows)

    def resize(self, columns, rows):
        """Make the window another size."""
        fcntl.ioctl(self._master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def press(self, keys):
        """Type."""
        os.write(self._master, keys.encode())

    def signal(self, number):
        """Send a signal to the process."""
        os.kill(self.pid, number)

    def hang_up(self):
        """Close the terminal under the process."""
        os.close(self._master)
        self._master = None

    def wait_for(self, text, *, after=0):
        """Read until a text has been written beyond a place of the output; returns the place behind it."""
        end = time.monotonic() + PATIENCE
        while text not in plain(self.output[after:]):
            assert time.monotonic() < end, f"{text!r} never came: {plain(self.output)[-2000:]!r}"
            if not self._read(0.1):
                raise AssertionError(f"it ended without {text!r}: {plain(self.output)[-2000:]!r}")
        return len(self.output)

    def end(self):
        """Wait until the process has ended; returns its exit code, or minus the signal that ended it."""
        end = time.monotonic() + PATIENCE
        while self.code is None:
            assert time.monotonic() < end, f"it never ended: {self.output[-2000:]!r}"
            if self._master is None or not self._read(0.05):
                pid, status = os.waitpid(self.pid, os.WNOHANG)
                self.code = os.waitstatus_to_exitcode(status) if pid else None
                time.sleep(0.02)
        return self.code

    def close(self):
        """End it whatever it does."""
        if self.code is None:
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
        if self._master is not None:
            os.close(self._master)

    @property
    def is_restored(self):
        """Whether everything that was turned on has been turned off after it."""
        return all(
            self.output.rfind(off) > self.output.rfind(off.replace("l", "h")) or off[-1] == "h" for off in LEAVES
        )

    @property
    def after(self):
        """What was written after the alternate screen was left."""
        return plain(self.output.rpartition("\x1b[?1049l")[2])

    def _read(self, seconds):
        """Read what comes in a moment; False once nobody can write any more."""
        if not select.select([self._master], [], [], seconds)[0]:
            return True
        try:
            piece = os.read(self._master, 1 << 16)
        except OSError:
            return False
        self.output += piece.decode(errors="replace")
        return bool(piece)


class Tmux:
    """A tmux server of its own with one window; the developer's settings are not read, and without this process it ends."""

    def __init__(self, command, *, cwd, columns=100, rows=30):
        self._socket = f"dlbench-{os.getpid()}-{id(self)}"
        words = shlex.join(["sh", "-c", command])
        size = ("-x", str(columns), "-y", str(rows))
        self("-f", "/dev/null", "new-session", "-d", *size, "-c", str(cwd), words)
        here = f"while kill -0 {os.getpid()}; do sleep 1; done"
        self("run-shell", "-b", f"{here}; kill $(tmux -L {self._socket} display -p '#{{pid}}')")

    def __call__(self, *arguments):
        """One command of tmux; returns what it prints."""
        command = ["tmux", "-L", self._socket, *arguments]
        done = subprocess.run(command, capture_output=True, text=True, env=environment(TMUX=None), check=False)
        return done.stdout

    def screen(self):
        """What is on the screen."""
        return self("capture-pane", "-p")

    def wait_for(self, text):
        """Wait until a text is on the screen."""
        wait_for(lambda: text in self.screen(), lambda: f"{text!r}:\n{self.screen()}")
        return self.screen()

    def press(self, *keys):
        """Type keys by tmux's names."""
        self("send-keys", *keys)

    def state(self):
        """(alternate screen, mouse, cursor), each 0 or 1."""
        return self("display", "-p", "#{alternate_on} #{mouse_any_flag} #{cursor_flag}").split()

    def close(self):
        """End the server."""
        self("kill-server")
