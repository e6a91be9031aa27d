"""Papers and proof: batches in one PDF, what a paper says for ever, evidence with hashes; payment stops what waits."""

import hashlib
import io
import zipfile
from unittest.mock import patch

from freezegun import freeze_time
from odoo.exceptions import AccessError, UserError
from odoo.tests.common import tagged
from odoo.tools import mute_logger
from odoo.tools.pdf import OdooPdfFileReader

from ..models import pm_dunning_print
from .dunning_common import DunningCase


@tagged("post_install", "-at_install")
@freeze_time("2026-01-11 02:00:00")
class TestDunningPapers(DunningCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.debts = [cls.charge(unit=unit, due="2026-01-10", amount=100) for unit in cls.units]
        cls.made = cls.run_day("2026-01-11")
        cls.notices = cls.made.filtered(lambda action: action.kind == "notice")

    def job(self):
        self.env["ir.config_parameter"].set_param("pm_fees.print_now", "1")
        action = self.notices.with_user(self.officer).action_print_notice()
        self.assertEqual(action["res_model"], "pm.dunning.print")
        return self.env["pm.dunning.print"].browse(action["res_id"])

    def test_many_notices_are_bound_into_one_pdf_step_by_step(self):
        job = self.job()
        with patch.object(pm_dunning_print, "_CHUNK", 2):
            job._step()
            self.assertEqual((job.done, job.state, round(job.progress)), (2, "running", 67))
            job._step()
        self.assertEqual((job.done, job.state), (3, "done"))
        self.assertEqual(len(OdooPdfFileReader(io.BytesIO(job.attachment_id.raw)).pages), 3)
        self.assertFalse(job.part_ids, "only the whole is kept")
        url = job.with_user(self.officer).action_download()["url"]
        self.assertIn(str(job.attachment_id.id), url)
        self.assertEqual(job.attachment_id.with_user(self.officer).raw[:4], b"%PDF")
        with self.assertRaises(AccessError):
            job.with_user(self.assistant).action_download()

    def test_a_household_that_has_paid_meanwhile_is_left_out(self):
        job = self.job()
        with freeze_time("2026-01-11 03:00:00"):
            # Paid past the counter: the bank's reconciliation tells the reminders nothing by itself.
            self.env["account.move.line"]._reconcile_plan([])
            self.env.cr.execute(
                "UPDATE pm_charge SET paid_state = 'paid', residual = 0 WHERE id = %s", [self.debts[0].id]
            )
            self.env.invalidate_all()
            job._step()
        self.assertEqual((job.done, job.skipped, job.state), (2, 1, "done"))
        self.assertEqual(self.notices.filtered(lambda a: a.unit_id == self.units[0]).state, "cancelled")

    def test_a_broken_paper_stops_its_job_and_says_why(self):
        job = self.job()
        broken = "odoo.addons.pm_fees.report.pm_dunning_notice.ReportDunningNotice._title"
        with (
            patch_raise(broken),
            mute_logger("odoo.addons.pm_fees.models.pm_dunning_print", "odoo.addons.pm_base.models.pm_document"),
        ):
            with self.enter_registry_test_mode():
                self.env.ref("pm_fees.ir_cron_dunning_print").method_direct_trigger()
        self.assertEqual(job.state, "failed")
        self.assertIn("broken", job.error)
        job.with_user(self.officer).action_again()
        with self.enter_registry_test_mode():
            self.env.ref("pm_fees.ir_cron_dunning_print").method_direct_trigger()
        self.assertEqual((job.state, job.done), ("done", 3))

    def test_notice_says_the_same_however_often_it_is_printed(self):
        notice = self.notices.filtered(lambda a: a.unit_id == self.units[0])
        notice.with_user(self.officer).action_print_notice()
        with freeze_time("2026-01-20 03:00:00"):
            self.pay((self.debts[0], 40), date="2026-01-20")
            self.env.invalidate_all()
            self.assertEqual((notice.demanded, notice.demand_ids.days), (100, 1))
            self.assertEqual(notice.case_id.amount_due, 60)

    # -- payment stops what waits ----------------------------------------------------------------------------------------

    def message(self, channel):
        action = self.made.filtered(lambda a: a.unit_id == self.units[0] and a.kind == "message")
        return self.messages(action).filtered(lambda m: m.wanted_channel == channel)

    def paid_behind_our_back(self):
        """A payment that only the ledger knows: no cashier, no portal."""
        self.env.cr.execute("UPDATE pm_charge SET paid_state = 'paid', residual = 0 WHERE id = %s", [self.debts[0].id])
        self.env.invalidate_all()

    def test_payment_between_run_and_hand_over(self):
        self.paid_behind_our_back()
        self.env["pm.message"]._dispatch()
        self.assertEqual(set((self.message("email") | self.message("sms")).mapped("state")), {"cancelled"})
        self.assertEqual(self.case().state, "closed")

    def test_payment_between_queueing_and_sending_of_the_email(self):
        self.env["pm.message"]._dispatch()
        mail = self.message("email").mail_mail_id
        self.assertEqual(mail.state, "outgoing")
        self.paid_behind_our_back()
        self.assertEqual(mail._prepare_outgoing_list(), [])
        self.assertEqual((mail.state, self.message("email").state), ("cancel", "cancelled"))

    def test_payment_between_queueing_and_sending_of_the_sms(self):
        self.company.pm_sms_gateway = "none"
        self.env["pm.message"]._dispatch()
        sms = self.env["sms.sms"].search([("uuid", "=", self.message("sms").reference)])
        self.assertEqual(sms.state, "outgoing")
        self.paid_behind_our_back()
        sms.send()
        self.assertEqual((sms.state, self.message("sms").state), ("canceled", "cancelled"))

    def test_payment_at_the_counter_stops_mail_and_sms_in_the_queue(self):
        self.env["pm.message"]._dispatch()
        sms = self.env["sms.sms"].search([("uuid", "=", self.message("sms").reference)])
        with freeze_time("2026-01-11 03:00:00"):
            self.pay((self.debts[0], 100), date="2026-01-11")
        self.assertEqual((self.message("email").mail_mail_id.state, sms.state), ("cancel", "canceled"))

    def test_part_payment_lets_the_message_go(self):
        self.env["pm.message"]._dispatch()
        with freeze_time("2026-01-11 03:00:00"):
            self.pay((self.debts[0], 40), date="2026-01-11")
            self.assertTrue(self.message("email").mail_mail_id._prepare_outgoing_list())

    # -- messages --------------------------------------------------------------------------------------------------------

    def test_sms_that_would_need_too_many_parts_goes_by_the_short_text(self):
        level = self.env.ref("pm_fees.dunning_level_general_friendly")
        level.sms_max_parts = 1
        self.property.name = "The Residence at the Great Harbour of Eternal Prosperity"
        made = self.run_day("2026-02-10").filtered(lambda a: a.kind == "message" and a.unit_id == self.units[0])
        text = self.messages(made).filtered(lambda m: m.wanted_channel == "sms").text
        self.assertTrue(text.startswith("Unit A-101: fees of 100.00 overdue"), text)

    def test_broken_template_stops_one_message_and_not_the_run(self):
        template = self.env.ref("pm_fees.mail_template_dunning_friendly").copy()
        # Odoo tries a template on the newest record before it keeps it: this one breaks for another household.
        tried = self.env["pm.dunning.action"].search([], limit=1)
        unit = (self.made.unit_id - tried.unit_id)[0]
        template.body_html = f"<p><t t-out=\"1 / (object.unit_id.code != '{unit.code}')\"/></p>"
        self.env.ref("pm_fees.dunning_level_general_friendly").mail_template_id = template
        with mute_logger("odoo.addons.mail.models.mail_render_mixin"):
            made = self.run_day("2026-02-10").filtered(lambda a: a.kind == "message")
        states = {m.res_id: m.state for m in self.messages(made).filtered(lambda m: m.wanted_channel == "email")}
        broken = made.filtered(lambda a: a.unit_id == unit)
        self.assertEqual(states[broken.id], "failed")
        self.assertEqual({states[a.id] for a in made - broken}, {"queued"})
        self.assertEqual(len(made), 3)

    # -- evidence ----------------------------------------------------------------------------------------------------------

    def test_evidence_holds_everything_with_its_hash(self):
        notice = self.notices.filtered(lambda a: a.unit_id == self.units[0])
        self.deliver(notice, "2026-01-12", proof_ids=[(4, self.picture(self.officer, "signed.png").id)])
        with freeze_time("2026-01-12 03:00:00"):
            self.env["pm.message"]._dispatch()
            self.messages(self.made)._on_sent("<id@host>")
        self.call(
            "refused", day="2026-01-13", reason_id=self.env.ref("pm_fees.dunning_reason_money").id, note="=cmd|'x'"
        )
        case = self.case().with_user(self.supervisor)
        with freeze_time("2026-01-14 03:00:00"):
            action = case.action_evidence()
        attachment = self.env["ir.attachment"].browse(int(action["url"].split("/")[3].split("?")[0]))
        with zipfile.ZipFile(io.BytesIO(attachment.raw)) as archive:
            names = archive.namelist()
            sums = dict(reversed(line.split("  ", 1)) for line in archive.read("SHA256SUMS").decode().splitlines())
            for name in names:
                if name != "SHA256SUMS":
                    self.assertEqual(hashlib.sha256(archive.read(name)).hexdigest(), sums[name], name)
            contacts = archive.read("contacts.csv").decode()
        self.assertTrue(any(name.endswith("-Written_notice_to_pay.pdf") for name in names))
        self.assertTrue(any(name.endswith("signed.png") for name in names))
        self.assertEqual(len([name for name in names if name.startswith("messages/")]), 2)
        self.assertIn("'=cmd", contacts, "a customer's words are no formula")
        self.assertIn("2026-01-13 11:00:00", contacts, "the clock of the property, not of the server")
        self.assertIn(hashlib.sha256(attachment.raw).hexdigest(), case.message_ids[0].body)

    def test_evidence_is_for_those_who_collect_and_sue(self):
        for user in (self.officer, self.assistant, self.leadership):
            with self.subTest(user=user.login), self.assertRaises(AccessError):
                self.case().with_user(user).action_evidence()

    def test_timeline_tells_what_happened_in_order(self):
        notice = self.notices.filtered(lambda a: a.unit_id == self.units[0])
        self.deliver(notice, "2026-01-12")
        self.call("promised", day="2026-01-13", promise_date="2026-01-20")
        with freeze_time("2026-01-20 03:00:00"):
            self.pay((self.debts[0], 100), date="2026-01-20")
        events = self.case().with_user(self.officer)._timeline()
        words = [event["what"] for event in events]
        self.assertEqual(words[0], "Oldest debt fell due")
        for earlier, later in (
            ("Case opened", "Written notice to pay delivered"),
            ("Contact", "Paid"),
            ("Paid", "Case closed"),
        ):
            self.assertLess(words.index(earlier), words.index(later))
        self.assertIn("Promise to pay", words)

    def test_print_needs_something_to_print(self):
        with self.assertRaisesRegex(UserError, "must select notices"):
            self.made.filtered(lambda a: a.kind == "call").with_user(self.officer).action_print_notice()


@tagged("post_install", "-at_install")
@freeze_time("2026-12-01 02:00:00")
class TestDunningCampaign(DunningCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.debt = cls.charge(due="2026-01-10", amount=300)
        cls.other = cls.charge(unit=cls.units[1], due="2026-11-10", amount=100)

    def test_year_end_campaign_is_planned_once_at_the_beginning_of_december(self):
        Campaign = self.env["pm.dunning.campaign"]
        today = self.property._today()
        self.assertFalse(Campaign._propose(self.property, today.replace(month=11, day=30)))
        campaign = Campaign._propose(self.property, today)
        self.assertEqual((campaign.state, campaign.date_to.isoformat(), campaign.target), ("draft", "2026-12-31", 80))
        self.assertEqual(campaign.activity_ids.user_id, self.assistant, "assistants drive it (S0-65)")
        self.assertFalse(Campaign._propose(self.property, today.replace(day=20)))

    def test_campaign_makes_its_own_steps_once_and_measures_what_came_in(self):
        self.run_day("2026-12-01")
        campaign = (
            self.env["pm.dunning.campaign"]
            .with_user(self.supervisor)
            .create({"name": "Year end", "property_id": self.property.id, "date_to": "2026-12-31", "min_stage": 3})
        )
        with self.assertRaises(AccessError):
            campaign.with_user(self.assistant).action_start()
        campaign.action_start()
        self.assertEqual((campaign.case_count, campaign.amount_start), (1, 300))
        steps = self.case().action_ids.filtered(lambda a: a.level_id.repeat == "campaign")
        self.assertEqual(sorted(steps.mapped("kind")), ["message", "notice"])
        self.assertEqual(steps.filtered(lambda a: a.kind == "notice").state, "to_deliver")
        with self.assertRaisesRegex(UserError, "started already"):
            campaign.action_start()
        self.assertFalse(self.run_day("2026-12-02"), "the daily ladder is not disturbed")
        with freeze_time("2026-12-05 03:00:00"):
            self.pay((self.debt, 240), date="2026-12-05")
            self.env.invalidate_all()
            self.assertEqual((campaign.amount_now, round(campaign.recovered, 2)), (60, 80))
        runs = self.env["pm.dunning.run"].search_count([])
        campaign.copy({"name": "Another", "date_to": "2026-12-31"}).action_start()
        self.assertFalse(self.case().action_ids.filtered(lambda a: a.level_id.repeat == "campaign") - steps)
        self.assertEqual(self.env["pm.dunning.run"].search_count([]), runs, "a run that made nothing leaves no record")
        campaign.action_close()
        with self.assertRaises(UserError):
            campaign.unlink()


def patch_raise(target):
    """Make a method raise ValueError("broken")."""
    return patch(target, side_effect=ValueError("broken"))
