"""`./pm i18n`: export the terms of the own add-ons, keep what is translated, fill what Odoo has translated already."""

from pathlib import Path

from . import addons, database, home, odoo, python
from .cli import prepare
from .process import run
from .ui import Failure, progress


def _export(modules, folder, log):
    """Export the terms of these add-ons into ``folder``; returns the modules of Odoo that were installed beside them."""
    source = database.template(addons.closure(modules))
    with database.disposable(source) as name, progress(f"exporting the terms of {', '.join(modules)}"):
        for module in modules:
            odoo.call(
                *("i18n", "export", "-d", name, module, "-o", folder / f"{module}.pot"),
                log=log,
                what=f"the terms of {module} cannot be exported",
            )
        return database.postgres.sql(name, "SELECT name FROM ir_module_module WHERE state = 'installed'").split()


def main(check, modules):
    prepare()
    modules = sorted(set(modules)) or sorted(addons.manifests())
    if not modules:
        raise Failure("there is no add-on in addons/")
    log = home.LOGS / "i18n.log"
    log.unlink(missing_ok=True)
    # The sample apart: its template is upgraded rather than built anew, and an upgrade keeps old words of records
    # that users may have changed.
    sample = [module for module in modules if module == addons.SAMPLE]
    program = [module for module in modules if module != addons.SAMPLE]
    with home.temporary() as folder:
        core = sorted({name for group in (program, sample) if group for name in _export(group, folder, log)})
        # A module without terms gives no file.
        pots = {module: folder / f"{module}.pot" for module in modules}
        pairs = [
            word
            for module, pot in pots.items()
            if pot.exists()
            for word in ("--pair", pot, addons.FOLDER / module / "i18n" / "zh_CN.po")
        ]
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
