"""The supervisor's day: every figure opens just its records, for those who may see it, in a steady number of queries."""

from datetime import timedelta

from freezegun import freeze_time
from odoo import Command
from odoo.exceptions import AccessError
from odoo.tests.common import new_test_user, tagged

from .common import DeskCase, local


@tagged("post_install", "-at_install")
@freeze_time(local("2026-11-02 10:00"))
class TestDeskBoard(DeskCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.board = cls.env["pm.desk.board"].with_user(cls.supervisor)

    def opened(self, row, user=None):
        drill = row["drill"]
        action = self.env["ir.actions.act_window"]._for_xml_id(drill["xmlid"])
        return self.env[action["res_model"]].with_user(user or self.supervisor).search(drill["domain"])

    def head(self, **kwargs):
        return {row["key"]: row for row in self.board.load(**kwargs)["head"]}

    def rows(self, key, **kwargs):
        blocks = {block["key"]: block["rows"] for block in self.board.load(**kwargs)["blocks"]}
        return blocks[key]

    def take(self, user, moment, **values):
        with freeze_time(local(moment)):
            ticket = self.new_ticket(**values)
            ticket.user_id = user
            ticket.with_user(user).action_take()
        return ticket

    def test_late_work_is_shown_by_person_the_oldest_first(self):
        early = self.take(self.officer, "2026-10-20 09:00", severity="major")
        late = self.take(self.technician, "2026-10-25 09:00", severity="major")
        self.run_job()
        rows = [row for row in self.rows("user") if row["late"]]
        self.assertEqual([row["label"] for row in rows], [self.officer.name, self.technician.name])
        for row, ticket in zip(rows, (early, late), strict=True):
            found = self.opened(row)
            self.assertEqual(len(found), row["count"])
            self.assertEqual(set(found.mapped("res_id")), {ticket.id})
            self.assertEqual(row["late"], len(found.filtered(lambda clock: clock.due < self.env.cr.now())))
            self.assertTrue(row["note"])
        self.assertEqual(self.head()["late"]["count"], sum(row["late"] for row in rows))

    def test_due_today_ends_with_the_day_of_the_property(self):
        """At 10:00: a promise for 23:30 is today's, one for 0:30 tomorrow's."""
        for moment in ("2026-11-02 23:30", "2026-11-03 00:30"):
            ticket = self.take(self.officer, "2026-11-02 09:00", code="repair", promised_date=local(moment))
            self.assertTrue(self.clock(ticket, "promise"))
        found = self.opened(self.head()["today"])
        promises = found.filtered(lambda clock: clock.kind == "promise")
        self.assertEqual(promises.mapped("due"), [local("2026-11-02 23:30")])
        self.property.tz = "Asia/Tokyo"  # midnight comes an hour earlier
        promises = self.opened(self.head()["today"]).filtered(lambda clock: clock.kind == "promise")
        self.assertFalse(promises)

    def test_a_paused_clock_is_nobodys_fault(self):
        ticket = self.take(self.officer, "2026-11-02 09:00", severity="major")
        day = local("2026-11-20 09:00")
        with freeze_time(day):
            self.assertTrue(self.head()["late"]["count"])
        ticket.with_user(self.officer).action_pause("Waits for the supplier")
        with freeze_time(day):
            self.assertEqual(self.head()["late"]["count"], 0)
            self.assertFalse(self.rows("user"))
            self.assertFalse(self.rows("team"))

    def test_promises_are_shown_the_hours_before_they_lapse_that_the_settings_say(self):
        inside = self.take(self.officer, "2026-11-02 09:00", code="repair", promised_date=local("2026-11-03 10:00"))
        self.take(self.officer, "2026-11-02 09:00", code="repair", promised_date=local("2026-11-03 10:01"))
        self.assertEqual(self.opened(self.head()["promises"]).mapped("res_id"), inside.ids)
        self.env["ir.config_parameter"].set_param("pm_customer_service.board_promise_hours", "1")
        self.assertEqual(self.head()["promises"]["count"], 0)

    def test_untaken_tickets_calls_and_what_to_close(self):
        untaken = self.new_ticket("repair", category_id=self.env.ref("pm_customer_service.ticket_category_water").id)
        handled = self.handle(self.new_ticket("complaint"))
        head = self.head()
        self.assertEqual(self.opened(head["untaken"]), untaken.with_user(self.supervisor))
        self.assertEqual(self.opened(head["calls"]), handled.with_user(self.supervisor))
        self.assertEqual(self.opened(head["verify"]), handled.with_user(self.supervisor))
        self.assertEqual([row["label"] for row in self.rows("untaken")], ["Engineering"])
        self.assertEqual([row["label"] for row in self.rows("call")], [self.front_desk.name])
        with freeze_time(local("2026-11-06 00:00")):  # three days for the call have passed
            [call] = self.rows("call")
        self.assertEqual((call["count"], call["late"]), (1, 1))

    def test_a_report_without_an_instruction_and_a_running_incident(self):
        ticket = self.take(self.officer, "2026-11-02 09:00")
        report = ticket.with_user(self.officer).action_escalate("Cannot be solved here", "Ask the builder")
        [row] = [row for row in self.rows("escalation") if row["key"].startswith("report")]
        self.assertEqual(self.opened(row), report.with_user(self.supervisor))
        report.with_user(self.supervisor).action_instruct("The builder comes tomorrow.")
        self.assertFalse([row for row in self.rows("escalation") if row["key"].startswith("report")])
        incident = self.env["pm.incident"].create(
            {
                "name": "Water off",
                "property_id": self.property.id,
                "public_text": "Back at noon.",
                "started_at": local("2026-11-02 08:00"),
                "expected_at": local("2026-11-02 09:30"),
            }
        )
        [row] = self.rows("incident")
        self.assertEqual((row["drill"]["res_id"], row["late"]), (incident.id, 1))

    def test_a_ladder_step_after_the_due_time_is_open_until_the_clock_is_kept(self):
        ticket = self.take(self.officer, "2026-10-20 09:00", severity="major")
        self.run_job()
        told = [row for row in self.rows("escalation") if row["key"].startswith("told")]
        self.assertTrue(told)
        for row in told:
            self.assertEqual(row["count"], len(self.opened(row).deadline_id))
        kinds = lambda: set(self.opened(told[0]).deadline_id.mapped("kind"))  # noqa: E731
        self.assertIn("resolve", kinds())
        self.handle(ticket)
        self.assertNotIn("resolve", kinds(), "what was done, though late, is no longer open")

    def test_butlers_behind_the_visits_of_the_month(self):
        """Day 15 of 30, target 80 %: by today 40 %. One of three visited (33 %) is behind, two (67 %) are not."""
        self.units.user_id = self.officer
        visits = self.env["pm.visit"].with_user(self.officer)
        with freeze_time(local("2026-11-15 10:00")):
            for number, behind in ((1, True), (2, False)):
                visit = visits.create({"unit_id": self.units[number].id, "talk": "All is well."})
                visit.action_done()
                rates = [row for row in self.rows("visit") if row["key"].startswith("rate")]
                self.assertEqual(bool(rates), behind)
                if rates:
                    self.assertEqual(self.opened(rates[0]), (self.units[0] | self.units[2]).with_user(self.supervisor))

    def test_planned_visits_and_surveys_behind_plan(self):
        visit = (
            self.env["pm.visit"]
            .with_user(self.officer)
            .create({"unit_id": self.units[0].id, "planned_on": "2026-11-01", "user_id": self.officer.id})
        )
        [planned] = [row for row in self.rows("visit") if row["key"].startswith("planned")]
        self.assertEqual(self.opened(planned), visit.with_user(self.supervisor))
        survey = self.env["pm.survey.round"].create(
            {"name": "Third quarter", "property_id": self.property.id, "date_close": "2026-11-10"}
        )
        [draft] = self.rows("survey")
        self.assertEqual((draft["key"], self.opened(draft)), ("draft", survey.with_user(self.supervisor)))
        survey.invitation_ids = [
            Command.create({"unit_id": unit.id, "partner_id": owner.id})
            for unit, owner in zip(self.units, self.owners, strict=False)
        ]
        survey.sudo().state = "open"
        survey.invitation_ids.sudo().state = "sent"
        [lacking] = self.rows("survey")
        self.assertEqual(lacking["count"], survey.lacking_count)
        self.assertGreater(lacking["count"], 0)

    def test_only_own_properties_are_counted(self):
        other = self.env["pm.property"].create({"name": "Other", "code": "T2", "tz": "Asia/Shanghai"})
        stranger = new_test_user(self.env, "pm_other_boss", groups="base.group_user,pm_base.group_supervisor")
        stranger.pm_property_ids = other
        self.take(self.officer, "2026-10-20 09:00", severity="major")
        page = self.env["pm.desk.board"].with_user(stranger).load()
        self.assertEqual([prop["id"] for prop in page["properties"]], other.ids)
        self.assertFalse(any(row["count"] for row in page["head"]))
        with self.assertRaises(AccessError):
            self.board.load(other.id)

    def test_who_may_see_the_page(self):
        for user in (self.supervisor, self.manager, self.leadership):
            self.assertTrue(self.env["pm.desk.board"].with_user(user).load()["head"])
        for user in (self.front_desk, self.officer, self.assistant, self.technician, self.cashier):
            with self.subTest(user=user.name), self.assertRaises(AccessError):
                self.env["pm.desk.board"].with_user(user).load()

    def test_several_properties_are_told_apart(self):
        other = self.env["pm.property"].create(
            {"name": "Other", "code": "T2", "tz": "Asia/Shanghai", "user_ids": [Command.link(self.supervisor.id)]}
        )
        self.take(self.officer, "2026-10-20 09:00", severity="major")
        self.new_ticket("complaint", user=self.supervisor, unit_id=False, property_id=other.id)
        with freeze_time(local("2026-11-20 09:00")):
            rows = self.rows("property")
            self.assertEqual({row["label"] for row in rows}, {"Test Tower", "Other"})
            self.assertNotIn("property", [block["key"] for block in self.board.load(other.id)["blocks"]])
            self.assertEqual(self.opened(self.head(property_id=other.id)["late"]).property_id, other)

    def test_more_records_ask_no_more_queries(self):
        def queries():
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            self.board.load()
            return self.env.cr.sql_log_count - before

        self.take(self.officer, "2026-10-20 09:00")
        self.new_ticket()
        queries()  # caches of rights and names
        few = queries()
        for __ in range(10):
            self.new_ticket()
            self.take(self.technician, "2026-10-21 09:00", code="repair")
        self.assertLessEqual(queries(), few + 1, "one more name is read at most")
        self.assertLess(few, 60)

    def test_after_ten_people_one_row_holds_the_rest(self):
        users = self.env["res.users"]
        for number in range(12):
            user = new_test_user(self.env, f"late_{number}", groups="base.group_user,pm_base.group_officer")
            user.pm_property_ids = self.property
            users |= user
        start = local("2026-10-20 09:00")
        for number, user in enumerate(users):
            with freeze_time(start + timedelta(minutes=number)):
                self.new_ticket(severity="major", user_id=user.id)
        rows = self.rows("user")
        self.assertEqual(len(rows), 11)
        self.assertEqual(rows[-1]["key"], "user-more")
        self.assertEqual(sum(row["count"] for row in rows), sum(len(self.opened(row)) for row in rows))
        self.assertEqual(sum(row["late"] for row in rows), self.head()["late"]["count"])
