from datetime import date, timedelta

from freezegun import freeze_time
from odoo import Command, fields
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import Form, tagged
from odoo.tools import mute_logger
from psycopg2.errors import ExclusionViolation

from .common import DeskCase, local


@tagged("post_install", "-at_install")
class TestVisit(DeskCase):
    def visit(self, user=None, **values):
        return (
            self.env["pm.visit"]
            .with_user(user or self.officer)
            .create({"unit_id": self.units[0].id, "planned_on": "2026-11-02", **values})
        )

    def test_unit_brings_property_customer_and_butler(self):
        with freeze_time(local("2026-11-02 09:00")), Form(self.env["pm.visit"].with_user(self.supervisor)) as form:
            form.unit_id = self.units[0]
            form.start = local("2026-11-02 10:30")
        visit = form.record
        self.assertEqual(
            (visit.property_id, visit.partner_id, visit.user_id), (self.property, self.owners[0], self.officer)
        )
        self.assertEqual(visit.stop - visit.start, timedelta(minutes=30))
        self.assertTrue(visit.name.startswith("BF"))

    def test_where_knowledge_of_a_customer_comes_from_is_chosen_and_says_what_to_ask(self):
        """S0-22: key customers and the committee are purposes of their own, each with what to talk about."""
        for purpose, words in (("key_customer", "last contact"), ("committee", "opinions of the owners")):
            visit = self.visit(purpose_id=self.env.ref(f"pm_customer_service.visit_purpose_{purpose}").id)
            self.assertIn(words, visit.advice)

    def test_appointment_tells_the_customer_once(self):
        with freeze_time(local("2026-11-02 09:00")):
            visit = self.visit(start=local("2026-11-03 10:30"))
            visit.action_appoint()
            self.assertEqual((visit.state, str(visit.planned_on)), ("appointed", "2026-11-03"))
            visit.action_postpone()
            visit.start = local("2026-11-04 10:30")
            visit.action_appoint()
        messages = self.env["pm.message"].search([("res_model", "=", "pm.visit"), ("res_id", "=", visit.id)])
        self.assertEqual(len(messages), 2, "one for each time agreed")
        self.assertEqual(messages.partner_id, self.owners[0])
        self.assertTrue(all("Officer" in message.body for message in messages))

    def test_appointment_in_the_past_or_without_time_is_refused(self):
        with freeze_time(local("2026-11-02 09:00")):
            with self.assertRaises(UserError):
                self.visit().action_appoint()
            with self.assertRaises(UserError):
                self.visit(start=local("2026-11-02 08:59")).action_appoint()

    def test_nobody_is_visited_at_night(self):
        with freeze_time(local("2026-11-02 08:00")):
            for start, fits in (("08:30", True), ("08:29", False), ("20:30", True), ("20:31", False)):
                with self.subTest(start=start):
                    visit = self.visit(start=local(f"2026-11-03 {start}"))
                    if fits:
                        visit.action_appoint()
                        visit.action_postpone()
                    else:
                        with self.assertRaises(ValidationError), self.env.cr.savepoint():
                            visit.action_appoint()

    @mute_logger("odoo.sql_db")
    def test_one_visitor_is_in_one_place_at_a_time(self):
        with freeze_time(local("2026-11-02 08:00")):
            self.visit(start=local("2026-11-03 10:00")).action_appoint()
            second = self.visit(start=local("2026-11-03 10:29"), unit_id=self.units[1].id)
            with self.assertRaises(ExclusionViolation), self.env.cr.savepoint():
                second.action_appoint()
            second.invalidate_recordset()
            second.start = local("2026-11-03 10:30")
            second.action_appoint()
            self.env.flush_all()
        self.assertEqual(second.state, "appointed")

    def test_questions_without_an_answer_become_tickets_of_the_visitor(self):
        with freeze_time(local("2026-11-02 11:00")):
            visit = self.visit(
                talk="Asked about cleaning.",
                topic_ids=[
                    Command.create({"words": "When are the windows cleaned?", "answer": "In May."}),
                    Command.create(
                        {
                            "words": "Why is the gate slow?\nIt takes a minute.",
                            "type_id": self.types["complaint"].id,
                            "promised_date": local("2026-11-03 18:00"),
                        }
                    ),
                ],
            )
            visit.action_done()
        ticket = visit.topic_ids.ticket_id
        self.assertEqual((visit.state, len(ticket), ticket.name), ("escalated", 1, "Why is the gate slow?"))
        self.assertEqual(
            (ticket.channel, ticket.first_receiver_id, ticket.unit_id, ticket.partner_id, ticket.type_code),
            ("visit", self.officer, self.units[0], self.owners[0], "complaint"),
        )
        self.assertEqual(ticket.promised_date, local("2026-11-03 18:00"))
        with self.assertRaises(UserError):
            visit.action_archive_record()
        ticket.sudo().write({"stop_reason": "Settled on the phone"})
        ticket.sudo()._transition("cancelled")
        visit.action_archive_record()
        self.assertEqual(visit.state, "archived")

    def test_a_visit_without_a_word_is_no_visit(self):
        visit = self.visit()
        with self.assertRaises(UserError):
            visit.action_done()
        visit.talk = "All well."
        visit.action_done()
        self.assertEqual(visit.state, "done")

    def test_recorded_on_day_0_and_1_not_on_day_2_but_by_the_supervisor(self):
        for day, fits in (("2026-11-02", True), ("2026-11-03", True), ("2026-11-04", False)):
            with self.subTest(day=day), freeze_time(local(f"{day} 17:10")):
                visit = self.visit(talk="All well.", visited_at=local("2026-11-02 10:30"))
                if fits:
                    visit.action_done()
                else:
                    with self.assertRaises(AccessError):
                        visit.action_done()
                    visit.with_user(self.supervisor).action_done()
        with self.assertRaises(UserError):
            self.visit(talk="x", visited_at=fields.Datetime.now() + timedelta(hours=1)).action_done()

    def test_what_was_recorded_stays(self):
        visit = self.visit(talk="All well.", topic_ids=[Command.create({"words": "Fine", "answer": "Thanks"})])
        visit.action_done()
        for vals in (
            {"visited_at": "2026-01-01"},
            {"planned_on": "2026-01-01"},
            {"start": "2026-01-01 02:00:00"},
            {"method": "phone"},
            {"unit_id": self.units[1].id},
            {"user_id": self.assistant.id},
        ):
            with self.assertRaises(UserError):
                visit.write(vals)
        with self.assertRaises(UserError):
            visit.topic_ids.words = "Not fine"
        with self.assertRaises(UserError):
            visit.topic_ids.unlink()
        with self.assertRaises(AccessError):
            visit.state = "planned"
        visit.action_archive_record()
        with self.assertRaises(UserError):
            visit.talk = "Something else"
        with self.assertRaises(UserError):
            visit.unlink()

    def test_not_held_needs_a_reason(self):
        visit = self.visit()
        with self.assertRaises(UserError):
            visit._cancel(" ")
        self.env["pm.visit.cancel"].with_user(self.officer).create(
            {"visit_id": visit.id, "kind": "refused", "words": "No time"}
        ).action_confirm()
        self.assertEqual(visit.state, "cancelled")
        self.assertIn("No time", visit.cancel_reason)

    def test_who_may(self):
        visit = self.visit(talk="x")
        for role, reads, writes in (
            ("front_desk", True, False),
            ("officer", True, True),
            ("supervisor", True, True),
            ("leadership", True, False),
            ("technician", False, False),
            ("cashier", False, False),
        ):
            with self.subTest(role=role):
                record = visit.with_user(getattr(self, role))
                self.assertEqual((record.has_access("read"), record.has_access("write")), (reads, writes))
        self.assertFalse(visit.with_user(self.portal_user).has_access("read"))
        with self.assertRaises(AccessError):
            visit.with_user(self.front_desk).action_done()

    def test_a_visit_does_not_open_people_of_other_properties(self):
        stranger = self.env["res.partner"].create({"name": "Stranger", "phone": "13900000000"})
        foreign = self.property.copy({"code": "T2", "user_ids": False})
        block = self.building.copy({"property_id": foreign.id})
        unit = self.units[0].copy({"property_id": foreign.id, "building_id": block.id, "zone_id": False})
        self.env["pm.unit.party"].create(
            {"unit_id": unit.id, "partner_id": stranger.id, "role": "owner", "date_from": "2024-01-01"}
        )
        with self.assertRaises(AccessError):
            self.visit(unit_id=False, property_id=self.property.id, partner_id=stranger.id)

    def test_papers(self):
        visit = self.visit(talk="All well.", topic_ids=[Command.create({"words": "Fine", "answer": "Thanks"})])
        blank = self.visit()
        visit.action_done()
        for record in (visit, blank):
            content = self.env["pm.document"].with_user(self.officer)._pdf("pm_customer_service.visit_record", record)
            self.assertTrue(content.startswith(b"%PDF"))
        for kind in ("visit", "followup"):
            register = (
                self.env["pm.register"]
                .with_user(self.front_desk)
                .create(
                    {"property_id": self.property.id, "kind": kind, "date_from": "2026-01-01", "date_to": "2026-12-31"}
                )
            )
            content = register.env["pm.document"]._pdf("pm_customer_service.register", register)
            self.assertTrue(content.startswith(b"%PDF"))
        with self.assertRaises(ValidationError):
            register.date_to = "2025-12-31"


