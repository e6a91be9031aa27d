from odoo import fields
from odoo.exceptions import UserError
from odoo.tests.common import tagged
from odoo.tools import mute_logger
from psycopg2.errors import UniqueViolation

from .common import RenovationCase, at


@tagged("post_install", "-at_install")
class TestSite(RenovationCase):
    def patrols(self, case):
        return case.inspection_ids.filtered(lambda i: i.kind == "patrol")

    def run_cron(self, xmlid):
        with self.enter_registry_test_mode():
            self.env.ref(xmlid).method_direct_trigger()
        self.env.invalidate_all()

    def test_one_patrol_a_day_however_often_the_job_runs(self):
        with at("2026-11-20 09:00"):
            case = self.bring_to("in_progress")
            resting = self.bring_to("permit_issued", self.make_case(self.units[1]))
            self.run_cron("pm_renovation.ir_cron_patrols")
            self.run_cron("pm_renovation.ir_cron_patrols")
        self.assertEqual(len(self.patrols(case)), 1)
        self.assertEqual(self.patrols(case).user_id, self.officer)
        self.assertFalse(self.patrols(resting), "no patrol before the works start")

    def test_day_of_the_patrol_is_the_propertys(self):
        with at("2026-11-21 00:30"):
            case = self.bring_to("in_progress")
            self.env["pm.renovation"]._plan_patrols(self.property)
        self.assertEqual(self.patrols(case).date, fields.Date.to_date("2026-11-21"))

    def test_missed_patrol_stays_visible(self):
        with at("2026-11-20 09:00"):
            case = self.bring_to("in_progress")
            self.env["pm.renovation"]._plan_patrols(self.property)
        with at("2026-11-21 09:00"):
            self.env["pm.renovation"]._plan_patrols(self.property)
        self.assertEqual(self.patrols(case).sorted("date").mapped("state"), ["missed", "planned"])

    def test_supervisor_hears_of_missed_patrols_once(self):
        with at("2026-11-20 09:00"):
            case = self.bring_to("in_progress")
            self.env["pm.renovation"]._plan_patrols(self.property)
        for moment in ("2026-11-21 09:00", "2026-11-22 09:00"):
            with at(moment):
                self.env["pm.renovation"]._plan_patrols(self.property)
        kind = self.env.ref("pm_renovation.mail_activity_type_patrol_missed")
        told = case.activity_ids.filtered(lambda a: a.activity_type_id == kind)
        self.assertEqual((len(told), told.user_id), (1, self.supervisor))
        self.env.invalidate_all()
        self.assertEqual(case.missed_patrol_count, 2)

    def test_two_turns_a_day_where_the_property_wants_them(self):
        self.property.renovation_patrols_a_day = 2
        case = self.bring_to("in_progress")
        self.env["pm.renovation"]._plan_patrols(self.property)
        self.env["pm.renovation"]._plan_patrols(self.property)
        self.assertEqual(sorted(self.patrols(case).mapped("slot")), [1, 2])

    def test_points_are_answered_by_one_tap(self):
        case = self.bring_to("in_progress")
        self.env["pm.renovation"]._plan_patrols(self.property)
        checks = self.as_user(self.patrols(case), "officer").check_ids
        checks[0].action_ok()
        checks[1].action_na()
        window = checks[2].action_not_ok()
        self.assertEqual(checks[:3].mapped("result"), ["ok", "na", "not_ok"])
        self.assertEqual((window["res_id"], window["target"]), (checks[2].id, "new"))

    def test_database_refuses_a_second_patrol(self):
        case = self.bring_to("in_progress")
        vals = {"renovation_id": case.id, "kind": "patrol", "date": self.today}
        self.env["pm.renovation.inspection"].create(vals)
        with mute_logger("odoo.sql_db"), self.assertRaises(UniqueViolation), self.env.cr.savepoint():
            self.env["pm.renovation.inspection"].create(vals)
            self.env.flush_all()

    def test_no_patrol_on_a_closed_site(self):
        case = self.bring_to("accepted")
        self.env["pm.renovation"]._plan_patrols(self.property)
        self.assertFalse(self.patrols(case))
        with self.assertRaisesRegex(UserError, "active site"):
            self.env["pm.renovation.inspection"].create(
                {"renovation_id": case.id, "kind": "patrol", "date": self.today}
            )

    def test_patrol_explains_and_every_line_is_answered(self):
        case = self.bring_to("in_progress")
        self.env["pm.renovation"]._plan_patrols(self.property)
        patrol = self.as_user(self.patrols(case), "officer")
        self.assertEqual(len(patrol.check_ids.filtered(lambda c: c.kind == "explanation")), 5)
        with self.assertRaisesRegex(UserError, "you must answer"):
            patrol.action_done()
        patrol.action_all_ok()
        patrol.check_ids[0].result = "not_ok"
        with self.assertRaisesRegex(UserError, "what is wrong"):
            patrol.action_done()
        patrol.check_ids[0].remark = "Permit not put up"
        patrol.action_done()
        self.assertEqual((patrol.state, patrol.result), ("done", "not_ok"))

    def test_permit_alarm_comes_once_and_again_after_extension(self):
        Message = self.env["pm.message"]

        def alarms():
            return Message.search_count(
                [("res_model", "=", "pm.renovation"), ("res_id", "=", case.id), ("key", "like", "/permit_expiry/")]
            )

        with at("2026-11-20 09:00"):
            case = self.bring_to("in_progress")
            self.env["pm.renovation"]._warn_permit_expiry(self.property)
            self.assertEqual(alarms(), 0)
        with at("2026-12-14 09:00"):
            self.run_cron("pm_renovation.ir_cron_permit_expiry")
            self.run_cron("pm_renovation.ir_cron_permit_expiry")
            self.assertEqual(alarms(), 1)
            self.assertEqual(len(case.activity_ids), 1)
            case._extend(fields.Date.to_date("2027-01-20"))
        with at("2027-01-15 09:00"):
            self.env["pm.renovation"]._warn_permit_expiry(self.property)
            self.assertEqual(alarms(), 2)

    def test_violation_walks_its_states(self):
        case = self.bring_to("in_progress")
        violation = self.as_user(
            self.env["pm.renovation.violation"].create(
                {
                    "renovation_id": case.id,
                    "type_id": self.env.ref("pm_renovation.violation_noise").id,
                    "description": "Drilling at 21:00",
                }
            ),
            "officer",
        )
        with self.assertRaises(UserError):
            violation.action_close()
        violation.action_notify()
        violation.action_rectifying()
        violation.action_recheck_failed()
        self.assertEqual(violation.state, "notified")
        with self.assertRaisesRegex(UserError, "what the re-check found"):
            violation.action_recheck_ok()
        violation.recheck_note = "Quiet since"
        violation.action_recheck_ok()
        violation.action_close()
        self.assertFalse(violation.is_open)
        for vals in ({"recheck_note": "Loud"}, {"notice_received_by": "Nobody"}, {"rectify_by": "2030-01-01"}):
            with self.assertRaisesRegex(UserError, "stays as it is"):
                violation.write(vals)

    def test_waste_becomes_a_ticket(self):
        case = self.bring_to("in_progress")
        violation = (
            self.env["pm.renovation.violation"]
            .with_user(self.technician)
            .create(
                {
                    "renovation_id": case.id,
                    "type_id": self.env.ref("pm_renovation.violation_waste").id,
                    "description": "Rubble in the lift lobby",
                }
            )
        )
        ticket = violation.sudo().ticket_id
        self.assertEqual(ticket.description, violation.description, "plain words, as the form and the slip show them")
        self.assertEqual(ticket.renovation_id, case)
        self.assertEqual((ticket.property_id, ticket.first_receiver_id), (self.property, self.technician))

    def test_noise_becomes_a_ticket_and_others_do_not(self):
        case = self.bring_to("in_progress")
        noise, other = self.env["pm.renovation.violation"].create(
            [
                {
                    "renovation_id": case.id,
                    "type_id": self.env.ref(f"pm_renovation.violation_{kind}").id,
                    "description": "Found",
                }
                for kind in ("noise", "other")
            ]
        )
        self.assertEqual(noise.ticket_id.category_id, self.env.ref("pm_customer_service.ticket_category_noise"))
        self.assertFalse(other.ticket_id)

    def test_illegal_structure_is_reported_even_when_put_right_at_once(self):
        self.property.renovation_authority = "District housing authority"
        case = self.bring_to("in_progress")
        violation = self.env["pm.renovation.violation"].create(
            {
                "renovation_id": case.id,
                "type_id": self.env.ref("pm_renovation.violation_illegal_structure").id,
                "description": "Glass house",
                "attachment_ids": self.file().ids,
                "recheck_note": "Taken down",
            }
        )
        self.assertEqual(violation.authority, "District housing authority")
        violation.action_notify()
        with self.assertRaisesRegex(UserError, "reported it to the authority"):
            violation.action_recheck_ok()
        violation.action_report()
        violation.action_recheck_ok()
        papers = violation.message_ids.attachment_ids.mapped("name")
        self.assertEqual(len(papers), 2, "notice and report are kept as they were handed over")

    def test_repeated_violation_is_counted(self):
        case = self.bring_to("in_progress")
        vals = {
            "renovation_id": case.id,
            "type_id": self.env.ref("pm_renovation.violation_noise").id,
            "description": "Drilling",
        }
        violations = self.env["pm.renovation.violation"].create([vals, vals, vals])
        self.assertEqual(violations.sorted("id").mapped("repeat_count"), [0, 1, 2])
