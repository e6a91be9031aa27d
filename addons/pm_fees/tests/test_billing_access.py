from odoo.exceptions import AccessError
from odoo.tests import tagged

from .common_billing import BillingCase


@tagged("post_install", "-at_install")
class TestBillingAccess(BillingCase):
    """Who sees and does what, role by role."""

    def can(self, user, record, operation):
        return record.with_user(user).has_access(operation)

    def test_matrix(self):
        run = self.bill()
        charge = run.charge_ids[0]
        reading_roles = self.users_of(
            "front_desk",
            "officer",
            "assistant",
            "supervisor",
            "manager",
            "cashier",
            "accountant",
            "leadership",
        )
        for user in reading_roles:
            self.assertTrue(self.can(user, charge, "read"), user.login)
            for operation in ("write", "create", "unlink"):
                self.assertFalse(self.can(user, charge, operation), f"{user.login} {operation}")
        self.assertFalse(self.can(self.technician, charge, "read"))
        self.assertFalse(self.can(self.counsel, charge, "read"), "no step about it was given to him")
        self.assertFalse(self.can(self.outsider, charge, "read"), "not his property")
        for user in self.users_of("front_desk", "officer", "cashier", "technician", "counsel"):
            self.assertFalse(self.can(user, run, "write"), user.login)
            self.assertFalse(self.can(user, self.tariff_area, "write"), user.login)
        self.assertTrue(self.can(self.accountant, run, "write"))
        self.assertTrue(self.can(self.supervisor, run, "write"))
        self.assertTrue(self.can(self.technician, self.env["pm.meter.reading"], "create"))
        self.assertFalse(self.can(self.cashier, self.env["pm.meter.reading"], "create"))

    def test_four_eyes_cannot_be_got_round_by_writing(self):
        run = self.make_run()
        run.action_compute()
        for vals in ({"state": "approved"}, {"computed_by": self.supervisor.id}, {"approved_by": self.supervisor.id}):
            with self.assertRaises(AccessError):
                run.with_user(self.accountant).write(vals)
        born = self.Run.with_user(self.accountant).create(
            {
                "property_id": self.property.id,
                "date_from": "2027-01-01",
                "state": "approved",
                "computed_by": self.supervisor.id,
            }
        )
        self.assertEqual((born.state, born.computed_by.id), ("draft", False))
        draft = self.make_tariff(self.item_fixed, "N", "fixed", 60, date_from="2027-01-01", approve=False)
        for vals in ({"state": "approved"}, {"author_id": self.supervisor.id}):
            with self.assertRaises(AccessError):
                draft.with_user(self.accountant).write(vals)
        self.assertEqual(
            draft.with_user(self.accountant).copy({"state": "approved", "date_from": "2028-01-01"}).state, "draft"
        )
        line = (
            self.env["pm.fee.assignment"]
            .search([("item_id", "=", self.item_fixed.id)], limit=1)
            .with_user(self.assistant)
        )
        line.write({"discount": 100, "discount_reason": "friend"})
        with self.assertRaises(AccessError):
            line.write({"discount_approved_by": self.supervisor.id})
        with self.assertRaises(AccessError):
            line.write({"discount_state": "approved"})

    def test_whoever_only_reads_tariffs_does_not_withdraw_a_draft(self):
        draft = self.make_tariff(self.item_fixed, "N", "fixed", 60, date_from="2027-01-01", approve=False)
        for user in self.users_of("front_desk", "officer", "assistant", "technician", "cashier", "counsel"):
            with self.assertRaises(AccessError):
                draft.with_user(user).action_withdraw()
        draft.with_user(self.supervisor).action_withdraw()
        self.assertEqual(draft.state, "withdrawn")

    def test_other_property_is_invisible(self):
        charge = self.bill().charge_ids[0]
        self.accountant.pm_property_ids = False
        self.assertFalse(self.env["pm.charge"].with_user(self.accountant).search_count([]))
        with self.assertRaises(AccessError):
            charge.with_user(self.accountant).read(["amount_total"])

    def test_portal_sees_own_posted_charges_only(self):
        run = self.make_run()
        run.action_compute()
        mine = self.env["pm.charge"].with_user(self.portal_user)
        self.assertFalse(mine.search_count([]), "drafts are not for customers")
        run.with_user(self.supervisor).action_approve()
        run.action_post()
        self.assertEqual(mine.search([]).partner_id, self.owners[0])
        self.assertEqual(len(mine.search([])), 2)
        other = self.env["pm.charge"].with_user(self.other_portal).search([])
        self.assertEqual(other.partner_id, self.owners[1])
        self.assertTrue(mine.search([])[0].explanation)
        with self.assertRaises(AccessError):
            other.with_user(self.portal_user).read(["amount_total"])

    def test_kpis_by_hand(self):
        self.item_fixed.in_collection_rate = True
        october = self.bill("2026-10-01")  # 280 + 331.80 + 224 + 3 × 50 = 985.80
        november = self.bill("2026-11-01")
        self.assertAlmostEqual(october.amount_total, 985.8)
        self.pay(october.charge_ids.filtered(lambda c: c.unit_id == self.units[0]), date="2026-10-20")  # 330
        self.pay(october.charge_ids.filtered(lambda c: c.unit_id == self.units[2]), date="2026-11-05")  # 274
        self.pay(november.charge_ids.filtered(lambda c: c.unit_id == self.units[0]), date="2026-11-05")  # 330
        november.charge_ids.filtered(lambda c: c.unit_id == self.units[2]).with_user(self.accountant)._reverse(
            "our_error", date="2026-11-10"
        )
        kpi = self.env.ref("pm_fees.kpi_collection_rate")
        result = kpi._evaluate(self.property, *self._month(10))
        self.assertAlmostEqual(result["numerator"], 330)
        self.assertAlmostEqual(result["denominator"], 985.8)
        result = kpi._evaluate(self.property, *self._month(11))
        self.assertAlmostEqual(result["numerator"], 330)
        self.assertAlmostEqual(result["denominator"], 985.8 - 274)
        result = self.env.ref("pm_fees.kpi_arrears_recovery")._evaluate(self.property, *self._month(11))
        self.assertAlmostEqual(result["denominator"], 985.8 - 330)
        self.assertAlmostEqual(result["numerator"], 274)
        result = self.env.ref("pm_fees.kpi_fee_accuracy")._evaluate(self.property, *self._month(11))
        self.assertAlmostEqual(result["value"], 100 * 4 / 6)
        self.assertIsNone(kpi._evaluate(self.property, *self._month(1))["value"], "no fees, no figure")

    def _month(self, month):
        from odoo import fields

        start = fields.Date.to_date(f"2026-{month:02d}-01")
        return start, fields.Date.subtract(fields.Date.add(start, months=1), days=1)
