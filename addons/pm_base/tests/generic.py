"""Checks that every add-on inherits: a dozen lines of test file bring them all (style.md, habit 11)."""

from pathlib import Path
from unittest.mock import patch

import polib
from lxml import etree
from odoo import Command
from odoo.exceptions import UserError
from odoo.models import MAGIC_COLUMNS, BaseModel
from odoo.modules.module import get_module_path
from odoo.tests.common import new_test_user, tagged
from odoo.tools.safe_eval import safe_eval

# Whose files the program makes, with their owner, and nobody uploads into a form.
FILES_OF_THE_PROGRAM = {"pm.message", "pm.dunning.print"}
# Fields that a client sends once, when the record is made, and why; afterwards they stay.
SENT_ONCE = {
    "account.bank.statement.line.pm_transaction_ref": "the number comes with the bank's file, loaded by whoever may enter the line",
    "pm.dunning.call.case_id": "the caller says whom he calls",
}
# What a view says of what it does not let one do.
CLOSED = ("0", "false", "False")
# Terms that read the same in Chinese.
SAME_IN_CHINESE = {"PDF", "KPI", "XLSX", "CSV", "QR", "ID", "OK", "%", "m²", "SMS", "Logo", "URL"}


class Reached(Exception):
    """A value from outside has come through to the ORM."""


class Forged(int):
    """A value that a client sends: recognised by its identity, however it is packed."""


