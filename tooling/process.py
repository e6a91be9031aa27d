"""Starting programs so that none of them outlives a killed pm."""

import ctypes
import os
import signal
import subprocess

try:
    _libc = ctypes.CDLL(None, use_errno=True)
except OSError:  # pragma: no cover - a Python without a dynamic libc
    _libc = None
_PR_SET_PDEATHSIG = 1

# Set by an outer pm, or by the user's own tools: they would change which Odoo or Python is run.
_STRANGERS = (
    "PYTHONPATH",
    "PYTHONHOME",
    "VIRTUAL_ENV",
    "ODOO_RC",
    "OPENERP_SERVER",
    "PGDATABASE",
    "__PYVENV_LAUNCHER__",
)


def die_with_parent():
    """For preexec_fn: a half-done pip or database step must not run on beside the one that resumes it."""
    if _libc:
        _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def environment(**extra):
    # Odoo also takes options from ODOO_…: what is set for another server must not reach the demo.
    env = {k: v for k, v in os.environ.items() if k not in _STRANGERS and not k.startswith("ODOO_")}
    env.update({key: str(value) for key, value in extra.items() if value is not None})
    return env


def run(command, *, log=None, check=False, **options):
    """subprocess.run with output captured, or appended to the file `log`."""
    options.setdefault("env", environment())
    options.setdefault("preexec_fn", die_with_parent)
    if log:
        with open(log, "ab") as stream:
            return subprocess.run(
                [str(part) for part in command], stdout=stream, stderr=subprocess.STDOUT, check=check, **options
            )
    options.setdefault("stdout", subprocess.PIPE)
    options.setdefault("stderr", subprocess.PIPE)
    options.setdefault("text", True)
    return subprocess.run([str(part) for part in command], check=check, **options)
