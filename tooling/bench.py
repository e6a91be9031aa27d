"""`./pm bench NAME`: the cases of benchmarks/bench_NAME.py, each in processes of its own, medians of its runs.

benchmarks/README.md says what a benchmark file holds.
"""

import contextlib
import importlib.util
import json
import os
import statistics
from pathlib import Path

from . import apt, database, home, odoo, postgres, python
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
runner.main(globals().get("env"), {file!r}, {number!r}, {stage!r}, {n!r}, {result!r}, {postmaster!r})
"""

_WRAPPER = """\
#!/bin/sh
QT_PLUGIN_PATH='{plugins}' LD_LIBRARY_PATH='{libraries}' exec '{program}' "$@"
"""


def load(path):
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def main(name, n, works=(), repeats=None):
    """Measure the cases of a file, those of `works` only if any are named, and write their figures down.

    :param n: amount of work, or None for what the file provides
    :param repeats: runs of each case, or None for what the case or this tool provides
    """
    path = FOLDER / f"bench_{name}.py"
    if not path.exists():
        names = ", ".join(sorted(file.stem.removeprefix("bench_") for file in FOLDER.glob("bench_*.py")))
        raise Failure(f"there is no benchmark {name}", f"There are: {names or 'none yet'}.")
    prepare(development=True)
    bench = load(path)
    n = n or bench.N
    known = list(dict.fromkeys(case.get("work", bench.WORK) for case in bench.CASES))
    if unknown := sorted(set(works) - set(known)):
        raise Failure(f"bench_{name}.py has no work {', '.join(unknown)}", f"It has: {', '.join(known)}.")
    rows = []
    for number, case in enumerate(bench.CASES):
        work = case.get("work", bench.WORK)
        if works and work not in works:
            continue
        first = not any(row["work"] == work for row in rows)
        # A few units may be enough to show what one costs, or all that can be afforded.
        units = case["n"](n) if "n" in case else n
        runs = case.get("runs", REPEATS)
        runs = repeats or (runs(units) if callable(runs) else runs)
        rows.append(_measure(path, {**case, "number": number}, work, units, runs))
        _print(rows, heading=first)
    results = FOLDER / "results"
    results.mkdir(exist_ok=True)
    target = results / ("-".join([name, *works]) + ".json")
    home.write(target, json.dumps(rows, indent=1, ensure_ascii=False) + "\n")
    print(f"\nwritten: {target.relative_to(home.PROJECT)}")
    return 0


def _print(rows, heading):
    """The last row, with the CPU seconds of a unit as a multiple of the first case of its work."""
    row = rows[-1]
    first = next(other for other in rows if other["work"] == row["work"])
    heads = ("n", "runs", *MEASURES)
    if heading:
        print(f"\n{row['work']}\n\n{'case':<40}" + "".join(f"{head:>16}" for head in (*heads, "cpu_ratio")))
    cells = ["–" if row[head] is None else f"{row[head]}" for head in heads]
    print(f"{row['case']:<40}" + "".join(f"{cell:>16}" for cell in (*cells, _ratio(row, first))), flush=True)


def _ratio(row, first):
    """CPU seconds of one unit of `row`, Python's and PostgreSQL's, as a multiple of those of `first`."""
    cost, base = ((of["python_cpu_s"] + (of["postgres_cpu_s"] or 0)) / of["n"] for of in (row, first))
    return f"{cost / base:.2f}" if base else "–"


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


def _programs(names):
    """Debian packages of programs that a case needs and this machine lacks; returns the folder that holds them."""
    if not names:
        return None
    folder = home.HOME / "peers" / "bin"
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        root = apt.closure(f"bench-{name}", f"{name} to compare with", name, target=home.HOME / "peers" / name)
        program = next(path for path in (root / "usr/bin" / name, root / "usr/sbin" / name) if path.exists())
        plugins = os.pathsep.join(str(path) for path in root.glob("usr/lib/*/qt5/plugins"))
        wrapper = _WRAPPER.format(libraries=apt.library_path(root), plugins=plugins, program=program)
        home.write(folder / name, wrapper, mode=0o777)
    return folder


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
        number=case["number"],
        stage=stage,
        n=n,
        result=str(result),
        postmaster=None if postgres.external() else postgres.postmaster(),
    )
    extra = {"PYTHONPATH": peers} if peers and not name else {}
    if folder := _programs(case.get("programs")):
        extra["PATH"] = os.pathsep.join([str(folder), odoo.env()["PATH"]])
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


def _measure(path, case, work, n, repeats):
    (home.LOGS / "bench.log").unlink(missing_ok=True)
    peers = _peers(case.get("requires"))
    runs = []
    with _base(case, peers) as (base, options):
        if base and case.get("prepare"):
            with progress(f"{case['case']}: preparing"):
                _execute(path, case, "prepare", n, base, options, peers)
        for number in range(1, repeats + 1):
            with progress(f"{case['case']}: run {number} of {repeats}"):
                copy = f"{base}_run" if base else None
                if base:
                    postgres.drop(copy)
                    postgres.copy(base, copy)
                try:
                    runs.append(_execute(path, case, "run", n, copy, options, peers))
                finally:
                    if base:
                        postgres.drop(copy)
    row = {"case": case["case"], "work": work, "n": n, "runs": repeats}
    for key in MEASURES:
        values = [figures[key] for figures in runs]
        row[key] = None if None in values else round(statistics.median(values), 3)
    say(f"{case['case']}: done")
    return row
