"""A property whose charges are paid on real connections, for tests of what happens between two commits."""

from odoo import SUPERUSER_ID, api
from odoo.sql_db import db_connect
from odoo.tests.common import get_db_name
from odoo.tools import SQL


def unbook(cr, prop):
    """Take receipts, sessions and entries of a property (its id) out again, which the program itself never deletes."""
    cr.execute(
        """SELECT move_id FROM pm_payment WHERE property_id = %(prop)s
            UNION SELECT line.move_id FROM pm_charge charge JOIN account_move_line line ON line.id = charge.move_line_id
                   WHERE charge.property_id = %(prop)s""",
        {"prop": prop},
    )
    moves = tuple(row[0] for row in cr.fetchall() if row[0]) or (0,)
    for table in ("pm_payment_line", "pm_payment", "pm_cash_session", "pm_receipt_book"):
        cr.execute(SQL("DELETE FROM %s WHERE property_id = %s", SQL.identifier(table), prop))
    cr.execute("UPDATE pm_charge SET state = 'draft', move_line_id = NULL WHERE property_id = %s", [prop])
    cr.execute(
        "DELETE FROM account_partial_reconcile WHERE debit_move_id IN (SELECT id FROM account_move_line WHERE move_id IN %s)",
        [moves],
    )
    cr.execute("DELETE FROM account_move_line WHERE move_id IN %s", [moves])
    cr.execute("DELETE FROM account_move WHERE id IN %s", [moves])


class PayingProperty:
    """Mix into a BaseCase. Commits to the throw-away test database and cleans up after itself."""

    def setUp(self):
        super().setUp()
        self.database = db_connect(get_db_name())
        self.context = {"tracking_disable": True}
        with self.database.cursor() as cr:
            env = api.Environment(cr, SUPERUSER_ID, self.context)
            prop = env["pm.property"].create({"name": "Pay race", "code": "PAYRACE"})
            prop._ensure_accounts()
            building = env["pm.building"].create({"name": "R", "code": "R", "property_id": prop.id})
            unit = env["pm.unit"].create({"code": "R-1", "property_id": prop.id, "building_id": building.id})
            partner = env["res.partner"].create({"name": "Pay race"})
            item = env["pm.fee.item"].create(
                {"code": "PAYRACE", "name": "Fee", "legal_basis": "-", "contract_reference": "-"}
            )
            charges = env["pm.charge"]._create_charges(
                [
                    {
                        "property_id": prop.id,
                        "unit_id": unit.id,
                        "partner_id": partner.id,
                        "item_id": item.id,
                        "kind": "opening",
                        "origin": f"race{number}",
                        "period_start": "2026-01-01",
                        "period_end": "2026-01-31",
                        "due_date": "2026-01-10",
                        "amount": 100,
                    }
                    for number in range(4)
                ]
            )
            charges._approve()
            charges._post()
            self.method = env["pm.payment.method"]._get(prop.company_id, "wechat").id
            env["pm.receipt.book"]._ensure_book(prop, "in")
            self.prop, self.unit, self.partner, self.item, self.charges = (
                prop.id,
                unit.id,
                partner.id,
                item.id,
                charges.ids,
            )
        self.addCleanup(self._clean)

    def _clean(self):
        with self.database.cursor() as cr:
            cr.execute("DELETE FROM pm_refund WHERE property_id = %s", [self.prop])
            unbook(cr, self.prop)
            env = api.Environment(cr, SUPERUSER_ID, self.context)
            env["pm.charge"].browse(self.charges).unlink()
            env["pm.fee.item"].browse(self.item).unlink()
            env["pm.unit"].browse(self.unit).unlink()
            env["pm.property"].browse(self.prop).building_ids.unlink()
            env["pm.property"].browse(self.prop).unlink()
            env["res.partner"].browse(self.partner).unlink()

    def _pay(self, env, key, charge):
        return env["pm.payment"]._register_payment(
            {
                "request_key": key,
                "direction": "in",
                "property_id": self.prop,
                "partner_id": self.partner,
                "unit_id": self.unit,
                "method_id": self.method,
                "amount": 100,
                "lines": [{"charge_id": charge, "amount": 100}] if charge else [],
                "allow_credit": not charge,
            }
        )

    def _payments(self):
        with self.database.cursor() as cr:
            cr.execute("SELECT receipt_number FROM pm_payment WHERE property_id = %s ORDER BY 1", [self.prop])
            return [row[0] for row in cr.fetchall()]
