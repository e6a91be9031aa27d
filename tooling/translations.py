"""`./pm i18n`: export the terms of the own add-ons, keep what is translated, fill what Odoo has translated already."""

from pathlib import Path

from . import addons, database, home, odoo, python
from .cli import prepare
from .process import run
from .ui import Failure, progress


def main(check, modules):
    prepare()
    modules = sorted(set(modules)) or sorted(addons.manifests())
    if not modules:
        raise Failure("there is no add-on in addons/")
    needed = addons.closure(modules)
    source = database.template(needed)
    with database.disposable(source) as name, home.temporary() as folder:
        pairs = []
        log = home.LOGS / "i18n.log"
        log.unlink(missing_ok=True)
        with progress(f"exporting the terms of {', '.join(modules)}"):
            for module in modules:
                pot = folder / f"{module}.pot"
                odoo.call(
                    *("i18n", "export", "-d", name, module, "-o", pot),
                    log=log,
                    what=f"the terms of {module} cannot be exported",
                )
                # A module without terms gives no file.
                if pot.exists():
                    pairs += ["--pair", pot, addons.FOLDER / module / "i18n" / "zh_CN.po"]
        core = database.postgres.sql(name, "SELECT name FROM ir_module_module WHERE state = 'installed'").split()
        folders = [path for module in core for root in odoo.addons_path() if (path := root / module).is_dir()]
        folders = [path for path in folders if not path.is_relative_to(addons.FOLDER)]
        words = ["merge", *pairs, *(["--check"] if check else []), "--core", *folders]
        result = run([python.VENV_PYTHON, Path(__file__).with_name("po.py"), *words], stdout=None, stderr=None)
    if result.returncode and check:
        raise Failure(
            "terms are missing or untranslated",
            "Run ./pm i18n, translate what it names in i18n/zh_CN.po, and try again.",
        )
    return result.returncode
