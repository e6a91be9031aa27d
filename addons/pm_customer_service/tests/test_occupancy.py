from datetime import date

from freezegun import freeze_time
from odoo import Command
from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, HttpCase, tagged
from odoo.tools import mute_logger
from psycopg2 import IntegrityError

from .common import DeskCase, local
from .test_service_order import PIXEL


class MoveCase(DeskCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.book = cls.env["pm.handbook"].create(
            {"property_id": cls.property.id, "version": "2026-01", "valid_from": "2026-01-01", "content": b"JVBERi0="}
        )

    @classmethod
    def move(cls, kind="move_in", **values):
        return (
            cls.env["pm.occupancy"]
            .with_user(cls.front_desk)
            .create({"kind": kind, "unit_id": cls.units[0].id, "move_date": "2026-11-03", **values})
        )

    def party(self, number=0):
        return self.parties[number]

    def tick(self, move):
        move.item_ids.filtered("mandatory").write({"done": True})

    def sign(self, move):
        self.env["pm.acknowledgment"].with_user(self.front_desk)._record(move.party_id, "screen", "Owner 1", PIXEL)
        move.invalidate_recordset(["handbook_missing"])

    def arrived(self, moment="2026-11-03 10:00", **values):
        with freeze_time(local("2026-11-02 09:00")):
            move = self.move(appointment_at=local("2026-11-03 10:00"), **values)
            move.action_send_notice()
        with freeze_time(local(moment)):
            move.action_arrive()
        return move


@tagged("post_install", "-at_install")
class TestOccupancy(MoveCase):
    def test_the_notice_carries_three_documents_and_goes_out_before_the_day(self):
        for moment, sent in (("2026-11-02 23:59", True), ("2026-11-03 00:00", False)):
            with freeze_time(local(moment)):
                move = self.move(appointment_at=local("2026-11-03 10:00"))
                if not sent:
                    with self.assertRaises(UserError):
                        move.action_send_notice()
                    continue
                move.action_send_notice()
                self.assertEqual((move.state, move.notice_sent_at), ("notice_sent", local(moment)))
                message = self.env["pm.message"].search([("res_model", "=", move._name), ("res_id", "=", move.id)])
                self.assertEqual(len(message.attachment_ids), 4)
                self.assertTrue(all(file.raw.startswith(b"%PDF") for file in message.attachment_ids))
                move.action_send_notice()  # again: the same message, not a second one
                self.assertEqual(len(message.attachment_ids), 4)
        with self.assertRaises(UserError):
            self.move().action_send_notice()  # no appointment
        with self.assertRaises(UserError):
            self.move().action_arrive()  # a move-in without its notice

    def test_an_add_on_puts_its_own_document_into_the_pack(self):
        move = self.move(appointment_at=local("2026-11-03 10:00"))
        self.patch(type(move), "_pack_document", lambda record, code: (f"{code}.pdf", b"%PDF-own " + code.encode()))
        with freeze_time(local("2026-11-02 09:00")):
            move.action_send_notice()
        message = self.env["pm.message"].search([("res_model", "=", move._name), ("res_id", "=", move.id)])
        self.assertEqual(
            set(message.attachment_ids.mapped("name")), {"notice.pdf", "guide.pdf", "renovation.pdf", "payment.pdf"}
        )

    def test_waiting_and_handling_are_measured_at_their_boundaries(self):
        for unit, begun, done, minutes, state in (
            (self.units[0], "10:15", "10:45", (15, 30), "met"),
            (self.units[1], "10:16", "10:47", (16, 31), "breached"),
        ):
            move = self.arrived(unit_id=unit.id)
            with freeze_time(local(f"2026-11-03 {begun}")):
                move.action_start()
            self.tick(move)
            self.sign(move)
            with freeze_time(local(f"2026-11-03 {done}")):
                move.action_finish()
            self.assertEqual((move.waiting_minutes, move.handling_minutes), minutes)
            self.assertEqual([self.clock(move, kind).state for kind in ("wait", "handle")], [state, state])
        kpi = self.env.ref("pm_customer_service.kpi_move_in_handling")
        self.assertEqual(kpi._evaluate(self.property, date(2026, 11, 1), date(2026, 11, 30))["value"], 50)
        kpi = self.env.ref("pm_customer_service.kpi_move_in_waiting")
        self.assertEqual(kpi._evaluate(self.property, date(2026, 11, 1), date(2026, 11, 30))["value"], 50)

    def test_a_changed_rule_holds_for_the_next_one(self):
        self.env.ref("pm_customer_service.deadline_rule_move_wait").amount = 5
        move = self.arrived()
        self.assertEqual(move.next_due, local("2026-11-03 10:05"))

    def test_one_colleague_accompanies_it_whoever_stands_at_the_counter(self):
        """S0-102: the butler of the unit unless somebody else is named; never nobody."""
        move = self.arrived()
        self.assertEqual(move.user_id, self.officer)
        with freeze_time(local("2026-11-03 10:05")):
            move.with_user(self.assistant).action_start()
        self.assertEqual(move.user_id, self.officer)
        with mute_logger("odoo.sql_db"), self.assertRaises(IntegrityError), self.env.cr.savepoint():
            move.user_id = False
            move.flush_recordset()

    def test_papers_and_handbook_are_needed_defects_become_tickets(self):
        move = self.arrived()
        with freeze_time(local("2026-11-03 10:05")):
            move.action_start()
            with self.assertRaises(UserError):
                move.action_finish()
            self.tick(move)
            with self.assertRaises(UserError):
                move.action_finish()  # the handbook
            self.sign(move)
            photo = self.env["ir.attachment"].with_user(self.front_desk).create({"name": "p.png", "datas": PIXEL})
            move.defect_ids = [
                Command.create({"place": "Kitchen", "name": "Tap drips", "attachment_ids": [(6, 0, photo.ids)]}),
                Command.create({"place": "Bath", "name": "Tile cracked"}),
            ]
            self.units[0].handover_date = False
            move.action_finish()
        tickets = move.defect_ids.ticket_id
        self.assertEqual(len(tickets), 2)
        self.assertEqual(tickets.mapped("type_code"), ["repair", "repair"])
        self.assertEqual(
            self.env["ir.attachment"].search_count([("res_id", "=", tickets[0].id), ("res_model", "=", "pm.ticket")]), 1
        )
        self.assertEqual((self.units[0].handover_date, self.units[0].last_verified), (date(2026, 11, 3),) * 2)
        self.assertTrue(move.item_ids.filtered("done")[0].done_by_id, self.front_desk)
        for change in (
            lambda: move.write({"partner_id": self.owners[1].id}),
            lambda: move.item_ids[0].write({"done": False}),
            lambda: move.defect_ids[0].write({"name": "x"}),
            lambda: move.unlink(),
        ):
            with self.assertRaises(UserError), self.env.cr.savepoint():
                change()

    def test_a_line_that_is_not_needed_says_why(self):
        move = self.arrived()
        with freeze_time(local("2026-11-03 10:05")):
            move.action_start()
            self.sign(move)
            self.tick(move)
            line = move.item_ids.filtered("mandatory")[0]
            line.write({"done": False, "not_needed": " "})
            with self.assertRaises(UserError):
                move.action_finish()
            line.not_needed = "Known from the first unit"
            move.action_finish()
        self.assertEqual(move.state, "finished")

    def test_companies_bring_their_licence(self):
        licence = self.env.ref("pm_customer_service.occupancy_item_move_in_licence")
        self.assertNotIn(licence, self.move().item_ids.type_id)
        self.owners[0].is_company = True
        self.assertIn(licence, self.move().item_ids.type_id)

    def test_moving_out_ends_the_tenant_and_leaves_the_owner(self):
        tenant = self.env["res.partner"].create({"name": "Tenant"})
        role = self.env["pm.unit.party"].create(
            {"unit_id": self.units[0].id, "partner_id": tenant.id, "role": "tenant", "date_from": "2026-01-01"}
        )
        with freeze_time(local("2026-11-03 10:00")):
            for partner in (tenant, self.owners[0]):
                move = self.move("move_out", partner_id=partner.id)
                move.action_arrive()  # no notice needed
                move.action_start()
                self.tick(move)
                move.action_finish()
        self.assertEqual(role.date_to, date(2026, 11, 3))
        self.assertFalse(self.party().date_to)
        self.assertFalse(self.party().lives_here)

    def test_an_owner_who_does_not_use_his_unit_yet_signs_when_he_moves_in(self):
        self.party().lives_here = False
        move = self.arrived()
        with freeze_time(local("2026-11-03 10:05")):
            move.action_start()
            self.tick(move)
            self.assertTrue(move.handbook_missing)
            with self.assertRaises(UserError):
                move.action_finish()
            self.sign(move)
            move.action_finish()
        self.assertTrue(self.party().lives_here)

    def test_a_lease_that_begins_later_is_a_role_already_an_ended_one_is_none(self):
        tenant = self.env["res.partner"].create({"name": "Tenant"})
        with freeze_time(local("2026-11-03 10:00")):
            move = self.move(partner_id=tenant.id)
            self.assertFalse(move.party_role)
            role = self.env["pm.unit.party"].create(
                {"unit_id": self.units[0].id, "partner_id": tenant.id, "role": "tenant", "date_from": "2026-11-10"}
            )
            move.invalidate_recordset()
            self.assertEqual((move.party_id, move.party_role), (role, "tenant"))
            role.write({"date_from": "2026-11-01", "date_to": "2026-11-02"})
            move.invalidate_recordset()
            self.assertFalse(move.party_id)

    def test_the_day_of_the_move_follows_the_appointment_until_it_is_set_by_hand(self):
        with freeze_time(local("2026-11-03 10:00")):
            move = self.env["pm.occupancy"].with_user(self.front_desk).create({"unit_id": self.units[0].id})
            self.assertEqual(move.move_date, date(2026, 11, 3))
            move.appointment_at = local("2026-12-01 00:30")
            self.assertEqual(move.move_date, date(2026, 12, 1))
            move.move_date = "2026-12-05"
            self.assertEqual(move.move_date, date(2026, 12, 5))

    def test_the_form_proposes_who_uses_the_unit_and_the_owner_at_a_transfer(self):
        tenant = self.env["res.partner"].create({"name": "Tenant"})
        self.env["pm.unit.party"].create(
            {"unit_id": self.units[0].id, "partner_id": tenant.id, "role": "tenant", "date_from": "2026-01-01"}
        )
        with Form(self.env["pm.occupancy"].with_user(self.front_desk)) as form:
            form.unit_id = self.units[1]
            self.assertEqual(form.partner_id, self.owners[1])
            form.unit_id = self.units[0]
            self.assertEqual(form.partner_id, tenant, "not the people of the unit that was chosen before")
            form.kind = "transfer"
            self.assertEqual(form.partner_id, self.owners[0])

    def test_nobody_is_called_for_help_once_the_customer_has_left(self):
        move = self.arrived()
        with freeze_time(local("2026-11-03 10:40")):
            self.run_job()
            self.assertTrue(move.activity_ids, "the clock of waiting has run out")
            move.action_start()
            self.tick(move)
            self.sign(move)
            move.action_finish()
        self.assertFalse(move.activity_ids)

    def test_a_transfer_is_finished_when_the_ownership_has_passed(self):
        with freeze_time(local("2026-11-03 10:00")):
            move = self.move("transfer")
            move.action_arrive()
            move.action_start()
            self.tick(move)
            with self.assertRaises(UserError):
                move.action_finish()
            move.with_user(self.assistant).action_open_transfer()
            transfer = move.sudo().transfer_id
            transfer.line_ids = [Command.create({"partner_id": self.owners[1].id, "share": 100})]
            transfer.action_confirm()
            move.action_finish()
        self.assertEqual(self.units[0].owner_ids, self.owners[1])

    def test_scans_go_into_the_file_of_the_unit(self):
        move = self.arrived()
        with freeze_time(local("2026-11-03 10:05")):
            move.action_start()
            self.sign(move)
            self.tick(move)
            scan = self.env["ir.attachment"].with_user(self.front_desk).create({"name": "c.pdf", "raw": b"x"})
            move.item_ids.filtered("type_id.file_type_id")[0].attachment_ids = scan
            move.action_finish()
            move.action_file()
        filed = self.env["pm.unit.file"].search([("unit_id", "=", self.units[0].id), ("name", "=", move.name)])
        self.assertEqual((filed.attachment_ids, filed.partner_id), (scan, self.owners[0]))

    def test_the_board_of_units_shows_the_last_move(self):
        first, second = self.move(), self.move("move_out")
        first._cancel("Postponed")
        unit = self.units[0].with_user(self.officer)
        self.assertEqual((unit.move_id, unit.open_move_count), (second, 1))
        self.assertFalse(self.units[0].with_user(self.technician).move_id)

    def test_times_and_states_are_the_programs(self):
        move = self.move()
        for vals in ({"state": "finished"}, {"arrived_at": "2026-01-01 00:00:00"}, {"waiting_minutes": 1}):
            with self.assertRaises(AccessError):
                move.write(vals)
        with self.assertRaises(UserError):
            move._cancel("")
        for role in ("technician", "accountant"):
            self.assertFalse(self.env["pm.occupancy"].with_user(getattr(self, role)).has_access("read"))

    def test_papers_are_printed(self):
        move = self.arrived()
        for name in ("occupancy_pack", "occupancy_record"):
            content = self.env["pm.document"].with_user(self.front_desk)._pdf(f"pm_customer_service.{name}", move)
            self.assertTrue(content.startswith(b"%PDF"))


@tagged("post_install", "-at_install")
class TestHandbook(MoveCase):
    def missing(self):
        return self.env["pm.unit.party"].search(
            [("handbook_missing", "=", True), ("property_id", "=", self.property.id)]
        )

    def test_who_uses_a_unit_and_has_not_signed_for_the_version_in_force_is_listed(self):
        with freeze_time("2026-11-03"):
            self.parties[2].lives_here = False  # an owner who lets: his tenant signs
            self.assertEqual(self.missing(), self.parties[:2])
            self.env["pm.acknowledgment"]._record(self.parties[0], "screen", "Owner 1", PIXEL)
            self.assertEqual(self.missing(), self.parties[1])
            self.assertEqual(self.parties.mapped("handbook_missing"), [False, True, False])
            self.env["pm.handbook"].create(
                {"property_id": self.property.id, "version": "2026-12", "valid_from": "2026-11-04", "content": b"eA=="}
            )
            self.assertEqual(self.missing(), self.parties[1])
        with freeze_time("2026-11-04 03:00"):
            self.assertEqual(self.missing(), self.parties[:2])

    def test_signed_once_with_evidence_and_never_changed(self):
        sign = self.env["pm.acknowledgment"]._record
        record = sign(self.parties[0], "screen", "Owner 1", PIXEL)
        self.assertEqual(sign(self.parties[0], "screen", "Owner 1", PIXEL), record)
        for bad in (("screen", "Owner", None), ("paper", "Owner", PIXEL), ("screen", " ", PIXEL)):
            with self.assertRaises(UserError), self.env.cr.savepoint():
                sign(self.parties[1], *bad)
        with self.assertRaises(UserError):
            record.signed_by = "x"
        with self.assertRaises(UserError):
            record.unlink()
        with self.assertRaises(UserError):
            self.book.content = b"eA=="
        content = self.env["pm.document"]._pdf("pm_customer_service.acknowledgment", record)
        self.assertTrue(content.startswith(b"%PDF"))


@tagged("post_install", "-at_install")
class TestMovesPortal(MoveCase, HttpCase):
    def test_procedures_own_appointments_and_nobody_elses(self):
        move = self.arrived()
        other = self.arrived(unit_id=self.units[1].id)
        self.authenticate("pm_portal_1", "pm_portal_1")
        page = self.url_open("/my/moves").text
        self.assertIn("Identity card of the owner or tenant", page)
        self.assertIn(f"/my/moves/{move.id}/guide.pdf", page)
        self.assertNotIn(f"/my/moves/{other.id}/", page)
        self.assertTrue(self.url_open(f"/my/moves/{move.id}/notice.pdf").content.startswith(b"%PDF"))
        for bad in (f"{other.id}/notice", f"{move.id}/secret", "999999999/notice"):
            self.assertFalse(self.url_open(f"/my/moves/{bad}.pdf").content.startswith(b"%PDF"))

    def test_the_handbook_is_signed_in_the_portal_for_ones_own_unit_only(self):
        self.authenticate("pm_portal_1", "pm_portal_1")
        self.assertIn("2026-01", self.url_open("/my/handbook").text)
        url = "/my/handbook/%s/sign"
        foreign = self.env["pm.property"].create({"name": "Other", "code": "T2", "tz": "Asia/Shanghai"})
        other = self.env["pm.handbook"].create(
            {"property_id": foreign.id, "version": "1", "valid_from": "2026-01-01", "content": b"eA=="}
        )
        for book, name, signature in (
            (other, "Owner", PIXEL),
            (self.book, "", PIXEL),
            (self.book, "Owner", "not base64!"),
            (self.book, ["x"], PIXEL),
            (self.book, "Owner", "A" * 3_000_000),
        ):
            result = self.make_jsonrpc_request(url % book.id, {"name": name, "signature": signature})
            self.assertIn("error", result)
        self.assertFalse(self.env["pm.acknowledgment"].search_count([("handbook_id", "=", self.book.id)]))
        self.make_jsonrpc_request(url % self.book.id, {"name": "Owner 1", "signature": PIXEL})
        record = self.env["pm.acknowledgment"].search([("handbook_id", "=", self.book.id)])
        self.assertEqual((record.party_id, record.method, record.user_id.id), (self.parties[0], "portal", False))
        self.assertIn("Owner 1", self.url_open("/my/handbook").text)
