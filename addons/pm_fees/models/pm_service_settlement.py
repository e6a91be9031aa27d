from markupsafe import Markup
from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import SQL


class PmServiceItem(models.Model):
    _inherit = "pm.service.item"

    fee_item_id = fields.Many2one(
        "pm.fee.item",
        "Charged As",
        check_company=True,
        domain="[('company_id', '=', company_id), ('category', '=', 'service')]",
        index="btree_not_null",
        help="Gives account and tax. Empty: the first fee item of the company for paid services.",
    )


class PmServiceOrder(models.Model):
    """Paid services are settled as charges: at once at the counter, or with the month's billing run in one notice.

    The order never knows about money: it is settled when its charge is paid, whatever paid it, and is due again when that
    payment is voided or the charge reversed. Source: S1-78, S1-81, S1-83, S1-90.
    """

    _inherit = "pm.service.order"

    charge_ids = fields.One2many("pm.charge", "service_order_id", "Charges", readonly=True)

    def _guard_quoted(self):
        """A charge stands on a unit: without one the order would be to settle for ever. Later the unit is fixed."""
        self._require(
            self.unit_id, self.env._("choose the unit before you tell the price: the charge is made to its account.")
        )
        super()._guard_quoted()

    def _settlement_due(self):
        """At once: a charge the cashier finds on the household. Monthly: the run of the month takes it up."""
        super()._settlement_due()
        self._charge_at_once()

    def action_reconcile(self):
        """What could not be charged when it was signed is charged now, so that nobody waits at the counter for a button.

        A charge that was reversed is another matter: why is the accountant's to know, and he charges it anew.
        """
        super().action_reconcile()
        due = self.filtered(lambda order: order.settlement_state == "due")
        # sudo: who reconciles need not see charges
        due.filtered(lambda order: not order.sudo().charge_ids)._charge_at_once()

    def _charge_at_once(self):
        """Charge the orders that are settled at once; what is missing for one is noted on it and holds up no other."""
        at_once = self.filtered(lambda order: order.settlement == "immediate")
        problems = at_once._charge_problems()
        for order, problem in problems.items():
            # Whoever signs the work off can do nothing about it: it waits for the accountant.
            order.sudo().message_post(body=problem)
        at_once.filtered(lambda order: order not in problems)._charge()

    def action_charge(self):
        """Charge orders that are due and that nothing charged yet, when what was missing is there."""
        if not (self.env.user.has_group("pm_base.group_accountant") or self.env.su):
            raise AccessError(self.env._("To charge service orders you must be a project accountant."))
        self.check_access("read")
        orders = self.filtered(lambda order: order.settlement_state == "due")._not_charged()
        if not orders:
            raise UserError(self.env._("These orders are charged already, or not to be settled yet."))
        for problem in orders._charge_problems().values():
            raise UserError(problem)
        orders._charge()

    def _not_charged(self):
        # sudo: who sees orders need not see charges
        charged = (
            self.env["pm.charge"].sudo().search([("service_order_id", "in", self.ids), ("state", "!=", "reversed")])
        )
        return self - charged.service_order_id.with_env(self.env)

    def _fee_items(self):
        """The fee item to charge of each order: the one of its services, else its company's first for paid services.

        :return: {order id: pm.fee.item}, read once for all
        """
        # sudo: whoever finishes the order has no right on fee items
        orders = self.sudo()
        firsts = {}
        for item in orders.env["pm.fee.item"].search(
            [("company_id", "in", orders.company_id.ids), ("category", "=", "service")]
        ):
            firsts.setdefault(item.company_id, item)
        nothing = orders.env["pm.fee.item"]
        return {
            order.id: order.line_ids.item_id.fee_item_id[:1] or firsts.get(order.company_id, nothing)
            for order in orders
        }

    def _charge_problems(self):
        """{order: why it cannot be charged}, of those that cannot; a sentence names the remedy."""
        items = self._fee_items()
        return {order: problem for order in self if (problem := order._charge_problem(items[order.id]))}

    def _charge_problem(self, item):
        self.ensure_one()
        if not self._prepare_settlement().get("unit_id"):
            return self.env._("%s cannot be charged without a unit: take the money by a receipt of its own.", self.name)
        if not item:
            return self.env._(
                "%s cannot be charged: a project accountant must set up a fee item of the category “Paid service”.",
                self.name,
            )
        return ""

    def _charge(self, run=None):
        """Make charges of the orders; those of no amount are settled by that.

        :param run: the billing run that posts them; without one they are posted and owed at once
        """
        # sudo: charges follow from the signed order; no role writes them by hand
        orders = self.sudo()._not_charged()
        free = orders.filtered(lambda order: order.currency_id.is_zero(order._prepare_settlement()["amount"]))
        if free and not run:
            free._settled(self.env._("free of charge"))
        orders -= free
        items = orders._fee_items()
        charges = (
            self.env["pm.charge"]
            .sudo()
            ._create_charges([order._prepare_service_charge(items[order.id], run) for order in orders])
        )
        if run or not charges:
            return charges
        charges._approve()
        for prop, own in charges.grouped("property_id").items():
            own._post()
            if prop.use_credit:
                own._apply_credit()
        return charges

    def _prepare_service_charge(self, item, run=None):
        values = self._prepare_settlement()
        currency = self.env["res.currency"].browse(values["currency_id"])
        rate, _included = item._tax_values()
        untaxed = currency.round(values["amount"] / (1 + rate))  # what the customer agreed to includes the tax
        day = values["date"]
        return {
            "property_id": values["property_id"],
            "unit_id": values["unit_id"],
            "partner_id": values["partner_id"],
            "item_id": item.id,
            "kind": "service",
            "origin": f"service:{self.id}",
            "service_order_id": self.id,
            "run_id": run.id if run else False,
            "period_start": day,
            "period_end": day,
            "due_date": run._due_date_of(item, run.date_to) if run else self.property_id._today(),
            "quantity": 1,
            "price_unit": values["amount"],
            "amount_untaxed": untaxed,
            "amount_tax": currency.round(values["amount"] - untaxed),
            "text": values["name"],
        }

    def _sync_settlement(self):
        """Settled as soon as the charge is paid, due again when it is not: the ledger decides."""
        # sudo: written by this step only, whoever took or voided the money
        for order in self.sudo():
            charges = order.charge_ids.filtered(lambda charge: charge.state == "posted")
            paid = bool(charges) and all(charge.paid_state == "paid" for charge in charges)
            if paid and order.settlement_state == "due":
                order._settled(", ".join(charges._receipt_names()) or self.env._("credit"))
            elif not paid and order.settlement_state == "settled" and order.charge_ids:
                order.write({"settlement_state": "due", "settled_at": False, "settlement_ref": False})
                order.message_post(body=self.env._("No longer paid: the receipt was voided or the charge reversed."))


