"""What goes wrong around a ticket must not stop the ticket: mail, templates, clocks, files, words."""

import socket
from datetime import timedelta
from unittest.mock import patch

import pytz
from freezegun import freeze_time
from odoo.exceptions import ValidationError
from odoo.tests import tagged
from odoo.tools import mute_logger

from .common import DeskCase, local

SCRIPT = "<script>alert(1)</script><img src=x onerror=alert(2)>"
FILES = 200
TEXTS = ("name", "description", "location", "explanation", "solution", "decision_reason", "customer_opinion")


@tagged("post_install", "-at_install")
class TestFaults(DeskCase):
    def messages(self, ticket):
        return self.env["pm.message"].search([("res_model", "=", "pm.ticket"), ("res_id", "=", ticket.id)])

    def test_broken_template_fails_its_one_message_visibly_and_no_ticket(self):
        template = self.env.ref("pm_customer_service.mail_template_ticket_received")
        template.body_html = '<p t-out="object.no_such_field"/>'
        ticket = self.new_ticket()
        self.assertEqual(ticket.state, "new")
        self.assertTrue(self.clock(ticket, "accept"))
        message = self.messages(ticket)
        with mute_logger("odoo.addons.mail.models.mail_render_mixin"):
            message._dispatch()
        self.assertEqual((message.state, message.reason), ("failed", "template"))
        self.assertIn("no_such_field", message.reason_text)

    def test_mail_server_down_blocks_no_ticket_and_the_notice_is_tried_again(self):
        with socket.create_server(("127.0.0.1", 0)) as closed:
            port = closed.getsockname()[1]  # nobody listens there any more
        server = self.env["ir.mail_server"].create(
            {"name": "Down", "smtp_host": "127.0.0.1", "smtp_port": port, "smtp_encryption": "none"}
        )
        with freeze_time(local("2026-11-02 10:00")) as clock:
            ticket = self.new_ticket()
            message = self.messages(ticket)
            message._dispatch()
            message.mail_mail_id.mail_server_id = server
            with (
                patch.object(type(self.env["ir.mail_server"]), "_disable_send", lambda self: False),
                mute_logger("odoo.addons.mail.models.mail_mail", "odoo.addons.base.models.ir_mail_server"),
            ):
                message.mail_mail_id.send()
            self.assertEqual((message.state, message.reason), ("queued", "delivery"))
            self.handle(ticket)
            self.assertEqual(ticket.state, "handled")
            clock.tick(timedelta(minutes=15))
            message._dispatch()
        self.assertEqual((message.state, message.attempts), ("handed", 2))

    def test_days_end_at_local_midnight_on_both_sides_of_a_clock_change(self):
        self.property.tz = "Europe/Berlin"  # the clock goes back on 25 October 2026 and forward on 29 March 2026
        zone = pytz.timezone("Europe/Berlin")
        rules = self.env["pm.deadline.rule"]
        for day, last in (("2026-10-23", 26), ("2026-03-27", 30)):
            start = local(f"{day} 18:00")
            with self.subTest(day=day):
                due = rules._plan(start, 3, "days", "calendar", self.property)
                there = pytz.utc.localize(due).astimezone(zone)
                self.assertEqual((there.day, there.hour, there.minute), (last, 23, 59))
                hours = rules._plan(start, 72, "hours", "calendar", self.property)
                self.assertEqual(hours - start, timedelta(hours=72), "hours are hours, whatever the clock shows")

    def test_mail_with_200_files_becomes_one_ticket_with_all_of_them(self):
        domain = self.env["mail.alias.domain"].search([], limit=1) or self.env["mail.alias.domain"].create(
            {"name": "tower.example"}
        )
        self.team.write({"alias_name": "faults", "alias_domain_id": domain.id, "type_id": self.types["repair"].id})
        parts = "".join(
            f'--b\nContent-Type: text/plain; name="{n}.txt"\nContent-Disposition: attachment; filename="{n}.txt"\n\nx{n}\n'
            for n in range(FILES)
        )
        mail = (
            "MIME-Version: 1.0\nDate: Mon, 02 Nov 2026 10:00:00 +0800\nMessage-ID: <many@owners.example>\nSubject: Many\n"
            f'From: {self.owners[0].email}\nTo: faults@{domain.name}\nContent-Type: multipart/mixed; boundary="b"\n\n'
            f"--b\nContent-Type: text/plain\n\nHello\n{parts}--b--\n"
        )
        with mute_logger("odoo.addons.mail.models.mail_thread"):
            ticket = self.env["pm.ticket"].browse(self.env["mail.thread"].message_process(False, mail))
        self.assertEqual(len(ticket.message_ids.attachment_ids), FILES)

    def test_script_in_every_text_and_in_a_note_is_words_only(self):
        ticket = self.new_ticket("suggestion", **dict.fromkeys(TEXTS, SCRIPT))
        for name in TEXTS:
            with self.subTest(field=name):
                self.assertEqual(ticket[name], SCRIPT, "what was typed is kept as typed")
        note = ticket.with_user(self.front_desk).message_post(body=SCRIPT)
        self.assertNotIn("<script", note.body)
        self.assertNotIn("<img", note.body)
        content = self.env["ir.actions.report"]._render("pm_customer_service.pm_ticket_report_slip", ticket.ids)[0]
        self.assertTrue(content.startswith(b"%PDF"))

    def test_wrong_types_are_refused_not_guessed(self):
        for values in ({"promised_date": "tomorrow"}, {"channel": "smoke"}, {"priority": "9"}, {"severity": 1}):
            with self.subTest(values=values), self.assertRaises(ValueError):
                self.new_ticket(**values)

    def test_texts_of_an_improvement_that_are_too_long_are_refused(self):
        with self.assertRaisesRegex(Exception, "too long"):
            self.env["pm.improvement.action"].with_user(self.supervisor).create(
                {
                    "name": "x",
                    "property_id": self.property.id,
                    "user_id": self.officer.id,
                    "date_due": "2099-01-01",
                    "description": "长" * 1_000_000,
                }
            )

    def test_follow_up_words_of_a_megabyte_reopen_nothing(self):
        ticket = self.handle(self.new_ticket())
        with self.assertRaises(ValidationError):
            self.env["pm.followup"].with_user(self.front_desk).create(
                {"ticket_id": ticket.id, "satisfied": "dissatisfied", "words": "长" * 1_000_000}
            )
