from odoo import Command
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import tagged

from .common_billing import BillingCase


@tagged("post_install", "-at_install")
class TestSecurity(BillingCase):
    """What a client may try over RPC: any value, any context key, any id."""

    def test_defaults_in_the_context_approve_nothing(self):
        run = self.Run.with_user(self.accountant).with_context(
            default_state="approved", default_automatic=True, default_computed_by=self.supervisor.id
        )
        run = run.create({"property_id": self.property.id, "date_from": "2027-01-01"})
        self.assertEqual((run.state, run.automatic, run.computed_by.id), ("draft", False, False))
        tariff = (
            self.env["pm.fee.tariff"]
            .with_user(self.accountant)
            .with_context(default_approved_by=self.supervisor.id, default_approved_on="2026-01-01")
            .create(
                {
                    "item_id": self.item_fixed.id,
                    "property_id": self.property.id,
                    "name": "N",
                    "method": "fixed",
                    "price": 60,
                    "date_from": "2027-01-01",
                }
            )
        )
        self.assertEqual((tariff.state, tariff.approved_by.id, tariff.approved_on), ("draft", False, False))
        line = (
            self.env["pm.fee.assignment"]
            .with_user(self.assistant)
            .with_context(default_discount_approved_by=self.supervisor.id)
            .create(
                {
                    "unit_id": self.units[0].id,
                    "item_id": self.item_water.id,
                    "date_from": "2026-01-01",
                    "discount": 50,
                    "discount_reason": "Friend",
                }
            )
        )
        self.assertEqual((line.discount_state, line.discount_approved_by.id), ("waiting", False))
        session = (
            self.env["pm.cash.session"]
            .with_user(self.cashier)
            .with_context(default_state="handed_over", default_receiver_id=self.accountant.id)
            .create({"property_id": self.property.id})
        )
        self.assertEqual((session.state, session.receiver_id.id), ("open", False))

    def test_no_context_key_takes_the_entry_of_charges_back(self):
        move = self.bill().charge_ids.move_line_id.move_id[:1]
        for context in ({}, {"pm_billing": True}, {"pm_payment_void": True}):
            with self.assertRaises(UserError):
                move.with_user(self.accountant).with_context(**context).button_draft()
        self.assertEqual(move.state, "posted")

    def test_who_writes_a_tier_does_not_approve_it(self):
        tariff = self.make_tariff(
            self.item_water,
            "Water",
            "metered",
            approve=False,
            tier_ids=[Command.create({"quantity_from": 0, "price": 3})],
        )
        self.assertEqual(tariff.author_id, self.accountant)
        tariff.tier_ids.with_user(self.supervisor).write({"price": 9})
        with self.assertRaises(UserError):
            tariff.with_user(self.supervisor).action_approve()
        tariff.with_user(self.manager).action_approve()
        draft = tariff.with_user(self.accountant).copy({"date_from": "2028-01-01", "tier_ids": False})
        with self.assertRaises(ValidationError):
            tariff.tier_ids.with_user(self.accountant).write({"tariff_id": draft.id})
        self.assertEqual(len(tariff.tier_ids), 1)

    def test_a_reading_s_consumption_follows_from_the_meter(self):
        meter = self.env["pm.meter"].create({"code": "M1", "unit_id": self.units[0].id, "item_id": self.item_water.id})
        Reading = self.env["pm.meter.reading"].with_user(self.technician)
        Reading.create({"meter_id": meter.id, "date": "2026-01-01", "value": 10, "is_initial": True})
        reading = Reading.create({"meter_id": meter.id, "date": "2026-02-01", "value": 30, "consumption": 1})
        self.assertEqual(reading.consumption, 20)
        for vals in ({"consumption": 1}, {"previous_value": 29}, {"charge_id": False}):
            with self.assertRaises(AccessError):
                reading.write(vals)
        reading.write({"value": 40})
        self.assertEqual(reading.consumption, 30)

    def test_of_a_notice_only_the_delivery_is_written(self):
        run = self.bill()
        notice = self.env["pm.fee.notice"]._create_for_runs(run)[:1].with_user(self.front_desk)
        forged = {"partner_id": self.owners[1].id, "name": "X", "date": "2020-01-01", "delivered_by": self.manager.id}
        for name, value in forged.items():
            with self.subTest(field=name), self.assertRaises(AccessError):
                notice.write({name: value})
        notice.action_mark_delivered()
        self.assertEqual(notice.delivered_by, self.front_desk)
        notice.write({"delivery_method": "post", "delivery_proof": "RR 1"})

    def test_who_may_not_make_notices_makes_none_by_a_button(self):
        run = self.bill()
        for user in (self.front_desk, self.cashier, self.counsel, self.leadership):
            with self.subTest(user=user.login):
                with self.assertRaises(AccessError):
                    run.with_user(user).action_create_notices()
                with self.assertRaises(UserError):
                    run.with_user(user).action_print_notices()
        run.with_user(self.accountant).action_create_notices()
        self.assertEqual(run.with_user(self.front_desk).action_print_notices()["type"], "ir.actions.report")

    def test_residents_do_not_read_what_others_owe_for_the_unit(self):
        unit = self.units[0].with_user(self.portal_user)
        for name in ("pm_open", "pm_overdue", "pm_watch_sale", "pm_payment_count"):
            with self.assertRaises(AccessError):
                unit.read([name])
        self.assertIn("pm_open", self.units[0].with_user(self.front_desk).read(["pm_open"])[0])

    def test_staff_who_do_not_deal_with_the_household_do_not_see_its_arrears(self):
        for name in ("pm_open", "pm_overdue", "pm_watch_sale"):
            with self.subTest(field=name), self.assertRaises(AccessError):
                self.units[0].with_user(self.technician).read([name])

    def test_who_owes_is_not_searched_by_everybody(self):
        Payment = self.env["pm.payment"]
        for user in (self.technician, self.portal_user, self.outsider):
            for call in (
                lambda counter: counter.counter_setup(),
                lambda counter: counter.counter_search("A"),
                lambda counter: counter.counter_household(self.units[0].id),
            ):
                with self.assertRaises(AccessError):
                    call(Payment.with_user(user))
        self.assertTrue(Payment.with_user(self.front_desk).counter_search("A-101"))
