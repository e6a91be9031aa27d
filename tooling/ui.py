"""What the user sees: steps with elapsed time, progress of long ones, failures in one sentence."""

import contextlib
import os
import sys
import threading
import time

_started = time.monotonic()
_TTY = sys.stderr.isatty()


class Failure(Exception):
    """A failure the user can do something about: what happened, and the remedy."""

    def __init__(self, what, remedy="", detail=""):
        super().__init__(what)
        self.what, self.remedy, self.detail = what, remedy, detail

    def __str__(self):
        text = self.what.rstrip(".") + "."
        return f"{text} {self.remedy}".strip()


def say(text):
    """One line on stderr (stdout stays free for what a command prints as its result)."""
    line = f"[{time.monotonic() - _started:4.0f} s] {text}"
    print(f"\r\033[K\033[1m{line}\033[0m" if _TTY else line, file=sys.stderr, flush=True)


def mib(size):
    return f"{size / 1048576:.0f} MB"


@contextlib.contextmanager
def progress(text, state=None):
    """Announce a long step, and show from time to time how far it is.

    state: a function returning a short text such as "45 of 117 MB"; without it only the time is shown.
    """
    say(text)
    began, stop = time.monotonic(), threading.Event()

    def show():
        pause = 1 if _TTY else 10
        while not stop.wait(pause):
            with contextlib.suppress(OSError):
                line = f"         … {time.monotonic() - began:.0f} s {state() if state else ''}".rstrip()
                print(f"\r\033[K{line}" if _TTY else line, end="" if _TTY else "\n", file=sys.stderr, flush=True)

    thread = threading.Thread(target=show, daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()
        if _TTY:
            print("\r\033[K", end="", file=sys.stderr, flush=True)


def report(failure):
    if failure.detail:
        print(failure.detail.rstrip(), file=sys.stderr)
    text = f"pm: {failure}"
    print(f"\033[31m{text}\033[0m" if _TTY else text, file=sys.stderr, flush=True)


def tail(path, lines=15, needles=()):
    """The last lines of a log; with needles, what follows the last line that holds one of them."""
    try:
        text = path.read_text(errors="replace").splitlines()
    except OSError:
        return ""
    hits = [i for i, line in enumerate(text) if any(needle in line for needle in needles)]
    if hits:
        # The error and its traceback, without what Odoo says of itself afterwards.
        text = [line for line in text[hits[-1] :] if " INFO " not in line]
        if len(text) > lines:
            text = [text[0], "    ...", *text[-lines:]]
    return os.linesep.join(text[-lines - 2 :])
