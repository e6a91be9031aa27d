from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain

from odoo.addons.pm_base.tools.labels import selection_label

_RESULTS = 20
_CHARGES = 500


def _well_formed(request):
    """Whether a request to pay, which any client may send, names its records by ids and has its lines; amounts are checked later."""
    lines = request.get("lines") or [] if isinstance(request, dict) else None
    return (
        isinstance(lines, list)
        and all(type(request.get(name)) is int for name in ("unit_id", "partner_id", "method_id"))
        and isinstance(request.get("note") or "", str)
        and all(isinstance(line, dict) and type(line.get("charge_id")) is int and "amount" in line for line in lines)
    )


class PmPayment(models.Model):
    """What the counter screen asks the server for. Money itself goes through `_register_payment`."""

    _inherit = "pm.payment"

    @api.model
    def counter_setup(self):
        """Properties, payment methods and cash sessions of the cashier, for the screen when it opens."""
        self.check_access("read")
        properties = self.env["pm.property"].search([])
        self.env["pm.payment.method"]._ensure_methods(properties.company_id)
        methods = self.env["pm.payment.method"].search(
            [("at_counter", "=", True), ("company_id", "in", properties.company_id.ids)]
        )
        sessions = self.env["pm.cash.session"].search([("user_id", "=", self.env.uid), ("state", "=", "open")])
        return {
            "may_register": self.env.user.has_group("pm_base.group_cashier"),
            "properties": [{"id": prop.id, "name": prop.name, "company_id": prop.company_id.id} for prop in properties],
            "methods": [
                {"id": method.id, "code": method.code, "name": method.display_name, "company_id": method.company_id.id}
                for method in methods
            ],
            "sessions": {session.property_id.id: session.id for session in sessions},
        }

    @api.model
    def counter_search(self, query, property_id=False):
        """Households by what a person may say: unit, name, phone, plate, e-mail; the search of the service counter.

        :return: list of dicts id, name, property, payer, phone, owed, currency_id; those who owe first
        """
        # Who owes what is for those who may see payments (L-02), not for everybody who sees the unit.
        self.check_access("read")
        text = (query or "").strip()[:100]
        if not text:
            return []
        domain = Domain("display_name", "ilike", text)
        if property_id:
            domain &= Domain("property_id", "=", property_id)
        units = self.env["pm.unit"].with_context(pm_counter_search=True).search(domain, limit=_RESULTS)
        units.fetch(["name", "property_id"])
        return sorted(
            (
                {
                    "id": unit.id,
                    "name": unit.name,
                    "property": unit.property_id.name,
                    "payer": unit.payer_id.name or "",
                    "phone": unit.payer_id.phone or "",
                    "owed": unit.pm_open,
                    "currency_id": unit.currency_id.id,
                }
                for unit in units
            ),
            key=lambda row: (row["name"].lower() != text.lower(), not row["owed"]),
        )

    @api.model
    def counter_household(self, unit_id):
        """One household: who pays, what is owed by age, what is kept as credit.

        :return: dict for the screen; amounts are numbers in the company's currency
        """
        self.check_access("read")
        unit = self.env["pm.unit"].browse(unit_id).exists()
        if not unit:
            raise UserError(self.env._("This unit does not exist any more."))
        unit.check_access("read")
        today = unit.property_id._today()
        charges = self.env["pm.charge"].search(
            [("unit_id", "=", unit.id), ("state", "=", "posted"), ("residual", ">", 0)], limit=_CHARGES
        )
        credits = self._household_credits(unit, charges)
        payers = unit.payer_id | charges.partner_id | self.env["res.partner"].browse(credits)
        recent = self.search([("unit_id", "=", unit.id), ("state", "!=", "draft")], limit=5)
        return {
            "id": unit.id,
            "name": unit.display_name,
            "property_id": unit.property_id.id,
            "property": unit.property_id.name,
            "company_id": unit.company_id.id,
            "currency_id": unit.currency_id.id,
            "digits": unit.currency_id.decimal_places,
            "area": unit.area_chargeable,
            "status": selection_label(unit, "status"),
            "payers": [
                {"id": payer.id, "name": payer.name, "phone": payer.phone or "", "email": payer.email or ""}
                for payer in payers
            ],
            "occupants": ", ".join(unit.occupant_ids.mapped("name")),
            "credits": {payer.id: credits.get(payer.id, 0.0) for payer in payers},
            "charges": [
                {
                    "id": charge.id,
                    "payer_id": charge.partner_id.id,
                    "item": charge.item_id.name,
                    "period": charge._period_text(),
                    "due": fields.Date.to_string(charge.due_date),
                    "days": (today - charge.due_date).days,
                    "total": charge.amount_total,
                    "residual": charge.residual,
                    "explanation": charge.explanation or "",
                }
                for charge in charges
            ],
            "recent": [
                {
                    "id": payment.id,
                    "receipt": payment.receipt_name,
                    "date": fields.Date.to_string(payment.date),
                    "amount": payment.amount,
                    "method": payment.method_id.display_name,
                    "void": payment.state == "reversed",
                }
                for payment in recent
            ],
        }

    @api.model
    def counter_pay(self, request):
        """Take a payment at the counter.

        :param dict request: request_key, unit_id, partner_id, method_id, amount, lines [{charge_id, amount}], cash_given, note, allow_credit
        :return: dict payment_id, receipt, amount, change, session_id, report (action that prints the receipt)
        :raise UserError: the request has another shape; and as `_register_payment`
        """
        if not _well_formed(request):
            raise UserError(self.env._("This is no request of the counter: load the page again."))
        unit = self.env["pm.unit"].browse(request["unit_id"])
        key = str(request.get("request_key") or "").strip()
        payment = self._register_payment(
            {
                # Of the counter only: no cashier books under the key of an online payment, a bank line or a refund.
                "request_key": key and f"counter/{key}",
                "direction": "in",
                "source": "counter",
                "property_id": unit.property_id.id,
                **{
                    name: request.get(name)
                    for name in (
                        "unit_id",
                        "partner_id",
                        "method_id",
                        "amount",
                        "cash_given",
                        "note",
                        "allow_credit",
                    )
                },
                "lines": [
                    {"charge_id": line["charge_id"], "amount": line["amount"]} for line in request.get("lines") or []
                ],
            }
        )
        return {
            "payment_id": payment.id,
            "receipt": payment.receipt_name,
            "amount": payment.amount,
            "change": payment.cash_change,
            "session_id": payment.session_id.id,
            "report": payment.action_print(),
        }

    @api.model
    def counter_use_credit(self, unit_id, partner_id, charge_ids):
        """Pay the chosen charges from the payer's credit on this unit, oldest first. No money moves: it was receipted before.

        :return: dict used (amount)
        :raise AccessError: the user is no cashier
        :raise UserError: there is no credit, or nothing is owed
        """
        self._check_may_register({})
        unit = self.env["pm.unit"].browse(unit_id).exists()
        unit.check_access("read")
        charges = self.env["pm.charge"].search(
            [
                ("id", "in", charge_ids),
                ("unit_id", "=", unit.id),
                ("partner_id", "=", partner_id),
                ("state", "=", "posted"),
            ]
        )
        return {"used": self._use_credit(unit, partner_id, charges)}

    @api.model
    def _use_credit(self, unit, partner_id, charges):
        """Pay charges of one household from its credit, oldest first.

        :return: amount used
        :raise UserError: there is no credit, or nothing is owed
        """
        credit = self.env["pm.charge"]._usable_credit(self.env["pm.charge"]._household_credit(unit, partner_id))
        # sudo: credit and charges are reconciled for the cashier or the payer himself, whom the caller has checked
        self._lock_items(charges.sudo().move_line_id | credit)
        charges.invalidate_recordset(["residual", "amount_paid", "paid_state"])
        charges = charges.filtered(lambda charge: charge.residual > 0)
        credit = credit.filtered(lambda item: item.amount_residual < 0)
        if not charges or not credit:
            raise UserError(
                self.env._("There is no credit to use, or nothing that it could pay: load the household again.")
            )
        owed = sum(charges.mapped("residual"))
        self.env["account.move.line"].sudo()._reconcile_plan([charges.sudo().move_line_id | credit])
        used = unit.currency_id.round(owed - sum(charges.mapped("residual")))
        for payment in self.sudo().search([("line_ids.move_line_id", "in", credit.ids)]):
            payment.message_post(
                body=self.env._(
                    "%(user)s used credit for %(charges)s.",
                    user=self.env.user.name,
                    charges=", ".join(charges.mapped("display_name")),
                )
            )
        self.env["pm.charge"]._money_changed({(partner_id, unit.id)})
        return used

    @api.model
    def _household_credits(self, unit, charges):
        """{payer id: credit on a unit}: of who pays now, who owes, and of former payers whose money is still here.

        What is asked back is on its way out and pays nothing.
        """
        # sudo: of former parties only the names of those are shown that the charges and credit name anyhow
        parties = unit.sudo().with_context(active_test=False).party_ids.filtered("is_payer").partner_id
        payers = unit.payer_id | charges.partner_id | parties
        credits = {}
        found = self.env["pm.charge"]._usable_only(
            self.env["pm.charge"]._open_credit(unit.property_id, payers.ids, unit.ids)
        )
        for (unit_id, payer_id), items in found.items():
            # Money without a unit serves every unit of its payer: shown where he pays or owes.
            if unit_id or payer_id in (unit.payer_id | charges.partner_id).ids:
                amount = credits.get(payer_id, 0.0) - sum(items.mapped("amount_residual"))
                credits[payer_id] = unit.currency_id.round(amount)
        return credits
