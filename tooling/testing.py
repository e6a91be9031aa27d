"""`./pm test`: pytest on a copy of a template database, in up to two stages.

1. addons/*/tests and tests/ inside one Odoo process (pytest-odoo), on the own add-ons without the sample property;
2. tests/demo against a real server on a copy of the demo, driven from outside (browser, SMTP sink).
"""

import contextlib
import json
import os
import re
import subprocess
from pathlib import Path

from . import addons, browser, database, home, odoo, python, server
from .cli import prepare
from .process import die_with_parent
from .ui import Failure, report, say

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


def pytest(arguments, env):
    """Run pytest; returns (exit code, counts)."""
    with home.temporary() as folder:
        counts = folder / "counts.json"
        process = subprocess.Popen(
            [str(word) for word in (python.VENV_PYTHON, "-m", "pytest", *arguments)],
            env=odoo.env(PM_TEST_COUNTS=counts, **env),
            cwd=home.PROJECT,
            preexec_fn=die_with_parent,
        )
        try:
            code = process.wait()
        except KeyboardInterrupt:
            process.wait(20)
            raise
        if counts.exists():
            return code, json.loads(counts.read_text())
        # pytest did not even begin, or died.
        return code, {"passed": 0, "failed": 1 if code else 0, "skipped": 0}


def inside_odoo(paths, others):
    # What cannot be installed here cannot be tested here.
    left_out = sorted(set(addons.all_manifests()) - set(addons.manifests()))
    if left_out:
        say(f"not installed and not tested, for want of the OCA add-ons: {', '.join(left_out)}")
        folders = [addons.FOLDER / name for name in left_out]
        paths = [path for path in paths if not any(Path(path.partition("::")[0]).is_relative_to(f) for f in folders)]
        if not paths:
            return NOTHING_COLLECTED, {}
    modules = modules_for(paths)
    if not modules:
        raise Failure("there is no add-on in addons/ to test")
    with_browser = needs_browser(paths)
    chromium = browser.need() if with_browser else browser.find()
    source = database.template(modules, assets=with_browser)
    with database.disposable(source) as name:
        arguments = [f"--odoo-config={odoo.CONF}", f"--odoo-database={name}", "--odoo-http"]
        if DEMO_TESTS.is_dir():
            arguments.append(f"--ignore={DEMO_TESTS}")
        arguments += [f"--ignore={addons.FOLDER / name}" for name in left_out]
        return pytest([*arguments, *others, *paths], {"PM_CHROMIUM": chromium, "PM_TEST_DB": name})


def against_server(paths, others):
    if addons.SAMPLE not in addons.manifests():
        raise Failure(f"tests/demo needs the sample property, and addons/{addons.SAMPLE} is not there")
    chromium = browser.need()
    source = database.template(database.demo_modules(), assets=True)
    with contextlib.ExitStack() as stack:
        name = stack.enter_context(database.disposable(source))
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
        return pytest(["-p", "no:odoo", *others, *paths], env)


def main(arguments):
    if "--help" in arguments or "-h" in arguments:
        print("usage: ./pm test [paths] [pytest arguments]\n\n" + __doc__)
        return 0
    paths, others = split(arguments)
    inside, outside = stages(paths)
    prepare(development=True)
    total, codes = dict.fromkeys(COUNTED, 0), []
    for stage, stage_paths in ((inside_odoo, inside), (against_server, outside)):
        if not stage_paths:
            continue
        try:
            code, counts = stage(stage_paths, others)
        except Failure as failure:
            report(failure)
            code, counts = 1, {"failed": 1}
        codes.append(code)
        for key in COUNTED:
            total[key] += counts.get(key, 0)
    good = all(code in (0, NOTHING_COLLECTED) for code in codes) and 0 in codes
    if codes and not good and set(codes) == {NOTHING_COLLECTED}:
        say("no test was found")
    print(f"\n{total['passed']} passed, {total['failed']} failed, {total['skipped']} skipped", flush=True)
    return 0 if good and not total["failed"] else 1