class PmCharge(models.Model):
    _inherit = "pm.charge"

    service_order_id = fields.Many2one(
        "pm.service.order", readonly=True, index="btree_not_null", ondelete="restrict", copy=False
    )

    def _receipt_names(self):
        """Numbers of the receipts whose money settles these charges."""
        # sudo: the number of a receipt is printed on what it paid
        items = self.sudo().move_line_id.matched_credit_ids.credit_move_id
        lines = self.env["pm.payment.line"].sudo().search([("move_line_id", "in", items.ids)])
        return lines.payment_id.filtered(lambda payment: payment.state == "posted").mapped("receipt_name")

    @api.model
    def _money_changed(self, households):
        super()._money_changed(households)
        # One lean statement, because every payment asks it and hardly any household has an order.
        self.flush_model(["paid_state", "state"])
        self.env["pm.service.order"].flush_model(["settlement_state"])
        rows = self.env.execute_query(
            SQL(
                """SELECT DISTINCT charge.service_order_id
                     FROM pm_charge charge JOIN pm_service_order orders ON orders.id = charge.service_order_id
                    WHERE charge.unit_id = ANY(%s) AND charge.state = 'posted'
                      AND (charge.paid_state = 'paid') = (orders.settlement_state = 'due')""",
                list({unit for _partner, unit in households if unit}),
            )
        )
        # sudo: whoever took the money may not see orders
        self.env["pm.service.order"].sudo().browse(order_id for (order_id,) in rows)._sync_settlement()

    def _reverse(self, reason, date=None, note=None):
        result = super()._reverse(reason, date=date, note=note)
        self.service_order_id._sync_settlement()
        return result


class PmBillingRun(models.Model):
    _inherit = "pm.billing.run"

    def _on_units_computed(self):
        """Services of the month that are settled monthly stand on the same notice as the fees."""
        super()._on_units_computed()
        if self.correction_id:
            return
        # sudo: orders are the service centre's; the accountant who computes sees their charges
        orders = (
            self.env["pm.service.order"]
            .sudo()
            .search(
                [
                    ("property_id", "=", self.property_id.id),
                    ("settlement_state", "=", "due"),
                    ("settlement", "=", "monthly"),
                    ("done_at", "<", self.property_id._local_to_utc(fields.Date.add(self.date_to, days=1), 0)),
                ]
            )
            ._not_charged()
        )
        if self.item_ids:
            items = orders._fee_items()
            orders = orders.filtered(lambda order: items[order.id] in self.item_ids)
        problems = orders._charge_problems()
        if problems:
            self.message_post(body=Markup("<br/>").join(problems.values()))
        orders.filtered(lambda order: order not in problems)._charge(run=self)

    def _on_posted(self):
        super()._on_posted()
        charges = self.env["pm.charge"].search([("run_id", "in", self.ids), ("service_order_id", "!=", False)])
        charges.service_order_id._sync_settlement()
