"""`./pm test`: pytest on a copy of a template database, in up to two stages side by side.

1. addons/*/tests and tests/ inside one Odoo process (pytest-odoo), on the own add-ons without the sample property;
2. tests/demo against a real server on a copy of the demo, driven from outside (browser, SMTP sink).
"""

import contextlib
import json
import os
import re
import subprocess
import sys
from pathlib import Path

from . import addons, browser, database, home, odoo, python, server
from .cli import prepare
from .process import die_with_parent
from .ui import Failure, progress, report, say

DEMO_TESTS = home.PROJECT / "tests" / "demo"
NOTHING_COLLECTED = 5
_NEEDS_BROWSER = re.compile(r"\b(HttpCase|browser_js|start_tour|playwright)\b")
# Options of pytest whose value is the next word: such a word is no path, even if a file has that name.
_VALUED = {
    "-k",
    "-m",
    "-p",
    "-o",
    "-c",
    "-W",
    "-r",
    "-n",
    "--deselect",
    "--ignore",
    "--ignore-glob",
    "--maxfail",
    "--durations",
}
COUNTED = ("passed", "failed", "skipped")
# Options with which pytest wants the terminal for itself.
_TALKS = {"-s", "--pdb", "--trace", "--capture=no"}


def split(arguments):
    """(paths, other arguments) of a pytest command line; paths absolute, with their ::node."""
    paths, others, previous = [], [], ""
    for word in arguments:
        file, _, node = word.partition("::")
        candidate = Path(file) if Path(file).is_absolute() else Path.cwd() / file
        if not candidate.exists():
            candidate = home.PROJECT / file
        if not word.startswith("-") and previous not in _VALUED and candidate.exists():
            paths.append(str(candidate.resolve()) + (f"::{node}" if node else ""))
        elif not word.startswith("-") and previous not in _VALUED and (file.endswith(".py") or "/" in file):
            raise Failure(f"there is no {file}", "Name a test file or folder of this project, as pytest wants it.")
        else:
            others.append(word)
        previous = word
    return paths, others


def stages(paths):
    """The paths of the two stages."""
    if not paths:
        paths = [str(path) for path in (addons.FOLDER, home.PROJECT / "tests") if path.is_dir()]
    inside, outside = [], []
    for path in paths:
        file = Path(path.partition("::")[0])
        if file.is_relative_to(DEMO_TESTS):
            outside.append(path)
        else:
            inside.append(path)
            if DEMO_TESTS.is_dir() and DEMO_TESTS.is_relative_to(file):
                outside.append(str(DEMO_TESTS))
    return inside, outside


def modules_for(paths):
    """The own add-ons to install for these paths: those whose tests they are, if a smaller template does."""
    named = [name for name in os.environ.get("PM_MODULES", "").replace(" ", "").split(",") if name]
    if named:
        return addons.closure(named)
    everything = addons.closure(set(addons.manifests()) - {addons.SAMPLE})
    chosen = set()
    for path in paths:
        file = Path(path.partition("::")[0])
        if not file.is_relative_to(addons.FOLDER) or file == addons.FOLDER:
            return everything
        chosen.add(file.relative_to(addons.FOLDER).parts[0])
    chosen &= set(addons.manifests())
    # With everything installed and up to date there is nothing to build.
    if not chosen or database.is_current(everything):
        return everything
    return addons.closure(chosen)


def needs_browser(paths):
    for path in paths:
        file = Path(path.partition("::")[0])
        for source in [file] if file.is_file() else file.rglob("test*.py"):
            if _NEEDS_BROWSER.search(source.read_text(errors="replace")):
                return True
    return False


class Run:
    """pytest at work on one stage; its output goes to the terminal, or to a file to be shown when it has ended."""

    def __init__(self, arguments, env, folder, output=None):
        self.counts, self.output = folder / "counts.json", output
        with contextlib.ExitStack() as stack:
            stream = output and stack.enter_context(open(output, "wb"))
            self.process = subprocess.Popen(
                [str(word) for word in (python.VENV_PYTHON, "-m", "pytest", *arguments)],
                env=odoo.env(PM_TEST_COUNTS=self.counts, **env),
                cwd=home.PROJECT,
                preexec_fn=die_with_parent,
                stdout=stream,
                stderr=stream and subprocess.STDOUT,
            )

    def result(self):
        """Wait; returns (exit code, counts)."""
        try:
            if self.output:
                if self.process.poll() is None:
                    with progress("the journeys of tests/demo go on", self._last_line):
                        self.process.wait()
                sys.stdout.write(self.output.read_text(errors="replace"))
                sys.stdout.flush()
            code = self.process.wait()
        except KeyboardInterrupt:
            self.process.wait(20)
            raise
        if self.counts.exists():
            return code, json.loads(self.counts.read_text())
        # pytest did not even begin, or died.
        return code, {"passed": 0, "failed": 1 if code else 0, "skipped": 0}

    def _last_line(self):
        lines = self.output.read_text(errors="replace").split("\n")
        return next((line[:70] for line in reversed(lines) if line.strip()), "")


