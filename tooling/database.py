"""Databases: Odoo's own modules once, the add-ons on a copy of it, the demo and every test run on a copy of that.

Each is built under a temporary name and renamed when complete, so that a half-built one is never taken for a good one.
"""

import contextlib
import os
import re
from pathlib import Path

from . import addons, home, oca, odoo, postgres
from .ui import Failure, progress, say

# On a PostgreSQL that is not our own, another clone may have its databases too, with a file store of its own.
PREFIX = f"pm{home.fingerprint(str(home.HOME))[:6]}" if postgres.external() else postgres.PREFIX
CORE = f"{PREFIX}_core"
DEMO = f"{PREFIX}_demo"
DEMO_TEMPLATE = f"{PREFIX}_demo_tpl"
TEMPLATE = f"{PREFIX}_tpl"
# What is finished is known for each server apart: a start without the PG* variables leaves the other one's demo alone.
CORE_STAMP, DEMO_STAMP = (CORE, DEMO) if postgres.external() else ("core", "demo")

CORE_MODULES = (
    "account",
    "account_debit_note",
    "account_payment",
    "auth_signup",
    "auth_totp",
    "base_import",
    "calendar",
    "contacts",
    "l10n_cn",
    "payment",
    "payment_demo",
    "portal",
    "portal_rating",
    "rating",
    "rpc",
    "sms",
    "survey",
    "web_tour",
)
# Named modules only: what installs itself besides calls home (partner_autocomplete, snailmail, digest).
_OFFLINE = ("--stop-after-init", "--no-http", "--max-cron-threads=0", "--skip-auto-install")

_CORE_SCRIPT = """
env["res.lang"]._activate_lang("en_US")
parameters = env["ir.config_parameter"]
parameters.set_param("auth_signup.invitation_scope", "b2b")
parameters.set_param("web.base.url", "http://127.0.0.1:8069")
parameters.set_param("web.base.url.freeze", "True")
env["ir.default"].set("res.partner", "tz", "Asia/Shanghai")
env["res.users"].with_context(active_test=False).search([]).partner_id.tz = "Asia/Shanghai"
cron = env.ref("mail.ir_cron_module_update_notification", raise_if_not_found=False)
if cron:
    cron.active = False
env.cr.commit()
"""
_DEMO_SCRIPT = """
env["ir.default"].set("res.partner", "lang", "zh_CN")
env.cr.commit()
"""
# Tests compare English; a test of Chinese asks for it.
_TEST_SCRIPT = """
env["res.users"].with_context(active_test=False).search([]).partner_id.lang = "en_US"
env.cr.commit()
"""
_ASSETS_SCRIPT = """
env["ir.qweb"]._pregenerate_assets_bundles()
env.cr.commit()
"""


def _last_module(log):
    """For the progress line: the module Odoo's log speaks of last."""

    def state():
        with contextlib.suppress(OSError):
            with open(log, "rb") as stream:
                stream.seek(max(0, os.path.getsize(log) - 20000))
                lines = stream.read().decode(errors="replace").splitlines()
            for line in reversed(lines):
                module = re.search(r"Loading module (\w+) \((\d+/\d+)\)", line)
                if module:
                    return f"{module[2]} {module[1]}"
                # What an add-on of ours tells of its own long steps.
                own = re.search(r" INFO \S+ odoo\.addons\.pm_\S+: (.{1,70})", line)
                if own:
                    return own[1]
        return ""

    return state


def _fresh_log(name):
    path = home.LOGS / f"{name}.log"
    path.unlink(missing_ok=True)
    return path


def _install(database, modules, log, what, flag="-i", remedy=""):
    # An upgrade brings corrected translations only when it is told to.
    extra = ("--i18n-overwrite",) if flag == "-u" else ()
    odoo.call("-d", database, flag, ",".join(modules), *extra, *_OFFLINE, log=log, what=what, remedy=remedy)


def _check_installed(database, modules, log):
    rows = postgres.sql(database, "SELECT name FROM ir_module_module WHERE state = 'installed'").split()
    missing = sorted(set(modules) - set(rows))
    if missing:
        raise Failure(f"Odoo left these modules uninstalled: {', '.join(missing)}", f"See {log}.")


def _core_identity():
    return home.fingerprint(odoo.identity(), CORE_MODULES, _CORE_SCRIPT)


