"""What the law forbids does not exist: no level, value, button, template or export for it (L-01, L-02, S3-29)."""

import re
from pathlib import Path

from freezegun import freeze_time
from lxml import etree
from odoo.exceptions import AccessError
from odoo.modules.module import get_module_path
from odoo.tests.common import tagged

from .dunning_common import DunningCase

# Cutting supplies, closing gates, holding back services, publishing debtors: in names of the program, and in its words.
NAMES = re.compile(
    r"cut_?off|disconnect|(?<!ac)cut(?!e)|shut|suspend|deny|revoke|block_|blacklist|access_card|gate_|lift_card|parking_block|publish|bulletin|expose|"
    r"blackboard|shame|water_stop|power_stop"
)
WORDS = re.compile(
    r"cut off|cut the|disconnect|shut off|stop (the )?(water|power|gas|heating|electricity)|access card|list of debtors|"
    r"publish(ing)? (the )?(debtor|arrears|name)|post(ing)? (the )?(debtor|arrears|name)|停水|停电|断水|断电|停气|停暖|门禁|"
    r"公示欠|欠费公示|公布欠费|张贴欠费|限制服务|停止服务"
)
MODELS = ("pm.dunning.", "pm.legal.", "pm.late.fee")


@tagged("post_install", "-at_install")
class TestDunningLaw(DunningCase):
    def models(self):
        return [name for name in self.env.registry if name.startswith(MODELS)]

    def test_no_value_of_any_choice_and_no_button_names_it(self):
        for name in self.models():
            model = self.env[name]
            own = {key for key in model._fields if not key.startswith(("access_", "activity_", "message_"))}
            for key in own:
                field = model._fields[key]
                values = field.selection if field.type == "selection" and isinstance(field.selection, list) else []
                for value, label in values:
                    with self.subTest(model=name, field=key, value=value):
                        self.assertFalse(NAMES.search(str(value)) or WORDS.search(str(label).lower()))
                with self.subTest(model=name, field=key):
                    self.assertFalse(NAMES.search(key))
            for method in dir(type(model)):
                if method.startswith("action_") and method not in ("action_archive", "action_unarchive"):
                    with self.subTest(model=name, method=method):
                        self.assertFalse(NAMES.search(method))

    def test_ways_of_the_ladder_are_these_five_and_no_other(self):
        kinds = [value for value, _label in self.env["pm.dunning.level"]._fields["kind"].selection]
        self.assertEqual(kinds, ["message", "notice", "call", "letter", "mandate"])

    def test_no_template_report_view_or_action_speaks_of_it(self):
        texts = {}
        for template in self.env["mail.template"].search([("model", "like", "pm.")]):
            texts[template.name] = f"{template.subject} {template.body_html}"
        for template in self.env["sms.template"].search([("model", "like", "pm.")]):
            texts[template.name] = template.body
        for model in ("ir.ui.view", "ir.actions.report", "ir.actions.act_window", "ir.cron", "ir.ui.menu"):
            data = self.env["ir.model.data"].search([("module", "=", "pm_fees"), ("model", "=", model)])
            for record in self.env[model].browse(data.mapped("res_id")).exists():
                text = record.arch_db if model == "ir.ui.view" else record.name
                texts[f"{model} {record.id}"] = text or ""
        for name, text in texts.items():
            with self.subTest(name=name):
                self.assertFalse(WORDS.search(text.lower()), WORDS.search(text.lower()))
        self.assertGreater(len(texts), 60)

    def test_chinese_words_do_not_speak_of_it(self):
        for path in Path(get_module_path("pm_fees")).glob("i18n/*.po"):
            found = [
                line
                for line in path.read_text().splitlines()
                if line.startswith(("msgid", "msgstr", '"')) and WORDS.search(line.lower())
            ]
            self.assertFalse(found)

    def test_arrears_are_not_exported_by_ordinary_staff_and_shown_to_no_stranger(self):
        """No public list: who is no collector sees no case, and butlers cannot export the list (L-02, L-08)."""
        self.charge(due="2026-01-10")
        self.run_day("2026-01-11")
        for user in (self.front_desk, self.technician, self.cashier, self.outsider, self.portal_user):
            for model in (
                "pm.dunning.case",
                "pm.dunning.action",
                "pm.dunning.call",
                "pm.legal.case",
                "pm.charge.limitation",
            ):
                with self.subTest(user=user.login, model=model), self.assertRaises(AccessError):
                    self.env[model].with_user(user).search([]).read(["id"])
        self.assertFalse(self.officer.has_group("base.group_allow_export"))

    def test_arrears_gate_nothing_else(self):
        """A watched unit is transferred, repaired and looked up as any other: a warning at most (L-01, S0-139)."""
        self.charge(due="2026-01-10")
        self.run_day("2026-08-10")
        with freeze_time("2026-08-10 03:00:00"):
            self.assertTrue(self.units[0].pm_watch_sale)
            ticket = (
                self.env["pm.ticket"]
                .with_user(self.front_desk)
                .create(
                    {
                        "name": "Tap drips",
                        "type_id": self.env["pm.ticket.type"].search([("code", "=", "repair")], limit=1).id,
                        "unit_id": self.units[0].id,
                        "partner_id": self.owners[0].id,
                    }
                )
            )
            self.assertEqual(ticket.state, "new")

    def test_portal_shows_a_debtor_only_his_own(self):
        views = self.env["ir.model.data"].search([("module", "=", "pm_fees"), ("model", "=", "ir.ui.view")])
        portal = (
            self.env["ir.ui.view"].browse(views.mapped("res_id")).exists().filtered(lambda view: view.type == "qweb")
        )
        for view in portal:
            tree = etree.fromstring(view.arch_db)
            with self.subTest(view=view.key):
                self.assertNotIn("pm.dunning.case", etree.tostring(tree, encoding="unicode"))


