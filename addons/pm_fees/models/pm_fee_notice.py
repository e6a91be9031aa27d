from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import SQL

_DELIVERY_FIELDS = {"delivered_on", "delivery_method", "delivery_proof"}


class PmFeeNotice(models.Model):
    """Payment notice (缴费通知单) of one run to one payer of one unit, with proof of its delivery (S4-22, S1-27)."""

    _name = "pm.fee.notice"
    _description = "Payment notice"
    _inherit = ["portal.mixin"]
    _order = "run_id desc, unit_id, id"

    _once = models.Constraint(
        "UNIQUE (run_id, unit_id, partner_id)", "This payer has a notice of this run for the unit."
    )
    _payer_index = models.Index("(partner_id, unit_id)")

    name = fields.Char("Number", required=True, readonly=True)
    run_id = fields.Many2one("pm.billing.run", "Billing run", required=True, readonly=True, ondelete="cascade")
    property_id = fields.Many2one("pm.property", required=True, readonly=True, index=True)
    company_id = fields.Many2one("res.company", required=True, readonly=True)
    currency_id = fields.Many2one("res.currency", required=True, readonly=True)
    unit_id = fields.Many2one("pm.unit", required=True, readonly=True, index=True)
    partner_id = fields.Many2one("res.partner", "Payer", required=True, readonly=True)
    date = fields.Date("Issued on", required=True, readonly=True)
    charge_ids = fields.Many2many("pm.charge", compute="_compute_charges", string="Charges")
    amount_total = fields.Monetary("Total", compute="_compute_charges")
    amount_due = fields.Monetary("Of these unpaid", compute="_compute_charges")
    arrears = fields.Monetary(
        "Earlier arrears", compute="_compute_charges", help="Unpaid charges due before this notice."
    )
    due_date = fields.Date("Due", compute="_compute_charges")
    reference = fields.Char("Payment reference", compute="_compute_charges")
    delivered_on = fields.Date()
    delivered_by = fields.Many2one("res.users", readonly=True)
    delivery_method = fields.Selection(
        [
            ("hand", "By hand"),
            ("mailbox", "Letter box"),
            ("email", "E-mail"),
            ("sms", "SMS"),
            ("post", "Registered post"),
        ]
    )
    delivery_proof = fields.Char(help="Who took it, photo number, postal number.")

    @api.depends("run_id", "unit_id", "partner_id")
    def _compute_charges(self):
        charges = {}
        for charge in self.env["pm.charge"].search(
            [("run_id", "in", self.run_id.ids), ("unit_id", "in", self.unit_id.ids), ("state", "=", "posted")],
            order="item_id, period_start",
        ):
            charges.setdefault((charge.run_id, charge.unit_id, charge.partner_id), []).append(charge.id)
        older = {}
        for charge in self.env["pm.charge"].search(
            [
                ("unit_id", "in", self.unit_id.ids),
                ("partner_id", "in", self.partner_id.ids),
                ("paid_state", "in", ("unpaid", "partial")),
            ],
        ):
            older.setdefault((charge.unit_id, charge.partner_id), []).append(charge)
        for notice in self:
            own = self.env["pm.charge"].browse(charges.get((notice.run_id, notice.unit_id, notice.partner_id), []))
            notice.charge_ids = own
            notice.amount_total = sum(own.mapped("amount_total"))
            notice.amount_due = sum(own.mapped("residual"))
            notice.due_date = min(own.mapped("due_date"), default=False)
            notice.arrears = sum(
                charge.residual
                for charge in older.get((notice.unit_id, notice.partner_id), [])
                if charge.run_id != notice.run_id and charge.due_date < (notice.due_date or notice.date)
            )
            notice.reference = own[:1].reference

    @api.model_create_multi
    def create(self, vals_list):
        if not self.env.su:
            raise AccessError(self.env._("Payment notices are made from a posted billing run."))
        return super().create(vals_list)

    def write(self, vals):
        """People record the delivery; what the notice says, and who recorded it, is written by the program."""
        if not self.env.su and vals.keys() - _DELIVERY_FIELDS:
            raise AccessError(self.env._("A payment notice does not change: only its delivery is recorded."))
        if "delivered_on" in vals:
            vals = {**vals, "delivered_by": self.env.uid if vals["delivered_on"] else False}
        return super().write(vals)

    def _compute_access_url(self):
        for notice in self:
            notice.access_url = "/my/bills"

    @api.model
    def _create_for_runs(self, runs):
        """Notices of posted runs, one for each payer and unit; those that exist stay.

        :return: all notices of the runs
        """
        self.env["pm.charge"].flush_model()
        posted = runs.filtered(lambda run: run.state in ("posting", "posted"))
        if posted:
            self.env.cr.execute(
                SQL(
                    """INSERT INTO pm_fee_notice (name, run_id, property_id, company_id, currency_id, unit_id, partner_id, date,
                                              create_uid, write_uid, create_date, write_date)
                   SELECT prop.code || '-' || to_char(run.date_from, 'YYYYMM') || '-' || unit.code
                          || CASE WHEN row_number() OVER (PARTITION BY run.id, unit.id ORDER BY grouped.partner_id) > 1
                                  THEN '-' || row_number() OVER (PARTITION BY run.id, unit.id ORDER BY grouped.partner_id) ELSE '' END,
                          run.id, prop.id, run.company_id, grouped.currency_id, unit.id, grouped.partner_id, run_date.date,
                          %(uid)s, %(uid)s, now() AT TIME ZONE 'UTC', now() AT TIME ZONE 'UTC'
                     FROM (SELECT run_id, unit_id, partner_id, currency_id FROM pm_charge
                            WHERE run_id = ANY(%(runs)s) AND state = 'posted' AND amount_total <> 0 GROUP BY 1, 2, 3, 4) grouped
                     JOIN pm_billing_run run ON run.id = grouped.run_id
                     JOIN pm_property prop ON prop.id = run.property_id
                     JOIN pm_unit unit ON unit.id = grouped.unit_id
                     JOIN (VALUES %(dates)s) AS run_date(id, date) ON run_date.id = run.id
                    ORDER BY unit.code
                   ON CONFLICT DO NOTHING""",
                    uid=self.env.uid,
                    runs=list(posted.ids),
                    dates=SQL(", ").join(SQL("(%s, %s::date)", run.id, run.property_id._today()) for run in posted),
                )
            )
            self.invalidate_model()
        return self.search([("run_id", "in", runs.ids)])

    def action_mark_delivered(self):
        """Record delivery by hand today; the method can be corrected in the row."""
        for notice in self:
            notice.write(
                {
                    "delivered_on": notice.delivered_on or notice.property_id._today(),
                    "delivery_method": notice.delivery_method or "hand",
                }
            )

    def action_send(self):
        """Queue the notices for sending by the message service, each once, with the PDF."""
        notices = self.filtered(lambda notice: notice.amount_total)
        if not notices:
            raise UserError(self.env._("Nothing to send: these notices have no posted charges."))
        self.env["pm.message"]._enqueue_template(
            "service",
            "pm_fees.mail_template_fee_notice",
            notices,
            "fee-notice",
            channel="email",
            partner=lambda notice: notice.partner_id,
        )
        notices.filtered(lambda notice: not notice.delivered_on).write({"delivery_method": "email"})
        for notice in notices.filtered(lambda notice: not notice.delivered_on):
            notice.write({"delivered_on": notice.property_id._today()})

    def _payment_url(self):
        """Address behind the QR code: the payer's open bills in the portal, where they can be paid."""
        self.ensure_one()
        return f"{self.get_base_url()}/my/bills"
