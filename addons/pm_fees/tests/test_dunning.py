from datetime import date
from unittest.mock import patch

import psycopg2
from freezegun import freeze_time
from odoo.exceptions import AccessError, UserError
from odoo.service.model import call_kw
from odoo.tests.common import tagged
from odoo.tools import mute_logger

from .dunning_common import DunningCase


@tagged("post_install", "-at_install")
@freeze_time("2026-01-11 02:00:00")
class TestDunning(DunningCase):
    def test_not_a_day_before_the_due_date_has_passed(self):
        self.charge(due="2026-01-10")
        self.assertFalse(self.run_day("2026-01-10"))
        actions = self.run_day("2026-01-11")
        self.assertEqual(set(actions.mapped("kind")), {"message", "notice", "call"})
        self.assertEqual(actions.mapped("stage"), [0, 0, 0])

    def test_month_ends(self):
        self.charge(due="2026-01-31")
        self.run_day("2026-02-27")
        self.assertEqual(self.case().stage, 0)
        self.run_day("2026-02-28")
        self.assertEqual(self.case().stage, 1)
        self.run_day("2026-03-30")
        self.assertEqual(self.case().stage, 1)
        self.run_day("2026-03-31")
        self.assertEqual(self.case().stage, 2)

    def test_second_run_of_the_day_does_nothing(self):
        self.charge()
        self.assertEqual(len(self.run_day("2026-01-11")), 3)
        messages = self.env["pm.message"].search_count([("res_model", "=", "pm.dunning.action")])
        self.assertFalse(self.run_day("2026-01-11"))
        self.assertEqual(self.env["pm.message"].search_count([("res_model", "=", "pm.dunning.action")]), messages)
        run = self.env["pm.dunning.run"].search([("property_id", "=", self.property.id)])
        self.assertEqual(run.mapped("action_count"), [3], "a run that found nothing to do leaves no record")

    def test_supervisor_and_accountant_run_it_by_hand_for_their_properties_only(self):
        self.charge(due="2026-01-10")
        elsewhere = self.property.copy({"code": "T8", "user_ids": False})
        Case = self.env["pm.dunning.case"]
        for user in self.users_of("front_desk", "officer", "assistant", "cashier", "technician", "counsel"):
            with self.subTest(user=user.login), self.assertRaises(AccessError):
                Case.with_user(user).action_run_now()
        seen = []
        run = type(Case)._run_property
        with (
            freeze_time("2026-02-11 02:00:00"),
            patch.object(type(Case), "_run_property", lambda case, prop: seen.append(prop) or run(case, prop)),
        ):
            # As the list's button calls it: with the ids of what is selected, here nothing.
            first = call_kw(Case.with_user(self.supervisor), "action_run_now", [[]], {})
            second = call_kw(Case.with_user(self.accountant), "action_run_now", [[]], {})
        self.assertEqual((first["params"]["type"], second["params"]["type"]), ("success", "info"))
        self.assertEqual(len(self.case().action_ids), 3, "the second run of the day makes nothing")
        self.assertNotIn(elsewhere, seen)

    def test_trouble_of_one_property_stops_no_other(self):
        self.charge()
        run = type(self.env["pm.dunning.case"])._run_property

        def broken(model, prop):
            if prop == self.second_property:
                raise ValueError("broken")
            return run(model, prop)

        cron = self.env.ref("pm_fees.ir_cron_dunning")
        with (
            patch.object(type(self.env["pm.dunning.case"]), "_run_property", broken),
            self.enter_registry_test_mode(),
            mute_logger("odoo.addons.pm_fees.models.pm_dunning_case"),
        ):
            cron.method_direct_trigger()
        self.assertEqual(len(self.case().action_ids), 3)

    def test_database_refuses_a_second_action_of_the_month(self):
        self.charge()
        action = self.run_day("2026-01-11")[0]
        with self.assertRaises(psycopg2.errors.UniqueViolation), mute_logger("odoo.sql_db"), self.env.cr.savepoint():
            action.copy()
            self.env.flush_all()

    def test_weeks_without_a_run_are_not_made_up_by_a_flood(self):
        self.charge(due="2026-01-10")
        actions = self.run_day("2026-04-20")
        self.assertEqual(actions.mapped("stage"), [3, 3, 3])

    def test_message_goes_by_email_and_sms_and_says_what_the_rule_demands(self):
        self.general.penalty_rate = 0.5
        self.charge(amount=118.5)
        action = self.run_day("2026-01-21").filtered(lambda a: a.kind == "message")
        messages = self.env["pm.message"].search([("res_model", "=", "pm.dunning.action"), ("res_id", "=", action.id)])
        self.assertEqual(sorted(messages.mapped("wanted_channel")), ["email", "sms"])
        self.assertEqual(set(messages.purpose_id.mapped("code")), {"dunning"})
        body = messages.filtered(lambda m: m.wanted_channel == "email").body
        for part in (
            "118.50",
            "0.65",
            "/my/bills",
            "0755-5550100",
        ):  # owed, 118.50 × 0.5 ‰ × 11 days, how to pay, hotline
            self.assertIn(part, body)
        text = messages.filtered(lambda m: m.wanted_channel == "sms").text
        self.assertIn("118.5", text)
        self.assertEqual(action.deadline, date(2026, 1, 28))

    def test_no_penalty_unless_the_contract_has_one(self):
        self.charge(amount=118.5)
        action = self.run_day("2026-03-21")[0]
        self.assertEqual(action.penalty, 0)

    def test_penalty_has_grace_and_cap_and_does_not_compound(self):
        self.general.write({"penalty_rate": 1.0, "penalty_grace_days": 10, "penalty_cap": 5})
        charge = self.charge(amount=1000, due="2026-01-10")
        penalty = self.general._penalty
        self.assertEqual(penalty(self.company.currency_id, charge, date(2026, 1, 20)), 0)
        self.assertEqual(penalty(self.company.currency_id, charge, date(2026, 1, 21)), 1)
        self.assertEqual(penalty(self.company.currency_id, charge, date(2026, 12, 31)), 50)

    def test_notice_pdf_names_amounts_and_deadline(self):
        self.charge(amount=118.5)
        action = self.run_day("2026-01-11").filtered(lambda a: a.kind == "notice")
        self.assertEqual(action.state, "to_deliver")
        with freeze_time("2026-01-11 02:00:00"):
            content = self.env["pm.document"].with_user(self.officer)._pdf("pm_fees.dunning_notice", action)
        self.assertTrue(content.startswith(b"%PDF"))

    def test_delivery_is_recorded_with_its_proof(self):
        self.charge()
        action = self.run_day("2026-01-11").filtered(lambda a: a.kind == "notice").with_user(self.officer)
        with self.assertRaisesRegex(UserError, "choose how"):
            action.action_delivered()
        action.write({"delivery_method": "hand", "signed": True})
        action.action_delivered()
        self.assertEqual((action.state, action.delivered_by_id), ("done", self.officer))

    def test_paid_in_full_closes_the_case_and_stops_messages(self):
        charge = self.charge()
        self.run_day("2026-01-11")
        case = self.case()
        with freeze_time("2026-01-11 03:00:00"):
            self.pay((charge, 100), date="2026-01-11")
        self.assertEqual((case.state, case.amount_due), ("closed", 0))
        self.assertEqual(set(case.action_ids.mapped("state")), {"cancelled"})
        messages = self.env["pm.message"].search(
            [("res_model", "=", "pm.dunning.action"), ("res_id", "in", case.action_ids.ids)]
        )
        self.assertEqual(set(messages.mapped("state")), {"cancelled"})

    def test_part_payment_lowers_the_demand(self):
        charge = self.charge()
        self.run_day("2026-01-11")
        with freeze_time("2026-01-11 03:00:00"):
            self.pay((charge, 30), date="2026-01-11")
        self.assertEqual((self.case().state, self.case().amount_due), ("open", 70))

    def test_new_arrears_after_closing_open_a_new_case(self):
        charge = self.charge()
        self.run_day("2026-01-11")
        with freeze_time("2026-01-12 03:00:00"):
            self.pay((charge, 100), date="2026-01-12")
        self.charge(due="2026-02-10")
        self.assertEqual(len(self.run_day("2026-02-11")), 3)
        self.assertEqual(self.env["pm.dunning.case"].search_count([("unit_id", "=", self.units[0].id)]), 2)

    def test_oldest_paid_next_month_is_reminded_again(self):
        first, _second = self.charge(due="2026-01-10"), self.charge(due="2026-02-10")
        self.run_day("2026-02-11")
        with freeze_time("2026-02-12 03:00:00"):
            self.pay((first, 100), date="2026-02-12")
        self.assertFalse(self.run_day("2026-02-13"))  # already reminded this month
        self.assertEqual(self.run_day("2026-03-10").mapped("stage"), [1, 1, 1])

    def test_large_customers_follow_their_own_policy(self):
        self.property.write({"chargeable_area": 10000, "large_customer_permille": 10})  # above 100 m²: A-102 only
        self.charge(due="2026-01-10")
        self.charge(unit=self.units[1], due="2026-01-10")
        self.run_day("2026-01-11")
        self.assertEqual(self.case(self.units[0]).policy_id.customer_class, "general")
        self.assertEqual(self.case(self.units[1]).policy_id.customer_class, "large")

    def test_actions_and_cases_are_never_deleted(self):
        self.charge()
        action = self.run_day("2026-01-11")[0]
        for record in (action, action.case_id):
            with self.assertRaises(UserError):
                record.unlink()
            for user in (self.officer, self.manager, self.accountant, self.leadership):
                with self.subTest(model=record._name, user=user.login), self.assertRaises(AccessError):
                    record.with_user(user).unlink()
        wizard = (
            self.env["pm.dunning.cancel"]
            .with_user(self.supervisor)
            .create({"action_ids": action.ids, "reason": "agreed"})
        )
        wizard.action_confirm()
        self.assertEqual((action.state, action.cancel_reason), ("cancelled", "agreed"))
        self.assertFalse(self.run_day("2026-01-11"))

    def test_history_of_a_reminder_cannot_be_rewritten(self):
        self.charge()
        action = self.run_day("2026-01-11")[0].with_user(self.manager)
        for values in ({"amount_due": 1}, {"state": "done"}, {"date": "2026-01-01"}, {"case_id": False}):
            with self.subTest(values=values), self.assertRaises(AccessError):
                action.write(values)

    # -- watch for sale (S0-139) ------------------------------------------------------------------------------------------

    def test_watch_from_the_first_day_after_three_full_months(self):
        charge = self.charge(due="2026-01-10")
        for day, watched in (("2026-04-10", False), ("2026-04-11", True)):
            self.run_day(day)
            self.assertEqual(self.units[0].pm_watch_sale, watched, day)
        with freeze_time("2026-04-12 03:00:00"):
            self.pay((charge, 100), date="2026-04-12")
        self.assertFalse(self.units[0].pm_watch_sale)

    def test_transfer_of_a_watched_unit_warns_and_is_not_blocked(self):
        self.charge(due="2026-01-10")
        self.run_day("2026-05-01")
        with freeze_time("2026-05-01 03:00:00"):
            transfer = self.env["pm.unit.transfer"].create(
                {
                    "unit_id": self.units[0].id,
                    "date": "2026-05-01",
                    "line_ids": [(0, 0, {"partner_id": self.owners[1].id, "share": 100})],
                }
            )
            self.assertIn("arrears for more than 3 months", transfer.warning)
            transfer.action_confirm()
        self.assertEqual(transfer.state, "done")

    def test_portal_users_and_outsiders_see_no_reminders(self):
        self.charge()
        action = self.run_day("2026-01-11")[0]
        for user in (self.portal_user, self.outsider, self.technician, self.front_desk):
            with self.subTest(user=user.login), self.assertRaises(AccessError):
                action.with_user(user).read(["amount_due"])
