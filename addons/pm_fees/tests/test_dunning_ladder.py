"""The ladder of requirements §7, line by line: every step appears on its day and on no other."""

from datetime import date

from freezegun import freeze_time
from odoo import Command
from odoo.exceptions import UserError, ValidationError
from odoo.tests.common import tagged
from odoo.tools import mute_logger

from .dunning_common import DunningCase

MESSAGE, NOTICE, CALL, LETTER, MANDATE = "message", "notice", "call", "letter", "mandate"


@tagged("post_install", "-at_install")
class TestDunningLadder(DunningCase):
    def test_nineteen_months_day_by_day(self):
        """Five households, all due on 10 January 2026: a general and a large customer who never pay, one who disputes, one
        in hardship, one who pays.
        """
        self.property.write({"chargeable_area": 10000, "large_customer_permille": 11})  # above 110 m²: A-102 only
        general, large = self.owners[:2]
        disputing, ill, paying = self.env["res.partner"].create(
            [{"name": name, "lang": "en_US"} for name in ("Disputing", "Ill", "Paying")]
        )
        self.charge(due="2026-01-10", amount=300)
        self.charge(unit=self.units[1], due="2026-01-10", amount=900)
        debts = {
            partner: self.charge(unit=self.units[2], due="2026-01-10", amount=50, partner=partner)
            for partner in (disputing, ill, paying)
        }
        case = lambda partner: self.env["pm.dunning.case"].search([("partner_id", "=", partner.id)])  # noqa: E731
        hold, steps, watch = self.env["pm.dunning.hold"], {}, {}

        def live(day, actions):
            for action in actions:
                steps.setdefault(action.partner_id, []).append((day.isoformat(), action.stage, action.kind))
            for unit in self.units[:2]:
                if unit.pm_watch_sale:
                    watch.setdefault(unit, day)
            if day == date(2026, 3, 1):
                values = {"kind": "hardship", "until": "2026-05-31", "reason": "illness"}
                hold.with_user(self.manager).create({"case_id": case(ill).id, **values})
            elif day == date(2026, 4, 20):
                self.pay((debts[paying], 50), date=day)
            elif day == date(2026, 5, 20):
                values = {
                    "kind": "dispute",
                    "ticket_id": self.complaint(unit_id=self.units[2].id, partner_id=disputing.id).id,
                    "reason": "the roof leaks",
                }
                hold.with_user(self.officer).create({"case_id": case(disputing).id, **values})
            elif day == date(2026, 8, 20):
                case(disputing).hold_ids.with_user(self.supervisor).write({"review": "repaired", "justified": "yes"})
                case(disputing).hold_ids.ticket_id.sudo()._write_protected({"state": "closed"})

        self.play("2026-01-10", "2027-09-12", live)
        month = lambda number: date(2026 + (number // 12), number % 12 + 1, 10).isoformat()  # noqa: E731
        days = ["2026-01-11", *(month(number) for number in range(1, 18))]
        monthly = [
            (day, stage, kind) for stage, day in enumerate(days) for kind in (MESSAGE, CALL)
        ]  # S0-60, S0-130, S4-66
        notices = lambda last: [(day, stage, NOTICE) for stage, day in enumerate(days[: last + 1])]  # noqa: E731
        letters = [("2026-07-10", 6, LETTER), ("2027-01-10", 12, LETTER)]  # two in all (S0-134)
        mandate = [("2027-07-10", 18, MANDATE)]  # S0-136
        self.assertEqual(sorted(steps[general]), sorted(monthly + notices(5) + letters + mandate))  # S0-131
        # Large: notices 0–3, the letter on the first day after three full months, the mandate at six (S0-137).
        legal = [("2026-04-11", 3, LETTER), ("2026-07-10", 6, MANDATE)]
        self.assertEqual(sorted(steps[large]), sorted(monthly + notices(3) + legal))
        # An open dispute holds the legal steps only; they come on the day after it was closed (S3-26).
        letters[0] = ("2026-08-21", 7, LETTER)
        self.assertEqual(sorted(steps[disputing]), sorted(monthly + notices(5) + letters + mandate))
        # Hardship rests everything until its last day; what was missed is made up by one message, not by three.
        letters[0] = ("2026-07-10", 6, LETTER)
        expected = [step for step in monthly + notices(5) if step[1] not in (2, 3, 4)]
        expected += [("2026-06-01", 4, kind) for kind in (MESSAGE, CALL, NOTICE)]
        self.assertEqual(sorted(steps[ill]), sorted(expected + letters + mandate))
        # Paid in April: the case is closed, and nothing comes any more.
        self.assertEqual(sorted(steps[paying]), sorted(step for step in monthly + notices(5) if step[1] < 4))
        self.assertEqual((case(paying).state, case(paying).closed_on), ("closed", date(2026, 4, 20)))
        self.assertEqual(set(watch.values()), {date(2026, 4, 11)}, "watched for sale after three full months (S0-139)")
        waiting = self.env["pm.dunning.action"].search([("kind", "in", (LETTER, MANDATE))])
        self.assertEqual(set(waiting.mapped("state")), {"to_approve"}, "the program proposes, a person decides (L-07)")
        self.assertFalse(self.env["pm.legal.case"].search([("dunning_case_id", "in", waiting.case_id.ids)]))

    def test_large_is_who_manages_more_than_one_and_a_half_permille(self):
        """Strictly more, of the property's whole managed area (S0-137, OCR-01)."""
        self.property.write({"chargeable_area": 100000, "large_customer_permille": 1.5})
        self.assertEqual(self.property.large_customer_area, 150)
        for unit, area in zip(self.units[:2], (150, 150.01)):
            unit.area_chargeable = area
            self.charge(unit=unit, due="2026-01-10")
        self.run_day("2026-01-11")
        self.assertEqual([self.case(unit).policy_id for unit in self.units[:2]], [self.general, self.large])

    def test_months_that_end_on_the_28th_to_the_31st(self):
        """A month is full on the same day, or on the last day of a shorter month."""
        cases = {
            "2026-01-31": ("2026-02-28", "2026-03-31", "2026-04-30", "2026-07-31"),
            "2026-08-30": ("2026-09-30", "2026-10-30", "2026-11-30", "2027-02-28"),
            "2027-11-29": ("2027-12-29", "2028-01-29", "2028-02-29", "2028-05-29"),
        }
        for due, (first, second, third, sixth) in cases.items():
            self.charge(due=due, unit=self.units[2], amount=10)
            for day, stage in ((first, 1), (second, 2), (third, 3), (sixth, 6)):
                before = date.fromordinal(date.fromisoformat(day).toordinal() - 1).isoformat()
                with self.subTest(due=due, day=day):
                    self.run_day(before, dispatch=False)
                    self.assertEqual(self.case(self.units[2]).stage, stage - 1)
                    self.run_day(day, dispatch=False)
                    self.assertEqual(self.case(self.units[2]).stage, stage)
            case = self.case(self.units[2])
            with freeze_time(f"{sixth} 04:00:00"):
                self.pay((case._overdue_charges(), 10), date=sixth)

    def test_large_letter_is_not_made_on_the_last_day_of_the_third_month(self):
        self.property.write({"chargeable_area": 10000, "large_customer_permille": 9})  # above 90 m²: A-101 too
        self.charge(due="2026-01-31")
        self.assertNotIn(LETTER, self.run_day("2026-04-30").mapped("kind"))
        self.assertEqual(self.run_day("2026-05-01").mapped("kind"), [LETTER])

    def test_clock_set_back_makes_nothing_twice(self):
        self.charge(due="2026-01-10")
        self.run_day("2026-01-11")
        self.run_day("2026-04-10")
        for earlier in ("2026-02-10", "2026-03-15", "2026-01-11", "2026-04-10"):
            self.assertFalse(self.run_day(earlier), earlier)
        self.assertEqual(len(self.run_day("2026-05-10")), 3, "and forward again it goes on")

    def test_two_weeks_without_a_run_are_caught_up_by_one_message(self):
        self.charge(due="2026-01-10")
        self.run_day("2026-01-11")
        made = self.run_day("2026-04-24")  # February, March and April were missed
        self.assertEqual(sorted(made.mapped("kind")), [CALL, MESSAGE, NOTICE])
        self.assertEqual(len(self.messages(made)), 2, "one by e-mail and one by SMS")
        self.assertFalse(self.run_day("2026-04-25"))

    def test_a_letter_missed_by_a_week_is_caught_up_and_not_doubled(self):
        self.charge(due="2026-01-10")
        self.assertIn(LETTER, self.run_day("2026-07-17").mapped("kind"))
        self.assertNotIn(LETTER, self.run_day("2026-08-10").mapped("kind"))
        self.assertEqual(
            self.run_day("2027-01-12").filtered(lambda a: a.kind == LETTER).level_id.name, "Lawyer's letter no. 2"
        )

    def test_policy_changed_in_the_middle_of_a_case(self):
        """Becoming a large customer brings that ladder's steps; nothing is repeated that was done."""
        self.charge(due="2026-01-10")
        self.run_day("2026-01-11")
        self.run_day("2026-05-10")
        self.property.write({"chargeable_area": 10000, "large_customer_permille": 9})
        made = self.run_day("2026-05-11")
        self.assertEqual(self.case().policy_id, self.large)
        self.assertIn(LETTER, made.mapped("kind"))
        self.property.write({"chargeable_area": 1000000, "large_customer_permille": 1000})
        self.assertFalse(self.run_day("2026-05-12"), "back to the general ladder: May is done there")

    def test_a_manager_adds_moves_and_stops_levels(self):
        level = self.env["pm.dunning.level"].with_user(self.manager)
        text = self.env.ref("pm_fees.sms_template_dunning_friendly")
        level.create(
            {
                "policy_id": self.general.id,
                "name": "Second notice",
                "kind": "notice",
                "from_month": 2,
                "to_month": 2,
                "sequence": 5,
            }
        )
        self.env.ref("pm_fees.dunning_level_general_call").with_user(self.manager).active = False
        self.charge(due="2026-01-10")
        self.assertEqual(
            sorted(self.run_day("2026-03-10").mapped("level_id.name")),
            [
                "Friendly reminder",
                "Second notice",
                "Written notice to pay",
            ],
        )
        self.assertIn("Second notice", self.general.ladder)
        with self.assertRaisesRegex(ValidationError, "choose a template"):
            level.create(
                {
                    "policy_id": self.general.id,
                    "name": "Empty",
                    "kind": "message",
                    "from_month": 0,
                    "to_month": 1,
                    "by_sms": True,
                    "by_email": False,
                }
            )
        self.assertTrue(
            level.create(
                {
                    "policy_id": self.general.id,
                    "name": "SMS",
                    "kind": "message",
                    "from_month": 0,
                    "to_month": 1,
                    "by_email": False,
                    "sms_template_id": text.id,
                }
            )
        )

    def test_legal_levels_cannot_do_without_approval(self):
        level = self.env.ref("pm_fees.dunning_level_general_letter_1")
        self.assertEqual((level.approval, level.in_dispute), ("supervisor", False))
        self.assertEqual(self.env.ref("pm_fees.dunning_level_general_mandate").approval, "manager")
        with self.assertRaises(Exception), mute_logger("odoo.sql_db"), self.env.cr.savepoint():  # noqa: B017
            level.approval = "none"
            level.flush_recordset()

    def test_small_debts_wait(self):
        self.general.min_amount = 50
        self.charge(due="2026-01-10", amount=20)
        self.assertFalse(self.run_day("2026-01-11"))
        self.charge(due="2026-02-10", amount=40)
        self.assertTrue(self.run_day("2026-02-11"))

    def test_contacts_are_merged_in_the_middle_of_a_case(self):
        self.charge(due="2026-01-10", amount=100)
        twin = self.env["res.partner"].create({"name": "Owner 1 (twice)", "lang": "en_US"})
        self.charge(due="2026-01-10", amount=50, partner=twin)
        self.run_day("2026-01-11")
        cases = self.env["pm.dunning.case"].search([("unit_id", "=", self.units[0].id)])
        self.assertEqual(len(cases), 2)
        self.env["base.partner.merge.automatic.wizard"]._merge(
            (self.owners[0] | twin).ids, self.owners[0], extra_checks=False
        )
        self.env.invalidate_all()
        self.assertEqual(sorted(cases.mapped("state")), ["closed", "open"])
        self.run_day("2026-01-12")
        open_case = cases.filtered(lambda case: case.state == "open")
        self.assertEqual((open_case.amount_due, open_case.partner_id), (150, self.owners[0]))
        self.assertEqual(len(cases.action_ids), 6, "the record of both stays")

    def test_charge_reversed_after_its_notice(self):
        charge = self.charge(due="2026-01-10", amount=100)
        notice = self.run_day("2026-01-11").filtered(lambda a: a.kind == NOTICE)
        with freeze_time("2026-01-11 05:00:00"):
            wizard = (
                self.env["pm.charge.reverse"]
                .with_user(self.accountant)
                .create({"charge_ids": [Command.set(charge.ids)], "reason": "our_error", "note": "wrong area"})
            )
            wizard.action_reverse()
            self.assertEqual(charge.state, "reversed")
            with self.assertRaisesRegex(UserError, "Nothing is owed"):
                notice.with_user(self.officer).action_print_notice()
        self.assertEqual((notice.state, self.case().state), ("cancelled", "closed"))


@tagged("post_install", "-at_install")
@freeze_time("2026-01-11 02:00:00")
class TestDunningPreview(DunningCase):
    def preview(self, day, user=None):
        with freeze_time(f"{day} 03:00:00"):
            wizard = (
                self.env["pm.dunning.preview"]
                .with_user(user or self.supervisor)
                .create({"property_id": self.property.id, "date": day})
            )
            wizard.action_compute()
        return wizard

    def test_preview_shows_what_the_run_makes_and_writes_nothing(self):
        self.charge(due="2026-01-10", amount=118.5)
        self.charge(unit=self.units[1], due="2026-01-10", amount=80)
        self.owners[1].write({"email": False, "phone": False})
        before = {
            model: self.env[model].search_count([])
            for model in ("pm.dunning.case", "pm.dunning.action", "pm.dunning.run", "pm.message")
        }
        wizard = self.preview("2026-01-11")
        for model, count in before.items():
            self.assertEqual(self.env[model].search_count([]), count, model)
        self.assertEqual((wizard.action_count, wizard.case_count, wizard.amount), (6, 2, 198.5))
        reach = {line.unit_id: line.reach for line in wizard.line_ids.filtered(lambda line: line.kind == "message")}
        self.assertEqual(reach, {self.units[0]: "E-mail, SMS", self.units[1]: "No address: paper"})
        made = self.run_day("2026-01-11")
        shown = {(line.unit_id, line.level_id) for line in wizard.line_ids}
        self.assertEqual({(a.unit_id, a.level_id) for a in made}, shown)
        self.assertEqual(self.preview("2026-01-11").action_count, 0, "the second run of the day has nothing to do")

    def test_preview_of_a_later_day_and_of_who_is_left_out(self):
        self.charge(due="2026-01-10", amount=100)
        self.run_day("2026-01-11")
        with freeze_time("2026-01-11 03:00:00"):
            self.env["pm.dunning.hold"].with_user(self.manager).create(
                {"case_id": self.case().id, "kind": "hardship", "until": "2026-03-01", "reason": "illness"}
            )
        wizard = self.preview("2026-02-10")
        self.assertEqual((wizard.action_count, wizard.excluded_count), (0, 3))
        self.assertEqual(set(wizard.line_ids.mapped("excluded")), {"hardship"})
        self.assertEqual(self.case().hold_ids.state, "active")
        self.assertEqual(self.preview("2026-07-10").total_ids.mapped("level_id.kind"), ["call", "message", "letter"])

    def test_preview_is_for_those_who_may_run(self):
        for user in self.users_of("officer", "assistant", "counsel", "cashier"):
            with self.subTest(user=user.login), self.assertRaises(Exception):  # noqa: B017
                self.preview("2026-01-11", user=user)
        self.assertTrue(self.preview("2026-01-11", user=self.accountant).computed)

    def test_a_run_is_undone_as_long_as_nothing_left_the_house(self):
        self.charge(due="2026-01-10")
        made = self.run_day("2026-01-11")
        run = made.run_id
        self.assertEqual((run.action_count, run.case_count, run.amount), (3, 1, 100))
        with freeze_time("2026-01-11 03:00:00"):
            self.env["pm.message"]._dispatch()
            self.assertEqual(set(self.messages(made).mapped("state")), {"handed"})
            wizard = (
                self.env["pm.dunning.undo"]
                .with_user(self.supervisor)
                .create({"run_id": run.id, "reason": "Wrong tariff", "resume_on": "2026-01-14"})
            )
            wizard.action_confirm()
        self.assertEqual(set(made.mapped("state")), {"cancelled"})
        self.assertEqual(set(self.messages(made).mapped("state")), {"cancelled"})
        self.assertFalse(self.messages(made).mail_mail_id.filtered(lambda mail: mail.state == "outgoing"))
        self.assertFalse(
            self.env["sms.sms"].search(
                [("uuid", "in", self.messages(made).mapped("reference")), ("state", "=", "outgoing")]
            )
        )
        self.assertFalse(self.run_day("2026-01-13"), "the property rests until the day chosen")
        again = self.run_day("2026-01-14")
        self.assertEqual(sorted(again.mapped("kind")), sorted(made.mapped("kind")), "and then it is made again")
        self.assertTrue(made.exists(), "the record stays (S0-133)")

    def test_a_run_of_which_something_left_is_not_undone(self):
        self.charge(due="2026-01-10")
        made = self.run_day("2026-01-11")
        self.deliver(made.filtered(lambda a: a.kind == "notice"), "2026-01-11")
        with freeze_time("2026-01-11 04:00:00"), self.assertRaisesRegex(UserError, "have left the house"):
            made.run_id.with_user(self.supervisor)._undo("x", date(2026, 1, 12))
        self.assertEqual(made.run_id.state, "done")

    def test_a_sent_message_has_left(self):
        self.charge(due="2026-01-10")
        made = self.run_day("2026-01-11")
        with freeze_time("2026-01-11 03:00:00"):
            self.env["pm.message"]._dispatch()
            self.messages(made).filtered(lambda m: m.channel == "email")._on_sent()
            with self.assertRaisesRegex(UserError, "have left the house"):
                made.run_id.with_user(self.accountant)._undo("x", date(2026, 1, 12))
        self.assertEqual(made.filtered(lambda a: a.kind == "message").state, "done")
