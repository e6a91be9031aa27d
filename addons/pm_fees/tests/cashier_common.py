"""Charges that are posted and can be paid, for the tests of the cashier half."""

from datetime import date
from uuid import uuid4

from dateutil.relativedelta import relativedelta
from odoo import Command

from odoo.addons.pm_base.tests.common import PmCase


class CashierCase(PmCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.property._ensure_accounts()
        cls.env["pm.payment.method"]._ensure_methods(cls.company)
        cls.item = cls.env["pm.fee.item"].create(
            {
                "code": "TST",
                "name": "Property fee",
                "legal_basis": "Price bureau 1",
                "contract_reference": "§ 8",
                "company_id": cls.company.id,
            }
        )
        cls.second_property = cls.env["pm.property"].create({"name": "Second", "code": "T2", "tz": "Asia/Shanghai"})
        cls.second_cashier = cls.cashier.copy(
            {"login": "pm_cashier_2", "name": "Cashier Two", "email": "cashier2@staff.example"}
        )
        cls.second_cashier.write({"pm_property_ids": [Command.set(cls.property.ids)]})

    @classmethod
    def method(cls, code):
        return cls.env["pm.payment.method"]._get(cls.company, code)

    @classmethod
    def charge(cls, unit=None, amount=100.0, due="2026-01-10", partner=None, item=None):
        """A posted charge without tax."""
        unit = unit or cls.units[0]
        due = date.fromisoformat(due) if isinstance(due, str) else due
        start = due.replace(day=1)
        charge = cls.env["pm.charge"]._create_charges(
            [
                {
                    "property_id": unit.property_id.id,
                    "unit_id": unit.id,
                    "partner_id": (partner or unit.payer_id).id,
                    "item_id": (item or cls.item).id,
                    "kind": "opening",
                    "origin": uuid4().hex,
                    "period_start": start,
                    "period_end": start + relativedelta(months=1, days=-1),
                    "due_date": due,
                    "amount": amount,
                    "text": "test",
                }
            ]
        )
        charge._approve()
        charge._post()
        return charge

    def request(self, parts, method="cash", amount=None, **values):
        """Values of a payment request for (charge, amount) pairs."""
        charges = (
            self.env["pm.charge"].union(*(charge for charge, _amount in parts)) if parts else self.env["pm.charge"]
        )
        total = sum(part for _charge, part in parts)
        return {
            "request_key": uuid4().hex,
            "direction": "in",
            "property_id": self.property.id,
            "partner_id": (charges.partner_id[:1] or self.owners[0]).id,
            "unit_id": charges.unit_id.id if len(charges.unit_id) == 1 else False,
            "method_id": self.method(method).id,
            "amount": total if amount is None else amount,
            "date": "2026-01-20",
            "lines": [{"charge_id": charge.id, "amount": part} for charge, part in parts],
            **values,
        }

    def pay(self, *parts, user=None, **values):
        return (
            self.env["pm.payment"]
            .with_user(user or self.cashier)
            ._register_payment(self.request(list(parts), **values))
        )

    def assert_books(self, prop=None):
        """Charges' residual less open credits = the receivable control account of the property."""
        prop = prop or self.property
        self.env.flush_all()
        self.env.invalidate_all()
        account = prop.receivable_account_id
        residual = sum(
            self.env["pm.charge"].search([("property_id", "=", prop.id), ("state", "=", "posted")]).mapped("residual")
        )
        credit = sum(
            self.env["pm.payment.line"]
            .search([("property_id", "=", prop.id), ("kind", "=", "credit")])
            .mapped("open_credit")
        )
        [[balance]] = self.env["account.move.line"]._read_group(
            [("account_id", "=", account.id), ("parent_state", "=", "posted"), ("partner_id", "in", self.owners.ids)],
            [],
            ["balance:sum"],
        )
        self.assertAlmostEqual(residual - credit, balance, 2)
        self.assertTrue(
            all(charge.residual >= 0 for charge in self.env["pm.charge"].search([("property_id", "=", prop.id)]))
        )