@tagged("post_install", "-at_install")
class GenericModuleChecks:
    """Mix into a TransactionCase and set ``_module``."""

    _module = None
    # {"model.method"}: what the web client calls and is no button; the method checks who asks.
    _client_methods = frozenset()

    def _own_models(self):
        """Return the names of the models the add-on defines."""
        records = self.env["ir.model.data"].search([("module", "=", self._module), ("model", "=", "ir.model")])
        names = self.env["ir.model"].browse(records.mapped("res_id")).mapped("model")
        first = self.env["ir.model.data"]._read_group(
            [("model", "=", "ir.model"), ("res_id", "in", records.mapped("res_id"))], ["res_id"], ["id:min"]
        )
        owner = {res_id: self.env["ir.model.data"].browse(data_id).module for res_id, data_id in first}
        ids = {self.env["ir.model"]._get(name).id: name for name in names}
        return [name for model_id, name in ids.items() if owner.get(model_id) == self._module and name in self.env]

    def test_every_model_has_access_rights_and_a_company_rule(self):
        for name in self._own_models():
            model = self.env[name]
            if model._abstract:
                continue
            with self.subTest(model=name):
                access = self.env["ir.model.access"].search([("model_id.model", "=", name)])
                self.assertTrue(access, "a model without access rights is closed or, worse, forgotten")
                self.assertTrue(all(access.mapped("group_id")), "no access right may be given to everybody")
                if not model._transient and "property_id" in model._fields and model._fields["property_id"].store:
                    rules = self.env["ir.rule"].search([("model_id.model", "=", name)])
                    self.assertTrue(rules.filtered(lambda r: not r.groups), "records of a property need a company rule")
                    self.assertTrue(rules.filtered("groups"), "records of a property need a property rule")

    def test_a_file_in_a_record_is_read_by_whoever_reads_the_record(self):
        """What is uploaded before the first save belongs to the uploader alone, until ``pm.files`` gives it to the record."""
        files = self.env.registry["pm.files"]
        for name in set(self._own_models()) - FILES_OF_THE_PROGRAM:
            model = self.env[name]
            stored = [
                field.name
                for field in model._fields.values()
                if field.type == "many2many" and field.comodel_name == "ir.attachment" and field.store
            ]
            if stored and not model._transient and not model._abstract:
                with self.subTest(model=name, fields=stored):
                    self.assertTrue(issubclass(self.env.registry[name], files), "inherit pm.files")

    def test_every_action_opens_and_every_menu_leads_somewhere(self):
        data = self.env["ir.model.data"].search(
            [("module", "=", self._module), ("model", "=", "ir.actions.act_window")]
        )
        for action in self.env["ir.actions.act_window"].browse(data.mapped("res_id")):
            with self.subTest(action=action.name):
                model = self.env[action.res_model]
                for view_id, view_type in action.views:
                    model.get_view(view_id, view_type)
                model.get_view(action.search_view_id.id, "search")
                if action.target != "new" and action.res_model != "res.config.settings":
                    self.assertTrue(action.path, "an action that fills the page needs a readable address")
                    self.assertTrue(action.help, "an empty list must say what to do")
        menus = self.env["ir.model.data"].search([("module", "=", self._module), ("model", "=", "ir.ui.menu")])
        for menu in self.env["ir.ui.menu"].browse(menus.mapped("res_id")):
            with self.subTest(menu=menu.complete_name):
                self.assertTrue(menu.action or menu.child_id, "a menu without action needs children")

    def test_every_button_of_a_view_has_its_method(self):
        data = self.env["ir.model.data"].search([("module", "=", self._module), ("model", "=", "ir.ui.view")])
        for view in self.env["ir.ui.view"].browse(data.mapped("res_id")).filtered(lambda v: v.model in self.env):
            arch = self.env[view.model].get_view(view.id if view.mode == "primary" else None, view.type)["arch"]
            for button in etree.fromstring(arch).iterfind(".//button[@type='object']"):
                # Buttons of embedded lists act on the embedded model; the view validator has checked those.
                if not button.xpath("ancestor::field"):
                    with self.subTest(view=view.name, button=button.get("name")):
                        method = getattr(self.env[view.model], button.get("name"), None)
                        self.assertTrue(method)
                        # The web client sends the ids of the selection, be it empty: @api.model takes them for an argument.
                        self.assertFalse(getattr(method, "_api_model", False))

    def test_every_workbench_tile_counts_for_each_of_its_roles(self):
        data = self.env["ir.model.data"].search([("module", "=", self._module), ("model", "=", "pm.workbench.tile")])
        tiles = self.env["pm.workbench.tile"].browse(data.mapped("res_id"))
        for group in tiles.group_ids:
            user = new_test_user(self.env, f"tile_{group.id}", groups="base.group_user")
            user.group_ids += group
            for tile in tiles.filtered(lambda tile, group=group: group in tile.group_ids).with_user(user):
                with self.subTest(tile=tile.name, role=group.name):
                    self.assertTrue(tile.is_mine, "the role may not read what the tile counts")
                    self.assertFalse(tile.is_broken)
                    self.assertIn("type", tile.action_open())

    def test_every_method_that_a_client_may_call_is_meant_to_be_called(self):
        """Buttons are ``action_…``; tests/demo/rpc_probe.py tries each of them as people who may not."""
        own, found = f"odoo.addons.{self._module}.", set()
        for model in self.env.registry.values():
            for cls in model.__mro__:
                for name, function in vars(cls).items() if cls.__module__.startswith(own) else ():
                    first = [base for base in model.__mro__ if name in vars(base)][-1]
                    if (
                        not name.startswith(("_", "action_"))
                        and callable(getattr(function, "__func__", function))
                        and not isinstance(function, type)
                        and not getattr(function, "_api_private", False)
                        # What only extends a method of Odoo's has the name that Odoo gave it.
                        and first.__module__.startswith(own)
                    ):
                        found.add(f"{model._name}.{name}")
        self.assertEqual(
            found,
            self._client_methods,
            "any logged-in user may call these over RPC. Give the method a leading underscore; or name it action_… if it is"
            " a button; or, if the web client calls it, check in it who asks and add it to `_client_methods` of this test",
        )

    def test_a_resident_has_no_right_to_write(self):
        resident = new_test_user(self.env, "generic_resident", groups="base.group_portal")
        for name in self._own_models():
            for operation in ("write", "create", "unlink") if not self.env[name]._abstract else ():
                with self.subTest(model=name, operation=operation):
                    self.assertFalse(self.env[name].with_user(resident).has_access(operation))

    def _boss(self):
        """Somebody with every role."""
        boss = new_test_user(self.env, "generic_boss", groups="base.group_user")
        boss.group_ids += self.env["res.groups"].search(
            [("privilege_id.category_id", "=", self.env.ref("pm_base.module_category_pm").id)]
        )
        return boss

    def test_a_form_does_not_offer_what_the_server_refuses_in_that_state(self):
        """A document that is over is shown and not typed in: no field is open, no list offers a line or the bin."""
        boss, offered = self._boss(), []
        for name in self._own_models():
            model = self.env[name].with_user(boss)
            field = model._fields.get("state")
            if model._abstract or model._transient or not field or not model.has_access("write"):
                continue
            states = [state for state, _label in field._description_selection(model.env)]
            views = self.env["ir.ui.view"].search(
                [("model", "=", name), ("type", "=", "form"), ("mode", "=", "primary")]
            )
            for view in views:
                form = etree.fromstring(self.env[name].get_view(view.id, "form")["arch"])
                for node in form.xpath("//field[not(ancestor::field)]") if form.get("edit") not in CLOSED else ():
                    open_in = {state for state in states if self._is_open(node, model, state)}
                    refused = {
                        state for state in states if open_in and self._is_refused(node.get("name"), model, state)
                    }
                    # What is refused in every state is refused for another reason: the value, or the way it is written.
                    if open_in & refused and len(refused) < len(states):
                        offered.append((view.xml_id, node.get("name"), open_in & refused))
        self.assertFalse(offered, "make them readonly in these states")

    def _is_open(self, node, model, state):
        """Whether the form lets one change a field in a state, whatever the other fields may hold."""
        inner = next((child for child in node if child.tag in ("list", "kanban")), None)
        if inner is not None and inner.get("create") in CLOSED and inner.get("delete") in CLOSED:
            return False

        def holds(expression, other):
            values = {**dict.fromkeys(model._fields, other), "state": state, "id": 1, "uid": 1, "context": {}}
            try:
                return bool(safe_eval(expression, values))
            except ValueError:  # compares what `other` is no value for
                return False

        hidden = [tag.get("invisible") for tag in (node, *node.iterancestors()) if tag.get("invisible")]
        if all(any(holds(expression, other) for expression in hidden) for other in (False, 1)):
            return False
        readonly = node.get("readonly")
        if readonly is None:
            return not model._fields[node.get("name")].readonly
        return not any(holds(readonly, other) for other in (False, 1))

    def _is_refused(self, name, model, state):
        """Whether the server refuses a value of that field, and no other, on a record in a state."""
        field = model._fields[name]
        samples = {
            "one2many": [Command.create({})],
            "many2many": [Command.link(1)],
            "selection": state,
            "char": "1",
            "text": "1",
            "html": "1",
            "boolean": True,
        }
        try:
            with patch.object(BaseModel, "write", side_effect=Reached):
                model.new({"state": state}).write({name: samples.get(field.type, 1)})
        except UserError:
            return True
        except Exception:  # it let the value pass, or wants a real record
            return False
        return False

    def _reaches_the_orm(self, method, model, values):
        """Whether `method`, called with `values`, hands their value on to the ORM's own method."""

        def reached(records, data):
            for vals in data if isinstance(data, list) else [data]:
                if any(isinstance(value, Forged) for value in vals.values()) and records._name == model._name:
                    raise Reached
            raise InterruptedError  # left out on the way: nothing needs to be written

        try:
            with patch.object(BaseModel, method, reached):
                getattr(model, method)([values] if method == "create" else values)
        except Reached:
            return True
        except (UserError, InterruptedError):
            return False
        except (KeyError, TypeError, ValueError):
            # The model wants further values before it looks at this one: what it declares has to do.
            declared = model._get_program_fields() if hasattr(model, "_get_program_fields") else ()
            return not values.keys() <= set(declared)
        return True

    def test_what_a_model_calls_readonly_no_client_writes(self):
        """``readonly`` greys out a screen and keeps out nobody: the server refuses what only the program writes.

        Asked as somebody with every role. What follows from other fields `base` refuses for every model; the rest belongs
        into the ``_program_fields`` of its model, or into a guard of the model's own.
        """
        boss, open_fields = self._boss(), set()
        for name in self.env.registry:
            model = self.env[name].with_user(boss)
            if model._abstract or model._transient or not model._auto:
                continue
            operations = {operation for operation in ("create", "write") if model.has_access(operation)}
            for field in model._fields.values() if operations else ():
                if (
                    field._module != self._module
                    or not (field.store and field.readonly)
                    or field.type == "one2many"
                    or field.name in MAGIC_COLUMNS
                    or not model._has_field_access(field, "write")
                ):
                    continue
                for operation in operations:
                    if operation == "create" and (field.compute or f"{name}.{field.name}" in SENT_ONCE):
                        continue  # (what follows from other fields is dropped for every model alike: TestSecurity of pm_base)
                    if self._reaches_the_orm(operation, model.browse(), {field.name: Forged(1)}):
                        open_fields.add(f"{operation} {name}.{field.name}")
        self.assertFalse(open_fields)

    def test_every_string_is_chinese_when_the_user_is(self):
        path = Path(get_module_path(self._module)) / "i18n" / "zh_CN.po"
        self.assertTrue(path.exists(), "no zh_CN.po")
        catalogue = polib.pofile(str(path))
        missing = [
            e.msgid
            for e in catalogue
            if not e.obsolete and (not e.msgstr or "fuzzy" in e.flags) and e.msgid not in SAME_IN_CHINESE
        ]
        self.assertFalse(missing[:10], f"{len(missing)} strings of {self._module} have no Chinese")
        template = path.with_name(f"{self._module}.pot")
        if template.exists():
            known = {e.msgid for e in catalogue}
            self.assertFalse(
                [e.msgid for e in polib.pofile(str(template)) if e.msgid not in known], "strings missing in zh_CN.po"
            )
