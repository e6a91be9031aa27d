from freezegun import freeze_time
from odoo import Command
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Domain
from odoo.tests import HttpCase, tagged

from .common import DeskCase, local


class FaqCase(DeskCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.water = cls.env.ref("pm_customer_service.ticket_category_water")
        cls.lift = cls.env.ref("pm_customer_service.ticket_category_lift")

    @classmethod
    def faq(cls, name="How do I book the lift?", user=None, state="approved", **values):
        record = (
            cls.env["pm.faq"]
            .with_user(user or cls.front_desk)
            .create({"name": name, "answer": "<p>Call the desk.</p>", "property_id": cls.property.id, **values})
        )
        if state != "draft":
            record.action_submit()
        if state == "approved":
            record.with_user(cls.supervisor).action_approve()
        return record


@tagged("post_install", "-at_install")
class TestFaq(FaqCase):
    def test_approved_by_a_supervisor_who_is_not_the_author_with_a_review_date(self):
        faq = self.faq(state="submitted")
        for user in (self.front_desk, self.officer, self.assistant):
            with self.assertRaises(AccessError):
                faq.with_user(user).action_approve()
        own = self.faq("Mine", user=self.supervisor, state="submitted")
        with self.assertRaises(AccessError):
            own.action_approve()
        own.with_user(self.manager).action_approve()
        with freeze_time(local("2026-11-02 10:00")):
            faq.with_user(self.supervisor).action_approve()
        self.assertEqual(
            (faq.state, faq.approved_by_id, str(faq.review_date)), ("approved", self.supervisor, "2027-11-02")
        )
        self.assertEqual(str(faq.activity_ids.date_deadline), "2027-11-02")
        self.assertEqual(faq.activity_ids.user_id, self.supervisor)

    def test_review_moves_the_date_on(self):
        with freeze_time(local("2026-11-02 10:00")):
            faq = self.faq(review_months=6)
            self.assertEqual(str(faq.review_date), "2027-05-02")
        with freeze_time(local("2027-05-03 10:00")):
            self.assertIn(faq, self.env["pm.faq"].search([("review_date", "<=", "2027-05-03")]))
            with self.assertRaises(AccessError):
                faq.with_user(self.officer).action_reviewed()
            faq.with_user(self.supervisor).action_reviewed()
        self.assertEqual(str(faq.review_date), "2027-11-03")
        self.assertEqual(len(faq.activity_ids), 1)

    def test_an_approved_text_is_replaced_not_changed(self):
        faq = self.faq()
        with self.assertRaises(UserError):
            faq.with_user(self.supervisor).answer = "<p>Something else</p>"
        action = faq.with_user(self.officer).action_revise()
        draft = self.env["pm.faq"].browse(action["res_id"])
        self.assertEqual((draft.state, draft.name, draft.replaces_id), ("draft", faq.name, faq))
        self.assertEqual(faq.with_user(self.officer).action_revise()["res_id"], draft.id, "one new version at a time")
        draft.with_user(self.officer).answer = "<p>Book it in the portal.</p>"
        draft.with_user(self.officer).action_submit()
        self.assertEqual(faq.state, "approved", "given until the new one is approved")
        draft.with_user(self.supervisor).action_approve()
        self.assertEqual((faq.state, draft.state), ("retired", "approved"))
        self.assertFalse(faq.activity_ids)

    def test_empty_answers_and_cases_without_a_lesson_are_not_submitted(self):
        with self.assertRaises(UserError):
            self.faq(answer="<p><br></p>", state="submitted")
        with self.assertRaises(UserError):
            self.faq(kind="case", state="submitted")
        self.faq(kind="case", lesson="Ask first.", root_cause="neglect", state="submitted")

    def test_developers_questions_need_his_written_answer(self):
        faq = self.faq(concerns_developer=True, state="submitted").with_user(self.supervisor)
        with self.assertRaises(UserError):
            faq.action_approve()
        faq.write({"developer_asked_on": "2026-11-01", "developer_answered_on": "2026-11-05"})
        with self.assertRaises(UserError):
            faq.action_approve()
        faq.developer_file_ids = [Command.create({"name": "answer.pdf", "raw": b"x"})]
        faq.action_approve()
        content = self.env["pm.document"]._pdf("pm_customer_service.faq_developer_letter", faq)
        self.assertTrue(content.startswith(b"%PDF"))

    def test_state_and_signatures_are_not_written_by_clients(self):
        faq = (
            self.env["pm.faq"]
            .with_user(self.front_desk)
            .with_context(default_state="approved")
            .create({"name": "x", "state": "approved", "approved_by_id": self.manager.id})
        )
        self.assertEqual((faq.state, faq.approved_by_id.id), ("draft", False))
        with self.assertRaises(AccessError):
            faq.state = "approved"
        with self.assertRaises(ValidationError):
            faq.write({"kind": "case", "portal_ok": True})
        approved = self.faq()
        with self.assertRaises(AccessError):
            approved.with_user(self.officer).portal_ok = True
        with self.assertRaises(UserError):
            approved.with_user(self.manager).unlink()

    def test_who_reads_and_writes(self):
        faq = self.faq()
        for role, writes in (("technician", False), ("cashier", False), ("front_desk", True), ("supervisor", True)):
            with self.subTest(role=role):
                record = faq.with_user(getattr(self, role))
                self.assertTrue(record.has_access("read"))
                self.assertEqual(record.has_access("write"), writes)
        self.assertFalse(self.env["pm.faq"].with_user(self.portal_user).has_access("read"))
        other = self.property.copy({"code": "T2", "user_ids": False})
        foreign = self.env["pm.faq"].create({"name": "x", "property_id": other.id})
        self.assertFalse(foreign.with_user(self.officer).has_access("read"))


@tagged("post_install", "-at_install")
class TestFaqOfTickets(FaqCase):
    def test_chinese_and_english_words_find_their_answer_best_first(self):
        lift = self.faq("电梯等候时间太长怎么办", category_id=self.lift.id)
        water = self.faq("停水了怎么办", keywords="没水 水管", category_id=self.water.id)
        parking = self.faq("How do visitors park their car?")
        everything = Domain("property_id", "=", self.property.id) & Domain("state", "=", "approved")
        suggest = self.env["pm.faq"]._suggest
        self.assertEqual(suggest("早上等电梯时间太长", everything)[:1], lift)
        self.assertEqual(suggest("家里没水", everything)[:1], water)
        self.assertEqual(suggest("Where can a visitor park", everything)[:1], parking)
        self.assertEqual(suggest("", everything, self.water), water)
        self.assertFalse(suggest("", everything))
        self.assertFalse(suggest("%_'\"\\", everything))
        self.assertLessEqual(len(suggest("怎么办", everything, limit=1)), 1)

    def test_only_approved_answers_of_the_property_are_suggested(self):
        self.faq("Lift noise at night", state="submitted")
        other = self.property.copy({"code": "T2", "user_ids": False})
        self.env["pm.faq"].create({"name": "Lift noise at night", "property_id": other.id, "answer": "x"}).sudo().write(
            {"state": "approved"}
        )
        mine = self.faq("Lift noise at night")
        ticket = self.new_ticket("inquiry", name="Lift noise at night")
        self.assertEqual(ticket.suggested_faq_ids.filtered(lambda faq: faq.kind == "qa"), mine)

    def test_instruction_of_the_category_comes_first(self):
        instruction = self.faq("Water off", kind="instruction", user=self.officer)
        self.water.instruction_id = instruction
        self.faq("Lift noise at night")
        ticket = self.new_ticket("repair", name="Lift noise at night", category_id=self.water.id)
        self.assertEqual(ticket.suggested_faq_ids[0], instruction)
        complaint = self.new_ticket("complaint", name="Zzz")
        self.assertEqual(complaint.suggested_faq_ids, self.env.ref("pm_customer_service.faq_complaint_steps"))

    def test_one_click_answers_the_ticket(self):
        faq = self.faq(answer="<p>Call the desk.</p><p>Two days before.</p>")
        ticket = self.new_ticket("inquiry", user_id=self.officer.id)
        faq.with_user(self.officer).with_context(pm_ticket_id=ticket.id).action_use()
        self.assertEqual((ticket.outcome, ticket.faq_id), ("explained", faq))
        self.assertIn("Two days before.", ticket.explanation)
        ticket.with_user(self.officer).action_handle()
        self.assertEqual((ticket.state, faq.use_count), ("handled", 1))
        with self.assertRaises(UserError):
            faq.with_user(self.officer).with_context(pm_ticket_id=ticket.id).action_use()
        with self.assertRaises(UserError):
            faq.with_user(self.officer).action_use()
        draft = self.faq("Draft", state="draft")
        other = self.new_ticket("inquiry", user_id=self.officer.id)
        with self.assertRaises(UserError):
            draft.with_user(self.officer).with_context(pm_ticket_id=other.id).action_use()

    def test_a_ticket_becomes_an_answer_and_a_case(self):
        ticket = self.handle(
            self.new_ticket("complaint", name="Gate is slow", category_id=self.lift.id),
            solution="Replaced the <b>motor</b>.\nOiled the hinge.",
            explanation="Oiled the hinge.",
        )
        answer = self.env["pm.faq"].browse(ticket.with_user(self.officer).action_new_faq()["res_id"])
        case = self.env["pm.faq"].browse(ticket.with_user(self.officer).action_new_case()["res_id"])
        self.assertEqual((answer.kind, answer.name, answer.category_id), ("qa", "Gate is slow", self.lift))
        self.assertEqual(answer._plain_answer(), "Replaced the <b>motor</b>.\nOiled the hinge.")
        self.assertEqual((case.kind, case.state, case.ticket_id), ("case", "draft", ticket))
        self.assertEqual(ticket.written_faq_ids, answer | case)


@tagged("post_install", "-at_install")
class TestFaqSession(FaqCase):
    def test_the_meeting_agrees_and_everybody_at_the_desk_is_told(self):
        first, second = self.faq("One", state="submitted"), self.faq("Two", user=self.supervisor, state="submitted")
        late = self.faq("Late", state="draft")
        session = self.env["pm.faq.session"].with_user(self.supervisor).create({"property_id": self.property.id})
        self.assertEqual(session.faq_ids, first | second, "what waits is on the agenda")
        with self.assertRaises(UserError):
            session.action_close()
        session.attendee_ids = self.officer | self.front_desk
        session.action_close()
        self.assertEqual((first | second).mapped("state"), ["approved", "approved"])
        self.assertEqual((first | second).session_id, session)
        self.assertEqual(late.state, "draft")
        told = self.env["mail.message"].search([("model", "=", "pm.faq.session"), ("res_id", "=", session.id)])
        self.assertIn(self.front_desk.partner_id, told.notified_partner_ids)
        self.assertNotIn(self.cashier.partner_id, told.notified_partner_ids)
        self.assertIn("One", told[0].body)
        with self.assertRaises(UserError):
            session.faq_ids = False
        with self.assertRaises(UserError):
            session.action_close()

    def test_only_a_supervisor_and_never_without_answers(self):
        self.assertFalse(self.env["pm.faq.session"].with_user(self.officer).has_access("create"))
        session = self.env["pm.faq.session"].with_user(self.supervisor).create({"property_id": self.property.id})
        session.faq_ids = False
        with self.assertRaises(UserError):
            session.action_close()


@tagged("post_install", "-at_install")
class TestFaqPortal(FaqCase, HttpCase):
    def test_published_answers_of_own_properties_and_nothing_else(self):
        shown = self.faq("How do I pay?", portal_ok=True)
        hidden = self.faq("Internal trick for paying")
        draft = self.faq("Unfinished paying", state="draft", portal_ok=True)
        other = self.property.copy({"code": "T2", "user_ids": False})
        foreign = self.env["pm.faq"].create({"name": "Paying elsewhere", "property_id": other.id, "portal_ok": True})
        foreign.sudo().write({"state": "approved"})
        self.authenticate("pm_portal_1", "pm_portal_1")
        page = self.url_open("/my/answers").text
        self.assertIn("How do I pay?", page)
        for faq in (hidden, draft, foreign):
            self.assertNotIn(faq.name, page)
            self.assertNotIn(faq.name, self.url_open(f"/my/answers/{faq.id}").text)
        self.assertIn("Call the desk.", self.url_open(f"/my/answers/{shown.id}").text)
        self.assertIn("How do I pay?", self.url_open("/my/answers?search=pay").text)
        self.assertNotIn("How do I pay?", self.url_open("/my/answers?search=xyzzy").text)
        for bad in ("/my/answers?category=abc", "/my/answers?search=%25%27%22", "/my/answers/999999999"):
            self.assertEqual(self.url_open(bad).status_code, 200)
        found = self.make_jsonrpc_request("/my/answers/suggest", {"text": "how can I pay"})
        self.assertEqual([row["name"] for row in found], ["How do I pay?"])
        self.assertEqual(self.make_jsonrpc_request("/my/answers/suggest", {"text": ["x"]}), [])
        self.assertIn("o_pm_answers", self.url_open("/my/tickets/new").text)

    def test_strangers_are_sent_to_the_login(self):
        self.faq("How do I pay?", portal_ok=True)
        self.assertNotIn("How do I pay?", self.url_open("/my/answers").text)
