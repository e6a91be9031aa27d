from freezegun import freeze_time
from odoo import Command
from odoo.exceptions import UserError
from odoo.tests import Form, tagged

from .common import DeskCase, local


@tagged("post_install", "-at_install")
class TestFollowupQuestions(DeskCase):
    def setUp(self):
        super().setUp()
        questions = self.env["pm.followup.question"]
        questions.search([]).active = False
        self.sound, self.speed, self.better, self.complaints_only = questions.create(
            [
                {"name": "Sound?", "kind": "yes_no", "sequence": 1},
                {"name": "Speed?", "kind": "score", "sequence": 2},
                {"name": "Better?", "kind": "text", "sequence": 3},
                {"name": "Informed?", "kind": "yes_no", "type_ids": [Command.set(self.types["complaint"].ids)]},
            ]
        )

    def followup(self, ticket, answers=(), answer="satisfied", **values):
        return (
            self.env["pm.followup"]
            .with_user(self.front_desk)
            .create(
                {
                    "ticket_id": ticket.id,
                    "satisfied": answer,
                    "answer_ids": [Command.create(row) for row in answers],
                    **values,
                }
            )
        )

    def test_the_form_lays_out_the_questions_of_the_tickets_type(self):
        ticket = self.handle(self.new_ticket("repair"))
        with Form(self.env["pm.followup"].with_user(self.front_desk).with_context(default_ticket_id=ticket.id)) as form:
            asked = [row["question_id"] for row in form.answer_ids._records]
            self.assertEqual(asked, (self.sound | self.speed | self.better).ids)
            form.satisfied = "satisfied"
            with form.answer_ids.edit(1) as line:
                line.score = "4"
        followup = form.record
        self.assertEqual(followup.answer_ids.question_id, self.speed, "what is left blank was not asked")
        self.assertEqual(followup.answer_ids.value, 4)

    def test_answers_average_scores_and_yes(self):
        for yes_no, score in (("yes", "5"), ("no", "2")):
            self.followup(
                self.handle(self.new_ticket("repair")),
                [{"question_id": self.sound.id, "yes_no": yes_no}, {"question_id": self.speed.id, "score": score}],
            )
        groups = self.env["pm.followup.answer"]._read_group(
            [("property_id", "=", self.property.id)], ["question_id"], ["value:avg"]
        )
        self.assertEqual(dict(groups), {self.sound: 0.5, self.speed: 3.5})

    def test_a_required_question_must_be_asked_of_whoever_was_reached(self):
        self.sound.required = True
        ticket = self.handle(self.new_ticket("complaint"))
        self.followup(ticket, answer="unreachable")
        with self.assertRaises(UserError), self.env.cr.savepoint():
            self.followup(ticket)
        self.followup(ticket, [{"question_id": self.sound.id, "yes_no": "yes"}])
        self.assertEqual(ticket.state, "followed_up")

    def test_answers_are_neither_added_nor_changed_later(self):
        followup = self.followup(
            self.handle(self.new_ticket("repair")), [{"question_id": self.sound.id, "yes_no": "no"}]
        )
        answers = self.env["pm.followup.answer"].with_user(self.front_desk)
        with self.assertRaises(UserError):
            answers.create({"followup_id": followup.id, "question_id": self.speed.id, "score": "5"})
        with self.assertRaises(UserError):
            followup.with_user(self.front_desk).answer_ids = [Command.update(followup.answer_ids.id, {"yes_no": "yes"})]
        self.assertFalse(followup.answer_ids.with_user(self.supervisor).has_access("write"))

    def test_three_days_without_reaching_the_customer_end_the_call_on_the_third_not_the_second(self):
        ticket = self.handle(self.new_ticket("complaint"))
        clock = self.clock(ticket, "followup")
        moments = ["2027-01-11 10:00", "2027-01-11 15:00", "2027-01-12 10:00", "2027-01-13 10:00"]
        for moment, settled in zip(moments, (False, False, False, True), strict=True):
            with freeze_time(local(moment)):
                self.followup(ticket, answer="unreachable")
                self.assertEqual(bool(ticket.followed_up_at), settled, moment)
        self.assertNotEqual(clock.state, "met")
        self.assertEqual(ticket.state, "handled")
        ticket.with_user(self.front_desk).action_feedback()
        ticket.with_user(self.supervisor).action_close()
        self.assertEqual(ticket.state, "closed")

    def test_pdf_of_a_followup_holds_question_and_answer(self):
        followup = self.followup(
            self.handle(self.new_ticket("repair")), [{"question_id": self.sound.id, "yes_no": "yes"}], words="Fine"
        )
        content = self.env["pm.document"]._pdf("pm_customer_service.followup_form", followup)
        self.assertTrue(content.startswith(b"%PDF"))
