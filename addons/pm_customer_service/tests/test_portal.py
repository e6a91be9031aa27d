import base64
import io
import re

from odoo.tests import HttpCase, tagged

from .common import DeskCase

PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


@tagged("post_install", "-at_install")
class TestPortal(DeskCase, HttpCase):
    def login(self, user):
        user.sudo().password = user.login
        self.env["res.lang"]._activate_lang("en_US")  # the test database may speak Chinese only
        self.authenticate(user.login, user.login)
        self.opener.cookies["frontend_lang"] = "en_US"

    def token(self):
        page = self.url_open("/my/tickets/new").text
        return re.search(r'name="csrf_token" value="([^"]+)"', page).group(1)

    def send(self, files=(), **values):
        data = {
            "csrf_token": self.token(),
            "name": "Tap drips",
            "description": "In the kitchen",
            "type_id": self.types["repair"].id,
            "unit_id": self.units[0].id,
            **values,
        }
        return self.url_open("/my/tickets/new", data=data, files=[("files", file) for file in files])

    def mine(self):
        return self.env["pm.ticket"].search([("partner_id", "=", self.owners[0].id)], order="id desc")

    def test_customer_sends_a_ticket_with_a_photo_and_follows_it(self):
        self.login(self.portal_user)
        page = self.send(files=[("tap.png", io.BytesIO(PNG), "image/png")], description="<script>alert(1)</script>")
        ticket = self.mine()
        self.assertEqual(
            (len(ticket), ticket.channel, ticket.unit_id, ticket.state), (1, "portal", self.units[0], "new")
        )
        self.assertIn(ticket.number, page.text)
        self.assertNotIn("<script>alert(1)", page.text)
        attachment = self.env["ir.attachment"].search([("res_model", "=", "pm.ticket"), ("res_id", "=", ticket.id)])
        self.assertEqual(attachment.mimetype, "image/png")
        self.assertIn(ticket.name, self.url_open("/my/tickets").text)
        self.assertTrue(self.clock(ticket, "accept"))
        ticket.with_user(self.front_desk).agreed_action = "A new washer tomorrow at ten"
        page = self.url_open(f"/my/tickets/{ticket.id}").text
        self.assertIn("A new washer tomorrow at ten", page, "what was agreed is read by both (S3-43)")

    def test_a_category_goes_with_the_type_of_the_request(self):
        fire = self.env["pm.ticket.category"].search([("type_ids", "=", self.types["emergency"].id)], limit=1)
        self.login(self.portal_user)
        page = self.url_open("/my/tickets/new").text
        self.assertRegex(page, rf'<option value="{fire.id}" data-types="{self.types["emergency"].id}"')
        count = len(self.mine())
        self.assertIn(f"“{fire.display_name}” does not go with", self.send(category_id=fire.id).text)
        self.assertEqual(len(self.mine()), count)

    def test_pictures_of_the_work_visits_and_incidents_are_shown_to_the_own_household_only(self):
        ticket = self.new_ticket("repair", user_id=self.technician.id)
        self.env["pm.appointment"].create(
            {
                "ticket_id": ticket.id,
                "user_id": self.technician.id,
                "start": "2035-06-04 02:00:00",
                "stop": "2035-06-04 03:00:00",
            }
        )
        photo = self.env["pm.ticket.photo"].create({"ticket_id": ticket.id, "image": base64.b64encode(PNG)})
        incident = self.env["pm.incident"].create(
            {"name": "Water off", "property_id": self.property.id, "public_text": "The main pipe is being mended."}
        )
        foreign = self.env["pm.property"].create({"name": "Other", "code": "T2", "tz": "Asia/Shanghai"})
        self.env["pm.incident"].create(
            {"name": "Elsewhere", "property_id": foreign.id, "public_text": "Not for these residents."}
        )
        url = f"/my/tickets/{ticket.id}/photo/{photo.id}"
        self.login(self.portal_user)
        page = self.url_open(f"/my/tickets/{ticket.id}").text
        self.assertIn(url, page)
        self.assertIn("2035-06-04 10:00", page)
        self.assertTrue(self.url_open(url).headers["Content-Type"].startswith("image/"))
        for path in ("/my/tickets", "/my/tickets/new"):
            page = self.url_open(path).text
            self.assertIn(incident.public_text, page)
            self.assertNotIn("Not for these residents.", page)
        other = self.new_ticket("repair", unit_id=self.units[1].id, partner_id=self.owners[1].id)
        self.assertEqual(self.url_open(f"/my/tickets/{other.id}/photo/{photo.id}").status_code, 404)
        self.login(self.other_portal)
        for bad in (url, f"{url}?access_token=x", f"/my/tickets/{other.id}/photo/{photo.id}"):
            self.assertEqual(self.url_open(bad).status_code, 404)

    def test_refusals_say_why_and_keep_what_was_typed(self):
        self.login(self.portal_user)
        for values, words in (
            ({"name": " "}, "few words"),
            ({"name": "x" * 121}, "too long"),
            ({"description": "x" * 1_000_000}, "too long"),
            ({"unit_id": self.units[1].id}, "one of your units"),
            ({"unit_id": "abc"}, "choose from the lists"),
            ({"type_id": 999999}, "what kind"),
        ):
            with self.subTest(words=words):
                page = self.send(**values)
                self.assertIn(words, page.text)
        self.assertFalse(self.mine())

    def test_files_too_many_too_large_of_the_wrong_kind(self):
        self.login(self.portal_user)
        page = self.send(files=[(f"{n}.png", io.BytesIO(PNG), "image/png") for n in range(200)])
        self.assertIn("At most 6 files", page.text)
        page = self.send(
            files=[("evil.png", io.BytesIO(b"<svg xmlns='http://www.w3.org/2000/svg'><script/></svg>"), "image/png")]
        )
        self.assertIn("neither a picture", page.text)
        page = self.send(files=[("big.png", io.BytesIO(PNG + b"0" * (10 * 1024 * 1024)), "image/png")])
        self.assertIn("too large", page.text)
        self.assertFalse(self.mine())

    def test_no_more_than_the_daily_limit(self):
        self.env["ir.config_parameter"].sudo().set_param("pm_customer_service.portal_daily_limit", "2")
        self.login(self.portal_user)
        for __ in range(3):
            page = self.send()
        self.assertIn("which is the limit", page.text)
        self.assertEqual(len(self.mine()), 2)

    def test_form_without_token_is_refused(self):
        self.login(self.portal_user)
        answer = self.url_open(
            "/my/tickets/new", data={"name": "x", "type_id": self.types["repair"].id, "unit_id": self.units[0].id}
        )
        self.assertEqual(answer.status_code, 400)
        self.assertFalse(self.mine())

    def test_another_households_ticket_is_unreachable(self):
        ticket = self.new_ticket("repair", name="SECRET-SUBJECT", solution="x")
        ticket.sudo()._portal_ensure_token()
        attachment = self.env["ir.attachment"].create(
            {"name": "secret.png", "raw": PNG, "res_model": "pm.ticket", "res_id": ticket.id}
        )
        other = self.env["pm.ticket"].create(
            {
                "name": "mine",
                "type_id": self.types["repair"].id,
                "unit_id": self.units[1].id,
                "partner_id": self.owners[1].id,
            }
        )
        other.sudo()._portal_ensure_token()
        self.login(self.other_portal)
        self.assertNotIn("SECRET-SUBJECT", self.url_open("/my/tickets").text)
        for url in (
            f"/my/tickets/{ticket.id}",
            f"/my/tickets/{ticket.id}?access_token=wrong",
            f"/my/tickets/{ticket.id}?access_token={other.access_token}",
            f"/mail/view?model=pm.ticket&res_id={ticket.id}",
        ):
            self.assertNotIn("SECRET-SUBJECT", self.url_open(url).text, url)
        for url in (
            f"/web/content/{attachment.id}",
            f"/web/image/{attachment.id}",
            f"/web/content/{attachment.id}?access_token=wrong",
        ):
            self.assertNotIn(PNG, self.url_open(url).content, url)
        self.url_open(f"/my/tickets/{ticket.id}/answer", data={"csrf_token": self.token(), "satisfied": "1"})
        self.assertFalse(ticket.followup_ids)
        self.assertNotIn(
            "SECRET-SUBJECT", self.url_open("/report/pdf/pm_customer_service.ticket_slip/%s" % ticket.id).text
        )

    def test_without_login_nothing_is_seen(self):
        ticket = self.new_ticket("repair", name="SECRET-SUBJECT")
        for url in ("/my/tickets", f"/my/tickets/{ticket.id}", "/my/tickets/new"):
            self.assertNotIn("SECRET-SUBJECT", self.url_open(url).text)

    def test_customer_confirms_or_asks_again(self):
        ticket = self.handle(self.new_ticket())
        self.login(self.portal_user)
        page = self.url_open(f"/my/tickets/{ticket.id}").text
        self.assertIn("Are you satisfied", page)
        token = re.search(r'name="csrf_token" value="([^"]+)"', page).group(1)
        self.url_open(f"/my/tickets/{ticket.id}/answer", data={"csrf_token": token, "satisfied": "0", "words": ""})
        self.assertEqual(ticket.state, "handled", "a refusal needs words")
        self.url_open(
            f"/my/tickets/{ticket.id}/answer", data={"csrf_token": token, "satisfied": "0", "words": "Still drips"}
        )
        self.assertEqual((ticket.state, ticket.reopen_reason), ("in_progress", "Still drips"))
        self.handle(ticket)
        self.url_open(f"/my/tickets/{ticket.id}/answer", data={"csrf_token": token, "satisfied": "1"})
        self.assertEqual((ticket.state, ticket.satisfied), ("followed_up", True))
        self.assertEqual(ticket.followup_ids.mapped("method"), ["portal", "portal"])
        ticket.with_user(self.supervisor).action_close()
        self.assertEqual(ticket.state, "closed", "the customer's own answer is the report back")
