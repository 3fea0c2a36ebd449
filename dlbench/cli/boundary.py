"""The one place where errors become text and exit codes."""

from __future__ import annotations

import errno
import io
import os
import sys
import time
import traceback
from contextlib import suppress
from pathlib import Path

from typer import Exit

from dlbench.cli.options import Options
from dlbench.cli.output import give_up, refused, replace_closed, say
from dlbench.errors import DlbenchError, ExitCode, shortened
from dlbench.words.printable import printable

FULL = {errno.ENOSPC, errno.EDQUOT, errno.EROFS}
"""What the machine says where nothing more can be written."""


def main() -> None:
    """Run the command line and leave the process with one of `ExitCode`."""
    options = Options()
    replace_closed()
    try:
        sys.exit(call(options))
    except DlbenchError as error:
        say_error(str(error))
        sys.exit(error.exit_code)
    except OSError as error:
        if error.errno == errno.EBADF:
            give_up(sys.stdout)
            say_error(str(refused(error)))
            sys.exit(ExitCode.ENVIRONMENT)
        if error.errno not in FULL and not error.filename:
            sys.exit(report_bug(error, debug=options.debug))
        place = f"{shortened(os.fsdecode(error.filename))}: " if error.filename else ""
        remedy = "; free some space and try again" if error.errno in FULL else ""
        say_error(f"{place}{error.strerror}{remedy}")
        sys.exit(ExitCode.ENVIRONMENT)
    except KeyboardInterrupt:  # before a verb could take care of it
        sys.exit(ExitCode.INTERRUPTED)
    except Exception as error:  # noqa: BLE001  # a traceback is for us, a line is for the user
        sys.exit(report_bug(error, debug=options.debug))


def call(options: Options) -> int:
    """Run a verb; what Typer says of a wrong call goes out as all text does."""
    from typer.exceptions import Abort, TyperException

    from dlbench.cli.app import app_for

    try:
        code = app_for(sys.argv[1:])(prog_name="dlbench", obj=options, standalone_mode=False)
    except TyperException as error:
        told = io.StringIO()
        error.show(told)  # type: ignore[attr-defined]  # all that it raises can be shown
        say(told.getvalue().removesuffix("\n"))
        return error.exit_code
    except Abort:
        return ExitCode.INTERRUPTED
    return code if isinstance(code, int) else ExitCode.DONE


def say_error(text: str) -> None:
    """One error on stderr; every further line of it stands as it is, so that `file:line:` can be clicked."""
    with suppress(Exit):  # whoever read stderr has gone
        say(f"error: {text}")


def report_bug(error: Exception, *, debug: bool) -> ExitCode:
    """Tell an error that nobody foresaw in one line, with the place where its traceback was saved."""
    if debug:
        say("".join(traceback.format_exception(error)).removesuffix("\n"))
        return ExitCode.TRIAL_FAILED
    what = f"{type(error).__name__}: {error}".splitlines()[0]
    try:
        place = f"traceback in {save_traceback(error)}"
    except OSError:
        place = "`dlbench --debug ...` shows the traceback"
    say_error(f"this is a bug in dlbench ({what}); {place}")
    return ExitCode.TRIAL_FAILED


def save_traceback(error: Exception) -> Path:
    """Write the traceback and the command into the user's log folder; returns the file."""
    from platformdirs import user_log_path

    folder = user_log_path("dlbench", ensure_exists=True)
    file = folder / f"crash-{time.strftime('%Y%m%d-%H%M%S')}-{os.getpid()}.log"
    lines = traceback.format_exception(error)
    file.write_text(printable(f"command: {sys.argv}\n\n{''.join(lines)}"), encoding="utf-8")
    return file