@tagged("post_install", "-at_install")
@freeze_time("2026-01-11 02:00:00")
class TestCounselView(DunningCase):
    def test_counsel_sees_only_what_was_given_to_him(self):
        self.charge(due="2026-01-10")
        self.charge(unit=self.units[1], due="2026-01-10")
        made = self.run_day("2026-01-11")
        for action in made.filtered(lambda a: a.kind == "notice"):
            self.deliver(action, "2026-01-12")
        letters = self.run_day("2026-07-10").filtered(lambda a: a.kind == "letter")
        self.assertEqual(len(letters), 2)
        mine, other = letters
        as_counsel = lambda model: self.env[model].with_user(self.counsel).search([])  # noqa: E731
        self.assertFalse(as_counsel("pm.dunning.case") | as_counsel("pm.dunning.case"))
        self.assertFalse(as_counsel("pm.charge"))
        self.decide(mine, "2026-07-11")
        self.assertEqual(as_counsel("pm.dunning.case"), mine.case_id)
        self.assertEqual(as_counsel("pm.dunning.action"), mine)
        self.assertEqual(as_counsel("pm.charge"), mine.demand_ids.charge_id)
        with self.assertRaises(AccessError):
            other.with_user(self.counsel).read(["amount_due"])

        # The counsel works for the property, and yet sees no other household's messages (L-08).
        self.counsel.pm_property_ids = self.property
        messages = self.messages(made)
        self.assertEqual(len(messages.partner_id), 2)
        for model in ("pm.collection.analysis", "pm.unit.ledger", "pm.charge.movement"):
            self.assertEqual(as_counsel(model).charge_id, mine.demand_ids.charge_id, model)
        self.assertEqual(as_counsel("pm.message").partner_id - self.counsel.partner_id, mine.partner_id)
        theirs = messages.filtered(lambda message: message.partner_id == other.partner_id)
        with self.assertRaises(AccessError):
            theirs[0].with_user(self.counsel).read(["subject"])
        second = self.counsel.copy({"login": "pm_counsel_2", "email": "c2@staff.example"})
        self.assertFalse(self.env["pm.dunning.case"].with_user(second).search([]), "another counsel sees nothing of it")
        for values in ({"amount_due": 1}, {"counsel_id": second.id}, {"state": "done"}):
            with self.subTest(values=values), self.assertRaises(AccessError):
                mine.with_user(self.counsel).write(values)
