"""The project's own add-ons: which there are, what they need, what their sources look like."""

import ast
import hashlib

from . import home, oca
from .ui import Failure

FOLDER = home.PROJECT / "addons"
SAMPLE = "pm_demo"  # the sample property: part of the demo, not of the plain test template

_IRRELEVANT_FOLDERS = {"tests", "__pycache__", "readme"}
_IRRELEVANT_NAMES = {"pyproject.toml", "README.md", "README.rst", "logins.csv"}


def all_manifests():
    """{module: manifest} of every installable own add-on."""
    result = {}
    for path in sorted(FOLDER.glob("*/__manifest__.py")):
        try:
            manifest = ast.literal_eval(path.read_text())
        except (SyntaxError, ValueError) as error:
            raise Failure(
                f"{path.relative_to(home.PROJECT)} cannot be read: {error}", "Correct it and start again."
            ) from error
        if manifest.get("installable", True):
            result[path.parent.name] = manifest
    return result


def manifests():
    """{module: manifest} of the own add-ons that can be installed here: not those that need an OCA add-on we lack."""
    result, missing = all_manifests(), set(oca.wanted()) - set(oca.modules())
    while lacking := [name for name, manifest in result.items() if missing.intersection(manifest.get("depends", ()))]:
        missing.update(lacking)
        for name in lacking:
            del result[name]
    return result


def closure(wanted):
    """The own add-ons in `wanted` with all own add-ons they depend on."""
    known, result, todo = manifests(), set(), list(wanted)
    while todo:
        name = todo.pop()
        if name not in known:
            raise Failure(f"there is no add-on {name} in addons/", f"There are: {', '.join(known) or 'none'}.")
        if name not in result:
            result.add(name)
            todo += [need for need in known[name].get("depends", ()) if need in known]
    return sorted(result)


def source_hash(module):
    """Changes whenever what Odoo loads from the module changes; tests and notes do not count."""
    digest = hashlib.sha256()
    roots = [FOLDER / module]
    if module == SAMPLE:
        roots.append(home.PROJECT / "data")
    for root in roots:
        for path in sorted(root.rglob("*")):
            parts = path.relative_to(root).parts
            if _IRRELEVANT_FOLDERS.intersection(parts) or parts[-1] in _IRRELEVANT_NAMES:
                continue
            if path.suffix in (".pyc", ".pot") or not path.is_file():
                continue
            digest.update("/".join(parts).encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()[:16]


def hashes(modules):
    return {module: source_hash(module) for module in modules}