def core():
    """The database with Odoo's own modules: China, CNY, Chinese chart of accounts, Chinese and English."""
    wanted = _core_identity()
    if home.stamp(CORE_STAMP) == wanted and CORE in postgres.databases():
        return
    with home.lock("core"):
        if home.stamp(CORE_STAMP) == wanted and CORE in postgres.databases():
            return
        home.clear_stamp(CORE_STAMP)
        building, log = f"{CORE}_building", _fresh_log("core")
        home.need_space(500, "A new database")
        with progress("database with Odoo's own modules (China, Chinese)", _last_module(log)):
            postgres.drop(building)
            odoo.call(
                *("db", "init", building, "--country", "CN", "--language", "zh_CN"),
                log=log,
                what="Odoo could not make a database",
            )
            _install(building, CORE_MODULES, log, "Odoo's own modules do not install")
            _check_installed(building, CORE_MODULES, log)
            odoo.script(building, _CORE_SCRIPT, log=log, what="the settings of the new database could not be made")
            postgres.rename(building, CORE)
        home.set_stamp(CORE_STAMP, wanted)


def copy(source, target):
    """Copy a template while nobody rebuilds it."""
    with home.lock(_lock_name(source), shared=True):
        postgres.drop(target)
        postgres.copy(source, target)


def _lock_name(template):
    return "core" if template == CORE else f"tpl-{template}"


def template_name(modules):
    everything = sorted(set(addons.manifests()) - {addons.SAMPLE})
    if modules == everything:
        return TEMPLATE
    if addons.SAMPLE in modules:
        return DEMO_TEMPLATE
    return f"{TEMPLATE}_{home.fingerprint(modules)[:8]}"


def _recipe(modules):
    return {
        "core": _core_identity(),
        "modules": addons.hashes(modules),
        "oca": oca.versions(),
        "script": _TEST_SCRIPT + _DEMO_SCRIPT,
    }


def is_current(modules):
    name = template_name(modules)
    stamp = home.stamp(f"tpl-{name}") or {}
    return stamp.get("recipe") == _recipe(modules) and name in postgres.databases()


def template(modules, assets=False):
    """The template database with these own add-ons, built if their sources have changed; returns its name."""
    if addons.SAMPLE in modules:
        # Loading the sample takes minutes: there is one, with every add-on, for the demo, its tests and its terms.
        modules = demo_modules()
    name = template_name(modules)
    stamp_name = f"tpl-{name}"
    done = home.stamp(stamp_name) or {}
    if is_current(modules) and (done.get("assets") or not assets):
        return name
    core()
    with home.lock(_lock_name(name)):
        if not is_current(modules):
            recipe = _recipe(modules)  # before the build: what changes meanwhile shall be seen as changed
            before = (home.stamp(stamp_name) or {}).get("recipe")
            home.clear_stamp(stamp_name)
            if not (
                _only_code_changed(before, recipe) and _upgrade_template(name, before["modules"], recipe["modules"])
            ):
                _build_template(name, modules)
            home.set_stamp(stamp_name, {"recipe": recipe, "assets": False})
        done = home.stamp(stamp_name)
        if assets and not done["assets"]:
            log = home.LOGS / f"{name}.log"
            with progress(f"compiling the screens' assets in {name}"):
                odoo.script(name, _ASSETS_SCRIPT, log=log, what="the screens' assets do not compile")
            home.set_stamp(stamp_name, {**done, "assets": True})
    return name


def _build_template(name, modules):
    building, log = f"{name}_building", _fresh_log(name)
    home.need_space(300, "A new database")
    sample = addons.SAMPLE in modules
    with progress(f"{name}: installing {', '.join(modules)}", _last_module(log)):
        copy(CORE, building)
        if sample:
            odoo.script(building, _DEMO_SCRIPT, log=log, what="the settings of the demo could not be made")
        _install(building, modules, log, "the own add-ons do not install")
        _check_installed(building, modules, log)
        if not sample:
            odoo.script(building, _TEST_SCRIPT, log=log, what="the settings of the test database could not be made")
        postgres.rename(building, name)


def _only_code_changed(before, recipe):
    """True for a template with the sample property whose own add-ons changed, but not the sample nor the rest.

    Loading the sample takes minutes; upgrading the changed add-ons does not. A fresh clone (and `./pm reset`) always
    builds from nothing.
    """
    return (
        before is not None
        and addons.SAMPLE in recipe["modules"]
        and set(before["modules"]) == set(recipe["modules"])
        and before["modules"][addons.SAMPLE] == recipe["modules"][addons.SAMPLE]
        and {**before, "modules": 0} == {**recipe, "modules": 0}
    )


