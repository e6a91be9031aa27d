from datetime import date, timedelta

import psycopg2
from freezegun import freeze_time
from odoo import http
from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, HttpCase, tagged
from odoo.tools import mute_logger

from .common_billing import BillingCase

# A picture of one white dot.
SIGNATURE = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGP4DwABAQEAsTj2FAAAAABJRU5ErkJggg=="


class ParkingCase(BillingCase):
    """T1 with two spaces to let, a parking fee of 400 and a plan that the assembly has resolved, in force."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.item_parking = cls.make_item("PK", "Parking rent", category="parking", tax=cls.tax_included)
        cls.make_tariff(cls.item_parking, "2026-P", "fixed", 400)
        cls.spaces = cls.env["pm.unit"].create(
            [
                {
                    "code": code,
                    "property_id": cls.property.id,
                    "building_id": cls.building.id,
                    "unit_type": "parking",
                    "parking_to_let": True,
                    "handover_date": "2024-01-01",
                }
                for code in ("P-01", "P-02")
            ]
        )
        cls.plan = cls.make_plan()
        cls.plan.with_user(cls.manager).action_activate()

    @classmethod
    def make_plan(cls, **values):
        resolution = cls.env["pm.owner.resolution"].create(
            {
                "name": "Parking use plan",
                "number": "2026-01",
                "body": "assembly",
                "date": "2026-01-10",
                "property_id": cls.property.id,
            }
        )
        resolution.sudo().state = "approved"
        return cls.env["pm.parking.plan"].create(
            {
                "name": "Plan 2026",
                "property_id": cls.property.id,
                "resolution_id": resolution.id,
                "licence_number": "TC-440300-1",
                "item_id": cls.item_parking.id,
                "rules": "One space a household, in the order of asking.",
                "papers": "Vehicle licence",
                "procedure": "Ask, sign, drive in.",
                **values,
            }
        )

    @classmethod
    def ask(cls, number=0, **values):
        return (
            cls.env["pm.parking.lease"]
            .with_user(cls.assistant)
            .create(
                {
                    "property_id": cls.property.id,
                    "partner_id": cls.owners[number].id,
                    "unit_id": cls.units[number].id,
                    "plate": f"粤B1000{number}",
                    **values,
                }
            )
        )

    @classmethod
    def sign(cls, lease, space=0, begin="2026-11-01", end="2027-10-31"):
        lease.write({"space_id": cls.spaces[space].id, "date_from": begin, "date_to": end})
        lease.action_offer()
        lease.write({"papers_seen": True, "signed_by": "Owner", "signature": SIGNATURE})
        lease.action_sign()
        return lease


@tagged("post_install", "-at_install")
class TestParkingPlan(ParkingCase):
    def test_a_plan_needs_a_resolution_of_the_assembly_a_licence_and_a_price(self):
        committee = self.env["pm.owner.resolution"].create(
            {"name": "Parking", "body": "committee", "date": "2026-01-10", "property_id": self.property.id}
        )
        committee.sudo().state = "approved"
        for values, words in (
            ({"resolution_id": False}, "assembly"),
            ({"resolution_id": committee.id}, "assembly"),
            ({"licence_number": " "}, "licence"),
            ({"licence_until": "2020-01-01"}, "run out"),
            ({"item_id": self.make_item("PX", "Unpriced", category="parking").id}, "no approved tariff"),
        ):
            with self.subTest(values=values), self.assertRaisesRegex(UserError, words):
                self.make_plan(**values).with_user(self.manager).action_activate()

    def test_only_a_manager_puts_it_in_force_and_the_one_before_is_replaced(self):
        new = self.make_plan(name="Plan 2027")
        asked, signed = self.ask(), self.sign(self.ask(1))
        with self.assertRaises(AccessError):
            new.with_user(self.supervisor).action_activate()
        new.with_user(self.manager).action_activate()
        self.assertEqual((new.state, self.plan.state), ("active", "replaced"))
        self.assertEqual((asked.plan_id, signed.plan_id), (new, self.plan), "what was agreed stays")
        with self.assertRaisesRegex(UserError, "new plan"):
            new.with_user(self.manager).rules = "Everything is let to us"

    def test_a_manager_is_told_once_that_the_licence_runs_out(self):
        self.plan.licence_until = "2026-12-31"
        for day, told in (("2026-11-30", 0), ("2026-12-01", 1), ("2026-12-02", 1)):
            with freeze_time(f"{day} 02:00:00"), self.enter_registry_test_mode():
                self.env.ref("pm_fees.ir_cron_parking").method_direct_trigger()
                self.env.invalidate_all()
                self.assertEqual(len(self.plan.activity_ids), told, day)
        self.assertEqual(self.plan.activity_ids.user_id, self.manager)
        self.plan.licence_until = "2027-01-31"
        self.assertFalse(self.plan.activity_ids, "renewed, there is nothing left to do")
        with freeze_time("2027-01-01 02:00:00"):
            self.env["pm.parking.lease"]._run_property(self.property)
        self.assertEqual(len(self.plan.activity_ids), 1, "a renewed licence runs out as well")
        self.plan.with_user(self.manager).action_replace()
        self.assertFalse(self.plan.activity_ids, "nothing is let under a plan that is replaced")

    def test_nothing_is_let_under_a_plan_or_a_licence_that_has_ended(self):
        lease = self.ask()
        self.plan.licence_until = "2026-10-31"
        with freeze_time("2026-11-01 02:00:00"), self.assertRaisesRegex(UserError, "licence has run out"):
            self.sign(lease, space=0)
        self.plan.licence_until = False
        lease.action_offer()
        self.plan.with_user(self.manager).action_replace()
        lease.write({"papers_seen": True, "signed_by": "Owner", "signature": SIGNATURE})
        with self.assertRaisesRegex(UserError, "not in force"):
            lease.action_sign()

    def test_without_a_plan_nothing_is_let(self):
        self.plan.with_user(self.manager).action_replace()
        with self.assertRaisesRegex(UserError, "S0-140"):
            self.ask(plan_id=self.plan.id)


@tagged("post_install", "-at_install")
class TestParkingLease(ParkingCase):
    def test_the_contract_is_charged_by_the_monthly_run_to_the_lessee(self):
        with freeze_time("2026-11-01 02:00:00"):
            lease = self.sign(self.ask())
        self.assertEqual(lease.state, "active")
        self.assertRegex(lease.name, r"^CZ/2026/\d{4}$")
        self.bill("2026-11-01", items=self.item_parking)
        charge = self.env["pm.charge"].search([("unit_id", "=", self.spaces[0].id)])
        self.assertEqual((charge.partner_id, charge.amount_total), (self.owners[0], 400))
        self.bill("2026-12-01", items=self.item_parking)
        self.assertEqual(self.env["pm.charge"].search_count([("unit_id", "=", self.spaces[0].id)]), 2)

    def test_begins_on_its_day_and_ends_after_its_last(self):
        with freeze_time("2026-10-20 02:00:00"):
            lease = self.sign(self.ask(), begin="2026-11-01", end="2026-11-30")
            self.assertEqual(lease.state, "contract")
        for moment, state in (
            ("2026-10-31 15:59:00", "contract"),  # still 31 October in Shanghai
            ("2026-10-31 16:01:00", "active"),
            ("2026-11-30 15:59:00", "active"),
            ("2026-11-30 16:01:00", "expired"),
        ):
            with freeze_time(moment):
                self.env["pm.parking.lease"]._run_property(self.property)
                self.assertEqual(lease.state, state, moment)

    def test_a_space_is_held_once_also_while_it_is_only_offered(self):
        first, second = self.ask(0), self.ask(1)
        days = {"space_id": self.spaces[0].id, "date_from": "2026-11-01", "date_to": "2026-11-30"}
        (first | second).write(days)
        first.action_offer()
        with (
            mute_logger("odoo.sql_db"),
            self.assertRaises(psycopg2.errors.ExclusionViolation),
            self.cr.savepoint(),
        ):
            second.action_offer()
        second.write({"date_from": "2026-12-01", "date_to": "2026-12-31"})
        second.action_offer()
        self.assertEqual(second.state, "offered")

    def test_a_space_that_pays_already_is_refused_in_words(self):
        self.assign(self.item_parking, self.spaces[0], partner_id=self.owners[2].id)
        lease = self.ask()
        with self.assertRaisesRegex(UserError, "P-01.*already pays"):
            self.sign(lease)

    def test_an_owners_own_space_is_not_let(self):
        self.spaces[0].parking_to_let = False
        with self.assertRaisesRegex(UserError, "not a space that this property lets"):
            self.sign(self.ask())

    def test_papers_and_signature_come_before_the_contract(self):
        lease = self.ask()
        lease.write({"space_id": self.spaces[0].id, "date_from": "2026-11-01", "date_to": "2027-10-31"})
        lease.action_offer()
        with self.assertRaisesRegex(UserError, "papers"):
            lease.action_sign()
        lease.papers_seen = True
        with self.assertRaisesRegex(UserError, "signature"):
            lease.action_sign()
        lease.write({"signed_by": "Owner 1", "signature": SIGNATURE})
        lease.action_sign()
        with self.assertRaisesRegex(UserError, "as it was agreed"):
            lease.date_to = "2030-01-01"
        with self.assertRaises(AccessError):
            lease.state = "expired"

    def test_waiting_needs_a_reason_that_the_customer_understands(self):
        lease = self.ask()
        with self.assertRaisesRegex(UserError, "why no space"):
            lease.action_wait()
        lease.wait_reason = "All spaces are let until May"
        with self.assertRaisesRegex(UserError, "understands"):
            lease.action_wait()
        lease.wait_understood = True
        lease.action_wait()
        self.assertTrue(lease.waiting_since)

    def test_who_waits_longest_is_offered_the_space_that_becomes_free(self):
        with freeze_time("2026-11-02 02:00:00"):
            running = [self.sign(self.ask(number), number) for number in (0, 1)]
            waiting = self.env["pm.parking.lease"]
            for minute, number in enumerate((2, 0)):
                with freeze_time(f"2026-11-02 02:{minute:02d}:00"):
                    lease = self.ask(number, plate=f"粤B2000{number}", wait_reason="All let", wait_understood=True)
                    lease.action_wait()
                    waiting |= lease
            self.env["pm.parking.lease"]._run_property(self.property)
            self.assertFalse(waiting.activity_ids, "nothing is free")
        with freeze_time("2026-11-10 02:00:00"):
            running[0].write({"last_day": "2026-11-09", "end_reason": "Moves away"})
            running[0].action_terminate()
            self.assertEqual(waiting.mapped("hinted_on"), [date(2026, 11, 10), False])
            self.env["pm.parking.lease"]._run_property(self.property)
            self.assertEqual(len(waiting.activity_ids), 1, "one space, one offer, said once")

    def test_terminated_the_charge_ends_with_the_last_day(self):
        with freeze_time("2026-11-01 02:00:00"):
            lease = self.sign(self.ask())
        with freeze_time("2026-11-20 02:00:00"):
            with self.assertRaisesRegex(UserError, "reason"):
                lease.action_terminate()
            lease.write({"end_reason": "Sold the car", "last_day": "2027-12-31"})
            with self.assertRaisesRegex(UserError, "within the term"):
                lease.action_terminate()
            lease.last_day = "2026-11-30"
            lease.action_terminate()
        self.assertEqual(lease.sudo().assignment_id.date_to, date(2026, 11, 30))
        self.bill("2026-11-01", items=self.item_parking)
        self.make_run("2026-12-01", items=self.item_parking).action_compute()
        self.assertEqual(self.env["pm.charge"].search_count([("unit_id", "=", self.spaces[0].id)]), 1)

    def test_reminded_once_thirty_days_before_the_end(self):
        with freeze_time("2026-11-01 02:00:00"):
            lease = self.sign(self.ask(), end="2026-12-31")
        for day, told in (("2026-11-30", 0), ("2026-12-01", 1), ("2026-12-02", 1)):
            with freeze_time(f"{day} 02:00:00"):
                self.env["pm.parking.lease"]._run_property(self.property)
                messages = self.env["pm.message"].search([("key", "=", f"parking-end/{lease.id}")])
                self.assertEqual((len(messages), len(lease.activity_ids)), (told, told), day)
        lease.action_renew()
        self.assertFalse(lease.activity_ids, "renewed, there is nothing left to do")

    def test_a_renewal_follows_the_lease_and_stops_the_reminder(self):
        with freeze_time("2026-11-01 02:00:00"):
            lease = self.sign(self.ask(), end="2026-11-30")
            renewal = self.env["pm.parking.lease"].browse(lease.action_renew()["res_id"])
            self.env["pm.parking.lease"]._run_property(self.property)
        self.assertEqual((renewal.date_from, renewal.date_to), (date(2026, 12, 1), date(2026, 12, 31)))
        self.assertFalse(lease.reminded_on)
        with mute_logger("odoo.sql_db"), self.assertRaises(psycopg2.errors.UniqueViolation), self.cr.savepoint():
            lease.action_renew()

    def test_twenty_minutes_are_measured_and_averaged(self):
        with freeze_time("2026-11-02 02:00:00") as clock:
            leases = [self.ask(0), self.ask(1)]
            clock.tick(timedelta(minutes=10))
            self.sign(leases[0], 0)
            clock.tick(timedelta(minutes=20))
            self.sign(leases[1], 1)
        self.assertEqual([lease.minutes for lease in leases], [10, 30])
        kpi = self.env.ref("pm_fees.kpi_parking_minutes")
        with freeze_time("2026-11-30 02:00:00"):
            kpi._compute_properties(self.property)
        result = self.env["pm.kpi.result"].search(
            [
                ("kpi_id", "=", kpi.id),
                ("property_id", "=", self.property.id),
                ("month", "=", "2026-11-01"),
                ("user_id", "=", False),
            ]
        )
        self.assertEqual(result.value, 20)

    def test_the_same_vehicle_is_not_asked_for_twice(self):
        self.ask()
        for same in ("粤b10000", "粤B·10000"):
            with (
                self.subTest(plate=same),
                mute_logger("odoo.sql_db"),
                self.assertRaises(psycopg2.errors.UniqueViolation),
                self.cr.savepoint(),
            ):
                self.ask(plate=same)

    def test_form_proposes_a_year(self):
        form = Form(self.env["pm.parking.lease"].with_user(self.assistant))
        form.property_id = self.property
        form.partner_id = self.owners[0]
        form.plate = "粤B10000"
        form.wanted_from = "2026-12-01"
        form.space_id = self.spaces[1]
        lease = form.save()
        self.assertEqual((lease.date_from, lease.date_to), (date(2026, 12, 1), date(2027, 11, 30)))

    def test_who_may_what(self):
        with self.assertRaises(AccessError):
            self.env["pm.parking.lease"].with_user(self.technician).search([]).read(["name"])
        with self.assertRaises(AccessError):
            self.ask().with_user(self.cashier).action_offer()
        self.assertTrue(self.ask(1).with_user(self.accountant).read(["name"]))

    def test_contract_and_plan_are_printed(self):
        lease = self.sign(self.ask())
        for report, record in (("parking_lease", lease), ("parking_plan", self.plan)):
            content, kind = self.env["ir.actions.report"]._render(f"pm_fees.{report}", record.ids)
            self.assertEqual((content[:4], kind), (b"%PDF", "pdf"))


@tagged("post_install", "-at_install")
class TestParkingPortal(ParkingCase, HttpCase):
    def test_the_plan_is_published_and_a_space_is_asked_for_once(self):
        self.authenticate(self.portal_user.login, self.portal_user.login)
        page = self.url_open("/my/parking").text
        for words in ("One space a household", "Vehicle licence", "TC-440300-1", "400"):
            self.assertIn(words, page)
        wish = {"unit_id": str(self.units[0].id), "plate": "粤b 12345<b>", "csrf_token": http.Request.csrf_token(self)}
        self.url_open("/my/parking/ask", data=wish)
        lease = self.env["pm.parking.lease"].search([("partner_id", "=", self.portal_user.partner_id.id)])
        self.assertEqual((lease.state, lease.plate, lease.received_at), ("requested", "粤B12345B", False))
        self.assertEqual(lease.activity_ids.user_id, self.units[0].user_id or self.front_desk, "somebody is to answer")
        with mute_logger("odoo.sql_db"):
            self.assertIn("already asked", self.url_open("/my/parking/ask", data=wish).text)
        for foreign in (str(self.units[1].id), "9" * 30, "x"):
            self.assertIn("Choose your unit", self.url_open("/my/parking/ask", data={**wish, "unit_id": foreign}).text)

    def test_leases_of_others_are_not_shown(self):
        self.ask(1)
        self.authenticate(self.portal_user.login, self.portal_user.login)
        self.assertNotIn("粤B10001", self.url_open("/my/parking").text)

    def test_free_spaces_and_the_place_in_the_queue_are_told(self):
        for number, hour in ((1, 1), (0, 2)):
            with freeze_time(f"2026-01-10 0{hour}:00:00"):
                lease = self.ask(number)
                lease.write({"wait_reason": "All spaces are let", "wait_understood": True})
                lease.action_wait()
        self.authenticate(self.portal_user.login, self.portal_user.login)
        page = " ".join(self.url_open("/my/parking?error=Pay+me").text.split())
        for words in (
            "Free spaces now:</span> <b>2</b>",
            "On the waiting list:</span> <b>2</b>",
            "Place in the queue: 2",
        ):
            self.assertIn(words, page)
        self.assertNotIn("Pay me", page, "what the address says is not ours")
