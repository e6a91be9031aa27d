from datetime import date, datetime, timedelta

from freezegun import freeze_time
from odoo import Command, http
from odoo.exceptions import AccessError, UserError
from odoo.tests import HttpCase, tagged
from odoo.tools import mute_logger
from psycopg2 import IntegrityError

from .common import local
from .test_service_item import ServiceCase

PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="


class OrderCase(ServiceCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.cleaning = cls.item("Window cleaning", price=80)
        cls.property.calendar_id = cls.env["resource.calendar"].create({"name": "Mon–Fri", "tz": "Asia/Shanghai"})

    @classmethod
    def order(cls, state="draft", quantity=2, **values):
        """An order of 2 × 80 brought to ``state`` by the desk; the technician goes."""
        record = (
            cls.env["pm.service.order"]
            .with_user(cls.front_desk)
            .create(
                {
                    "unit_id": cls.units[0].id,
                    "team_id": cls.team.id,
                    "line_ids": [Command.create({"item_id": cls.cleaning.id, "quantity": quantity})],
                    **values,
                }
            )
        )
        for target in ("quoted", "agreed", "dispatched", "done"):
            if record.state == state:
                break
            if target == "quoted":
                record.action_quote()
            elif target == "agreed":
                record._agree("phone", "Owner 1")
            elif target == "dispatched":
                # A technician is at one place at a time: every order has its own day.
                day = datetime(2030, 1, 2, 2) + timedelta(days=record.id % 10_000)
                record.write({"user_id": cls.technician.id, "scheduled_at": day})
                record.action_dispatch()
            else:
                worker = record.with_user(cls.technician)
                worker.write({"work_done": "Cleaned.", "customer_signature": PIXEL, "signed_by": "Owner 1"})
                worker.action_done()
        return record


@tagged("post_install", "-at_install")
class TestServiceOrder(OrderCase):
    def test_the_whole_way_with_its_ticket_in_the_one_register(self):
        order = self.order()
        ticket = order.ticket_id
        self.assertEqual(
            (ticket.type_code, ticket.name, ticket.first_receiver_id), ("service", "Window cleaning", self.front_desk)
        )
        self.assertEqual((order.partner_id, order.amount_total), (self.owners[0], 160))
        order.action_quote()
        order._agree("phone", "Owner 1")
        order.write({"user_id": self.technician.id, "scheduled_at": "2030-01-01 02:00:00"})
        order.action_dispatch()
        self.assertEqual((ticket.user_id, ticket.state), (self.technician, "assigned"))
        self.assertEqual(str(ticket.promised_date), "2030-01-01 02:00:00")
        worker = order.with_user(self.technician)
        worker.write({"work_done": "Cleaned.", "customer_signature": PIXEL, "signed_by": "Owner 1"})
        worker.action_done()
        self.assertEqual((order.state, ticket.state, ticket.solution), ("done", "handled", "Cleaned."))
        order.with_user(self.supervisor).action_reconcile()
        self.assertEqual((order.state, order.reconciled_by_id), ("reconciled", self.supervisor))
        messages = self.env["pm.message"].search([("res_model", "=", "pm.service.order"), ("res_id", "=", order.id)])
        self.assertEqual(len(messages), 2)
        self.assertIn("Technician", messages.sorted("id")[-1].body)

    def test_a_share_of_the_services_is_followed_up_before_the_ticket_is_closed(self):
        """S1-84: as a sample, like repairs."""
        kind = self.types["service"]
        self.assertEqual(kind.followup_percent, 25)
        for share, asked in ((0, False), (100, True)):
            kind.followup_percent = share
            ticket = self.order("done").ticket_id
            self.assertEqual(ticket.needs_followup, asked)
            ticket.with_user(self.front_desk).action_feedback()
            if asked:
                with self.assertRaises(UserError):
                    ticket.with_user(self.supervisor).action_close()
                self.env["pm.followup"].with_user(self.front_desk).create(
                    {"ticket_id": ticket.id, "satisfied": "satisfied", "words": "Clean"}
                )
            ticket.with_user(self.supervisor).action_close()
            self.assertEqual(ticket.state, "closed")

    def test_nothing_is_done_before_the_customer_agrees(self):
        order = self.order("quoted")
        order.write({"user_id": self.technician.id, "scheduled_at": "2030-01-01 02:00:00"})
        with self.assertRaises(UserError):
            order.action_dispatch()
        with self.assertRaises(UserError):
            order._agree("phone", " ")
        with self.assertRaises(UserError):
            self.order()._agree("phone", "Owner 1")  # the price was not told yet

    def test_a_change_after_the_consent_takes_it_away_and_blocks_done(self):
        for change in (
            lambda order: order.line_ids.write({"quantity": 3}),
            lambda order: order.write({"line_ids": [Command.create({"item_id": self.cleaning.id})]}),
            lambda order: order.write({"line_ids": [Command.delete(order.line_ids[0].id)]}),
        ):
            order = self.order("dispatched")
            change(order)
            self.assertEqual((order.state, order.is_agreed), ("changed", False))
            worker = order.with_user(self.technician)
            worker.write({"work_done": "Cleaned.", "customer_signature": PIXEL, "signed_by": "Owner 1"})
            with self.assertRaises(UserError):
                worker.action_done()
            ticket = order.ticket_id.with_user(self.technician)
            ticket.write({"outcome": "solved_now", "solution": "x"})
            with self.assertRaises(UserError):
                ticket.action_handle()
        order = self.order("dispatched")
        order.line_ids.quantity = 3
        order._agree("paper", "Owner 1")
        self.assertEqual((order.state, order.is_agreed), ("agreed", True))
        self.assertEqual(order.consent_ids.mapped("amount"), [160, 240])

    def test_the_technician_reports_that_the_work_differs_and_changes_no_price(self):
        order = self.order("dispatched").with_user(self.technician)
        for vals in ({"user_id": self.officer.id}, {"scheduled_at": False}, {"line_ids": [Command.clear()]}):
            with self.assertRaises(AccessError):
                order.write(vals)
        with self.assertRaises(AccessError):
            order.line_ids.quantity = 1
        with self.assertRaises(AccessError):
            order._transition("cancelled")
        order.action_report_change()
        self.assertEqual(order.state, "changed")

    def test_prices_come_from_the_published_list_only(self):
        order = self.order()
        with self.assertRaises(AccessError):
            order.line_ids.price_unit = 1
        line = (
            self.env["pm.service.order.line"]
            .with_user(self.front_desk)
            .create({"order_id": order.id, "item_id": self.cleaning.id, "price_unit": 1, "name": "Cheap"})
        )
        self.assertEqual((line.price_unit, line.name), (80, "Window cleaning"))
        draft = self.item("Not approved", state="priced")
        order.line_ids = [Command.create({"item_id": draft.id})]
        with self.assertRaises(UserError):
            order.action_quote()
        agreed = self.order("agreed")
        self.cleaning.with_user(self.manager).action_retire()
        self.assertEqual((agreed.amount_total, agreed.is_agreed), (160, True), "what was agreed stays")

    def test_a_line_names_its_service(self):
        with self.assertRaises(IntegrityError), mute_logger("odoo.sql_db"), self.env.cr.savepoint():
            self.order(line_ids=[Command.create({"quantity": 1})])

    def test_signature_and_words_are_needed_for_done(self):
        worker = self.order("dispatched").with_user(self.technician)
        with self.assertRaises(UserError):
            worker.action_done()
        worker.work_done = "Cleaned."
        with self.assertRaises(UserError):
            worker.action_done()
        worker.customer_signature = PIXEL
        with self.assertRaises(UserError):
            worker.action_done()
        worker.signed_by = "Owner 1"
        worker.action_done()
        with self.assertRaises(UserError):
            worker.work_done = "Something else"

    def test_reconciled_by_noon_of_the_next_working_day_in_time_a_minute_later_late(self):
        # Friday 6 November: the next working day is Monday the 9th.
        for moment, state in (("2026-11-09 12:00", "met"), ("2026-11-09 12:01", "breached")):
            with self.subTest(moment=moment):
                with freeze_time(local("2026-11-06 15:00")):
                    order = self.order("done")
                self.assertEqual(order.next_due, local("2026-11-09 12:00"))
                with freeze_time(local(moment)):
                    order.with_user(self.supervisor).action_reconcile()
                self.assertEqual(self.clock(order, "reconcile").state, state)
        kpi = self.env.ref("pm_customer_service.kpi_service_reconciled")
        self.assertEqual(kpi._evaluate(self.property, date(2026, 11, 1), date(2026, 11, 30))["value"], 50)
        self.assertIsNone(kpi._evaluate(self.property, date(2026, 10, 1), date(2026, 10, 31))["value"])

    def test_who_reconciles(self):
        order = self.order("done")
        self.assertFalse(order.with_user(self.technician).can_reconcile)
        self.assertTrue(order.with_user(self.supervisor).can_reconcile)
        for user in (self.technician, self.front_desk, self.officer):
            with self.assertRaises(AccessError):
                order.with_user(user).action_reconcile()
        self.team.user_id = self.officer
        order.with_user(self.officer).action_reconcile()
        self.assertEqual(order.state, "reconciled")

    def test_only_the_hook_settles_and_it_falls_due_at_the_right_moment(self):
        at_once, monthly = self.order("done"), self.order("done", settlement="monthly")
        self.assertEqual((at_once.settlement_state, monthly.settlement_state), ("due", "none"))
        monthly.with_user(self.supervisor).action_reconcile()
        self.assertEqual(monthly.settlement_state, "due")
        for role in ("technician", "front_desk", "manager", "cashier", "accountant"):
            with self.subTest(role=role), self.assertRaises(UserError):
                at_once.with_user(getattr(self, role)).write({"settlement_state": "settled"})
        values = at_once._prepare_settlement()
        self.assertEqual(
            (values["amount"], values["partner_id"], values["unit_id"]), (160, self.owners[0].id, self.units[0].id)
        )
        at_once.sudo()._settled("R-1")
        self.assertEqual((at_once.settlement_state, at_once.settlement_ref), ("settled", "R-1"))
        with self.assertRaises(UserError):
            at_once.sudo()._settled("R-2")

    def test_cancelled_with_a_reason_takes_the_ticket_along(self):
        order = self.order("dispatched")
        with self.assertRaises(UserError):
            order._cancel(" ")
        order._cancel("The customer changed his mind")
        self.assertEqual((order.state, order.ticket_id.state), ("cancelled", "cancelled"))
        with self.assertRaises(UserError):
            self.order("done")._cancel("x")

    def test_consents_are_evidence(self):
        consent = self.order("agreed").consent_ids
        with self.assertRaises(UserError):
            consent.amount = 1
        with self.assertRaises(UserError):
            consent.unlink()
        for role in ("front_desk", "manager", "technician"):
            self.assertFalse(self.env["pm.service.consent"].with_user(getattr(self, role)).has_access("create"))

    def test_who_sees_orders(self):
        order, other = self.order("dispatched"), self.order()
        model = self.env["pm.service.order"]
        for role, seen in (("technician", order), ("front_desk", order | other), ("cashier", order | other)):
            with self.subTest(role=role):
                found = model.with_user(getattr(self, role)).search([("id", "in", (order | other).ids)])
                self.assertEqual(found, seen)
        self.assertFalse(model.with_user(self.cashier).has_access("write"))
        self.assertFalse(model.with_user(self.technician).has_access("create"))

    def test_the_head_of_the_department_names_who_goes(self):
        self.team.user_id = self.technician
        order = self.order("agreed")
        self.assertEqual(order.activity_ids.user_id, self.technician)
        head = order.with_user(self.technician)
        head.write({"user_id": self.technician.id, "scheduled_at": "2030-01-01 02:00:00"})
        with self.assertRaises(AccessError):
            head.settlement = "monthly"
        order.action_dispatch()
        self.assertFalse(order.activity_ids)
        other = self.order("agreed", team_id=False)
        self.assertFalse(other.activity_ids)
        self.assertFalse(self.env["pm.service.order"].with_user(self.technician).search([("id", "=", other.id)]))

    def test_overdue_regular_tickets_warn_and_do_not_bar(self):
        with freeze_time(local("2026-11-02 10:00")):
            self.new_ticket("repair", user_id=self.technician.id)
        with freeze_time(local("2026-11-20 10:00")):
            order = self.order("dispatched")
            self.assertIn("1", order.workload_warning)

    def test_four_labelled_copies_and_the_days_register(self):
        order = self.order("done")
        repair = self.new_ticket("repair", user_id=self.technician.id, outcome="solved_now", solution="New washer")
        repair.action_handle()
        content = self.env["pm.document"].with_user(self.front_desk)._pdf("pm_customer_service.service_slip", order)
        self.assertTrue(content.startswith(b"%PDF"))
        document = self.env["report.pm_customer_service.service_slip"]
        self.assertEqual(len(document._copies(order)), 4)
        today = self.property._today()
        register = (
            self.env["pm.register"]
            .with_user(self.front_desk)
            .create(
                {
                    "property_id": self.property.id,
                    "kind": "service",
                    "date_from": today - timedelta(days=1),
                    "date_to": today + timedelta(days=1),
                }
            )
        )
        self.assertEqual(
            self.env["report.pm_customer_service.register"]._find_services(register),
            (order, repair),
            "repairs stand in it as well (S1-79)",
        )
        content = register.env["pm.document"]._pdf("pm_customer_service.register", register)
        self.assertTrue(content.startswith(b"%PDF"))


@tagged("post_install", "-at_install")
class TestServiceOrderPortal(OrderCase, HttpCase):
    def post(self, url, **data):
        return self.url_open(url, data={"csrf_token": http.Request.csrf_token(self), **data})

    def test_the_customer_orders_and_agrees_to_the_price_he_saw(self):
        self.authenticate("pm_portal_1", "pm_portal_1")
        page = self.post(
            "/my/services/order",
            item_id=self.cleaning.id,
            quantity="3",
            unit_id=self.units[0].id,
            words="Monday please",
        )
        order = self.env["pm.service.order"].search([("description", "=", "Monday please")])
        self.assertIn(order.name, page.text)
        self.assertEqual((order.state, order.amount_total, order.ticket_id.channel), ("draft", 240, "portal"))
        self.post(f"/my/services/orders/{order.id}/agree", terms=order._terms_hash())
        self.assertEqual(order.state, "draft", "the price was not told yet")
        order.with_user(self.front_desk).action_quote()
        self.post(f"/my/services/orders/{order.id}/agree", terms="forged")
        self.assertEqual(order.state, "quoted")
        self.post(f"/my/services/orders/{order.id}/agree", terms=order._terms_hash())
        self.assertEqual(
            (order.state, order.consent_ids.method, order.consent_ids.user_id.id), ("agreed", "portal", False)
        )

    def test_another_household_is_out_of_reach_and_bad_input_is_told(self):
        mine, other = self.order("quoted"), self.order("quoted", unit_id=self.units[1].id)
        self.authenticate("pm_portal_1", "pm_portal_1")
        self.assertIn(mine.name, self.url_open(f"/my/services/orders/{mine.id}").text)
        self.assertNotIn(other.name, self.url_open(f"/my/services/orders/{other.id}").text)
        self.post(f"/my/services/orders/{other.id}/agree", terms=other._terms_hash())
        self.assertEqual(other.state, "quoted")
        count = self.env["pm.service.order"].search_count([])
        for bad in (
            {"quantity": "-1"},
            {"quantity": "nan"},
            {"quantity": "abc"},
            {"quantity": "1e9"},
            {"unit_id": self.units[1].id},
            {"item_id": "0"},
        ):
            page = self.post(
                "/my/services/order",
                **{"item_id": self.cleaning.id, "quantity": "1", "unit_id": self.units[0].id, **bad},
            )
            self.assertEqual(page.status_code, 200)
        self.assertEqual(self.env["pm.service.order"].search_count([]), count)
