from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.tests.common import tagged

from .common import RenovationCase, at


@tagged("post_install", "-at_install")
class TestPermit(RenovationCase):
    def messages(self, case, kind):
        return self.env["pm.message"].search_count(
            [("res_model", "=", "pm.renovation"), ("res_id", "=", case.id), ("key", "like", f"/{kind}/")]
        )

    def worker(self, case, name="Worker One"):
        worker = self.env["pm.renovation.worker"].create({"renovation_id": case.id, "name": name, "id_shown": True})
        worker.action_issue_pass()
        return worker

    def ask(self, case, purpose, role, **values):
        wizard = (
            self.env["pm.renovation.reason"]
            .with_user(getattr(self, role))
            .create({"renovation_id": case.id, "purpose": purpose, "reason": "Because", **values})
        )
        wizard.action_confirm()

    def test_suspended_permit_and_its_passes_are_not_valid(self):
        case = self.bring_to("in_progress")
        worker = self.worker(case)
        with self.assertRaises(AccessError):
            self.ask(case, "suspend", "officer")
        self.ask(case, "suspend", "supervisor")
        self.assertEqual((case.permit_status, worker._pass_status()), ("suspended", "suspended"))
        self.assertFalse(case._is_permit_valid())
        self.assertEqual(self.messages(case, "suspended"), 1)
        self.assertIn(case, self.env["pm.renovation"].search([("permit_status", "=", "suspended")]))
        with self.assertRaises(UserError):
            self.ask(case, "suspend", "supervisor")
        self.as_user(case, "supervisor").action_resume()
        self.assertEqual((case.permit_status, worker._pass_status()), ("valid", "valid"))
        self.assertEqual(self.messages(case, "resumed"), 1)
        with self.assertRaises(UserError):
            self.as_user(case, "supervisor").action_resume()

    def test_no_start_under_a_suspended_or_future_permit(self):
        case = self.bring_to("permit_issued")
        self.ask(case, "suspend", "supervisor")
        with self.assertRaisesRegex(UserError, "must be valid today"):
            self.as_user(case, "officer").action_start()
        tomorrow = fields.Date.add(self.today, days=1)
        later = self.make_case(self.units[1], date_start=tomorrow, date_end=fields.Date.add(tomorrow, days=5))
        self.bring_to("permit_issued", later)
        with self.assertRaisesRegex(UserError, "may start on"):
            self.as_user(later, "officer").action_start()

    def test_extension_needs_a_reason_and_takes_the_passes_along(self):
        case = self.bring_to("in_progress")
        worker = self.worker(case)
        returned = self.worker(case, "Worker Two")
        returned.action_return_pass()
        end = fields.Date.add(case.permit_valid_until, days=10)
        with self.assertRaisesRegex(UserError, "write why"):
            self.ask(case, "extend", "officer", reason="  ", date_end=end)
        self.ask(case, "extend", "officer", date_end=end)
        self.assertEqual((case.permit_valid_until, worker.valid_until), (end, end))
        self.assertLess(returned.valid_until, end)
        self.assertEqual(case.log_ids.filtered(lambda line: line.kind == "permit").reason, "Because")

    def test_expired_permit_is_told_once_to_applicant_and_manager(self):
        with at("2026-11-20 09:00"):
            case = self.bring_to("in_progress")
            end = case.permit_valid_until
        with at(f"{end} 23:00"):
            self.assertFalse(self.env["pm.renovation"]._warn_permit_expired(self.property))
            self.assertEqual(case.permit_status, "valid", "the last day is valid")
        with at(f"{fields.Date.add(end, days=1)} 00:30"):
            case.invalidate_recordset()
            self.assertEqual(case.permit_status, "expired")
            self.assertEqual(self.env["pm.renovation"]._warn_permit_expired(self.property), case)
            self.assertFalse(self.env["pm.renovation"]._warn_permit_expired(self.property))
            self.assertIn(self.manager, case.activity_ids.user_id)
            self.assertIn(case, self.env["pm.renovation"].search([("permit_status", "=", "expired")]))
        self.assertEqual(self.messages(case, "permit_expired"), 1)

    def test_every_status_is_found_by_search_as_it_is_shown(self):
        with at("2026-11-20 09:00"):
            case = self.bring_to("in_progress")
            self.bring_to("submitted", self.make_case(self.units[1]))
            Renovation = self.env["pm.renovation"]
            mine = [("property_id", "=", self.property.id)]
            for record in Renovation.search(mine):
                found = Renovation.search([*mine, ("permit_status", "=", record.permit_status)])
                self.assertIn(record, found)
            self.assertEqual(Renovation.search([*mine, ("permit_status", "=", "valid")]), case)

    def test_lost_pass_gets_a_new_number_and_code(self):
        case = self.bring_to("in_progress")
        worker = self.as_user(self.worker(case), "officer")
        number, token = worker.pass_number, worker.pass_token
        worker.action_lost_pass()
        self.assertEqual((worker.state, worker._pass_status(), worker.is_out), ("lost", "ended", False))
        worker.action_issue_pass()
        self.assertNotEqual((worker.pass_number, worker.pass_token), (number, token))
        self.assertEqual(worker.state, "valid")
        with self.assertRaisesRegex(UserError, "register keeps it"):
            worker.unlink()

    def test_case_closes_when_every_pass_is_back(self):
        case = self.bring_to("in_progress")
        worker = self.as_user(self.worker(case), "officer")
        self.bring_to("refunded", case)
        with self.assertRaisesRegex(UserError, "take back the worker passes"):
            self.as_user(case, "officer").action_close()
        worker.action_return_pass()
        self.assertEqual(worker.returned_to_id, self.officer)
        with self.assertRaises(UserError):
            worker.action_return_pass()
        self.as_user(case, "officer").action_close()
        self.assertEqual(case.state, "closed")

    def test_extension_asked_for_is_granted_by_staff_only(self):
        case = self.bring_to("in_progress")
        old, asked = case.permit_valid_until, fields.Date.add(case.permit_valid_until, days=10)
        case._ask_extension(asked, "Tiles come late")
        self.assertEqual((case.permit_valid_until, case.extension_until), (old, asked))
        self.assertIn(case.user_id, case.activity_ids.user_id)
        with self.assertRaisesRegex(UserError, "asked for already"):
            case._ask_extension(asked, "Once more")
        context = self.as_user(case, "officer").action_extend()["context"]
        self.assertEqual((context["default_date_end"], context["default_reason"]), (asked, "Tiles come late"))
        self.ask(case, "extend", "officer", date_end=asked)
        self.assertEqual((case.permit_valid_until, case.extension_until), (asked, False))

    def test_refused_extension_leaves_the_permit_and_tells_why(self):
        case = self.bring_to("in_progress")
        old = case.permit_valid_until
        with self.assertRaisesRegex(UserError, "Nobody asked"):
            self.ask(case, "refuse_extension", "officer")
        case._ask_extension(fields.Date.add(old, days=10), "Tiles come late")
        self.ask(case, "refuse_extension", "officer")
        self.assertEqual((case.permit_valid_until, case.extension_until), (old, False))
        self.assertEqual(self.messages(case, "extension_refused"), 1)
        reasons = case.log_ids.filtered(lambda line: line.kind == "permit").mapped("reason")
        self.assertEqual(reasons[-2:], ["Tiles come late", "Because"])

    def test_extension_needs_a_permit_a_later_day_and_a_reason(self):
        waiting = self.bring_to("submitted", self.make_case(self.units[1]))
        day = fields.Date.add(waiting.date_end, days=10)
        with self.assertRaisesRegex(UserError, "have it issued"):
            waiting._ask_extension(day, "Why not")
        case = self.bring_to("in_progress")
        for until, reason, words in (
            (case.permit_valid_until, "Late", "later date"),
            (None, "Late", "later date"),
            (day, "  ", "write why"),
            (day, False, "write why"),
        ):
            with self.assertRaisesRegex(UserError, words):
                case._ask_extension(until, reason)
        self.assertFalse(case.extension_until)
