"""`./pm lint`: ruff, pylint-odoo, and checks of XML, CSV, translations, SQL, sudo and of what must not be in the project."""

import ast
import csv
import re
import shutil
import subprocess
import xml.etree.ElementTree as ElementTree
from pathlib import Path

from . import addons, home, python
from .cli import prepare_python
from .process import run
from .ui import Failure, report, say

_ACCESS_COLUMNS = [
    ["id", "name", f"model_id{kind}id", f"group_id{other}id", "perm_read", "perm_write", "perm_create", "perm_unlink"]
    for kind in (":", "/")
    for other in (":", "/")
]
# In pieces, so that this file does not hold what it looks for.
_HOSTS = (
    ("deb", "debian", "org"),
    ("ftp", "debian", "org"),
    ("snapshot", "debian", "org"),
    ("pypi", "org"),
    ("files", "pythonhosted", "org"),
    ("registry", "npmjs", "org"),
    ("ghcr", "io"),
    ("docker", "io"),
    ("nightly", "odoo", "com"),
)
_FOREIGN = re.compile(
    "|".join([r"\.".join(parts) for parts in _HOSTS] + [f"(?<![\\w.])/{name}/" for name in ("work", "root")])
)
# Checks of pylint-odoo that are off. The order matters to pylint, so they stand here and not in .pylintrc.
_PYLINT_OFF = (
    "prefer-env-translation",  # takes a local `_ = self.env._` and a module's LazyTranslate for the old `_`
    "missing-readme",  # the add-ons have readme/ fragments, from which a README is made for publishing
    "manifest-required-author",  # would want the OCA as author
    "no-search-all",  # also warns of tables with a handful of settings
    "consider-merging-classes-inherited",  # a large model is spread over files on purpose, one concept each
    "missing-return",  # does not know the methods of other libraries (ReportLab's canvas)
    "bad-builtin-groupby",  # Python's groupby is right for what is sorted already
)
_TEXT = {
    ".py",
    ".xml",
    ".csv",
    ".po",
    ".pot",
    ".md",
    ".toml",
    ".txt",
    ".yaml",
    ".yml",
    ".js",
    ".scss",
    ".css",
    ".conf",
    ".cfg",
    "",
}


def project_files():
    """Files that are, or may be, committed; those of a bare folder if there is no git."""
    if shutil.which("git") and (home.PROJECT / ".git").exists():
        listing = run(["git", "ls-files", "-co", "--exclude-standard", "-z"], cwd=home.PROJECT)
        if listing.returncode == 0:
            names = listing.stdout.split("\0")
            return [path for name in names if name and (path := home.PROJECT / name).is_file()]
    skipped = {".odoo", ".git", "__pycache__", ".ruff_cache"}
    return [
        p
        for p in home.PROJECT.rglob("*")
        if p.is_file() and not skipped.intersection(p.relative_to(home.PROJECT).parts)
    ]


def check_xml(path):
    try:
        ElementTree.parse(path)
    except ElementTree.ParseError as error:
        yield f"not well-formed: {error}"


def check_csv(path):
    try:
        with open(path, newline="", encoding="utf-8-sig") as stream:
            rows = list(csv.reader(stream))
    except UnicodeDecodeError:
        # Sample data may be as a property company has it, in GBK.
        if path.is_relative_to(addons.FOLDER):
            yield "not UTF-8"
        return
    except csv.Error as error:
        yield str(error)
        return
    if not rows:
        yield "empty"
        return
    if path.is_relative_to(addons.FOLDER):
        for number, row in enumerate(rows[1:], start=2):
            if row and len(row) != len(rows[0]):
                yield f"row {number} has {len(row)} columns, the header {len(rows[0])}"
    if path.name == "ir.model.access.csv":
        if rows[0] not in _ACCESS_COLUMNS:
            yield f"unusual columns: {', '.join(rows[0])}"
        for number, row in enumerate(rows[1:], start=2):
            if len(row) == 8 and not set(row[4:]) <= {"0", "1"}:
                yield f"row {number}: a permission is 0 or 1"
            if len(row) == 8 and not row[3]:
                yield f"row {number}: access for everybody; name a group"
        ids = [row[0] for row in rows[1:] if row]
        for name in sorted({name for name in ids if ids.count(name) > 1}):
            yield f"id twice: {name}"