def inside_odoo(paths, others, stack):
    """Returns what pytest is to be called with, and its environment; None if nothing is left to test.

    What it makes for that is cleared away with the stack.
    """
    # What cannot be installed here cannot be tested here.
    left_out = sorted(set(addons.all_manifests()) - set(addons.manifests()))
    if left_out:
        say(f"not installed and not tested, for want of the OCA add-ons: {', '.join(left_out)}")
        folders = [addons.FOLDER / name for name in left_out]
        paths = [path for path in paths if not any(Path(path.partition("::")[0]).is_relative_to(f) for f in folders)]
        if not paths:
            return None
    modules = modules_for(paths)
    if not modules:
        raise Failure("there is no add-on in addons/ to test")
    with_browser = needs_browser(paths)
    chromium = browser.need() if with_browser else browser.find()
    name = stack.enter_context(database.disposable(database.template(modules, assets=with_browser)))
    arguments = [f"--odoo-config={odoo.CONF}", f"--odoo-database={name}", "--odoo-http"]
    if DEMO_TESTS.is_dir():
        arguments.append(f"--ignore={DEMO_TESTS}")
    arguments += [f"--ignore={addons.FOLDER / name}" for name in left_out]
    return [*arguments, *others, *paths], {"PM_CHROMIUM": chromium, "PM_TEST_DB": name}


def against_server(paths, others, stack):
    """As inside_odoo, with a server of the sample property that runs until the stack is closed."""
    if addons.SAMPLE not in addons.manifests():
        raise Failure(f"tests/demo needs the sample property, and addons/{addons.SAMPLE} is not there")
    chromium = browser.need()
    name = stack.enter_context(database.disposable(database.template(database.demo_modules(), assets=True)))
    folder = stack.enter_context(home.temporary())
    sink = server.Sink(folder / "mail", folder / "sms")
    stack.callback(sink.stop)
    log = home.LOGS / "test-server.log"
    log.unlink(missing_ok=True)
    demo = server.Server(name, server.free_port(), sink, log)
    stack.callback(demo.stop)
    demo.wait_until_ready()
    home.SCREENSHOTS.mkdir(exist_ok=True)
    env = {
        "PM_CHROMIUM": chromium,
        "PM_TEST_URL": demo.url,
        "PM_TEST_DB": name,
        "PM_TEST_MAIL_DIR": sink.mail,
        "PM_TEST_SMS_DIR": sink.sms,
        "PM_TEST_SHOTS": home.SCREENSHOTS,
        "PM_TEST_SERVER_LOG": log,
        "PM_TEST_SHELL": json.dumps(
            [
                str(w)
                for w in odoo.command(
                    "shell", "-d", name, "--no-http", "--max-cron-threads=0", "--smtp-port", sink.port
                )
            ]
        ),
    }
    return ["-p", "no:odoo", *others, *paths], env


def run_stages(wanted, others):
    """Run the stages [(function, paths)]; returns [(exit code, counts)].

    Side by side where there is more than one core: each waits for its database, or for its browser, half of the time.
    Who wants to talk with a test gets one after the other.
    """
    together = len(wanted) > 1 and (os.cpu_count() or 1) > 1 and not _TALKS.intersection(others)
    results, running = [], []
    with contextlib.ExitStack() as stack:
        for stage, paths in wanted:
            folder = stack.enter_context(home.temporary())
            try:
                call = stage(paths, others, stack)
            except Failure as failure:
                report(failure)
                results.append((1, {"failed": 1}))
                continue
            if not call:
                results.append((NOTHING_COLLECTED, {}))
                continue
            run = Run(*call, folder, folder / "output.txt" if together and running else None)
            if together:
                running.append(run)
            else:
                results.append(run.result())
        results += [run.result() for run in running]
    return results


def main(arguments):
    if "--help" in arguments or "-h" in arguments:
        print("usage: ./pm test [paths] [pytest arguments]\n\n" + __doc__)
        return 0
    paths, others = split(arguments)
    inside, outside = stages(paths)
    prepare(development=True)
    wanted = [(stage, paths) for stage, paths in ((inside_odoo, inside), (against_server, outside)) if paths]
    results = run_stages(wanted, others)
    codes = [code for code, _counts in results]
    total = {key: sum(counts.get(key, 0) for _code, counts in results) for key in COUNTED}
    good = all(code in (0, NOTHING_COLLECTED) for code in codes) and 0 in codes
    if codes and not good and set(codes) == {NOTHING_COLLECTED}:
        say("no test was found")
    print(f"\n{total['passed']} passed, {total['failed']} failed, {total['skipped']} skipped", flush=True)
    return 0 if good and not total["failed"] else 1
