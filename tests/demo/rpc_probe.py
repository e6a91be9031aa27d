"""Sent into the Odoo shell by test_rpc_surface.py: calls every public method of the add-ons as people who may not.

``probe(env)`` returns how many calls it made and what they did that they should not have. Nothing of it stays.
"""

import inspect
import logging
import re
from contextlib import contextmanager

from odoo import Command
from odoo.sql_db import Cursor
from psycopg2.errors import CheckViolation

ADDONS = ("pm_base", "pm_customer_service", "pm_fees", "pm_fees_bank_oca", "pm_renovation", "pm_sms_aliyun")
# Beside the point: what Odoo notes of its own accord.
ASIDE = re.compile(r"(bus_|ir_|res_users_log|res_device|mail_presence)")
CHANGE = re.compile(r'\s*(?:WITH\b.*?\)\s*)?(INSERT INTO|UPDATE|DELETE FROM)\s+(?:ONLY\s+)?"?(\w+)', re.S | re.I)


def public_methods(registry):
    """Yield ``(model, method)`` that the add-ons name first and RPC may call."""
    own = tuple(f"odoo.addons.{name}." for name in ADDONS)
    for model in registry.values():
        for cls in model.__mro__:
            for method, function in vars(cls).items() if cls.__module__.startswith(own) else ():
                if method.startswith("_") or not callable(getattr(function, "__func__", function)):
                    continue
                # What only extends a method of Odoo's is Odoo's to guard, and tested with the model.
                first = [base for base in model.__mro__ if method in vars(base)][-1]
                if first.__module__.startswith(own) and not getattr(function, "_api_private", False):
                    yield model._name, method


def callers(env):
    """Return ``(nobodies, others)``: people without any role here, and people with a role who may not write everywhere."""
    users = env["res.users"].with_context(no_reset_password=True)
    abroad = env["res.company"].create({"name": "Elsewhere Ltd"})
    plain = env.ref("base.group_user")
    roles = env["res.groups"].search([("privilege_id.category_id", "=", env.ref("pm_base.module_category_pm").id)])
    boss = {"login": "rpc_boss", "company_id": abroad.id, "company_ids": [Command.set(abroad.ids)]}
    nobodies = {
        "a tenant": users.search([("login", "=", "tenant")]),
        "an employee without a role": users.create(
            {"name": "N", "login": "rpc_no_role", "group_ids": [Command.set(plain.ids)]}
        ),
    }
    others = {
        "a technician": users.search([("login", "=", "technician")]),
        "a boss of another company": users.create(
            {**boss, "name": "B", "group_ids": [Command.set((plain | roles).ids)]}
        ),
    }
    return nobodies, others


def cases(env, model, resident):
    """Return ``[(id, state)]``: the newest record, first as it is and then in each state; and one that a resident sees."""
    record = model.sudo().search([], limit=1, order="id desc")
    theirs = model.with_user(resident)
    theirs = theirs.search([], limit=1) if theirs.has_access("read") else theirs
    state = model._fields.get("state")
    states = []
    if (
        state is not None
        and state.store
        and state.type == "selection"
        and model._auto
        and model._name.startswith("pm.")
    ):
        states = state.get_values(env)
    return [(record.id, value) for value in (None, *states) if record] + [
        (own.id, None) for own in theirs if own != record
    ]


@contextmanager
def undone(env):
    """A savepoint that is left without its changes."""
    savepoint = env.cr.savepoint(flush=False)
    try:
        yield
    finally:
        env.clear()
        savepoint.close(rollback=True)


def outcome(record, method, arguments, changed):
    """Call the method; return the tables that it changed and what it told."""
    changed.clear()
    try:
        told = getattr(record, method)(*arguments)
        record.env.flush_all()
    except Exception:
        return [], None  # refused, and rolled back with whatever it had done
    return sorted(changed), told


def probe(env):
    logging.disable(logging.CRITICAL)
    nobodies, others = callers(env)
    env.flush_all()
    changed, findings, tried = set(), [], 0
    execute = Cursor.execute

    def spy(cursor, query, params=None, log_exceptions=True):
        match = CHANGE.match(query if isinstance(query, str) else query.code)
        if match and not ASIDE.match(match.group(2)):
            changed.add(match.group(2))
        return execute(cursor, query, params, False)

    env.cr.commit = lambda: None
    Cursor.execute = spy
    try:
        for name, method in sorted(set(public_methods(env.registry))):
            model = env[name]
            function = inspect.unwrap(getattr(type(model), method))
            on_model = getattr(function, "_api_model", False)
            if model._transient or (model._abstract and not on_model):
                continue  # windows belong to who opened them
            parameters = list(inspect.signature(function).parameters.values())[1:]
            needed = [p for p in parameters if p.default is p.empty and p.kind == p.POSITIONAL_OR_KEYWORD]
            for record_id, state in [(False, None)] if on_model else cases(env, model, nobodies["a tenant"]):
                with undone(env):
                    if state is not None:
                        try:
                            execute(env.cr, f'UPDATE "{model._table}" SET state = %s WHERE id = %s', (state, record_id))
                        except CheckViolation:
                            continue  # this record cannot be in that state
                    # Who has no right at all is refused in every state; once is enough for him.
                    people = nobodies if state is None else others
                    for who, user in people.items():
                        with undone(env):
                            record = env(user=user.id, context={"lang": "en_US"})[name].browse(record_id or ())
                            # Asked in sudo first, the record lies in the cache: reading it is then no hindrance, only a
                            # check is. A method that relies on what happens to be unread has no guard.
                            if not model._abstract and record.has_access("write" if record_id else "create"):
                                continue
                            tried += 1
                            tables, told = outcome(record, method, ["1"] * len(needed), changed)
                            if tables:
                                findings.append(f"{name}.{method} changed {', '.join(tables[:4])} for {who} ({state})")
                            elif told and who == "a tenant" and not method.startswith("action_"):
                                findings.append(f"{name}.{method} told {str(told)[:60]} to {who}")
    finally:
        Cursor.execute = execute
        env.cr.rollback()
    return tried, findings