@tagged("post_install", "-at_install")
class TestVisitPlan(DeskCase):
    """Five units in a butler's charge and a target of 80 %: four visits a month."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        more = cls.units[0].copy({"code": "A-104"}) | cls.units[0].copy({"code": "A-105"})
        cls.garage = cls.units[0].copy({"code": "P-1", "unit_type": "parking"})
        cls.all_units = cls.units | more
        cls.env["pm.unit.party"].create(
            [
                {"unit_id": u.id, "partner_id": cls.owners[0].id, "role": "owner", "date_from": "2024-01-01"}
                for u in more
            ]
        )
        cls.property.calendar_id = cls.env["resource.calendar"].create({"name": "Mon–Fri", "tz": "Asia/Shanghai"})

    def plan(self, user, day="2026-11-02", **values):
        return (
            self.env["pm.visit.plan"].with_user(user).create({"property_id": self.property.id, "month": day, **values})
        )

    def held(self, unit, moment):
        visit = self.env["pm.visit"].with_user(self.officer).create({"unit_id": unit.id, "talk": "x"})
        visit.visited_at = local(moment)
        visit.with_user(self.supervisor).action_done()
        return visit

    def rate(self, user=None):
        kpi = self.env.ref("pm_customer_service.kpi_visit_rate")
        return kpi._evaluate(self.property, date(2026, 11, 1), date(2026, 11, 30), user=user)["value"]

    def test_four_of_five_units_the_longest_unvisited_first_on_working_days(self):
        with freeze_time(local("2026-11-02 09:00")):
            self.held(self.all_units[0], "2026-10-20 10:00")
            self.held(self.all_units[1], "2026-10-10 10:00")
            plan = self.plan(self.supervisor)
            line = plan.line_ids
            self.assertEqual((line.user_id, line.unit_count, line.target, line.count), (self.officer, 5, 80, 4))
            plan.action_plan()
            visits = self.env["pm.visit"].search([("state", "=", "planned")], order="planned_on, id")
            self.assertEqual(visits.unit_id, self.all_units - self.all_units[0])
            self.assertEqual(visits[-1].unit_id, self.all_units[1])
            self.assertTrue(all(day.weekday() < 5 for day in visits.mapped("planned_on")))
            self.assertEqual(len(set(visits.mapped("planned_on"))), 4, "spread over the month")
            with self.assertRaises(UserError):
                self.plan(self.supervisor).action_plan()

    def test_what_was_visited_this_month_counts(self):
        with freeze_time(local("2026-11-05 12:00")):
            for unit in self.all_units[:3]:
                self.held(unit, "2026-11-04 10:00")
            line = self.plan(self.supervisor).line_ids
            self.assertEqual((line.visited_count, line.count), (3, 1))
            self.assertEqual(self.rate(), 60)
            self.held(self.all_units[3], "2026-11-05 10:00")
            self.held(self.all_units[3], "2026-11-05 11:00")
            self.assertEqual((self.rate(), self.rate(self.officer)), (80, 80))
            self.assertIsNone(self.rate(self.assistant))
            self.assertTrue(self.env.ref("pm_customer_service.kpi_visit_rate_target")._is_met(self.rate()))

    def test_a_butler_plans_for_himself_only(self):
        self.all_units[4].user_id = self.assistant
        with freeze_time(local("2026-11-02 09:00")):
            self.assertEqual(self.plan(self.officer).line_ids.user_id, self.officer)
            self.assertEqual(self.plan(self.supervisor).line_ids.user_id, self.officer | self.assistant)

    def test_a_month_that_is_over_cannot_be_planned(self):
        with freeze_time(local("2026-11-02 09:00")), self.assertRaises(UserError):
            self.plan(self.supervisor, "2026-10-15").action_plan()
