from odoo.exceptions import AccessError, UserError
from odoo.tests import HttpCase, tagged

from .common import DeskCase


class ServiceCase(DeskCase):
    @classmethod
    def item(cls, name="Window cleaning", state="published", price=80.0, **values):
        record = (
            cls.env["pm.service.item"]
            .with_user(cls.manager)
            .create({"name": name, "unit_label": "hour", "property_id": cls.property.id, **values})
        )
        steps = (
            ("discussed", cls.manager, {"discussion": "Asked for by many; two people are free."}, "action_discuss"),
            ("priced", cls.accountant, {"price": price}, "action_price"),
            ("submitted", cls.manager, {}, "action_submit"),
            ("approved", cls.leadership, {}, "action_approve"),
            ("published", cls.manager, {"announced": "Board in the lobby"}, "action_publish"),
        )
        for target, user, vals, action in steps:
            if record.state == state:
                break
            if vals:
                record.with_user(user).write(vals)
            getattr(record.with_user(user), action)()
            assert record.state == target
        return record


@tagged("post_install", "-at_install")
class TestServiceItem(ServiceCase):
    def test_from_draft_to_published_each_step_by_its_role(self):
        steps = (
            ("draft", "action_discuss", "manager"),
            ("discussed", "action_price", "accountant"),
            ("priced", "action_submit", "manager"),
            ("submitted", "action_approve", "leadership"),
            ("approved", "action_publish", "manager"),
        )
        for state, action, role in steps:
            item = self.item(state=state, discussion="Yes", announced="Board")
            if state == "discussed":
                item.with_user(self.accountant).price = 80
            for other in ("manager", "accountant", "leadership", "officer", "cashier", "technician"):
                if other == role:
                    continue
                with self.subTest(step=action, by=other), self.assertRaises(AccessError), self.env.cr.savepoint():
                    getattr(item.with_user(getattr(self, other)), action)()
            getattr(item.with_user(getattr(self, role)), action)()
            self.assertNotEqual(item.state, state)

    def test_each_step_asks_for_what_it_rests_on(self):
        with self.assertRaises(UserError):
            self.item(state="draft").action_discuss()
        with self.assertRaises(UserError):
            self.item(state="discussed").with_user(self.accountant).action_price()
        with self.assertRaises(UserError):
            self.item(state="approved").action_publish()
        with self.assertRaises(UserError):
            self.item(state="draft").action_publish()

    def test_whoever_set_the_price_does_not_approve_it(self):
        both = self.accountant
        item = self.item(state="submitted")
        both.group_ids += self.env.ref("pm_base.group_leadership")
        with self.assertRaises(AccessError):
            item.with_user(both).action_approve()
        item.with_user(self.leadership).action_approve()

    def test_only_published_services_of_the_property_are_on_the_list(self):
        shown = self.item()
        general = self.item("Copies", property_id=False)
        self.item("Not yet", state="approved")
        other = self.property.copy({"code": "T2", "user_ids": False})
        self.env["pm.service.item"].create({"name": "Elsewhere", "property_id": other.id}).sudo().write(
            {"state": "published"}
        )
        self.assertEqual(self.env["pm.service.item"]._price_list(self.property), general | shown)
        content = (
            self.env["pm.document"]
            .with_user(self.officer)
            ._pdf("pm_customer_service.service_price_list", self.property)
        )
        self.assertTrue(content.startswith(b"%PDF"))

    def test_a_new_price_is_a_new_version_that_replaces_the_old_when_published(self):
        item = self.item(price=80)
        for user in (self.manager, self.accountant, self.leadership):
            with self.assertRaises(UserError):
                item.with_user(user).price = 1
        action = item.with_user(self.manager).action_revise()
        new = self.env["pm.service.item"].browse(action["res_id"])
        self.assertEqual((new.state, new.replaces_id, new.price), ("draft", item, 80))
        new.with_user(self.manager).discussion = "Wages rose."
        new.with_user(self.manager).action_discuss()
        new.with_user(self.accountant).price = 90
        new.with_user(self.accountant).action_price()
        with self.assertRaises(UserError):
            new.with_user(self.manager).price = 95
        new.with_user(self.manager).action_submit()
        new.with_user(self.leadership).action_approve()
        self.assertEqual(item.state, "published")
        new.with_user(self.manager).announced = "Board"
        new.with_user(self.manager).action_publish()
        self.assertEqual((item.state, new.state), ("retired", "published"))

    def test_finance_sets_prices_and_nothing_else(self):
        item = self.item(state="discussed")
        item.with_user(self.accountant).write({"price": 50, "cost_labour": 30, "tax_percent": 6})
        with self.assertRaises(AccessError):
            item.with_user(self.accountant).name = "Something else"
        with self.assertRaises(AccessError):
            item.with_user(self.manager).state = "published"
        self.assertFalse(self.env["pm.service.item"].with_user(self.officer).has_access("create"))

    def test_sent_back_is_priced_anew(self):
        item = self.item(state="submitted")
        item.with_user(self.leadership).action_send_back()
        self.assertEqual((item.state, item.priced_by_id.id), ("draft", False))

    def test_margin_is_what_is_left_of_the_price_without_tax(self):
        item = self.item(price=106, tax_percent=6, cost_labour=60, cost_material=20)
        self.assertAlmostEqual(item.with_user(self.manager).margin_percent, 20)
        with self.assertRaises(AccessError):
            item.with_user(self.officer).read(["cost_labour"])

    def test_the_seven_services_of_the_handbook_are_there_as_drafts(self):
        drafts = self.env["pm.service.item"].search([("source", "=", "S1-72")])
        self.assertEqual((len(drafts), set(drafts.mapped("state"))), (7, {"draft"}))


@tagged("post_install", "-at_install")
class TestServicePortal(ServiceCase, HttpCase):
    def test_customers_read_the_price_list_of_their_own_property(self):
        self.item()
        self.item("Secret draft", state="approved")
        other = self.property.copy({"code": "T2", "user_ids": False})
        self.env["pm.service.item"].create({"name": "Elsewhere", "property_id": other.id}).sudo().write(
            {"state": "published"}
        )
        self.assertNotIn("Window cleaning", self.url_open("/my/services").text, "not without a login")
        self.authenticate("pm_portal_1", "pm_portal_1")
        page = self.url_open("/my/services").text
        self.assertIn("Window cleaning", page)
        self.assertNotIn("Secret draft", page)
        self.assertNotIn("Elsewhere", page)
        self.assertFalse(self.env["pm.service.item"].with_user(self.portal_user).has_access("read"))
