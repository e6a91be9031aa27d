from datetime import date

from freezegun import freeze_time
from odoo import Command
from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged
from psycopg2 import IntegrityError

from .common import local
from .test_service_order import OrderCase


class LongCase(OrderCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.works = cls.env["pm.team"].create(
            {"name": "Works", "property_id": cls.property.id, "user_id": cls.technician.id}
        )
        rates = cls.env["pm.service.rate"]
        cls.hour = rates.create({"name": "Fitter", "kind": "labour", "hourly": 60})
        cls.fee = rates.create({"name": "Fee", "kind": "overhead", "percent": 15, "property_id": cls.property.id})
        cls.tax = rates.create({"name": "Tax", "kind": "tax", "percent": 6, "property_id": cls.property.id})

    @classmethod
    def sheet(cls, state="draft", order=None, **values):
        """2 people × 3.5 h × 60 + 4 × 25.33 = 521.32, with 15 % and 6 %, by two departments."""
        record = (
            cls.env["pm.service.estimate"]
            .with_user(cls.front_desk)
            .create(
                {
                    "name": "New partition wall",
                    "order_id": (order or cls.order(line_ids=[])).id,
                    "labour_ids": [
                        Command.create(
                            {"team_id": cls.team.id, "rate_id": cls.hour.id, "staff": 2, "hours": 3.5, "name": "Wall"}
                        )
                    ],
                    "material_ids": [
                        Command.create({"team_id": cls.works.id, "name": "Board", "quantity": 4, "price": 25.33})
                    ],
                    **values,
                }
            )
        )
        if state != "draft":
            record.action_to_sign()
        if state in ("submitted", "approved"):
            record.with_user(cls.supervisor).action_sign()
            record.with_user(cls.technician).action_sign()
            record.action_submit()
        if state == "approved":
            record.with_user(cls.manager).action_approve()
        return record


@tagged("post_install", "-at_install")
class TestServiceEstimate(LongCase):
    def test_the_price_is_the_formula_of_the_handbook(self):
        sheet = self.sheet()
        self.assertEqual((sheet.amount_labour, sheet.amount_material), (420, 101.32))
        self.assertEqual((sheet.amount_overhead, sheet.amount_tax), (78.2, 35.97))
        self.assertEqual(sheet.amount_total, 635.49)
        self.hour.hourly = 100
        self.fee.percent = 50
        self.assertEqual(sheet.amount_total, 635.49, "a new rate never rewrites an old sheet")

    def test_every_department_signs_then_the_manager_approves_and_the_customer_agrees(self):
        sheet = self.sheet("signing")
        self.assertEqual(sheet.missing_team_ids, self.team | self.works)
        with self.assertRaises(UserError):
            sheet.action_submit()
        with self.assertRaises(AccessError):
            sheet.action_sign()  # the desk leads no department
        sheet.with_user(self.technician).action_sign()
        self.assertEqual(sheet.missing_team_ids, self.team)
        with self.assertRaises(AccessError):
            sheet.with_user(self.technician).action_sign()
        sheet.with_user(self.supervisor).action_sign()
        sheet.action_submit()
        for user in (self.front_desk, self.supervisor, self.technician):
            with self.assertRaises(AccessError):
                sheet.with_user(user).action_approve()
        order = sheet.order_id
        self.assertTrue(order.is_temporary)
        with self.assertRaises(UserError):
            order.action_quote()  # no approved price yet
        sheet.with_user(self.manager).action_approve()
        self.assertEqual((order.line_ids.name, order.amount_total), ("New partition wall", 635.49))
        order.action_quote()
        order._agree("phone", "Owner 1")
        self.assertTrue(order.is_agreed)

    def test_who_signed_does_not_approve(self):
        self.team.user_id = self.manager
        sheet = self.sheet("signing")
        sheet.with_user(self.manager).action_sign()
        sheet.with_user(self.technician).action_sign()
        sheet.action_submit()
        with self.assertRaises(AccessError):
            sheet.with_user(self.manager).action_approve()

    def test_what_was_signed_is_not_changed_and_a_change_asks_for_new_signatures(self):
        sheet = self.sheet("submitted")
        for change in (
            lambda: sheet.write({"name": "More"}),
            lambda: sheet.labour_ids.write({"hours": 1}),
            lambda: sheet.material_ids.unlink(),
            lambda: sheet.material_ids.create(
                {"estimate_id": sheet.id, "team_id": self.team.id, "name": "x", "price": 1}
            ),
            lambda: sheet.unlink(),
        ):
            with self.assertRaises(UserError), self.env.cr.savepoint():
                change()
        with self.assertRaises(UserError):
            sheet.with_user(self.manager)._refuse(" ")
        sheet.with_user(self.manager)._refuse("Too dear")
        sheet.action_back_to_draft()
        sheet.labour_ids.hours = 3
        sheet.action_to_sign()
        self.assertEqual(sheet.missing_team_ids, self.team | self.works, "the old signatures are for another price")
        self.assertEqual(len(sheet.sign_ids), 2, "and stay as evidence")
        with self.assertRaises(UserError):
            sheet.sign_ids[0].amount = 1

    def test_a_second_sheet_replaces_the_first_and_the_customer_agrees_anew(self):
        sheet = self.sheet("approved")
        order = sheet.order_id
        order.action_quote()
        order._agree("phone", "Owner 1")
        second = self.sheet("approved", order=order, name="Wall and door")
        self.assertEqual((order.state, order.line_ids.name), ("changed", "Wall and door"))
        self.assertEqual((sheet.state, second.state), ("refused", "approved"))
        with self.assertRaises(IntegrityError), self.env.cr.savepoint(), self.assertLogs("odoo.sql_db"):
            sheet.sudo().state = "approved"
            self.env.flush_all()

    def test_nobody_sells_the_sheet_of_another_order_or_types_its_price(self):
        sheet = self.sheet("approved")
        other = self.order()
        line = (
            self.env["pm.service.order.line"]
            .with_user(self.front_desk)
            .create({"order_id": other.id, "item_id": self.cleaning.id, "estimate_id": sheet.id})
        )
        self.assertFalse(line.estimate_id)
        with self.assertRaises(AccessError):
            other.line_ids[0].estimate_id = sheet
        with self.assertRaises(AccessError):
            sheet.order_id.line_ids.price_unit = 1

    def test_beyond_our_scope_the_manager_settles_it(self):
        order = self.order()
        with self.assertRaises(UserError):
            order.action_refer()  # why?
        order.scope_reason = "Structural works"
        order.action_refer()
        self.assertEqual(order.activity_ids.user_id, self.manager)
        for act in (order.action_quote, lambda: order._agree("phone", "x")):
            with self.assertRaises(UserError):
                act()
        with self.assertRaises(AccessError):
            order._decide_scope(True, "We do it")
        with self.assertRaises(AccessError):
            order._transition("draft")
        manager = order.with_user(self.manager)
        with self.assertRaises(UserError):
            manager._decide_scope(True, "")
        manager._decide_scope(True, "By a contractor, at cost")
        self.assertEqual((order.state, order.is_temporary, order.scope_decided_by_id), ("draft", True, self.manager))
        other = self.order(scope_reason="Moving a wall")
        other.action_refer()
        other.with_user(self.manager)._decide_scope(False, "Not possible")
        self.assertEqual((other.state, other.ticket_id.state), ("cancelled", "cancelled"))

    def test_the_confirmation_sheet_is_printed(self):
        for state in ("draft", "approved"):
            content = self.env["pm.document"]._pdf("pm_customer_service.service_estimate", self.sheet(state))
            self.assertTrue(content.startswith(b"%PDF"))


@tagged("post_install", "-at_install")
class TestServiceAgreement(LongCase):
    @classmethod
    def agreement(cls, sign=True, **values):
        """Window cleaning 3 × 80 each month of 2026 from 31 January on."""
        record = (
            cls.env["pm.service.agreement"]
            .with_user(cls.front_desk)
            .create(
                {
                    "unit_id": cls.units[0].id,
                    "team_id": cls.team.id,
                    "date_start": "2026-01-31",
                    "date_end": "2026-12-30",
                    "line_ids": [Command.create({"item_id": cls.cleaning.id, "quantity": 3})],
                    **values,
                }
            )
        )
        if sign:
            file = cls.env["ir.attachment"].with_user(cls.front_desk).create({"name": "signed.pdf", "raw": b"x"})
            record.write({"signed_by": "Owner 1", "signed_on": "2026-01-20", "signed_file_ids": [(6, 0, file.ids)]})
        return record

    def test_an_order_for_every_period_agreed_by_the_signature(self):
        with freeze_time(local("2026-01-25 10:00")):
            agreement = self.agreement()
            agreement.action_activate()
            self.assertFalse(agreement.order_ids)
        for day, starts in (
            ("2026-01-30", 0),
            ("2026-01-31", 1),
            ("2026-02-27", 1),
            ("2026-02-28", 2),
            ("2026-03-31", 3),
        ):
            with freeze_time(local(f"{day} 09:00")):
                agreement._make_orders()
                agreement._make_orders()
                self.assertEqual(len(agreement.order_ids), starts, day)
        order = agreement.order_ids[0]
        self.assertEqual(
            (order.state, order.is_agreed, order.amount_total, order.settlement), ("agreed", True, 240, "monthly")
        )
        self.assertEqual((order.consent_ids.method, order.consent_ids.agreed_by), ("agreement", "Owner 1"))
        with self.assertRaises(IntegrityError), self.env.cr.savepoint(), self.assertLogs("odoo.sql_db"):
            order.copy().sudo().write({"agreement_id": agreement.id, "period_start": order.period_start})
            self.env.flush_all()

    def test_the_signed_price_holds_for_the_term(self):
        with freeze_time(local("2026-01-31 10:00")):
            agreement = self.agreement()
            agreement.action_activate()
            self.cleaning.with_user(self.manager).action_retire()
        with freeze_time(local("2026-02-28 10:00")):
            agreement._make_orders()
        self.assertEqual(agreement.order_ids.mapped("amount_total"), [240, 240])
        with self.assertRaises(UserError):
            agreement.line_ids.price_unit = 1
        with self.assertRaises(UserError):
            agreement.line_ids.quantity = 1
        with self.assertRaises(UserError):
            agreement.write({"date_end": "2027-12-31"})

    def test_signature_published_services_and_a_term_that_begins_now_are_needed(self):
        with freeze_time(local("2026-01-25 10:00")):
            with self.assertRaises(UserError):
                self.agreement(sign=False).action_activate()
            with self.assertRaises(UserError):
                self.agreement(line_ids=[]).action_activate()
            late = self.agreement(date_start="2025-12-25")
            with self.assertRaises(UserError):
                late.action_activate()  # one whole period is over
            late.date_start = "2025-12-26"
            late.action_activate()
            self.assertEqual(late.order_ids.period_start, date(2025, 12, 26))

    def test_reminded_once_thirty_days_before_the_end_and_ended_after_the_last_day(self):
        with freeze_time(local("2026-01-31 10:00")):
            agreement = self.agreement()
            agreement.action_activate()
        for moment, count, state in (
            ("2026-11-29 23:59", 0, "active"),
            ("2026-11-30 00:01", 1, "active"),
            ("2026-12-15 08:00", 1, "active"),
            ("2026-12-30 23:59", 1, "active"),
            ("2026-12-31 00:01", 1, "ended"),
        ):
            with freeze_time(local(moment)):
                agreement._run_due()
                self.assertEqual((len(agreement.activity_ids), agreement.state), (count, state), moment)
        self.assertEqual(len(agreement.order_ids), 11)
        self.assertFalse(agreement.next_date)
        renewed = self.env["pm.service.agreement"].browse(agreement.action_renew()["res_id"])
        self.assertEqual(
            (str(renewed.date_start), renewed.state, renewed.renews_id), ("2026-12-31", "draft", agreement)
        )
        self.assertEqual(agreement.action_renew()["res_id"], renewed.id)

    def test_ended_before_its_last_day_only_with_a_reason(self):
        with freeze_time(local("2026-01-31 10:00")):
            agreement = self.agreement()
            agreement.action_activate()
            with self.assertRaises(UserError):
                agreement._end("")
            with self.assertRaises(UserError):
                agreement._transition("ended")
            agreement._end("The customer moves out")
        with freeze_time(local("2026-03-31 10:00")):
            agreement._run_due()
        self.assertEqual((agreement.state, len(agreement.order_ids)), ("ended", 1))
        content = self.env["pm.document"]._pdf("pm_customer_service.service_agreement", agreement)
        self.assertTrue(content.startswith(b"%PDF"))
