"""A property with tariffs: what the tests of billing and cashier share."""

from odoo import Command

from odoo.addons.pm_base.tests.common import PmCase


class BillingCase(PmCase):
    """T1 with a fee per m² (2.80, 6 % tax included), a fixed fee (50) and metered water (tiers), assigned to its units."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.Run = cls.env["pm.billing.run"]
        cls.Charge = cls.env["pm.charge"]
        cls.property._ensure_accounts()
        cls.company.vat = "91440300MAXX99983B"  # stands on every invoice
        cls.tax = cls.env["account.tax"].search(
            [("type_tax_use", "=", "sale"), ("amount", "=", 6), ("company_id", "=", cls.company.id)], limit=1
        )
        cls.tax_included = cls.tax.copy({"name": "6% incl", "price_include_override": "tax_included"})
        cls.item_area = cls.make_item("PF", "Property fee", tax=cls.tax_included)
        cls.item_fixed = cls.make_item("RF", "Refuse fee", category="other")
        cls.item_water = cls.make_item("WA", "Water", category="water", pass_through=True, uom_name="m³")
        cls.tariff_area = cls.make_tariff(cls.item_area, "2026-A", "area", 2.8)
        cls.tariff_fixed = cls.make_tariff(cls.item_fixed, "2026-A", "fixed", 50)
        for item in (cls.item_area, cls.item_fixed):
            cls.assign(item, cls.units)

    @classmethod
    def make_item(cls, code, name, tax=None, **values):
        item = cls.env["pm.fee.item"].create(
            {
                "code": code,
                "name": name,
                "category": "property",
                "legal_basis": "Price Law art. 13",
                "contract_reference": "Contract art. 12",
                **values,
            }
        )
        if tax:
            item.product_id.taxes_id = [Command.set(tax.ids)]
        return item

    @classmethod
    def make_tariff(cls, item, name, method, price=0.0, date_from="2024-01-01", approve=True, **values):
        tariff = (
            cls.env["pm.fee.tariff"]
            .with_user(cls.accountant)
            .create(
                {
                    "item_id": item.id,
                    "property_id": cls.property.id,
                    "name": name,
                    "method": method,
                    "price": price,
                    "date_from": date_from,
                    **values,
                }
            )
        )
        if approve:
            tariff.with_user(cls.supervisor).action_approve()
        return tariff.with_env(cls.env)

    @classmethod
    def assign(cls, item, units, date_from="2024-01-01", **values):
        return cls.env["pm.fee.assignment"].create(
            [{"unit_id": unit.id, "item_id": item.id, "date_from": date_from, **values} for unit in units]
        )

    @classmethod
    def make_run(cls, month="2026-11-01", items=None, **values):
        return cls.Run.with_user(cls.accountant).create(
            {
                "property_id": cls.property.id,
                "date_from": month,
                "item_ids": [Command.set(items.ids)] if items else False,
                **values,
            }
        )

    @classmethod
    def bill(cls, month="2026-11-01", items=None, **values):
        """A run all the way into the ledger."""
        run = cls.make_run(month, items, **values)
        run.action_compute()
        run.with_user(cls.supervisor).action_approve()
        run.with_user(cls.accountant).action_post()
        return run.with_env(cls.env)

    @classmethod
    def more_units(cls, count):
        """`count` units with an owner who pays and both time-based fees."""
        partners = cls.env["res.partner"].create([{"name": f"P{n:05d}"} for n in range(count)])
        units = cls.env["pm.unit"].create(
            [
                {
                    "code": f"B-{n:05d}",
                    "property_id": cls.property.id,
                    "building_id": cls.building.id,
                    "area_chargeable": 50 + n % 97,
                    "area_built": 60,
                    "handover_date": "2024-01-01",
                }
                for n in range(count)
            ]
        )
        cls.env["pm.unit.party"].create(
            [
                {
                    "unit_id": unit.id,
                    "partner_id": partner.id,
                    "role": "owner",
                    "share": 100,
                    "is_payer": True,
                    "date_from": "2024-01-01",
                }
                for unit, partner in zip(units, partners, strict=True)
            ]
        )
        for item in (cls.item_area, cls.item_fixed):
            cls.assign(item, units)
        return units

    def pay(self, charges, amount=None, date="2026-11-20"):
        """Money on the bank against the receivable lines of charges, as any payment of Odoo books it."""
        amount = amount if amount is not None else sum(charges.mapped("residual"))
        journal = self.env["account.journal"].search(
            [("type", "=", "bank"), ("company_id", "=", self.company.id)], limit=1
        ) or self.env["account.journal"].create({"name": "Bank", "type": "bank", "code": "BNKT"})
        receivable = self.property.receivable_account_id
        move = self.env["account.move"].create(
            {
                "move_type": "entry",
                "journal_id": journal.id,
                "date": date,
                "line_ids": [
                    Command.create({"account_id": journal.default_account_id.id, "balance": amount, "name": "in"}),
                    Command.create(
                        {
                            "account_id": receivable.id,
                            "balance": -amount,
                            "partner_id": charges[0].partner_id.id,
                            "name": "in",
                        }
                    ),
                ],
            }
        )
        move.action_post()
        credit = move.line_ids.filtered(lambda line: line.account_id == receivable)
        (charges.move_line_id | credit).reconcile()
        return credit

    def assertLedgerMatches(self):
        """Invariants: every entry balances; what charges owe is what their receivable lines have left."""
        self.env.flush_all()
        self.env.cr.execute(
            """
            SELECT move_id FROM account_move_line WHERE journal_id = %s GROUP BY move_id HAVING round(sum(balance), 2) <> 0
        """,
            [self.property.billing_journal_id.id],
        )
        self.assertFalse(self.env.cr.fetchall(), "unbalanced entries")
        charges = self.Charge.search([("property_id", "=", self.property.id), ("state", "=", "posted")])
        lines = self.env["account.move.line"].search(
            [("account_id", "=", self.property.receivable_account_id.id), ("pm_charge_ids", "in", charges.ids)]
        )
        self.assertAlmostEqual(sum(charges.mapped("residual")), sum(lines.mapped("amount_residual")), 2)
        reversals = self.Charge.search(
            [("property_id", "=", self.property.id), ("state", "=", "reversed")]
        ).reverse_line_id
        self.assertFalse(reversals.filtered("amount_residual"))
        self.assertFalse(charges.filtered(lambda charge: charge.amount_total and not charge.move_line_id))
