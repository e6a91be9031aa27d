"""`./pm bench NAME`: the cases of benchmarks/bench_NAME.py, each in processes of its own, medians of three.

benchmarks/README.md says what a benchmark file holds.
"""

import contextlib
import importlib.util
import json
import os
import statistics
from pathlib import Path

from . import database, home, odoo, postgres, python
from .cli import prepare
from .process import run
from .ui import Failure, progress, say, tail

FOLDER = home.PROJECT / "benchmarks"
REPEATS = 3
MEASURES = ("python_cpu_s", "postgres_cpu_s", "wall_s", "peak_rss_mb")

# Runs in an Odoo shell, or in plain Python with env = None. {…} is filled in; the rest stays apart from the case.
_RUNNER = """
import importlib.util, json, sys
spec = importlib.util.spec_from_file_location("bench_runner", {runner!r})
runner = importlib.util.module_from_spec(spec)
spec.loader.exec_module(runner)
runner.main(globals().get("env"), {file!r}, {case!r}, {stage!r}, {n!r}, {result!r}, {postmaster!r})
"""


def load(path):
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def main(name, n):
    path = FOLDER / f"bench_{name}.py"
    if not path.exists():
        names = ", ".join(sorted(file.stem.removeprefix("bench_") for file in FOLDER.glob("bench_*.py")))
        raise Failure(f"there is no benchmark {name}", f"There are: {names or 'none yet'}.")
    prepare(development=True)
    bench = load(path)
    n = n or bench.N
    rows = []
    for case in bench.CASES:
        rows.append(_measure(path, case, bench.WORK, n))
        _print(rows[-1:], heading=len(rows) == 1)
    results = FOLDER / "results"
    results.mkdir(exist_ok=True)
    home.write(results / f"{name}.json", json.dumps(rows, indent=1, ensure_ascii=False) + "\n")
    print(f"\nwritten: {(results / name).relative_to(home.PROJECT)}.json")
    return 0


def _print(rows, heading):
    heads = ("case", "n", *MEASURES)
    if heading:
        print(
            f"\n{rows[0]['work']}; medians of {REPEATS}\n\n{heads[0]:<40}"
            + "".join(f"{head:>16}" for head in heads[1:])
        )
    for row in rows:
        cells = ["–" if row[head] is None else f"{row[head]}" for head in heads[1:]]
        print(f"{row['case']:<40}" + "".join(f"{cell:>16}" for cell in cells), flush=True)


def _peers(requirements):
    """Install packages to compare with under .odoo/peers/; returns the folder."""
    if not requirements:
        return None
    target = home.HOME / "peers" / home.fingerprint(sorted(requirements))
    if not home.stamp(f"peers-{target.name}"):
        # --no-deps: what an Odoo add-on needs of Odoo and its libraries is there; other peers name their own needs.
        arguments = ["install", "--prefer-binary", "--progress-bar=off", "--no-input", "--no-deps", "--upgrade"]
        python.pip_install([*arguments, f"--target={target}", *requirements], target.name, "peers")
        home.set_stamp(f"peers-{target.name}", list(requirements))
    return target


@contextlib.contextmanager
def _base(case, peers):
    """A database with the modules of a case; None for a case without Odoo."""
    modules = case.get("modules")
    if modules is None:
        yield None, []
        return
    from . import addons

    own = sorted(set(modules) & set(addons.manifests()))
    foreign = sorted(set(modules) - set(own))
    options = []
    if peers:
        folders = [*odoo.addons_path(), peers / "odoo" / "addons"]
        options = ["--addons-path=" + ",".join(str(folder) for folder in folders if folder.is_dir())]
    database.core()
    source = database.template(addons.closure(own)) if own else database.CORE
    with database.disposable(source) as name:
        if foreign:
            log = home.LOGS / "bench-install.log"
            log.unlink(missing_ok=True)
            with progress(f"installing {', '.join(foreign)}"):
                odoo.call(
                    *("-d", name, *options, "-i", ",".join(foreign), *database._OFFLINE),
                    log=log,
                    what=f"{case['case']} cannot be installed",
                )
                database._check_installed(name, foreign, log)
        yield name, options


def _execute(path, case, stage, n, name, options, peers):
    result = home.HOME / f"bench-{os.getpid()}.json"
    result.unlink(missing_ok=True)
    code = _RUNNER.format(
        runner=str(Path(__file__).with_name("bench_runner.py")),
        file=str(path),
        case=case["case"],
        stage=stage,
        n=n,
        result=str(result),
        postmaster=None if postgres.external() else postgres.postmaster(),
    )
    extra = {"PYTHONPATH": peers} if peers and not name else {}
    if name:
        quiet = ("--no-http", "--max-cron-threads=0", "--log-level=error")
        command = odoo.command("shell", "-d", name, *options, *quiet)
    else:
        command = [python.VENV_PYTHON, "-"]
    log = home.LOGS / "bench.log"
    outcome = run(command, input=code.encode(), log=log, env=odoo.env(**extra), cwd=home.PROJECT)
    if outcome.returncode or not result.exists():
        raise Failure(f"{case['case']} failed in its stage '{stage}'", f"The whole log: {log}.", tail(log, 20))
    figures = json.loads(result.read_text())
    result.unlink()
    return figures


def _measure(path, case, work, n):
    (home.LOGS / "bench.log").unlink(missing_ok=True)
    peers = _peers(case.get("requires"))
    runs = []
    with _base(case, peers) as (base, options):
        if base and case.get("prepare"):
            with progress(f"{case['case']}: preparing"):
                _execute(path, case, "prepare", n, base, options, peers)
        for number in range(1, REPEATS + 1):
            with progress(f"{case['case']}: run {number} of {REPEATS}"):
                copy = f"{base}_run" if base else None
                if base:
                    postgres.drop(copy)
                    postgres.copy(base, copy)
                try:
                    runs.append(_execute(path, case, "run", n, copy, options, peers))
                finally:
                    if base:
                        postgres.drop(copy)
    row = {"case": case["case"], "work": work, "n": n}
    for key in MEASURES:
        values = [figures[key] for figures in runs]
        row[key] = None if None in values else round(statistics.median(values), 3)
    say(f"{case['case']}: done")
    return row
