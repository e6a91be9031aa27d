"""The daily digest: one mail a person and working day, at the property's hour, in the reader's language and with his rights."""

from unittest.mock import patch

from freezegun import freeze_time
from odoo import Command
from odoo.exceptions import AccessError
from odoo.tests.common import new_test_user, tagged
from psycopg2 import IntegrityError

from .common import DeskCase, local


@tagged("post_install", "-at_install")
class TestDeskDigest(DeskCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.property.digest_hour = 8.0
        # What the database holds besides is not part of the story.
        cls.env["pm.property"].search([("id", "!=", cls.property.id)]).digest_mode = "never"
        with freeze_time(local("2026-10-28 09:00")):
            cls.ticket = cls.new_ticket(severity="major", user_id=cls.officer.id)

    def run_digest(self, moment):
        with freeze_time(local(moment)), self.enter_registry_test_mode():
            self.env.ref("pm_customer_service.ir_cron_pm_desk_digest").method_direct_trigger()
        self.env.invalidate_all()
        return self.digests()

    def digests(self):
        return self.env["pm.message"].search([("key", "=like", "desk-digest/%")], order="id")

    def test_it_goes_out_from_the_hour_of_the_property_and_once(self):
        self.assertFalse(self.run_digest("2026-11-02 07:59"))
        sent = self.run_digest("2026-11-02 08:00")
        self.assertEqual(sent.partner_id, (self.supervisor | self.manager).partner_id)
        self.assertEqual(len(sent), 2)
        self.assertEqual(self.run_digest("2026-11-02 08:15"), sent)
        self.assertEqual(len(self.run_digest("2026-11-03 08:00")), 4)

    def test_a_run_that_died_before_it_was_noted_tells_nobody_twice(self):
        sent = self.run_digest("2026-11-02 08:00")
        self.property.sudo().digest_done_on = False
        self.assertEqual(self.run_digest("2026-11-02 08:15"), sent)
        with self.assertRaises(IntegrityError), self.env.cr.savepoint():
            sent[0].copy({"key": sent[0].key}).flush_recordset()

    def test_not_on_a_day_off(self):
        self.assertFalse(self.run_digest("2026-11-01 09:00"), "a Sunday")
        self.env["resource.calendar.leaves"].create(
            {
                "name": "Holiday",
                "calendar_id": self.property.calendar_id.id,
                "company_id": self.property.company_id.id,
                "date_from": local("2026-11-02 00:00"),
                "date_to": local("2026-11-02 23:59"),
            }
        )
        self.assertFalse(self.run_digest("2026-11-02 09:00"))
        self.assertTrue(self.run_digest("2026-11-03 09:00"))

    def test_it_says_what_is_late_and_whose_and_leads_there(self):
        self.supervisor.lang = "en_US"
        mail = self.run_digest("2026-11-09 08:00").filtered(lambda m: m.partner_id == self.supervisor.partner_id)
        self.assertIn(self.officer.name, mail.body)
        self.assertIn(f"drill=user-{self.officer.id}", mail.body)
        self.assertIn(f"property={self.property.id}", mail.body)
        self.assertIn("late", mail.subject)
        self.assertEqual(mail.wanted_channel, "email")

    def test_each_in_his_own_language(self):
        self.env["res.lang"]._activate_lang("zh_CN")
        self.env["ir.module.module"]._load_module_terms(["pm_customer_service"], ["zh_CN"])
        self.manager.lang = "zh_CN"
        sent = self.run_digest("2026-11-09 08:00")
        by_reader = {mail.partner_id: mail for mail in sent}
        self.assertIn("主管", by_reader[self.manager.partner_id].subject)
        self.assertIn("Supervisor", by_reader[self.supervisor.partner_id].subject)

    def test_who_does_not_want_it_gets_none(self):
        self.supervisor.with_user(self.supervisor).write({"pm_daily_digest": False})
        self.assertEqual(self.run_digest("2026-11-02 08:00").partner_id, self.manager.partner_id)

    def test_a_manager_who_does_not_see_the_property_gets_none(self):
        self.property.user_ids -= self.manager
        self.assertEqual(self.run_digest("2026-11-02 08:00").partner_id, self.supervisor.partner_id)
        self.manager.group_ids += self.env.ref("pm_base.group_all_properties")
        self.assertIn(self.manager.partner_id, self.run_digest("2026-11-03 08:00").partner_id)

    def test_nothing_to_tell_is_said_only_where_the_property_wants_it(self):
        quiet = self.env["pm.property"].create(
            {"name": "Quiet", "code": "T9", "tz": "Asia/Shanghai", "digest_mode": "something"}
        )
        boss = new_test_user(
            self.env, "quiet_boss", groups="base.group_user,pm_base.group_supervisor", email="q@x.example", lang="en_US"
        )
        boss.pm_property_ids = quiet
        mine = lambda: self.digests().filtered(lambda mail: mail.partner_id == boss.partner_id)  # noqa: E731
        self.run_digest("2026-11-02 08:00")
        self.assertFalse(mine())
        quiet.digest_mode = "always"
        self.run_digest("2026-11-03 08:00")
        self.assertIn("Nothing is due", mine().body)
        quiet.digest_mode = "never"
        self.run_digest("2026-11-04 08:00")
        self.assertEqual(len(mine()), 1)

    def test_two_properties_of_one_person_are_one_mail(self):
        other = self.env["pm.property"].create(
            {
                "name": "Second",
                "code": "T8",
                "tz": "Asia/Shanghai",
                "digest_hour": 10.0,
                "user_ids": [Command.link(self.supervisor.id)],
            }
        )
        with freeze_time(local("2026-10-28 09:00")):
            self.new_ticket(user=self.supervisor, unit_id=False, property_id=other.id)
        self.run_digest("2026-11-02 08:00")
        self.run_digest("2026-11-02 10:00")
        mails = self.digests().filtered(lambda mail: mail.partner_id == self.supervisor.partner_id)
        self.assertEqual(len(mails), 1)
        self.assertIn("Second", mails.body)
        self.assertNotIn("property=", mails.body)

    def test_one_digest_that_fails_is_a_failed_message_and_the_others_go_out(self):
        board = self.env.registry["pm.desk.board"]
        page, victim = board._page, self.supervisor.id

        def broken(model, properties):
            if model.env.uid == victim:
                raise ValueError("a broken figure")
            return page(model, properties)

        with patch.object(board, "_page", broken), self.assertLogs("odoo.addons.pm_customer_service", "ERROR"):
            sent = self.run_digest("2026-11-02 08:00")
        states = {mail.partner_id: mail.state for mail in sent}
        self.assertEqual(states[self.supervisor.partner_id], "failed")
        self.assertNotEqual(states[self.manager.partner_id], "failed")
        self.assertIn("a broken figure", sent.filtered(lambda mail: mail.state == "failed").reason_text)

    def test_that_it_was_done_is_the_programs_to_write(self):
        with self.assertRaises(AccessError):
            self.property.with_user(self.manager).write({"digest_done_on": "2030-01-01"})
