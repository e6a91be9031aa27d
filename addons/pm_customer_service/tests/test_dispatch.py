import base64
import io
from datetime import timedelta

from freezegun import freeze_time
from odoo import Command
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import Form, new_test_user, tagged
from odoo.tools import mute_logger
from PIL import Image
from psycopg2 import IntegrityError

from .common import DeskCase, local


def picture(width=8, height=8):
    """A JPEG as base64 text, as a browser sends it."""
    stream = io.BytesIO()
    Image.new("RGB", (width, height), "red").save(stream, "JPEG")
    return base64.b64encode(stream.getvalue()).decode()


@tagged("post_install", "-at_install")
class TestDispatch(DeskCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.second = new_test_user(
            cls.env,
            "pm_technician_2",
            groups="base.group_user,pm_base.group_technician",
            name="Second",
            email="second@staff.example",
            tz="Asia/Shanghai",
        )
        cls.property.user_ids = [Command.link(cls.second.id)]
        cls.team.member_ids = [Command.link(cls.second.id)]
        cls.technician.pm_staff_no = "0117"
        cls.water = cls.env.ref("pm_customer_service.ticket_category_water")
        cls.types["repair"].acknowledge = False

    def repair(self, **values):
        return self.new_ticket("repair", category_id=self.water.id, **values)

    def visit(self, ticket, start, user=None, minutes=60, by=None, **values):
        start = local(start)
        return (
            self.env["pm.appointment"]
            .with_user(by or self.front_desk)
            .create(
                {
                    "ticket_id": ticket.id,
                    "user_id": (user or self.technician).id,
                    "start": start,
                    "stop": start + timedelta(minutes=minutes),
                    **values,
                }
            )
        )

    def told(self, key):
        return self.env["pm.message"].search([("key", "=like", f"{key}/%")])

    # Agreeing a visit

    def test_customer_hears_name_and_time_and_technician_the_time(self):
        with freeze_time(local("2026-11-02 10:00")):
            ticket = self.repair()
            visit = self.visit(ticket, "2026-11-02 14:00")
        self.assertEqual((ticket.state, ticket.user_id), ("assigned", self.technician))
        customer, technician = self.told("appointment-customer"), self.told("appointment-technician")
        self.assertEqual(customer.partner_id, self.owners[0])
        for words in ("Technician", "0117", "14:00"):
            self.assertIn(words, customer.body)
        self.assertEqual((technician.partner_id, technician.purpose_id.code), (self.technician.partner_id, "staff"))
        self.assertIn("A-101", technician.text)
        self.assertEqual((customer.res_model, customer.res_id), ("pm.ticket", ticket.id), "answers go to the ticket")
        self.assertEqual(self.clock(ticket, "arrival").due, visit.start)
        self.assertEqual(self.clock(ticket, "agree").state, "met")

    def test_moved_visit_is_told_anew_and_its_clock_follows(self):
        with freeze_time(local("2026-11-02 10:00")):
            ticket = self.repair()
            visit = self.visit(ticket, "2026-11-02 14:00")
            visit.write({"start": local("2026-11-02 16:00"), "stop": local("2026-11-02 17:00")})
            visit.write({"start": local("2026-11-02 14:00"), "stop": local("2026-11-02 15:00")})
        self.assertEqual(len(self.told("appointment-customer")), 3, "back to the first time is news as well")
        self.assertEqual(
            self.clock(ticket, "arrival").sorted("id").mapped("state"), ["cancelled", "cancelled", "running"]
        )

    def test_visit_given_to_somebody_else_takes_the_job_along(self):
        with freeze_time(local("2026-11-02 10:00")):
            ticket = self.repair()
            visit = self.visit(ticket, "2026-11-02 14:00")
            visit.user_id = self.second
        self.assertEqual(ticket.user_id, self.second)
        self.assertEqual(self.told("appointment-technician")[:1].partner_id, self.second.partner_id)

    def test_visit_in_the_past_or_to_a_finished_ticket_is_refused(self):
        with freeze_time(local("2026-11-02 10:00")):
            ticket = self.repair()
            with self.assertRaisesRegex(UserError, "past"), self.env.cr.savepoint():
                self.visit(ticket, "2026-11-02 09:50")
            self.handle(ticket)
            with self.assertRaisesRegex(UserError, "reopen"):
                self.visit(ticket, "2026-11-02 14:00")

    def test_two_visits_of_one_technician_never_overlap(self):
        with freeze_time(local("2026-11-02 10:00")):
            self.visit(self.repair(), "2026-11-02 14:00")
            other = self.repair()
            for start in ("2026-11-02 13:30", "2026-11-02 14:00", "2026-11-02 14:59"):
                with self.subTest(start=start), self.assertRaisesRegex(ValidationError, "another visit"):
                    with self.env.cr.savepoint():
                        self.visit(other, start)
            self.visit(other, "2026-11-02 14:00", user=self.second)
            self.visit(other, "2026-11-02 15:00")
            self.visit(self.repair(), "2026-11-02 13:00")

    def test_the_database_itself_refuses_an_overlap(self):
        with freeze_time(local("2026-11-02 10:00")):
            visit = self.visit(self.repair(), "2026-11-02 14:00")
            self.env.flush_all()
        with self.assertRaises(IntegrityError), mute_logger("odoo.sql_db"), self.env.cr.savepoint():
            self.env.cr.execute(
                """INSERT INTO pm_appointment (ticket_id, property_id, user_id, "start", "stop", state)
                   SELECT ticket_id, property_id, user_id, "start" + interval '30 minutes', "stop" + interval '30 minutes', state
                     FROM pm_appointment WHERE id = %s""",
                [visit.id],
            )

    def test_a_visit_that_is_over_frees_the_time(self):
        with freeze_time(local("2026-11-02 10:00")):
            visit = self.visit(self.repair(), "2026-11-02 14:00")
            visit.action_call_off("The customer is away")
            self.visit(self.repair(), "2026-11-02 14:00")

    def test_disruptive_work_waits_for_the_end_of_working_hours_except_in_an_emergency(self):
        # The company's calendar: Monday to Friday, 8 to 12 and 13 to 17.
        self.property.calendar_id.tz = "Asia/Shanghai"
        with freeze_time(local("2026-11-02 08:00")):
            for start in ("2026-11-02 10:00", "2026-11-02 16:30"):
                with self.subTest(start=start), self.assertRaisesRegex(ValidationError, "S3-07"):
                    with self.env.cr.savepoint():
                        self.visit(self.repair(), start, is_disruptive=True)
            for start in ("2026-11-02 12:00", "2026-11-02 18:00", "2026-11-07 10:00"):
                self.visit(self.repair(), start, is_disruptive=True)
            emergency = self.new_ticket("emergency", category_id=self.water.id)
            self.visit(emergency, "2026-11-02 10:00", is_disruptive=True)

    def test_wizard_proposes_who_is_free_first(self):
        with freeze_time(local("2026-11-02 10:00")):
            self.visit(self.repair(), "2026-11-02 10:15")
            ticket = self.repair()
            wizard = Form(
                self.env["pm.ticket.dispatch"].with_user(self.front_desk).with_context(default_ticket_id=ticket.id)
            )
            self.assertEqual(wizard.user_id, self.second)
            self.assertEqual(wizard.start, local("2026-11-02 10:15"), "now and the way there")
            self.assertIn("at once", wizard.candidates_html)
            wizard.user_id = self.technician
            self.assertEqual(wizard.start, local("2026-11-02 11:15"), "after the visit agreed before")
            wizard.save().action_confirm()
        self.assertEqual((ticket.next_visit, ticket.next_technician_id), (local("2026-11-02 11:15"), self.technician))

    def test_first_receiver_may_send_a_technician_a_stranger_may_not(self):
        with freeze_time(local("2026-11-02 10:00")):
            ticket = self.new_ticket("repair", user=self.cashier, category_id=self.water.id)
            self.visit(ticket, "2026-11-02 14:00", by=self.cashier)
            for user in (self.portal_user, self.outsider, self.counsel):
                with self.subTest(user=user.login), self.assertRaises(AccessError), self.env.cr.savepoint():
                    self.visit(ticket, "2026-11-02 16:00", by=user)

    # The clock of arrival

    def test_arrival_at_the_agreed_minute_is_in_time_one_second_later_late(self):
        for second, state, on_time in ((0, "met", True), (1, "breached", False)):
            with self.subTest(second=second):
                with freeze_time(local("2026-11-02 10:00")):
                    ticket = self.repair()
                    visit = self.visit(ticket, "2026-11-02 14:00")
                with freeze_time(local("2026-11-02 14:00") + timedelta(seconds=second)):
                    visit.with_user(self.technician).action_arrive()
                    self.assertEqual((self.clock(ticket, "arrival").state, visit.is_on_time), (state, on_time))
                    self.assertEqual(ticket.state, "in_progress")
                    visit.action_call_off("x")

    def test_technician_is_reminded_then_the_leader_then_the_supervisor_told(self):
        self.team.user_id = self.assistant
        with freeze_time(local("2026-11-02 10:00")):
            ticket = self.repair()
            self.visit(ticket, "2026-11-02 14:00")
        steps = self.env["pm.escalation"].search
        arrival = [("res_id", "=", ticket.id), ("res_model", "=", "pm.ticket"), ("deadline_id.kind", "=", "arrival")]
        for moment, users in (
            ("2026-11-02 13:29", self.env["res.users"]),
            ("2026-11-02 13:30", self.technician),
            ("2026-11-02 14:05", self.technician | self.assistant),
            ("2026-11-02 14:30", self.technician | self.assistant | self.supervisor),
        ):
            with freeze_time(local(moment)):
                self.run_job()
                self.assertEqual(steps(arrival).user_ids, users, moment)

    def test_next_visit_takes_over_the_clock(self):
        with freeze_time(local("2026-11-02 10:00")):
            ticket = self.repair()
            first = self.visit(ticket, "2026-11-02 14:00")
            second = self.visit(ticket, "2026-11-03 09:00", user=self.second)
            self.assertEqual(self.clock(ticket, "arrival").due, first.start)
            first.action_call_off("Part is missing")
            running = self.clock(ticket, "arrival").filtered(lambda clock: clock.state == "running")
            self.assertEqual(running.due, second.start)
            second.action_call_off("Customer withdrew")
        self.assertFalse(self.clock(ticket, "arrival").filtered(lambda clock: clock.state == "running"))

    def test_visit_in_vain_is_told_and_needs_a_new_time(self):
        with freeze_time(local("2026-11-02 10:00")):
            ticket = self.repair()
            visit = self.visit(ticket, "2026-11-02 14:00")
        with freeze_time(local("2026-11-02 13:58")):
            with self.assertRaises(UserError):
                visit.with_user(self.technician).action_no_access(" ")
            visit.with_user(self.technician).action_no_access("Rang three times")
        self.assertEqual((visit.state, self.clock(ticket, "arrival").state), ("no_access", "met"))
        self.assertIn("Rang three times", self.told("appointment-no_access").body)
        self.assertEqual(ticket.state, "assigned")

    def test_finishing_or_cancelling_the_ticket_calls_open_visits_off(self):
        with freeze_time(local("2026-11-02 10:00")):
            done, dropped = self.repair(), self.repair()
            visits = self.visit(done, "2026-11-02 14:00") | self.visit(dropped, "2026-11-02 16:00")
            self.handle(done, self.technician)
            dropped.stop_reason = "withdrawn"
            dropped.action_cancel()
        self.assertEqual(visits.mapped("state"), ["cancelled", "cancelled"])
        self.assertEqual(len(self.told("appointment-technician_off")), 2)
        self.assertFalse(self.clock(dropped, "arrival").filtered(lambda clock: clock.state == "running"))

    def test_reports_on_a_visit_come_from_the_technician_or_the_desk(self):
        with freeze_time(local("2026-11-02 10:00")):
            visit = self.visit(self.repair(), "2026-11-02 14:00")
            for user in (self.second, self.cashier, self.portal_user):
                with self.subTest(user=user.login), self.assertRaises(AccessError):
                    visit.with_user(user).action_arrive()
            for vals in ({"state": "done"}, {"arrived_at": "2026-01-01"}, {"signed_by": "x"}):
                with self.subTest(vals=vals), self.assertRaises(AccessError):
                    visit.with_user(self.supervisor).write(vals)
            forged = (
                self.env["pm.appointment"]
                .with_user(self.front_desk)
                .with_context(default_state="done")
                .create(
                    {
                        "ticket_id": self.repair().id,
                        "user_id": self.second.id,
                        "start": local("2026-11-02 14:00"),
                        "stop": local("2026-11-02 15:00"),
                        "state": "done",
                    }
                )
            )
            self.assertEqual(forged.state, "planned")
            with self.assertRaises(UserError):
                visit.sudo().unlink()

    # Pool

    def pool(self, **values):
        self.team.write({"dispatch_mode": "pool", **values})

    def test_grabbing_names_handler_and_time(self):
        self.pool()
        with freeze_time(local("2026-11-02 10:02")):
            ticket = self.repair()
            board = self.env["pm.ticket"].with_user(self.technician).jobs_board()
            self.assertEqual([card["id"] for card in board["pool"]], ticket.ids)
            detail = ticket.with_user(self.technician).job_grab()
        self.assertEqual((ticket.user_id, ticket.state), (self.technician, "assigned"))
        self.assertEqual(detail["visit"]["start"], "2026-11-02 02:20:00", "now, a quarter of an hour, rounded up")
        self.assertTrue(self.told("appointment-customer"))

    def test_what_somebody_took_nobody_else_takes(self):
        self.pool()
        ticket = self.repair()
        ticket.with_user(self.technician).job_grab()
        with self.assertRaisesRegex(UserError, "was taken by"):
            ticket.with_user(self.second).job_grab()
        with self.assertRaisesRegex(UserError, "taken by Technician"):
            ticket.with_user(self.supervisor)._grab()

    def test_cap_of_the_pool_also_holds_for_the_button(self):
        self.pool(pool_cap=2)
        first, second, third = self.repair(), self.repair(), self.repair()
        first.with_user(self.technician).job_grab()
        second.with_user(self.technician).action_take()
        for step in ("job_grab", "action_take"):
            with (
                self.subTest(step=step),
                self.assertRaisesRegex(UserError, "limit of Engineering"),
                self.env.cr.savepoint(),
            ):
                getattr(third.with_user(self.technician), step)()
        self.types["repair"].needs_signature = False
        self.handle(first, self.technician)
        third.with_user(self.technician).job_grab()
        self.assertEqual(third.user_id, self.technician)

    def test_a_pool_of_others_is_closed(self):
        self.pool(member_ids=[Command.set(self.second.ids)])
        ticket = self.repair()
        with self.assertRaises(AccessError):
            ticket.with_user(self.technician).job_grab()
        with self.assertRaises(AccessError):
            ticket.with_user(self.front_desk)._grab()

    # Turns

    def test_members_take_turns_and_absent_or_busy_ones_are_left_out(self):
        third = new_test_user(self.env, "pm_technician_3", groups="base.group_user,pm_base.group_technician")
        self.property.user_ids = [Command.link(third.id)]
        self.team.write({"dispatch_mode": "rotation", "member_ids": [Command.link(third.id)], "pool_cap": 2})
        members = (self.technician | self.second | third).sorted("id")
        given = [self.repair().user_id for __ in range(4)]
        self.assertEqual(given, [*members, members[0]])
        self.team.absent_ids = members[1]
        self.assertEqual(self.repair().user_id, members[2])
        self.assertFalse(self.repair().user_id, "the first and the third have two jobs, the second is absent")
        self.assertEqual(self.team.last_turn_id, members[2])

    def test_absent_is_who_is_a_member(self):
        with self.assertRaises(ValidationError):
            self.team.absent_ids = self.cashier

    # Team by category and zone

    def test_team_by_category_and_zone_then_category_then_zone_then_the_rest(self):
        zone = self.zone.copy({"name": "Shops", "code": "SH"})
        shops, rest, shop_rest = self.env["pm.team"].create(
            [
                {
                    "name": "Shops",
                    "property_id": self.property.id,
                    "category_ids": [Command.set(self.water.ids)],
                    "zone_ids": [Command.set(zone.ids)],
                },
                {"name": "Centre", "property_id": self.property.id},
                {"name": "Shop desk", "property_id": self.property.id, "zone_ids": [Command.set(zone.ids)]},
            ]
        )
        noise = self.env.ref("pm_customer_service.ticket_category_noise")
        for category, place, team in (
            (self.water, zone, shops),
            (self.water, self.zone, self.team),
            (noise, zone, shop_rest),
            (noise, self.zone, rest),
            (self.env["pm.ticket.category"], self.zone, rest),
        ):
            with self.subTest(category=category.name, zone=place.name):
                ticket = self.new_ticket("repair", unit_id=False, category_id=category.id, zone_id=place.id)
                self.assertEqual(ticket.team_id, team)

    def test_team_by_type_where_no_team_names_the_category(self):
        noise = self.env.ref("pm_customer_service.ticket_category_noise")
        none = self.env["pm.ticket.category"]
        trade, centre = self.env["pm.team"].create(
            [
                {"name": "Trade", "property_id": self.property.id, "sequence": 20},
                {"name": "Centre", "property_id": self.property.id, "sequence": 30},
            ]
        )
        self.assertEqual(self.new_ticket("repair").team_id, trade, "the first that takes everything")
        trade.type_ids = self.types["repair"]  # counts at once
        for code, category, team in (
            ("repair", none, trade),
            ("repair", noise, trade),
            ("repair", self.water, self.team),
            ("complaint", none, centre),
            ("complaint", self.water, self.team),
        ):
            with self.subTest(code=code, category=category.name):
                self.assertEqual(self.new_ticket(code, category_id=category.id).team_id, team)
        ticket = self.new_ticket("inquiry")
        ticket.type_id = self.types["repair"]
        self.assertEqual(ticket.team_id, trade, "what turns out to be a repair goes to who repairs")
        trade.active = False
        self.assertEqual(self.new_ticket("repair").team_id, centre)

    # The technician's page

    def job(self):
        with freeze_time(local("2026-11-02 10:00")):
            ticket = self.repair()
            self.visit(ticket, "2026-11-02 14:00")
        return ticket.with_user(self.technician)

    def test_a_job_from_arrival_to_signature(self):
        job = self.job()
        with freeze_time(local("2026-11-02 13:55")):
            job.job_arrive()
            job.job_photo("before", picture(3000, 2000))
            job.job_photo("after", f"data:image/jpeg;base64,{picture()}")
            detail = job.job_material("Washer", "2", "pc")
            self.assertEqual([photo["moment"] for photo in detail["photos"]], ["before", "after"])
            self.assertEqual(detail["materials"][0]["quantity"], 2)
        with freeze_time(local("2026-11-02 14:20")):
            with self.assertRaisesRegex(UserError, "must sign"), self.env.cr.savepoint():
                job.job_finish({"result": "Washer replaced"})
            with self.assertRaisesRegex(UserError, "write the name"), self.env.cr.savepoint():
                job.job_finish({"result": "Washer replaced", "signature": picture()})
            board = job.job_finish({"result": "Washer replaced", "signature": picture(), "signed_by": "Ms Li"})
        ticket = job.sudo()
        visit = ticket.appointment_ids
        self.assertEqual((ticket.state, ticket.outcome, ticket.solution), ("handled", "appointment", "Washer replaced"))
        self.assertEqual((visit.state, visit.signed_by, bool(visit.signature)), ("done", "Ms Li", True))
        self.assertEqual(visit.left_at, local("2026-11-02 14:20"))
        self.assertEqual((board["mine"], board["done_today"]), ([], 1))
        image = Image.open(io.BytesIO(base64.b64decode(ticket.photo_ids[0].image)))
        self.assertLessEqual(max(image.size), 1920, "a telephone's picture is made smaller")

    def test_without_signature_there_is_a_reason_and_for_common_parts_neither(self):
        job = self.job()
        with freeze_time(local("2026-11-02 14:00")):
            job.job_arrive()
            job.job_finish({"result": "Done", "no_signature_reason": "Tenant at work, caretaker let me in"})
        self.assertEqual(job.sudo().appointment_ids.no_signature_reason, "Tenant at work, caretaker let me in")
        with freeze_time(local("2026-11-02 10:00")):
            common = self.repair(is_common_part=True)
            self.visit(common, "2026-11-02 15:00")
        with freeze_time(local("2026-11-02 15:00")):
            common.with_user(self.technician).job_arrive()
            common.with_user(self.technician).job_finish({"result": "Lamp replaced"})
        self.assertEqual(common.state, "handled")

    def test_finishing_needs_the_result_and_the_arrival(self):
        job = self.job()
        with freeze_time(local("2026-11-02 13:00")):
            for values, words in (({"result": " "}, "S1-58"), ({"result": "Done"}, "arrival")):
                with self.subTest(words=words), self.assertRaisesRegex(UserError, words), self.env.cr.savepoint():
                    job.job_finish(values)

    def test_arrival_without_a_visit_is_a_visit_at_once(self):
        with freeze_time(local("2026-11-02 10:00")):
            self.visit(self.repair(), "2026-11-02 10:30")
            ticket = self.repair(user_id=self.technician.id)
            ticket.with_user(self.technician).job_arrive()
            visit = ticket.appointment_ids
            self.assertEqual(
                (visit.state, visit.start, visit.stop),
                ("arrived", local("2026-11-02 10:00"), local("2026-11-02 10:30")),
            )
            self.assertFalse(self.told("appointment-customer").filtered(lambda m: m.res_id == ticket.id))
            self.assertEqual(self.clock(ticket, "agree").state, "met")
            other = self.repair(user_id=self.technician.id)
            with self.assertRaisesRegex(UserError, "finish or move"):
                other.with_user(self.technician).job_arrive()

    def test_visit_for_another_handler_reports_to_him(self):
        with freeze_time(local("2026-11-02 10:00")):
            ticket = self.new_ticket("complaint", category_id=self.water.id, user_id=self.officer.id)
            self.visit(ticket, "2026-11-02 14:00")
        job = ticket.with_user(self.technician)
        with freeze_time(local("2026-11-02 14:00")):
            job.job_arrive()
            job.job_finish({"result": "Pipe is sound"})
        self.assertEqual((ticket.state, ticket.user_id), ("in_progress", self.officer))
        self.assertEqual(ticket.appointment_ids.state, "done")
        self.assertIn("Pipe is sound", "".join(ticket.sudo().message_ids.mapped("body")))

    def test_jobs_of_others_are_out_of_reach(self):
        job = self.job()
        for user in (self.second, self.outsider, self.portal_user):
            for step, args in (
                ("job_detail", ()),
                ("job_arrive", ()),
                ("job_photo", ("before", picture())),
                ("job_material", ("x", 1)),
                ("job_finish", ({"result": "x"},)),
                ("job_order_differs", ("x",)),
                ("job_no_access", ("x",)),
                ("job_plan", ("2026-11-02 06:00:00",)),
            ):
                with self.subTest(user=user.login, step=step), self.assertRaises(AccessError), self.env.cr.savepoint():
                    getattr(job.with_user(user), step)(*args)

    def test_bad_input_on_the_page(self):
        job = self.job()
        svg = base64.b64encode(b"<svg xmlns='http://www.w3.org/2000/svg'><script/></svg>").decode()
        with freeze_time(local("2026-11-02 14:00")):
            job.job_arrive()
            for content in (svg, "not base64 §", "", None, base64.b64encode(b"x" * 100).decode(), 42):
                with self.subTest(content=content), self.assertRaisesRegex(UserError, "not a picture"):
                    job.job_photo("before", content)
            with self.assertRaisesRegex(UserError, "too large"):
                job.job_photo("before", "A" * (15 * 1024 * 1024))
            for args in (("", 1), ("x", 0), ("x", -1), ("x", "many"), ("x", None), ("x", 1e12), ("x", float("nan"))):
                with self.subTest(args=args), self.assertRaisesRegex(UserError, "quantity"):
                    job.job_material(*args)
            with self.assertRaises(UserError):
                job.job_finish({"result": "x", "signature": "§", "signed_by": "x"})
            self.env["ir.config_parameter"].sudo().set_param("pm_customer_service.max_photos", "2")
            job.job_photo("before", picture())
            job.job_photo("before", picture())
            with self.assertRaisesRegex(UserError, "as many photos"):
                job.job_photo("before", picture())

    def test_nothing_is_booked_without_a_job_in_hand(self):
        """S1-56: material belongs to a work order, and to one that somebody works on."""
        materials = self.env["pm.ticket.material"].with_user(self.technician)
        with mute_logger("odoo.sql_db"), self.assertRaises(IntegrityError), self.env.cr.savepoint():
            materials.sudo().create({"name": "Washer"})
        waiting = self.new_ticket("repair", category_id=self.water.id)
        with self.assertRaises(UserError), self.env.cr.savepoint():
            materials.sudo().create({"name": "Washer", "ticket_id": waiting.id})
        waiting.user_id = self.technician
        line = materials.create({"name": "Washer", "ticket_id": waiting.id})
        other = self.new_ticket("repair", category_id=self.water.id)
        with self.assertRaises(UserError), self.env.cr.savepoint():
            line.sudo().ticket_id = other

    def test_what_a_finished_job_took_stays_as_it_is(self):
        job = self.job()
        with freeze_time(local("2026-11-02 14:00")):
            job.job_arrive()
            job.job_material("Washer", 1)
            job.job_photo("after", picture())
            job.job_finish({"result": "Done", "no_signature_reason": "absent"})
        with self.assertRaises(UserError):
            job.job_material_delete(job.material_ids.id)
        with self.assertRaises(UserError):
            job.job_photo_delete(job.photo_ids.id)
        with self.assertRaises(UserError):
            job.material_ids.unlink()

    def test_customer_sees_the_photos_of_his_own_tickets_only(self):
        job = self.job()
        with freeze_time(local("2026-11-02 14:00")):
            job.job_arrive()
            job.job_photo("after", picture())
        photos = self.env["pm.ticket.photo"]
        self.assertEqual(photos.with_user(self.portal_user).search([]), job.sudo().photo_ids)
        self.assertFalse(photos.with_user(self.other_portal).search([]))
        self.assertFalse(photos.with_user(self.portal_user).has_access("create"))
        self.assertFalse(self.env["pm.appointment"].with_user(self.portal_user).has_access("read"))