def check_sql(path):
    """SQL put together from strings; values and names belong in odoo.tools.SQL or in parameters."""
    try:
        tree = ast.parse(path.read_text())
    except SyntaxError as error:
        yield f"line {error.lineno}: {error.msg}"
        return
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call) or not node.args:
            continue
        function, first = node.func, node.args[0]
        name = getattr(function, "attr", getattr(function, "id", ""))
        if name not in ("execute", "executemany", "SQL", "execute_query"):
            continue
        built = (
            isinstance(first, ast.JoinedStr)
            or (isinstance(first, ast.BinOp) and isinstance(first.op, (ast.Mod, ast.Add)))
            or (isinstance(first, ast.Call) and getattr(first.func, "attr", "") == "format")
        )
        if built:
            yield f"line {node.lineno}: SQL put together from strings; use odoo.tools.SQL"


def check_sudo(path):
    """Rights that are left aside without a reason: a comment at the call, in the three lines above its statement, or one
    that says ``sudo: …`` anywhere in the function; or a docstring of function, class or file that speaks of sudo."""
    text = path.read_text()
    lines = text.splitlines()
    try:
        tree = ast.parse(text)
    except SyntaxError:
        return  # check_sql has said so
    nodes = list(ast.walk(tree))
    places = [node for node in nodes if isinstance(node, (ast.FunctionDef, ast.ClassDef))]
    statements = [node for node in nodes if isinstance(node, ast.stmt) and node not in places]
    for node in nodes:
        if not (isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "sudo"):
            continue
        if node.args and not (isinstance(node.args[0], ast.Constant) and node.args[0].value is True):
            continue  # sudo(False) and the like take rights back
        line = node.func.end_lineno
        around = [place for place in places if place.lineno <= line <= place.end_lineno]
        start = max((s.lineno for s in statements if s.lineno <= line <= s.end_lineno), default=line)
        reasons = [row.partition("#")[2] for row in lines[max(0, start - 4) : line]]
        for place in around:
            if isinstance(place, ast.FunctionDef):
                comments = (row.partition("#")[2] for row in lines[place.lineno - 1 : place.end_lineno])
                reasons += [comment for comment in comments if "sudo" in comment]
        reasons += ["sudo" in (ast.get_docstring(place) or "") for place in (tree, *around)]
        if not any(reasons):
            yield f"line {line}: sudo() without a reason: say above it why the user's own rights do not do (# sudo: …)"


def check_words(path):
    try:
        text = path.read_text()
    except (UnicodeDecodeError, OSError):
        return
    for number, line in enumerate(text.splitlines(), start=1):
        match = _FOREIGN.search(line)
        if match:
            yield f"line {number}: {match.group(0)}: no registry host and no path of one machine belongs in the project"


def own_checks(files):
    """Faults that neither ruff nor pylint-odoo looks for."""
    faults = []
    for path in files:
        if not path.exists():  # deleted or moved since git was asked
            continue
        checks = []
        if path.suffix == ".xml":
            checks.append(check_xml)
        elif path.suffix == ".csv":
            checks.append(check_csv)
        elif path.suffix == ".py" and path.is_relative_to(addons.FOLDER):
            checks.append(check_sql)
            if "tests" not in path.parts:
                checks.append(check_sudo)
        if path.suffix in _TEXT and path.name != "LICENSE":
            checks.append(check_words)
        for check in checks:
            faults += [f"{path.relative_to(home.PROJECT)}: {fault}" for fault in check(path)]
    return faults


def _pylint_messages():
    return ["--disable=all", "--enable=odoolint", f"--disable={','.join(_PYLINT_OFF)}"]


def main(fix=False):
    prepare_python()
    binary = home.VENV / "bin"
    roots = [
        name for name in ("tooling", "addons", "tests", "benchmarks", "conftest.py") if (home.PROJECT / name).exists()
    ]
    files = project_files()
    translations = [str(path) for path in files if path.suffix == ".po"]
    modules = [str(addons.FOLDER / name) for name in addons.all_manifests()]
    steps = {
        "ruff": [binary / "ruff", "check", *(["--fix"] if fix else []), *roots],
        "ruff format": [binary / "ruff", "format", *([] if fix else ["--check"]), *roots],
    }
    if modules:
        steps["pylint-odoo"] = [python.VENV_PYTHON, "-m", "pylint", "--rcfile=.pylintrc", *_pylint_messages(), *modules]
    if translations:
        steps["translations"] = [python.VENV_PYTHON, Path(__file__).with_name("po.py"), "check", *translations]
    failed = []
    for title, command in steps.items():
        say(title)
        if subprocess.run([str(word) for word in command], cwd=home.PROJECT).returncode:
            failed.append(title)
    say("XML, CSV, SQL, sudo, words")
    faults = own_checks(files)
    if faults:
        print("\n".join(faults))
        failed.append("XML, CSV, SQL, sudo, words")
    if failed:
        report(Failure(f"found by: {', '.join(failed)}", "./pm lint --fix corrects what can be corrected by itself."))
        return 1
    say("nothing to complain about")
    return 0
