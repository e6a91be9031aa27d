"""The inside of one benchmark run: loads the case, times it, writes the figures. Runs in the virtual environment."""

import gc
import importlib.util
import json
import os
import resource
import sys
import time
from pathlib import Path

_TICK = os.sysconf("SC_CLK_TCK")


def _stat(pid):
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()


def postgres_cpu(postmaster):
    """CPU seconds of the whole PostgreSQL server so far: the postmaster, its children, and those it has outlived."""
    if not postmaster:
        return None
    own = [int(value) for value in _stat(postmaster)[11:15]]
    total = sum(own)
    for path in Path("/proc").glob("[0-9]*"):
        try:
            fields = _stat(path.name)
        except OSError:
            continue
        if int(fields[1]) == postmaster:
            total += int(fields[11]) + int(fields[12])
    return total / _TICK


def own_cpu():
    """CPU seconds of this process and of the programs it started that have ended."""
    usages = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


def warm(env):
    """Let Odoo find out which fields depend on which: it does so when a field is first written and knows it until it ends."""
    registry = env.registry
    for field in list(registry._field_triggers):
        registry.get_field_trigger_tree(field)


def main(env, file, number, stage, n, result, postmaster):
    sys.path.insert(0, str(Path(file).parent))  # what benchmarks share
    spec = importlib.util.spec_from_file_location("bench", file)
    bench = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(bench)
    case = bench.CASES[number]
    if stage == "prepare":
        case["prepare"](env, n)
        env.cr.commit()
        figures = {}
    else:
        if env:
            warm(env)
        gc.collect()
        database, own = postgres_cpu(postmaster), own_cpu()
        began = time.perf_counter()
        outcome = case["run"](env, n)
        if env:
            env.cr.commit()
        wall = time.perf_counter() - began
        figures = {
            "python_cpu_s": own_cpu() - own,
            "postgres_cpu_s": None if database is None else postgres_cpu(postmaster) - database,
            "wall_s": wall,
            "peak_rss_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        }
        # Not timed: that the work was done at all, and right.
        if case.get("check"):
            case["check"](env, n, outcome)
    Path(result).write_text(json.dumps(figures))
