"""What `./pm test` adds to pytest: no browser test may be skipped, and the counts of a stage go to pm."""

import json
import os
from pathlib import Path

import pytest

DEMO_TESTS = Path(__file__).parent / "tests" / "demo"
counts = {"passed": 0, "failed": 0, "skipped": 0}


def is_browser_test(item):
    """A test that drives a browser or the web server, by its class, its marker, its name or its folder."""
    names = {base.__name__ for base in getattr(getattr(item, "cls", None), "__mro__", ())}
    return (
        "HttpCase" in names
        or item.get_closest_marker("browser") is not None
        or any(word in item.name.lower() for word in ("browser", "tour"))
        or item.path.is_relative_to(DEMO_TESTS)
    )


def fail_instead(report, what):
    reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
    report.outcome = "failed"
    report.longrepr = f"{what} may not be skipped, and was: {reason}"


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    outcome = yield
    report = outcome.get_result()
    if report.skipped and not hasattr(report, "wasxfail") and is_browser_test(item):
        fail_instead(report, "A browser test")


@pytest.hookimpl(hookwrapper=True)
def pytest_make_collect_report(collector):
    outcome = yield
    report = outcome.get_result()
    if report.skipped and collector.path.is_relative_to(DEMO_TESTS):
        fail_instead(report, "A file of browser tests")


def pytest_runtest_logreport(report):
    # A subtest reports besides its test; only a failing one counts, as pytest itself has it.
    if report.failed:
        counts["failed"] += 1
    elif report.skipped:
        counts["skipped"] += 1
    elif report.when == "call" and type(report).__name__ == "TestReport":
        counts["passed"] += 1


def pytest_collectreport(report):
    if report.failed:
        counts["failed"] += 1
    elif report.skipped:
        counts["skipped"] += 1


def pytest_sessionfinish(session, exitstatus):
    target = os.environ.get("PM_TEST_COUNTS")
    if target:
        Path(target).write_text(json.dumps(counts))
