from odoo.tests import tagged
from odoo.tools import mute_logger

from .common import DeskCase

MAIL = """MIME-Version: 1.0
Date: Mon, 02 Nov 2026 10:00:00 +0800
Message-ID: <{number}@owners.example>
Subject: {subject}
From: {sender}
To: {to}
{headers}Content-Type: multipart/mixed; boundary="b"

--b
Content-Type: text/html; charset=utf-8

{body}
--b
Content-Type: text/plain; name="note.txt"
Content-Disposition: attachment; filename="note.txt"

hello
--b--
"""


@tagged("post_install", "-at_install")
class TestMailIntake(DeskCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.domain = cls.env["mail.alias.domain"].search([], limit=1) or cls.env["mail.alias.domain"].create(
            {"name": "tower.example"}
        )
        cls.team.write(
            {"alias_name": "service-test", "alias_domain_id": cls.domain.id, "type_id": cls.types["repair"].id}
        )

    def receive(
        self,
        number="m1",
        sender="Owner 1 <owner1@owners.example>",
        subject="Tap drips",
        body="<p>Kitchen</p>",
        headers="",
    ):
        mail = MAIL.format(
            number=number,
            subject=subject,
            sender=sender,
            to=f"service-test@{self.domain.name}",
            body=body,
            headers=headers,
        )
        with mute_logger("odoo.addons.mail.models.mail_thread"):
            thread = self.env["mail.thread"].message_process(False, mail)
        return self.env["pm.ticket"].browse(thread) if thread else self.env["pm.ticket"]

    def test_mail_becomes_a_ticket_of_the_sender(self):
        ticket = self.receive()
        self.assertEqual(
            (ticket.name, ticket.channel, ticket.partner_id, ticket.unit_id, ticket.team_id, ticket.property_id),
            ("Tap drips", "email", self.owners[0], self.units[0], self.team, self.property),
        )
        self.assertEqual(ticket.description, "Kitchen")
        self.assertFalse(ticket.first_receiver_id)
        self.assertTrue(self.clock(ticket, "accept"))
        self.assertEqual(ticket.message_ids.attachment_ids.mapped("name"), ["note.txt"])

    def test_of_several_units_the_one_named_is_meant_else_the_only_home(self):
        parking = self.units[1]
        parking.unit_type = "parking"
        self.env["pm.unit.party"].create(
            {"unit_id": parking.id, "partner_id": self.owners[0].id, "role": "tenant", "date_from": "2026-01-01"}
        )
        self.assertEqual(self.receive("u1").unit_id, self.units[0])
        self.assertEqual(self.receive("u2", body=f"<p>Oil on {parking.code.lower()}!</p>").unit_id, parking)
        self.assertEqual(self.receive("u3", body=f"<p>No. {parking.code}9</p>").unit_id, self.units[0])
        parking.unit_type = "office"
        self.assertFalse(self.receive("u4").unit_id, "it might be either")

    def test_reply_goes_into_the_same_ticket(self):
        ticket = self.receive()
        again = self.receive(
            "m2", subject="Re: Tap drips", headers="In-Reply-To: <m1@owners.example>\nReferences: <m1@owners.example>\n"
        )
        self.assertEqual(again, ticket)

    def test_auto_replies_are_ignored(self):
        for number, header in (
            ("a1", "Auto-Submitted: auto-replied\n"),
            ("a2", "X-Autoreply: yes\n"),
            ("a3", "Precedence: bulk\n"),
        ):
            with self.subTest(header=header):
                self.assertFalse(self.receive(number, headers=header))

    def test_unknown_sender_and_script(self):
        ticket = self.receive(
            "m3", sender="Mr X <x@stranger.example>", subject="", body="<script>alert(1)</script><p>Help</p>"
        )
        self.assertFalse(ticket.unit_id)
        self.assertEqual(ticket.contact_name, "Mr X")
        self.assertEqual(ticket.property_id, self.property)
        self.assertTrue(ticket.name)
        self.assertNotIn("<script>", "".join(ticket.message_ids.mapped("body")))
