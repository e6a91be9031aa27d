"""Where things are: the project, .odoo/, stamps of finished steps, locks."""

import contextlib
import fcntl
import hashlib
import json
import os
import shutil
import tempfile
from pathlib import Path

from .ui import Failure, say

PROJECT = Path(__file__).resolve().parent.parent
HOME = PROJECT / ".odoo"
LOGS = HOME / "logs"
BIN = HOME / "bin"
VENV = HOME / "venv"
ROOT = HOME / "root"  # the unpacked Odoo
FONTS = HOME / "fonts"
DATA = HOME / "data"  # Odoo's data_dir: file store, sessions
MAIL = HOME / "mail"
SMS = HOME / "sms"
SCREENSHOTS = HOME / "screenshots"
STATE = HOME / "state"
TEMPORARY = HOME / "tmp"


# They separate paths in the settings of Odoo, PostgreSQL and the shell, or mean something there.
_TROUBLE = frozenset(",:;\"'\\%$`\n")


def prepare():
    """Make .odoo/ with its own .gitignore."""
    bad = sorted(_TROUBLE.intersection(str(HOME)))
    if bad:
        raise Failure(
            f"the project lies in {PROJECT}, and Odoo cannot work with the character {bad[0]!r} in a path",
            "Move the project to a folder without it.",
        )
    try:
        for folder in (HOME, LOGS, BIN, STATE, MAIL, SMS):
            folder.mkdir(parents=True, exist_ok=True)
        ignore = HOME / ".gitignore"
        if not ignore.exists():
            ignore.write_text("*\n")
    except PermissionError as error:
        raise Failure(
            f"{error.filename} cannot be written",
            "Work as the owner of this folder, or make a clone of your own.",
        ) from error


def no_space():
    return Failure(
        f"the disk that holds {HOME} is full",
        "Free some space and start the same command again: what is complete is kept.",
    )


def is_full(said=""):
    """True if a program failed for want of space: it said so, or could not even write that down."""
    return "No space left" in said or shutil.disk_usage(HOME).free < 16 * 1048576


def need_space(megabytes, what, folder=None):
    folder = folder or HOME
    free = shutil.disk_usage(folder).free // 1048576
    if free < megabytes:
        raise Failure(
            f"{what} needs about {megabytes} MB, and only {free} MB are free where {folder} lies",
            "Free some space, or move the project to a larger disk, and start the same command again.",
        )


def fingerprint(*parts):
    """A short hash of texts, bytes and JSON-able values."""
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part if isinstance(part, bytes) else json.dumps(part, sort_keys=True).encode())
        digest.update(b"\0")
    return digest.hexdigest()[:16]


def write(path, text, mode=None):
    """Write a whole file or nothing of it."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    with open(temporary, "w", opener=lambda p, f: os.open(p, f, mode or 0o666)) as stream:
        stream.write(text)
    os.replace(temporary, path)


def stamp(name):
    """The value a finished step left behind, None while it is not finished."""
    try:
        return json.loads((STATE / name).read_text())
    except (OSError, ValueError):
        return None


def set_stamp(name, value):
    write(STATE / name, json.dumps(value, indent=1, sort_keys=True))


def clear_stamp(name):
    (STATE / name).unlink(missing_ok=True)


@contextlib.contextmanager
def lock(name, shared=False):
    """Hold a lock that dies with this process; say so while waiting for another one."""
    path = STATE / f"{name}.lock"
    with open(path, "a+") as stream:
        kind = fcntl.LOCK_SH if shared else fcntl.LOCK_EX
        try:
            fcntl.flock(stream, kind | fcntl.LOCK_NB)
        except BlockingIOError:
            stream.seek(0)
            say(f"waiting for another pm (process {stream.read().strip() or '?'}) that is at work on the same thing")
            fcntl.flock(stream, kind)
        if not shared:
            stream.truncate(0)
            stream.write(str(os.getpid()))
            stream.flush()
        yield


def link_tree(source, target):
    """Copy a folder by hard links: the files of a file store are never changed in place."""
    shutil.rmtree(target, ignore_errors=True)
    if source.is_dir():
        shutil.copytree(source, target, copy_function=os.link)


@contextlib.contextmanager
def temporary():
    """A folder for the time of a command; those that killed commands left behind are removed."""
    TEMPORARY.mkdir(exist_ok=True)
    for old in TEMPORARY.iterdir():
        if not Path(f"/proc/{old.name.partition('-')[0]}").exists():
            shutil.rmtree(old, ignore_errors=True)
    with tempfile.TemporaryDirectory(dir=TEMPORARY, prefix=f"{os.getpid()}-", ignore_cleanup_errors=True) as folder:
        yield Path(folder)