def _upgrade_template(name, before, now):
    """Upgrade the changed add-ons in a template (its lock is held); False if that is not possible."""
    if name not in postgres.databases():
        return False
    building, log = f"{name}_building", _fresh_log(name)
    changed = [module for module in now if now[module] != before[module]]
    try:
        with progress(f"{name}: upgrading {', '.join(changed)}", _last_module(log)):
            postgres.drop(building)
            postgres.copy(name, building)
            _install(building, changed, log, "the own add-ons cannot be upgraded", flag="-u")
            _check_installed(building, now, log)
            postgres.rename(building, name)
    except Failure as failure:
        say(f"{failure.what}: building {name} from nothing")
        return False
    return True


def demo_modules():
    return addons.closure(addons.manifests())


def demo():
    """The demo database: built once, afterwards only upgraded by what has changed in the sources."""
    modules = demo_modules()
    wanted = {"core": _core_identity(), "modules": addons.hashes(modules), "oca": oca.versions()}
    have = home.stamp(DEMO_STAMP)
    if have == wanted and DEMO in postgres.databases():
        return
    with home.lock("demo"):
        have = home.stamp(DEMO_STAMP)
        if have and DEMO in postgres.databases():
            if have != wanted:
                _upgrade_demo(have, wanted)
        else:
            home.clear_stamp(DEMO_STAMP)
            source = template(modules) if modules else CORE
            if not modules:
                core()
                say("addons/ is empty: the demo is plain Odoo")
            copy(source, f"{DEMO}_building")
            postgres.rename(f"{DEMO}_building", DEMO)
        home.set_stamp(DEMO_STAMP, wanted)


def _upgrade_demo(have, wanted):
    """Install what is new and upgrade what has changed; what people did in the demo stays."""
    log = _fresh_log("demo-upgrade")
    known = set(postgres.sql(DEMO, "SELECT name FROM ir_module_module WHERE state = 'installed'").split())
    new = [m for m in wanted["modules"] if m not in known]
    if have.get("core") != wanted["core"]:
        new += [m for m in CORE_MODULES if m not in known]
        changed = ["all"]
    else:
        changed = [m for m in wanted["modules"] if m in known and have["modules"].get(m) != wanted["modules"][m]]
        if have.get("oca") != wanted["oca"]:
            changed += [m for m in oca.modules() if m in known]
    arguments = (["-i", ",".join(new)] if new else []) + (
        ["-u", ",".join(changed), "--i18n-overwrite"] if changed else []
    )
    if not arguments:
        return
    with progress(f"the sources have changed: upgrading {', '.join(new + changed)} in {DEMO}", _last_module(log)):
        # Odoo lists new add-ons itself before it installs them. A shell must not do it first: it would load the new code
        # of all add-ons on tables that lack the columns of that code.
        odoo.call(
            *("-d", DEMO, *arguments, *_OFFLINE),
            log=log,
            what="the demo database cannot be upgraded to the changed sources",
            remedy="Correct the sources, or build the demo anew: ./pm reset.",
        )
        _check_installed(DEMO, wanted["modules"], log)
    say("a server that was running before needs a restart")


@contextlib.contextmanager
def disposable(source):
    """A copy of a template for one test run, dropped at its end."""
    _sweep()
    name = f"{PREFIX}_test_{os.getpid()}_{source.removeprefix(PREFIX + '_')}"
    copy(source, name)
    try:
        yield name
    finally:
        postgres.drop(name)


def _sweep():
    """Drop the copies of runs that were killed."""
    for name in postgres.databases():
        owner = re.match(rf"{PREFIX}_test_(\d+)_", name)
        if owner and not Path(f"/proc/{owner.group(1)}").exists():
            postgres.drop(name)


def reset():
    """Drop every database of ours."""
    for name in sorted(postgres.databases()):
        if re.fullmatch(rf"{CORE}(_building)?|{DEMO}(_tpl)?(_building)?|{TEMPLATE}\w*|{PREFIX}_test_\w+", name):
            say(f"dropping {name}")
            postgres.drop(name)
    for stamp in home.STATE.glob("*"):
        if stamp.name in (CORE_STAMP, DEMO_STAMP) or (
            stamp.name.startswith(f"tpl-{PREFIX}_") and stamp.suffix != ".lock"
        ):
            stamp.unlink()
