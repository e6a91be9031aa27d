"""docs/rules.csv: which tests show which rule of the handbook.

A row names a rule by its id (the one in the ``source`` fields and docstrings), says in a few words what it asks, and names
the tests that show it: ``pm_fees/receipt::numbers_of_a_book_…`` is that test in addons/pm_fees/tests/test_receipt.py,
``tests/concurrency::…`` one of this folder. A rule that no test shows has a note that says why.
"""

import ast
import csv
import re
from functools import cache
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
TABLE = PROJECT / "docs" / "rules.csv"
ID = re.compile(r"\b(?:S\d|L)-\d+\b")


def rows():
    with TABLE.open(newline="", encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


@cache
def names_in(place):
    """Names of the tests in a place of the table, without “test_”."""
    addon, _, name = place.partition("/")
    path = PROJECT / ("tests" if addon == "tests" else f"addons/{addon}/tests") / f"test_{name}.py"
    if not path.exists():
        return frozenset()
    functions = (node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.FunctionDef))
    return frozenset(f.name.removeprefix("test_") for f in functions if f.name.startswith("test_"))


def cited():
    """``{id: a file that cites it}`` over the add-ons, tests apart."""
    found = {}
    for path in sorted((PROJECT / "addons").rglob("*")):
        if path.suffix in (".py", ".xml", ".csv", ".js") and "tests" not in path.parts:
            for name in ID.findall(path.read_text(encoding="utf-8")):
                found.setdefault(name, path.relative_to(PROJECT))
    return found


def test_every_rule_names_tests_that_exist():
    missing = [
        f"{row['id']}: {test}"
        for row in rows()
        for test in row["tests"].split()
        if test.partition("::")[2] not in names_in(test.partition("::")[0])
    ]
    assert missing == [], "docs/rules.csv names tests that are gone (renamed?):\n" + "\n".join(missing)


def test_every_rule_has_a_test_or_says_why_not():
    assert [row["id"] for row in rows() if not row["tests"] and not row["note"]] == []
    ids = [row["id"] for row in rows()]
    assert sorted({name for name in ids if ids.count(name) > 1}) == []


def test_every_rule_that_the_program_cites_is_in_the_table():
    known = {row["id"] for row in rows()}
    unknown = [f"{name} ({path})" for name, path in cited().items() if name not in known]
    assert unknown == [], "add a row to docs/rules.csv with the test that shows the rule:\n" + "\n".join(unknown)
