"""The virtual environment with the pinned requirements."""

import shutil
import subprocess
import sys

from . import home
from .process import die_with_parent, environment, run
from .ui import Failure, progress, tail

VENV_PYTHON = home.VENV / "bin" / "python"
RUNTIME = home.PROJECT / "requirements.txt"
DEVELOPMENT = home.PROJECT / "requirements-dev.txt"


def _works(*command):
    return run(command).returncode == 0


def _create():
    if _works(VENV_PYTHON, "-c", "") if VENV_PYTHON.exists() else False:
        return
    shutil.rmtree(home.VENV, ignore_errors=True)
    with progress(f"virtual environment with Python {sys.version.split()[0]}"):
        if not _works(sys.executable, "-m", "venv", home.VENV):
            # Debian keeps ensurepip in python3-venv; without it the machine's own pip can do the work.
            shutil.rmtree(home.VENV, ignore_errors=True)
            result = run([sys.executable, "-m", "venv", "--without-pip", home.VENV])
            if result.returncode:
                raise Failure(
                    "the virtual environment could not be made", "Install python3-venv and start again.", result.stderr
                )


def _pip():
    if _works(VENV_PYTHON, "-m", "pip", "--version"):
        return [VENV_PYTHON, "-m", "pip"]
    if _works(sys.executable, "-m", "pip", "--python", VENV_PYTHON, "--version"):
        return [sys.executable, "-m", "pip", "--python", VENV_PYTHON]
    raise Failure(
        f"{sys.executable} has neither ensurepip nor pip",
        "Install the package python3-venv or python3-pip and start again.",
    )


def install(name, *requirements, title, target=None):
    """Install requirement files into the environment (or into the folder target), once per content."""
    wanted = [home.fingerprint(path.read_bytes()) for path in requirements] + [sys.version.split()[0]]
    if home.stamp(name) == wanted and VENV_PYTHON.exists():
        return
    home.need_space(600, title)
    _create()
    arguments = ["install", "--prefer-binary", "--progress-bar=off", "--disable-pip-version-check", "--no-input"]
    arguments += ["--target", str(target), "--upgrade"] if target else []
    pip_install([*arguments, "wheel", *(f"-r{path}" for path in requirements)], name, title)
    home.set_stamp(name, wanted)


def pip_install(arguments, name, title, attempts=3):
    """Run pip, showing how many packages it has got so far."""
    pip = _pip()
    log = home.LOGS / f"pip-{name}.log"
    seen = set()
    with progress(title, lambda: f"{len(seen)} packages so far"):
        for _attempt in range(attempts):
            with open(log, "w") as stream:
                process = subprocess.Popen(
                    [str(word) for word in (*pip, *arguments)],
                    stdout=subprocess.PIPE,
                    stderr=subprocess.STDOUT,
                    text=True,
                    env=environment(PIP_REQUIRE_VIRTUALENV="0", PIP_USER="0"),
                    preexec_fn=die_with_parent,
                )
                for line in process.stdout:
                    stream.write(line)
                    if line.startswith(("Collecting", "Requirement already")):
                        seen.add(line.split()[1])
            if process.wait() == 0:
                return
            if home.is_full(log.read_text(errors="replace")):
                raise home.no_space()
    text = log.read_text(errors="replace")
    # An index that does not answer makes pip say "no matching distribution" as well: "from versions: none".
    offline = any(word in text for word in ("Retrying", "Connection refused", "from versions: none", "ProxyError"))
    if "No matching distribution" in text and not offline:
        what = "a pinned Python package is not to be had from your package index for this Python"
        remedy = f"See {log}; another Python (3.10–3.13) may help: PM_PYTHON=… ./pm …"
    elif "HASH" in text or "do not match the hashes" in text:
        what, remedy = "a Python package arrived damaged", "Start the same command again."
    else:
        what = "the Python packages could not be installed"
        remedy = f"Check the network and pip's configuration (see {log}) and start the same command again."
    raise Failure(what, remedy, tail(log, 6, needles=("ERROR",)))


def link(odoo):
    """Let the environment find Odoo."""
    folder = next((home.VENV / "lib").glob("python3.*")) / "site-packages"
    path = folder / "pm_odoo.pth"
    if not path.exists() or path.read_text() != f"{odoo}\n":
        home.write(path, f"{odoo}\n")


def runtime():
    install("python", RUNTIME, title="Python packages")


def development():
    """What tests and lint need on top."""
    install("python-dev", RUNTIME, DEVELOPMENT, title="Python packages for tests and lint")
