"""Add-ons of the Odoo Community Association beside the project's own: fetched once, left out when they cannot be had."""

import os
import re
import shutil

from . import home, python
from .ui import Failure, say

REQUIREMENTS = home.PROJECT / "requirements-oca.txt"
FOLDER = home.HOME / "oca"
ADDONS = FOLDER / "odoo" / "addons"

_PACKAGE = re.compile(r"odoo-addon-(\w+)==")


def wanted():
    """Names of the add-ons that the requirements name."""
    return sorted(_PACKAGE.findall(REQUIREMENTS.read_text()))


def modules():
    """Those of them that are there."""
    return [name for name in wanted() if (ADDONS / name / "__manifest__.py").is_file()]


def versions():
    """What lies in the folder, version by version: databases are built anew when it changes."""
    return sorted(path.stem for path in FOLDER.glob("*.dist-info"))


def install(again=False):
    """Fetch the add-ons, once per content of the requirements. Nothing of the project needs them: a failure is only told.

    :param bool again: try once more what failed before (`./pm setup` does, the other commands go on without)
    """
    content = home.fingerprint(REQUIREMENTS.read_bytes())
    done = home.stamp("oca") or {}
    if done.get("content") == content and (ADDONS.is_dir() if done["fetched"] else not again):
        return
    temporary = home.HOME / "oca.tmp"
    shutil.rmtree(temporary, ignore_errors=True)
    arguments = ["install", "--no-deps", "--progress-bar=off", "--disable-pip-version-check", "--no-input"]
    try:
        python.pip_install([*arguments, f"--target={temporary}", f"-r{REQUIREMENTS}"], "oca", "OCA add-ons", attempts=1)
    except Failure as failure:
        shutil.rmtree(temporary, ignore_errors=True)
        home.set_stamp("oca", {"content": content, "fetched": False})
        kept = "staying with those that are there" if modules() else "going on without"
        say(f"the OCA add-ons could not be fetched, {kept} (./pm setup tries again): {failure}")
        return
    shutil.rmtree(FOLDER, ignore_errors=True)
    os.replace(temporary, FOLDER)
    home.set_stamp("oca", {"content": content, "fetched": True})
