"""Chromium for the browser tests: the machine's own, or unpacked into .odoo/."""

import os
import shutil

from . import apt, home
from .ui import Failure

_NAMES = ("google-chrome", "chromium", "chromium-browser", "google-chrome-stable")  # those Odoo looks for
_WRAPPER = """\
#!/bin/sh
LD_LIBRARY_PATH='{libraries}' exec '{root}/usr/lib/chromium/chromium' "$@"
"""


def find():
    """Path of a chromium, or None."""
    named = os.environ.get("PM_CHROMIUM")
    if named:
        if not os.access(named, os.X_OK):
            raise Failure(f"PM_CHROMIUM={named} is no program", "Name a chromium, or unset it.")
        return named
    own = home.BIN / "chromium"
    installed = next((path for name in _NAMES if (path := shutil.which(name))), None)
    return installed or (str(own) if own.exists() else None)


def need():
    """Path of a chromium, fetched if there is none (about 190 MB)."""
    path = find()
    if path:
        return path
    root = apt.closure("chromium", "Chromium for the browser tests (this machine has none)", "chromium", space=1500)
    home.write(home.BIN / "chromium", _WRAPPER.format(libraries=apt.library_path(root), root=root), mode=0o777)
    return find()
