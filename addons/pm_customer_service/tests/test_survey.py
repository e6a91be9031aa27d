from datetime import date

from freezegun import freeze_time
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import Form, HttpCase, tagged
from psycopg2 import IntegrityError

from .common import DeskCase, local

PERIOD = (date(2026, 11, 1), date(2026, 11, 30))


class SurveyCase(DeskCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.rounds = cls.env["pm.survey.round"]
        cls.form = cls.env.ref("pm_customer_service.survey_satisfaction")
        cls.satisfaction = cls.env.ref("pm_customer_service.survey_question_satisfaction")
        cls.importance = cls.env.ref("pm_customer_service.survey_question_importance")
        cls.words = cls.env.ref("pm_customer_service.survey_question_words")

    def prepare(self, **values):
        survey = self.rounds.with_user(self.assistant).create(
            {"name": "Autumn", "property_id": self.property.id, "date_close": "2026-11-16", **values}
        )
        survey.action_fill()
        return survey

    def distribute(self, survey):
        survey.with_user(self.supervisor).action_distribute()
        return survey.with_user(self.supervisor)

    def answer(self, row, satisfaction, importance=None, words=None):
        """Answer as the household would; points by dimension, such as ``{"repair": 2}``."""
        user_input = row.sudo().user_input_id
        lines = []
        for question, points in ((self.satisfaction, satisfaction), (self.importance, importance or {})):
            for name, value in points.items():
                dimension = self.env.ref(f"pm_customer_service.survey_dimension_{name}")
                lines.append(
                    {
                        "user_input_id": user_input.id,
                        "question_id": question.id,
                        "answer_type": "suggestion",
                        "matrix_row_id": question.matrix_row_ids.filtered(
                            lambda r, d=dimension: r.pm_dimension_id == d
                        ).id,
                        "suggested_answer_id": question.suggested_answer_ids.filtered(
                            lambda c, v=value: c.pm_points == v
                        ).id,
                    }
                )
        if words:
            lines.append(
                {
                    "user_input_id": user_input.id,
                    "question_id": self.words.id,
                    "answer_type": "text_box",
                    "value_text_box": words,
                }
            )
        self.env["survey.user_input.line"].create(lines)
        user_input._mark_done()


@tagged("post_install", "-at_install")
class TestSurvey(SurveyCase):
    def test_plan_prepares_the_survey_of_the_period_once_and_from_its_day_on(self):
        plans = self.env["pm.survey.plan"].search([])
        quarter, year = (plans.filtered(lambda p, k=kind: p.kind == k) for kind in ("quarter", "year"))
        for day, expected in (
            ("2026-01-31", []),
            ("2026-02-01", [quarter]),
            ("2026-03-31", []),
            ("2026-05-01", [quarter]),
            ("2026-10-31", []),  # that of August was never prepared, and its quarter is over
            ("2026-11-01", [year]),
            ("2026-12-31", []),
        ):
            with self.subTest(day=day), freeze_time(local(f"{day} 09:00")):
                created = self.rounds._prepare_for(self.property)
                self.assertEqual(list(created.plan_id), expected)
                self.assertFalse(self.rounds._prepare_for(self.property))
                if created:
                    self.assertEqual(len(created.invitation_ids), 3)
                    self.assertIn(self.supervisor, created.activity_ids.user_id)

    def test_own_plan_of_a_property_replaces_the_general_one(self):
        own = self.env.ref("pm_customer_service.survey_plan_year").copy(
            {"property_id": self.property.id, "months": "6"}
        )
        with freeze_time(local("2026-11-01 09:00")):
            self.assertEqual(self.rounds._prepare_for(self.property).plan_id, own)

    def test_two_servers_cannot_prepare_one_survey_twice(self):
        plan = self.env.ref("pm_customer_service.survey_plan_year")
        vals = {"name": "x", "plan_id": plan.id, "property_id": self.property.id, "period_start": "2026-01-01"}
        self.rounds.create(vals)
        with self.assertRaises(IntegrityError), self.env.cr.savepoint():
            self.rounds.create(vals)

    def test_months_that_are_none_are_refused(self):
        plan = self.env.ref("pm_customer_service.survey_plan_quarter")
        for months in ("0", "13", "two", "2;5", "2,,5"):
            with self.subTest(months=months), self.assertRaises(ValidationError):
                plan.months = months

    def test_list_has_one_line_a_household_none_for_parking_and_the_sample_is_the_same_each_time(self):
        self.units[2].unit_type = "parking"
        with freeze_time(local("2026-11-02 09:00")):
            survey = self.prepare()
            self.assertEqual(set(survey.invitation_ids.unit_id), set(self.units[:2]))
            self.assertEqual(set(survey.invitation_ids.partner_id), set(self.owners[:2]))
            survey.sample_percent = 50
            survey.action_fill()
            drawn = survey.invitation_ids.unit_id
            survey.action_fill()
            self.assertEqual((len(drawn), survey.invitation_ids.unit_id), (1, drawn))

    def test_only_a_supervisor_distributes_and_the_list_stands_afterwards(self):
        with freeze_time(local("2026-11-02 09:00")):
            survey = self.prepare()
            with self.assertRaises(AccessError):
                survey.action_distribute()
            self.distribute(survey)
            for step in (survey.action_fill, survey.invitation_ids[0].unlink, survey.unlink):
                with self.subTest(step=step.__name__), self.assertRaises(UserError), self.env.cr.savepoint():
                    step()
            with self.assertRaises(UserError):
                survey.sample_percent = 10

    def test_each_household_gets_its_own_link_without_login_and_a_paper_where_there_is_no_address(self):
        self.owners[1].write({"email": False, "phone": False})
        with freeze_time(local("2026-11-02 09:00")):
            survey = self.distribute(self.prepare())
        rows = survey.invitation_ids
        self.assertEqual(rows.filtered("on_paper").partner_id, self.owners[1])
        messages = self.env["pm.message"].search(
            [("res_model", "=", "pm.survey.invitation"), ("res_id", "in", rows.ids)]
        )
        self.assertEqual(set(messages.partner_id), set(self.owners[0] | self.owners[2]))
        for message in messages:
            self.assertEqual((message.state, message.reason_text), ("queued", False))
            row = rows.browse(message.res_id).sudo()
            self.assertIn(row.user_input_id.access_token, message.body)
            self.assertNotIn((rows.sudo() - row).user_input_id[:1].access_token, message.body)

    def test_who_has_not_answered_is_reminded_on_day_5_and_not_on_day_4(self):
        with freeze_time(local("2026-11-02 09:00")):
            survey = self.distribute(self.prepare(reminder_days=5))
            self.answer(survey.invitation_ids[0], {"repair": 5})
        counts = []
        for day in ("06", "07", "07", "11", "12", "17"):
            with freeze_time(local(f"2026-11-{day} 09:00")):
                self.rounds._remind_for(self.property)
                self.rounds._remind_for(self.property)
            counts.append(survey.invitation_ids.mapped("reminder_count"))
        self.assertEqual(counts, [[0, 0, 0], [0, 1, 1], [0, 1, 1], [0, 1, 1], [0, 2, 2], [0, 2, 2]])

    def test_return_rate_against_its_target(self):
        with freeze_time(local("2026-11-02 09:00")):
            survey = self.distribute(self.prepare())
            rows = survey.invitation_ids
            self.assertEqual((survey.return_target, survey.lacking_count, survey.return_rate), (95, 3, 0))
            for row in rows[:2]:
                self.answer(row, {"repair": 5})
            self.assertEqual((survey.returned_count, survey.lacking_count), (2, 1))
            kpi = self.env.ref("pm_customer_service.kpi_survey_return")
            self.assertAlmostEqual(kpi._evaluate(self.property, *PERIOD)["value"], 200 / 3)
            self.answer(rows[2], {"repair": 5})
            self.assertEqual((survey.return_rate, survey.lacking_count), (100, 0))

    def test_index_and_quadrants_equal_to_figures_computed_by_hand(self):
        with freeze_time(local("2026-11-02 09:00")):
            survey = self.distribute(self.prepare())
            first, second, third = survey.invitation_ids
            cares = {"repair": 5, "cleaning": 5, "greenery": 2, "fees": 2}
            self.answer(first, {"repair": 1, "cleaning": 5, "greenery": 1, "fees": 5}, cares, "Repair faster!")
            self.answer(second, {"repair": 3, "cleaning": 5, "greenery": 3, "fees": 0}, cares)
        with freeze_time(local("2026-11-16 23:00")):
            self.rounds._close_for(self.property)
            self.assertEqual(survey.state, "open")
        with freeze_time(local("2026-11-17 00:30")):
            self.rounds._close_for(self.property)
        self.assertEqual((survey.state, survey.closed_on), ("closed", date(2026, 11, 17)))
        scores = {score.dimension_id.name: score for score in survey.score_ids}
        by_hand = {  # satisfaction, importance, answers, dissatisfied; means 3.5 and 3.5
            "Repairs": (2, 5, 2, 1, "improve_first"),
            "Cleaning": (5, 5, 2, 0, "keep_up"),
            "Greenery": (2, 2, 2, 1, "low_priority"),
            "Fees and Their Explanation": (5, 2, 1, 0, "overkill"),
        }
        self.assertEqual(
            {name: (s.satisfaction, s.importance, s.answers, s.dissatisfied, s.quadrant) for name, s in scores.items()},
            by_hand,
        )
        # (5×2 + 5×5 + 2×2 + 2×5) / 14 = 3.5; from 1…5 to 0…100: 62.5
        self.assertAlmostEqual(survey.satisfaction_index, 62.5)
        kpi = self.env.ref("pm_customer_service.kpi_survey_index")
        self.assertEqual(kpi._evaluate(self.property, *PERIOD)["value"], 62.5)
        self.assertIsNone(kpi._evaluate(self.property, date(2026, 10, 1), date(2026, 10, 31))["value"])
        self.assertEqual(survey._comments(), ["Repair faster!"])
        self.assertLess(third.sudo().user_input_id.deadline, local("2026-11-17 00:31"))
        self.assertIn("<svg", survey.chart_html)
        content = self.env["ir.actions.report"]._render("pm_customer_service.pm_survey_report", survey.ids)[0]
        self.assertTrue(content.startswith(b"%PDF"))

    def test_without_importance_the_weights_of_the_dimensions_count(self):
        self.env.ref("pm_customer_service.survey_dimension_repair").weight = 3
        with freeze_time(local("2026-11-02 09:00")):
            survey = self.distribute(self.prepare())
            self.answer(survey.invitation_ids[0], {"repair": 5, "cleaning": 1})
            survey.action_close()
        self.assertAlmostEqual(survey.satisfaction_index, 75)  # (3×5 + 1×1) / 4 = 4 of 5
        self.assertFalse(any(survey.score_ids.mapped("quadrant")))
        self.assertFalse(survey.chart_html)

    def test_survey_nobody_answered_is_called_off_not_evaluated(self):
        with freeze_time(local("2026-11-02 09:00")):
            survey = self.distribute(self.prepare())
            with self.assertRaises(UserError):
                survey.action_close()
        with freeze_time(local("2026-11-17 09:00")):
            self.rounds._close_for(self.property)
        self.assertEqual(survey.state, "cancelled")
        self.assertIsNone(
            self.env.ref("pm_customer_service.kpi_survey_return")._evaluate(self.property, *PERIOD)["value"]
        )

    def test_published_only_when_what_to_improve_first_has_an_action(self):
        with freeze_time(local("2026-11-02 09:00")):
            survey = self.distribute(self.prepare())
            self.answer(survey.invitation_ids[0], {"repair": 1, "cleaning": 5}, {"repair": 5, "cleaning": 5})
            survey.action_close()
            with self.assertRaisesRegex(UserError, "Repairs"):
                survey.action_publish()
            context = survey.score_ids.filtered(lambda s: s.quadrant == "improve_first").action_improve()["context"]
            self.env["pm.improvement.action"].with_user(self.supervisor).with_context(**context).create(
                {"user_id": self.officer.id, "date_due": "2026-11-30"}
            )
            survey.action_publish()
        self.assertEqual(survey.state, "published")

    def test_answers_of_a_paper_are_entered_under_the_name_of_who_typed_them(self):
        with freeze_time(local("2026-11-02 09:00")):
            survey = self.distribute(self.prepare())
            row = survey.invitation_ids[0].with_user(self.front_desk)
            url = row.action_enter()["url"]
            answer = row.sudo().user_input_id
            self.assertIn(answer.access_token, url)
            self.assertEqual((answer.partner_id, row.entered_by_id), (self.front_desk.partner_id, self.front_desk))
            self.assertEqual(row.action_enter()["url"], url)
            self.answer(row, {"repair": 4})
            self.assertEqual(row.state, "returned")
            with self.assertRaises(UserError):
                row.action_enter()

    def test_nobody_forges_a_return_or_reads_what_a_household_answered(self):
        with freeze_time(local("2026-11-02 09:00")):
            survey = self.distribute(self.prepare())
        row = survey.invitation_ids[0]
        for user in (self.assistant, self.supervisor):
            with self.subTest(user=user.name):
                with self.assertRaises(UserError):
                    row.with_user(user).state = "returned"
                with self.assertRaises(AccessError):
                    row.with_user(user).user_input_id
                with self.assertRaises(AccessError):
                    self.env["survey.user_input"].with_user(user).search([])
        with self.assertRaises(AccessError):
            survey.with_user(self.supervisor).satisfaction_index = 100
        with self.assertRaises(AccessError):
            self.rounds.with_user(self.portal_user).search([])


@tagged("post_install", "-at_install")
class TestImprovement(SurveyCase):
    def improve(self, **values):
        return (
            self.env["pm.improvement.action"]
            .with_user(self.supervisor)
            .create(
                {
                    "name": "Second repair shift",
                    "property_id": self.property.id,
                    "user_id": self.officer.id,
                    "date_due": "2026-11-20",
                    **values,
                }
            )
        )

    def test_clock_runs_to_the_last_second_of_the_due_day(self):
        with freeze_time(local("2026-11-02 09:00")):
            action = self.improve()
        clock = self.clock(action, "improve")
        self.assertEqual((clock.due, clock.user_id), (local("2026-11-20 23:59").replace(second=59), self.officer))
        self.assertEqual(action.activity_ids.user_id, self.officer)

    def test_reminded_3_days_before_and_the_supervisor_told_when_late(self):
        with freeze_time(local("2026-11-02 09:00")):
            action = self.improve()
        steps = []
        for moment in ("2026-11-17 23:00", "2026-11-18 00:30", "2026-11-20 23:00", "2026-11-21 00:30"):
            with freeze_time(local(moment)):
                self.run_job()
            logged = self.env["pm.escalation"].search([("res_model", "=", action._name), ("res_id", "=", action.id)])
            steps.append(set(logged.rule_id.mapped("role")))
        self.assertEqual(steps, [set(), {"handler"}, {"handler"}, {"handler", "supervisor"}])
        self.assertEqual(self.clock(action, "improve").state, "breached")

    def test_done_needs_what_came_of_it_and_the_right_person(self):
        with freeze_time(local("2026-11-02 09:00")):
            action = self.improve()
            with self.assertRaises(UserError):
                action.with_user(self.officer).action_done()
            action.with_user(self.officer).result = "Two fitters until 21:00"
            with self.assertRaises(UserError):
                action.with_user(self.assistant).action_done()
            action.with_user(self.officer).action_done()
            self.assertEqual((action.state, self.clock(action, "improve").state), ("done", "met"))
            action.action_reopen()
        self.assertEqual(action.state, "open")

    def test_due_day_in_the_past_and_changes_by_the_responsible_are_refused(self):
        with freeze_time(local("2026-11-02 09:00")):
            with self.assertRaises(UserError), self.env.cr.savepoint():
                self.improve(date_due="2026-11-01")
            action = self.improve(date_due="2026-11-02")
            with self.assertRaises(UserError):
                action.with_user(self.officer).date_due = "2026-12-31"
            action.date_due = "2026-11-05"
        running = self.clock(action, "improve").filtered(lambda clock: clock.state == "running")
        self.assertEqual(self.property._local_date(running.due), date(2026, 11, 5))

    def test_a_problem_is_corrected_where_its_cause_is_named(self):
        """S4-26: from the ticket that showed it; the cause is the supervisor's to name, what came of it the responsible's."""
        with freeze_time(local("2026-11-02 09:00")):
            ticket = self.new_ticket(root_cause="lack")
            values = ticket.with_user(self.supervisor).action_improve()["context"]
            context = {key: value for key, value in values.items() if key.startswith("default_")}
            form = Form(self.env["pm.improvement.action"].with_user(self.supervisor).with_context(**context))
            form.name, form.user_id, form.date_due = "Keep a spare pump", self.officer, "2026-11-20"
            action = form.save()
            self.assertEqual((action.kind, action.ticket_id, action.cause), ("corrective", ticket, "Lack of measure"))
            self.assertEqual(ticket.improvement_ids, action)
            for kind in ("corrective", "preventive"):
                with self.subTest(kind=kind), self.assertRaisesRegex(UserError, "S4-26"), self.env.cr.savepoint():
                    self.improve(kind=kind, cause=" ")
            with self.assertRaises(UserError):
                action.with_user(self.officer).cause = "Not my fault"
            other = self.property.copy({"code": "T2"})
            with self.assertRaisesRegex(UserError, "another property"):
                self.improve(kind="preventive", cause="x", property_id=other.id, ticket_id=ticket.id)
            action.with_user(self.officer).result = "Bought, in the store"
            action.with_user(self.officer).action_done()
        self.assertEqual(self.clock(action, "improve").state, "met")


@tagged("post_install", "-at_install")
class TestSurveyLink(SurveyCase, HttpCase):
    def test_the_link_opens_without_login_and_a_changed_token_does_not(self):
        survey = self.distribute(self.prepare(date_close="2099-01-01"))
        answer = survey.invitation_ids[0].sudo().user_input_id
        url = answer.get_start_url()
        page = self.url_open(url)
        self.assertEqual(page.status_code, 200)
        self.assertIn(f'data-answer-token="{answer.access_token}"', page.text)
        self.assertNotIn(
            "data-answer-token", self.url_open(f"{survey.survey_id.get_start_url()}?answer_token=wrong").text
        )
        self.assertNotIn("data-answer-token", self.url_open(survey.survey_id.get_start_url()).text)

    def test_a_household_that_has_answered_is_not_asked_to_answer_again(self):
        survey = self.distribute(self.prepare(date_close="2099-01-01"))
        row = survey.invitation_ids[0]
        answer = row.sudo().user_input_id
        self.answer(row, {"repair": 4})
        page = self.url_open(f"/survey/{answer.survey_id.access_token}/{answer.access_token}").text
        self.assertIn(answer.access_token, page)
        self.assertNotIn("/survey/retry/", page)
        row.sudo().user_input_id = False
        page = self.url_open(f"/survey/{answer.survey_id.access_token}/{answer.access_token}").text
        self.assertIn("/survey/retry/", page, "an answer of anybody else may be repeated")

    def test_portal_shows_own_questionnaires_and_published_results_only(self):
        survey = self.distribute(self.prepare(date_close="2099-01-01"))
        # The list stands in the order of the lot.
        rows = survey.sudo().invitation_ids.grouped("partner_id")
        own, foreign = (rows[partner].user_input_id.access_token for partner in self.owners[:2])
        self.authenticate(self.portal_user.login, self.portal_user.login)
        page = self.url_open("/my/surveys").text
        self.assertIn(own, page)
        self.assertNotIn(foreign, page)
        for row in survey.invitation_ids:
            self.answer(row, {"repair": 4, "cleaning": 4}, {"repair": 4, "cleaning": 4}, "secret words")
        survey.action_close()
        self.assertNotIn("<svg", self.url_open("/my/surveys").text)
        survey.summary = "<script>alert(1)</script>"
        survey.action_publish()
        page = self.url_open("/my/surveys").text
        self.assertIn("<svg", page)
        self.assertNotIn("secret words", page)
        self.assertNotIn("<script>alert(1)", page)
