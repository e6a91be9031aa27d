"""Lawyer's letters and suits: proposed by the program, decided by people, done by counsel (S0-134 – S0-138, S3-26, S3-27, L-07, L-14)."""

from datetime import date

from freezegun import freeze_time
from odoo import Command
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests.common import tagged

from .dunning_common import DunningCase


class LegalCase(DunningCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.debt = cls.charge(due="2026-01-10", amount=300)
        cls.notice = cls.run_day("2026-01-11").filtered(lambda action: action.kind == "notice")

    def letter(self, day="2026-07-10"):
        return self.run_day(day).filtered(lambda action: action.kind == "letter")

    def ready_letter(self):
        """A letter that may be approved: the notice of January was delivered and signed for."""
        self.deliver(self.notice, "2026-01-12")
        return self.letter()

    def suit(self):
        """A legal case, approved on 10 July 2027."""
        self.ready_letter()
        mandate = self.run_day("2027-07-10").filtered(lambda action: action.kind == "mandate")
        self.decide(mandate, "2027-07-10")
        return mandate.legal_case_id


@tagged("post_install", "-at_install")
@freeze_time("2026-01-11 02:00:00")
class TestLegalApproval(LegalCase):
    def test_letter_needs_a_proven_demand_whose_deadline_is_over(self):
        letter = self.letter()
        with self.assertRaisesRegex(UserError, "demand with a deadline"):
            self.decide(letter, "2026-07-10")
        self.assertEqual(letter.state, "to_approve")
        self.deliver(self.notice, "2026-07-10", signed=False, delivery_method="door")
        self.assertFalse(self.notice.proven, "left at the door without a photo proves nothing")
        with self.assertRaisesRegex(UserError, "demand with a deadline"):
            self.decide(letter, "2026-07-11")
        with freeze_time("2026-07-11 03:00:00"):
            self.notice.with_user(self.officer).proof_ids = [Command.link(self.picture(self.officer).id)]
        self.assertTrue(self.notice.proven)
        self.decide(letter, "2026-07-12")
        self.assertEqual(letter.state, "at_counsel")

    def test_open_deadline_forbids_the_letter(self):
        fresh = self.run_day("2026-06-10").filtered(lambda action: action.kind == "notice")
        self.deliver(fresh, "2026-06-10")
        fresh.sudo().deadline = "2026-07-20"
        letter = self.letter()
        with self.assertRaisesRegex(UserError, "its deadline is over"):
            self.decide(letter, "2026-07-20")
        self.decide(letter, "2026-07-21")

    def test_dispute_promise_and_hardship_forbid_it(self):
        letter = self.ready_letter()
        case = self.case()
        with freeze_time("2026-07-11 03:00:00"):
            ticket = (
                self.env["pm.ticket"]
                .with_user(self.officer)
                .create(
                    {
                        "name": "x",
                        "type_id": self.env["pm.ticket.type"].search([("code", "=", "complaint")], limit=1).id,
                        "unit_id": case.unit_id.id,
                        "property_id": self.property.id,
                    }
                )
            )
            hold = (
                self.env["pm.dunning.hold"]
                .with_user(self.officer)
                .create({"case_id": case.id, "ticket_id": ticket.id, "reason": "x"})
            )
        with self.assertRaisesRegex(UserError, "No open dispute"):
            self.decide(letter, "2026-07-11")
        hold.sudo()._lift("x")
        with self.assertRaisesRegex(UserError, "Our service was examined"):
            self.decide(letter, "2026-07-11")
        hold.with_user(self.supervisor).write({"review": "done", "justified": "no"})
        ticket.sudo()._write_protected({"state": "closed"})
        self.call("promised", day="2026-07-11", promise_date="2026-07-20")
        with self.assertRaisesRegex(UserError, "No promise"):
            self.decide(letter, "2026-07-12")
        self.run_day("2026-07-21")
        self.decide(letter, "2026-07-21")

    def test_open_complaint_needs_a_remark_and_the_service_a_look(self):
        letter = self.ready_letter()
        with freeze_time("2026-07-10 03:00:00"):
            self.env["pm.ticket"].with_user(self.officer).create(
                {
                    "name": "Tap drips",
                    "type_id": self.env["pm.ticket.type"].search([("code", "=", "repair")], limit=1).id,
                    "unit_id": self.units[0].id,
                    "property_id": self.property.id,
                }
            )
        with self.assertRaisesRegex(UserError, "Write down why"):
            self.decide(letter, "2026-07-10", note="")
        with self.assertRaisesRegex(UserError, "checked our own service"):
            self.decide(letter, "2026-07-10", service_checked=False)
        self.decide(letter, "2026-07-10", user=self.supervisor, note="The tap is the owner's own")
        self.assertEqual((letter.approved_by_id, letter.approval_note), (self.supervisor, "The tap is the owner's own"))
        self.assertFalse({fact["code"]: fact["ok"] for fact in letter.approval_facts}["service"])

    def test_who_decides(self):
        letter = self.ready_letter()
        for user in (self.officer, self.assistant, self.accountant, self.counsel):
            with self.subTest(user=user.login), self.assertRaises(AccessError):
                self.decide(letter, "2026-07-10", user=user)
        self.assertTrue(letter.activity_ids.filtered(lambda a: a.user_id == self.supervisor))
        mandate = self.run_day("2027-07-10").filtered(lambda action: action.kind == "mandate")
        with self.assertRaises(AccessError):
            self.decide(mandate, "2027-07-10", user=self.supervisor)
        self.decide(mandate, "2027-07-10", user=self.manager)
        self.assertEqual(mandate.state, "at_counsel")

    def test_refused_step_is_not_proposed_again_by_itself_but_may_be_made_by_hand(self):
        letter = self.ready_letter()
        with freeze_time("2026-07-10 03:00:00"):
            decision = self.env["pm.dunning.decision"].with_user(self.supervisor).create({"action_id": letter.id})
            with self.assertRaisesRegex(UserError, "why the step is not taken"):
                decision.action_refuse()
            decision.refusal = "The owner is in hospital"
            decision.action_refuse()
        self.assertEqual((letter.state, letter.cancel_reason), ("cancelled", "The owner is in hospital"))
        self.assertFalse(self.run_day("2026-08-10").filtered(lambda action: action.kind == "letter"))
        with freeze_time("2026-09-01 03:00:00"):
            self.env["pm.dunning.step"].with_user(self.supervisor).create(
                {"case_id": self.case().id, "level_id": letter.level_id.id}
            ).action_confirm()
        self.assertEqual(
            self.case().action_ids.filtered(lambda a: a.kind == "letter" and a.state == "to_approve").date,
            date(2026, 9, 1),
        )

    def test_paid_proposal_vanishes(self):
        letter = self.ready_letter()
        with freeze_time("2026-07-11 03:00:00"):
            self.pay((self.debt, 300), date="2026-07-11")
        self.assertEqual(letter.state, "cancelled")
        with self.assertRaises(UserError):
            self.decide(letter, "2026-07-12")

    def test_property_without_counsel(self):
        letter = self.ready_letter()
        self.property.counsel_id = False
        with self.assertRaisesRegex(UserError, "has a legal counsel"):
            self.decide(letter, "2026-07-10")


@tagged("post_install", "-at_install")
@freeze_time("2026-01-11 02:00:00")
class TestLegalLetter(LegalCase):
    def test_counsel_is_briefed_in_writing_and_sends_the_letter_by_express(self):
        letter = self.ready_letter()
        self.decide(letter, "2026-07-11")
        message = self.env["pm.message"].search([("res_model", "=", letter._name), ("res_id", "=", letter.id)])
        self.assertEqual(message.partner_id, self.counsel.partner_id)
        self.assertTrue(message.attachment_ids.raw.startswith(b"%PDF"))
        self.assertEqual((letter.letter_number, self.case().counsel_id), (1, self.counsel))
        with freeze_time("2026-07-12 03:00:00"):
            theirs = letter.with_user(self.counsel)
            with self.assertRaisesRegex(UserError, "tracking number"):
                theirs.action_letter_sent()
            theirs.tracking_no = "EMS1"
            with self.assertRaisesRegex(UserError, "attach the letter"):
                theirs.action_letter_sent()
        self.send_letter(letter, "2026-07-13")
        self.assertEqual((letter.state, letter.sent_on), ("to_deliver", date(2026, 7, 13)))
        with freeze_time("2026-07-16 03:00:00"):
            letter.with_user(self.counsel).write({"delivered_on": "2026-07-15"})
            letter.with_user(self.counsel).action_delivered()
            self.assertIn("EMS1234567CN", letter.with_user(self.counsel).action_open_tracking()["url"])
        self.assertEqual((letter.state, letter.proven, letter.delivered_on), ("done", True, date(2026, 7, 15)))

    def test_second_letter_is_number_two(self):
        first = self.ready_letter()
        self.decide(first, "2026-07-11")
        self.send_letter(first, "2026-07-13")
        second = self.letter("2027-01-10")
        self.decide(second, "2027-01-11")
        self.assertEqual((second.letter_number, second.level_id.name), (2, "Lawyer's letter no. 2"))

    def test_what_was_demanded_stays_as_it_was_printed(self):
        letter = self.ready_letter()
        self.decide(letter, "2026-07-11")
        with freeze_time("2026-07-12 03:00:00"):
            self.pay((self.debt, 100), date="2026-07-12")
            self.assertEqual((letter.demanded, letter.demand_ids.amount, self.case().amount_due), (300, 300, 200))
        with self.assertRaises(UserError):
            letter.demand_ids.with_user(self.manager).unlink()

    def test_proof_is_added_and_never_taken_away(self):
        self.deliver(self.notice, "2026-01-12")
        paper = self.notice.with_user(self.officer)
        paper.write({"proof_ids": [Command.link(self.picture(self.officer).id)]})
        for values in (
            {"proof_ids": [Command.clear()]},
            {"proof_ids": [Command.set([])]},
            {"delivered_on": "2026-01-11"},
            {"signed": False},
        ):
            with self.subTest(values=values), self.assertRaises(UserError):
                paper.write(values)

    def test_delivery_day_is_possible(self):
        for day in ("2026-01-10", "2026-01-13"):
            with self.subTest(day=day), self.assertRaisesRegex(UserError, "was delivered between"):
                self.deliver(self.notice, "2026-01-12", delivered_on=day)

    def test_briefing_and_statement_are_printed(self):
        letter = self.ready_letter()
        self.decide(letter, "2026-07-11")
        with freeze_time("2026-07-11 04:00:00"):
            for report, record, user in (
                ("pm_fees.dunning_briefing", letter, self.counsel),
                ("pm_fees.dunning_statement", self.case(), self.officer),
                ("pm_fees.dunning_statement", self.case(), self.counsel),
            ):
                content = self.env["pm.document"].with_user(user)._pdf(report, record)
                self.assertTrue(content.startswith(b"%PDF"), report)


@tagged("post_install", "-at_install")
@freeze_time("2026-01-11 02:00:00")
class TestLegalSuit(LegalCase):
    def test_mandate_opens_a_case_with_the_claims_of_that_day(self):
        self.charge(due="2026-06-10", amount=50)
        suit = self.suit()
        self.assertEqual((suit.state, suit.amount_claimed, len(suit.claim_ids)), ("approved", 350, 2))
        self.assertTrue(suit.name.startswith("SS/"))
        message = self.env["pm.message"].search([("res_model", "=", suit._name), ("res_id", "=", suit.id)])
        self.assertEqual(message.partner_id, self.counsel.partner_id)
        self.assertTrue(message.attachment_ids.raw.startswith(b"%PDF"))

    def test_life_of_a_suit(self):
        suit = self.suit()
        theirs = suit.with_user(self.counsel)
        with self.assertRaisesRegex(UserError, "Signed Mandate"):
            theirs.action_accept_mandate()
        with freeze_time("2027-07-12 03:00:00"):
            theirs.mandate_ids = [Command.link(self.picture(self.counsel, "mandate.png").id)]
            theirs.action_accept_mandate()
        step = self.env["pm.dunning.action"].search([("legal_case_id", "=", suit.id)])
        self.assertEqual((suit.state, step.state), ("mandated", "done"))
        with self.assertRaisesRegex(UserError, "Court"):
            theirs.action_filed()
        theirs.write({"court": "District Court", "filed_on": "2027-07-20"})
        theirs.action_filed()
        theirs.write({"date_ids": [Command.create({"kind": "hearing", "name": "Hearing", "date": "2027-09-01"})]})
        self.assertEqual(suit.next_date, date(2027, 9, 1))
        with self.assertRaisesRegex(UserError, "cannot become"):
            theirs.action_effective()
        theirs.write({"judgment_date": "2027-09-10", "outcome": "won", "amount_awarded": 300})
        theirs.action_judged()
        appeal = suit.date_ids.filtered(lambda row: row.kind == "appeal")
        self.assertEqual(appeal.date, date(2027, 9, 25))
        theirs.write({"effective_date": "2027-09-26", "performance_deadline": "2027-10-06"})
        theirs.action_effective()
        days = {row.kind: row.date for row in suit.date_ids}
        self.assertEqual(days["preservation"], date(2027, 9, 26), "preservation is decided at once (S0-138)")
        self.assertEqual(days["performance"], date(2027, 10, 6))
        self.assertEqual(days["enforcement"], date(2029, 10, 6), "two years (L-14)")
        theirs.performance_deadline = "2027-10-16"
        self.assertEqual(suit.date_ids.filtered(lambda row: row.kind == "enforcement").date, date(2029, 10, 16))
        theirs.write({"cost_ids": [Command.create({"kind": "court", "amount": 50, "date": "2027-07-20"})]})
        with self.assertRaisesRegex(UserError, "Closing Note"):
            theirs.action_close()
        theirs.closing_note = "Paid"
        with freeze_time("2027-12-01 03:00:00"):
            hearing = suit.date_ids.filtered(lambda row: row.kind == "hearing")
            self.assertTrue(hearing.is_late)
            theirs.action_close()
            self.assertFalse(hearing.is_late, "the dates of a closed suit wait for nobody")
        self.assertEqual((suit.state, suit.cost_total), ("closed", 50))
        with self.assertRaisesRegex(UserError, "stays as it is"):
            theirs.court = "Other"
        with self.assertRaises(UserError):
            suit.unlink()

    def test_days_of_a_suit_keep_their_order(self):
        suit = self.suit().with_user(self.counsel)
        suit.filed_on = "2027-07-20"
        with self.assertRaisesRegex(ValidationError, "cannot lie before"):
            suit.judgment_date = "2027-07-01"

    def test_state_and_claims_are_written_by_the_program(self):
        suit = self.suit()
        for values in ({"state": "closed"}, {"claim_ids": [Command.clear()]}, {"name": "x"}):
            with self.subTest(values=values), self.assertRaises(AccessError):
                suit.with_user(self.counsel).write(values)
        with self.assertRaises(AccessError):
            suit.with_user(self.counsel).counsel_id = self.manager

    def test_payment_tells_the_counsel_and_counts_as_recovered(self):
        suit = self.suit()
        with freeze_time("2027-08-01 03:00:00"):
            self.pay((self.debt, 120), date="2027-08-01")
            self.assertEqual((suit.amount_recovered, suit.state), (120, "approved"))
            self.pay((self.debt, 180), date="2027-08-01")
        self.assertEqual((suit.amount_recovered, self.case().state), (300, "closed"))
        self.assertIn("Everything overdue was paid", suit.activity_ids.mapped("summary")[-1])

    def test_what_was_written_off_is_not_recovered(self):
        with freeze_time("2026-02-01 03:00:00"):
            self.pay((self.debt, 30), date="2026-02-01")
        suit = self.suit()
        self.assertEqual((suit.amount_claimed, suit.amount_recovered), (270, 0), "what was paid before is not claimed")
        with freeze_time("2027-08-01 03:00:00"):
            self.pay((self.debt, 120), date="2027-08-01")
            action = self.debt.with_user(self.accountant).action_write_off()
            loss = self.env["pm.write.off"].browse(action["res_id"]).with_user(self.accountant)
            loss.write({"reason": "gone", "note": "No attachable property."})
            loss.action_submit()
            loss.with_user(self.manager).action_approve()
        self.assertEqual((self.debt.residual, suit.amount_recovered), (0, 120))
        with self.assertRaises(AccessError):
            loss.with_user(self.counsel).read(["name"])

    def test_a_debt_is_taken_to_court_once(self):
        suit = self.suit()
        level = self.env.ref("pm_fees.dunning_level_general_mandate")
        again = lambda: self.by_hand(level, "2027-08-10")  # noqa: E731
        with self.assertRaisesRegex(UserError, "with the counsel"):
            again()
        with freeze_time("2027-07-12 03:00:00"):
            theirs = suit.with_user(self.counsel)
            theirs.mandate_ids = [Command.link(self.picture(self.counsel).id)]
            theirs.action_accept_mandate()
        second = again()
        with self.assertRaisesRegex(UserError, "not taken to court yet"):
            self.decide(second, "2027-08-10")
        fresh = self.charge(due="2027-07-31", amount=40)
        self.decide(second, "2027-08-10")
        self.assertEqual(second.legal_case_id.claim_ids.charge_id, fresh)
        with freeze_time("2027-09-01 03:00:00"):
            theirs.write({"outcome": "withdrawn", "closing_note": "Talks."})
            theirs.action_close()
        self.assertEqual(
            self.env["pm.legal.case"]._claimed_charges(self.case()), fresh, "withdrawn: it may be sued for"
        )

    def by_hand(self, level, day):
        with freeze_time(f"{day} 03:00:00"):
            action = (
                self.env["pm.dunning.step"]
                .with_user(self.supervisor)
                .create({"case_id": self.case().id, "level_id": level.id})
                .action_confirm()
            )
        return self.env["pm.dunning.action"].browse(action["res_id"])

    def test_alarms_before_a_hearing_come_once_and_are_not_made_up_in_a_flood(self):
        suit = self.suit()
        row = (
            self.env["pm.legal.date"]
            .with_user(self.counsel)
            .create({"case_id": suit.id, "kind": "hearing", "name": "Hearing", "date": "2027-09-10"})
        )
        alarms = lambda day: self.alarm(suit, day)  # noqa: E731
        self.assertEqual(alarms("2027-09-02"), 0)
        self.assertEqual(alarms("2027-09-03"), 2, "counsel and project manager, seven days before")
        self.assertEqual(alarms("2027-09-04"), 2)
        self.assertEqual(alarms("2027-09-09"), 4, "and the day before")
        row.with_user(self.counsel).action_done()
        self.assertEqual(alarms("2027-09-10"), 0, "a date that was kept warns no more")
        late = self.env["pm.legal.date"].create({"case_id": suit.id, "name": "Late", "date": "2027-10-01"})
        self.assertEqual(alarms("2027-10-05"), 2, "after weeks without a run one warning, not three")
        self.assertTrue(late)

    def alarm(self, suit, day):
        with freeze_time(f"{day} 03:00:00"):
            self.env["pm.legal.date"]._cron_alarms()
        return len(suit.activity_ids.filtered(lambda a: "Hearing" in a.summary or "Late" in a.summary))


@tagged("post_install", "-at_install")
@freeze_time("2026-01-11 02:00:00")
class TestLimitation(LegalCase):
    def limit(self, day, charge=None):
        self.env.flush_all()
        with freeze_time(f"{day} 03:00:00"):
            self.env.invalidate_all()
            row = self.env["pm.charge.limitation"].search([("charge_id", "=", (charge or self.debt).id)])
            return row.limitation_date.isoformat() if row else None, row.started_by

    def test_three_years_from_the_due_date(self):
        self.assertEqual(self.limit("2026-01-12"), ("2029-01-10", "due"))

    def test_a_proven_demand_starts_it_anew_for_the_charges_it_named_only(self):
        self.deliver(self.notice, "2026-01-20")
        later = self.charge(due="2026-02-10")
        self.assertEqual(self.limit("2026-02-11"), ("2029-01-20", "demand"))
        self.assertEqual(self.limit("2026-02-11", later), ("2029-02-10", "due"))

    def test_an_unproven_demand_does_not(self):
        self.deliver(self.notice, "2026-01-20", signed=False, delivery_method="door")
        self.assertEqual(self.limit("2026-01-21"), ("2029-01-10", "due"))

    def test_promise_part_payment_plan_and_suit_do(self):
        self.call("promised", day="2026-03-01", promise_date="2026-03-10")
        self.assertEqual(self.limit("2026-03-02"), ("2029-03-01", "promise"))
        with freeze_time("2026-04-01 03:00:00"):
            self.pay((self.debt, 50), date="2026-04-01")
        self.assertEqual(self.limit("2026-04-02"), ("2029-04-01", "payment"))
        with freeze_time("2026-05-01 03:00:00"):
            plan = self.env["pm.dunning.instalment"].create(
                {"case_id": self.case().id, "count": 2, "start_date": "2026-05-02"}
            )
            plan.action_propose()
            plan.action_agree()
            plan.action_cancel()
        self.assertEqual(self.limit("2026-05-02"), ("2029-05-01", "instalment"))

    def test_suit_does(self):
        suit = self.suit()
        suit.with_user(self.counsel).filed_on = "2027-07-20"
        self.assertEqual(self.limit("2027-07-21"), ("2030-07-20", "suit"))

    def test_paid_charges_have_none(self):
        with freeze_time("2026-04-01 03:00:00"):
            self.pay((self.debt, 300), date="2026-04-01")
        self.assertEqual(self.limit("2026-04-02")[0], None)

    def test_alarms_at_180_90_and_30_days(self):
        self.run_day("2028-07-01")
        counts = []
        for day in ("2028-07-13", "2028-07-14", "2028-07-15", "2028-10-12", "2028-12-11", "2028-12-20"):
            with freeze_time(f"{day} 03:00:00"):
                self.env.invalidate_all()
                self.env["pm.legal.date"]._cron_alarms()
            counts.append(
                len(
                    self.case().activity_ids.filtered(
                        lambda a: "time-barred" in (a.summary or "") and a.user_id == self.officer
                    )
                )
            )
        self.assertEqual(counts, [0, 1, 1, 2, 3, 3])
        self.assertEqual(self.case().limitation_date, date(2029, 1, 10))
