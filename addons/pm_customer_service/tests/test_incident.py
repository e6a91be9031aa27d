from unittest.mock import patch

from freezegun import freeze_time
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import tagged

from .common import DeskCase, local


@tagged("post_install", "-at_install")
class TestIncident(DeskCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.water = cls.env.ref("pm_customer_service.ticket_category_water")
        cls.block_b = cls.env["pm.building"].create({"name": "Block B", "code": "B", "property_id": cls.property.id})
        cls.unit_b = cls.env["pm.unit"].create(
            {"code": "B-201", "property_id": cls.property.id, "building_id": cls.block_b.id}
        )

    def incident(self, user=None, **values):
        return (
            self.env["pm.incident"]
            .with_user(user or self.front_desk)
            .create(
                {
                    "name": "Water off in block A",
                    "property_id": self.property.id,
                    "category_id": self.water.id,
                    "building_ids": [(6, 0, self.building.ids)],
                    "user_id": self.officer.id,
                    "public_text": "A pipe has burst; we are replacing it.",
                    **values,
                }
            )
        )

    def told(self, ticket, key="incident"):
        return self.env["pm.message"].search(
            [("res_model", "=", "pm.ticket"), ("res_id", "=", ticket.id), ("key", "=like", f"{key}%")]
        )

    def call(self, number=0, **values):
        return self.new_ticket(
            "repair",
            unit_id=self.units[number].id,
            partner_id=self.owners[number].id,
            category_id=self.water.id,
            **values,
        )

    def test_callers_hear_the_text_and_their_clocks_stand_still(self):
        with freeze_time(local("2026-11-02 10:00")):
            incident = self.incident(expected_at=local("2026-11-02 14:00"))
            ticket = self.call()
            incident._attach(ticket)
        self.assertEqual((ticket.user_id, ticket.state), (self.officer, "assigned"))
        self.assertIn("pipe has burst", self.told(ticket).body)
        self.assertEqual(self.told(ticket, "ticket-received").state, "cancelled", "one message is enough")
        self.assertTrue(all(self.clock(ticket, kind).paused_since for kind in ("resolve", "agree")))
        with freeze_time(local("2026-11-09 10:00")):
            self.run_job()
        self.assertEqual(self.clock(ticket, "resolve").state, "running")
        self.assertFalse(ticket.next_due)

    def test_counter_shows_it_where_it_concerns_and_adds_a_caller(self):
        incident = self.incident()
        desk = self.env["pm.counter"].with_user(self.front_desk)
        seen = lambda unit: [row["id"] for row in desk.counter_similar({"unit_id": unit.id})["incidents"]]  # noqa: E731
        self.assertEqual((seen(self.units[0]), seen(self.unit_b)), (incident.ids, []))
        done = desk.counter_record(
            {
                "unit_id": self.units[0].id,
                "partner_id": self.owners[0].id,
                "type_id": self.types["repair"].id,
                "name": incident.name,
                "channel": "phone",
                "incident_id": incident.id,
            }
        )
        ticket = self.env["pm.ticket"].browse(done["id"])
        self.assertEqual((ticket.incident_id, ticket.category_id, done["needs_visit"]), (incident, self.water, False))
        self.assertEqual(incident.ticket_count, 1)
        self.assertEqual((done["incident"], done["clocks"]), (incident.name, []), "its clocks stand still")

    def test_news_reach_all_callers_before_the_time_lapses(self):
        with freeze_time(local("2026-11-02 10:00")):
            incident = self.incident(expected_at=local("2026-11-02 14:00"))
            tickets = self.call(0) | self.call(1)
            incident._attach(tickets)
        with freeze_time(local("2026-11-02 11:59")):
            self.run_job()
            self.assertFalse(self.steps(incident))
        with freeze_time(local("2026-11-02 12:01")):
            self.run_job()
            self.assertEqual(self.steps(incident).user_ids, self.officer, "two hours without news")
        with freeze_time(local("2026-11-02 13:45")):
            self.run_job()
            self.assertEqual(len(self.steps(incident)), 2, "the time told is near")
            with self.assertRaises(UserError):
                incident.expected_at = local("2026-11-02 18:00")
            incident.action_update("A part is missing, it takes longer.", local("2026-11-02 18:00"))
        for ticket in tickets:
            self.assertEqual(len(self.told(ticket)), 2)
        clocks = self.clock(incident, "expected").sorted("id")
        self.assertEqual(clocks.mapped("state"), ["cancelled", "running"])
        self.assertEqual(clocks[-1].due, local("2026-11-02 18:00"))

    def steps(self, incident):
        return self.env["pm.escalation"].search([("res_model", "=", "pm.incident"), ("res_id", "=", incident.id)])

    def test_late_incident_goes_to_the_supervisor(self):
        with freeze_time(local("2026-11-02 10:00")):
            incident = self.incident(expected_at=local("2026-11-02 11:00"))
        with freeze_time(local("2026-11-02 11:01")):
            self.run_job()
        self.assertIn(self.supervisor, self.steps(incident).user_ids)

    def test_the_end_answers_all(self):
        with freeze_time(local("2026-11-02 10:00")):
            incident = self.incident()
            tickets = (
                self.call(0)
                | self.call(1)
                | self.new_ticket("complaint", unit_id=self.units[2].id, partner_id=self.owners[2].id)
            )
            incident._attach(tickets)
        with freeze_time(local("2026-11-02 12:00")):
            with self.assertRaises(UserError):
                incident.action_end("  ")
            incident.action_end("The pipe is replaced, water is back.")
        self.assertEqual(set(tickets.mapped("state")), {"handled"})
        self.assertEqual(set(tickets.mapped("solution")), {"The pipe is replaced, water is back."})
        self.assertEqual(tickets.handled_by_id, self.officer)
        for ticket in tickets:
            self.assertIn("water is back", self.told(ticket, "ticket-handled").body)
        self.assertEqual(self.clock(tickets[0], "resolve").state, "met")
        self.assertEqual((incident.state, incident.next_due), ("ended", False))
        with self.assertRaises(UserError):
            incident.action_end("again")
        with self.assertRaises(UserError):
            incident._attach(self.call())

    def test_many_callers_are_answered_by_the_job_which_may_be_killed(self):
        incident = self.incident()
        tickets = self.env["pm.ticket"].browse(self.call(n % 3).id for n in range(7))
        incident._attach(tickets)
        model = type(incident)
        with patch("odoo.addons.pm_customer_service.models.pm_incident.CHUNK", 3):
            incident.action_end("Done.")
            self.assertEqual(len(tickets.filtered(lambda t: t.state == "handled")), 3)
            with (
                patch.object(model, "_answer_callers", side_effect=KeyboardInterrupt),
                self.assertRaises(KeyboardInterrupt),
            ):
                self.env["pm.incident"]._cron_answer_callers()
            with self.enter_registry_test_mode():
                self.env.ref("pm_customer_service.ir_cron_pm_incident").method_direct_trigger()
        tickets.invalidate_recordset()
        self.assertEqual(set(tickets.mapped("state")), {"handled"})
        messages = self.env["pm.message"].search([("key", "=like", "ticket-handled%"), ("res_id", "in", tickets.ids)])
        self.assertEqual(len(messages), 7, "everybody was told once")

    def test_a_ticket_that_cannot_be_finished_says_why_and_goes_on(self):
        incident = self.incident()
        good = self.call(0)
        bad = self.new_ticket("suggestion", unit_id=self.units[1].id, partner_id=self.owners[1].id)
        incident._attach(good | bad)
        incident.action_end("Done.")
        self.assertEqual((good.state, bad.state), ("handled", "assigned"))
        self.assertIn("S0-122", bad.incident_error)
        self.assertFalse(self.clock(bad, "reply").paused_since)

    def test_false_alarm_sets_the_tickets_free(self):
        with freeze_time(local("2026-11-02 10:00")):
            incident = self.incident()
            ticket = self.call()
            incident._attach(ticket)
        with freeze_time(local("2026-11-02 11:00")):
            incident.action_cancel("The tap was shut")
        self.assertFalse(ticket.incident_id)
        self.assertFalse(self.clock(ticket, "resolve").paused_since)
        self.assertEqual(ticket.state, "assigned")

    def test_likely_tickets_are_proposed(self):
        with freeze_time(local("2026-11-02 09:00")):
            early = self.call(0)
        with freeze_time(local("2026-11-02 10:00")):
            incident = self.incident()
            late = self.call(1)
            elsewhere = self.new_ticket("repair", unit_id=self.unit_b.id, category_id=self.water.id, partner_id=False)
            other = self.new_ticket("repair", unit_id=self.units[2].id, partner_id=self.owners[2].id)
        proposed = incident._near_tickets()
        self.assertEqual(proposed, late)
        self.assertFalse(proposed & (early | elsewhere | other))
        wizard = (
            self.env["pm.incident.attach"]
            .with_user(self.front_desk)
            .with_context(**incident.action_attach()["context"])
        )
        wizard.create({}).action_confirm()
        self.assertEqual(incident.ticket_ids, late)

    def test_who_may_and_what_is_refused(self):
        for user in (self.technician, self.cashier, self.portal_user, self.outsider):
            with self.subTest(user=user.login), self.assertRaises(AccessError):
                self.incident(user=user)
        incident = self.incident()
        with self.assertRaises(AccessError):
            incident.write({"state": "ended"})
        with self.assertRaises(UserError):
            incident.sudo().unlink()
        for values in (
            {"public_text": "x" * 1_000_000},
            {"building_ids": [(6, 0, self.building.copy({"property_id": self.property.copy({"code": "T2"}).id}).ids)]},
        ):
            with self.subTest(values=list(values)), self.assertRaises(ValidationError), self.env.cr.savepoint():
                self.incident(**values)
        with self.assertRaises(UserError):
            self.incident(expected_at="2020-01-01 00:00:00", started_at="2019-01-01 00:00:00")
        with self.assertRaises(UserError):
            incident.action_update(" ")
        second = self.incident(name="Another")
        ticket = self.call()
        incident._attach(ticket)
        with self.assertRaises(UserError):
            second._attach(ticket)
        with self.assertRaises(UserError):
            ticket.with_user(self.supervisor).write({"incident_id": second.id})
