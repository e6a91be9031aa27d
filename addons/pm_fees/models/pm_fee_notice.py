from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.fields import Domain
from odoo.tools import SQL

_DELIVERY_FIELDS = {"delivered_on", "delivery_method", "delivery_proof"}


class PmFeeNotice(models.Model):
    """Payment notice (缴费通知单) of one run to one payer, with proof of its delivery (S4-22, S1-27).

    Who pays for several units gets one over all of them, with services and fees (S1-80), unless the property wants one for
    each unit. A notice over several units has no unit of its own.
    """

    _name = "pm.fee.notice"
    _description = "Payment notice"
    _inherit = ["portal.mixin"]
    _order = "run_id desc, unit_id, id"

    _once = models.Constraint(
        "UNIQUE (run_id, unit_id, partner_id)", "This payer has a notice of this run for the unit."
    )
    _payer_index = models.Index("(partner_id, unit_id)")
    _once_together = models.UniqueIndex(
        "(run_id, partner_id) WHERE unit_id IS NULL", "This payer has a notice of this run for all units."
    )
    # Few of those of many years are still to be delivered.
    _to_deliver_index = models.Index("(property_id, date) WHERE delivered_on IS NULL")

    name = fields.Char("Number", required=True, readonly=True)
    run_id = fields.Many2one("pm.billing.run", "Billing run", required=True, readonly=True, ondelete="cascade")
    property_id = fields.Many2one("pm.property", required=True, readonly=True, index=True)
    company_id = fields.Many2one("res.company", required=True, readonly=True)
    currency_id = fields.Many2one("res.currency", required=True, readonly=True)
    unit_id = fields.Many2one("pm.unit", readonly=True, index=True, help="Empty: several units of this payer.")
    unit_ids = fields.Many2many("pm.unit", compute="_compute_charges", search="_search_unit_ids", string="Units")
    unit_names = fields.Char("Unit or units", compute="_compute_charges")
    partner_id = fields.Many2one("res.partner", "Payer", required=True, readonly=True)
    date = fields.Date("Issued on", required=True, readonly=True)
    charge_ids = fields.Many2many("pm.charge", compute="_compute_charges", string="Charges")
    amount_total = fields.Monetary("Total", compute="_compute_charges")
    amount_due = fields.Monetary("Of these unpaid", compute="_compute_charges")
    arrears = fields.Monetary(
        "Earlier arrears", compute="_compute_charges", help="Unpaid charges due before this notice."
    )
    credit = fields.Monetary(
        "Credit kept",
        compute="_compute_credit",
        help="Money of the payer that no charge has used yet, and that is not asked back.",
    )
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
        paid_by = [("partner_id", "in", self.partner_id.ids), ("property_id", "in", self.property_id.ids)]
        charges, older = {}, {}
        found = self.env["pm.charge"].search(
            [*paid_by, ("run_id", "in", self.run_id.ids), ("state", "=", "posted")],
            order="unit_id, item_id, period_start",
        )
        # sudo: a notice names its units, also to a payer who may no longer read them
        names = {unit: unit.name for unit in (found.unit_id | self.unit_id).sudo()}
        for charge in found:
            charges.setdefault((charge.run_id, charge.partner_id), []).append(charge)
        for charge in self.env["pm.charge"].search([*paid_by, ("paid_state", "in", ("unpaid", "partial"))]):
            older.setdefault((charge.property_id, charge.partner_id), []).append(charge)
        for notice in self:
            own = self.env["pm.charge"].union(
                *(
                    charge
                    for charge in charges.get((notice.run_id, notice.partner_id), [])
                    if not notice.unit_id or charge.unit_id == notice.unit_id
                )
            )
            notice.charge_ids = own
            notice.unit_ids = notice.unit_id or own.unit_id
            notice.unit_names = "、".join(names[unit] for unit in notice.unit_ids)
            notice.amount_total = sum(own.mapped("amount_total"))
            notice.amount_due = sum(own.mapped("residual"))
            notice.arrears = sum(
                charge.residual
                for charge in older.get((notice.property_id, notice.partner_id), [])
                if (not notice.unit_id or charge.unit_id == notice.unit_id)
                and charge.run_id != notice.run_id
                and charge.due_date < (notice.due_date or notice.date)
            )
            notice.reference = own[:1].reference

    @api.model
    def _search_unit_ids(self, operator, value):
        """A notice over several units is found by each of them."""
        charges = self.env["pm.charge"]._search([("unit_id", operator, value), ("run_id", "!=", False)])
        together = Domain("unit_id", "=", False) & Domain("partner_id", "in", charges.subselect("partner_id"))
        return Domain("unit_id", operator, value) | together & Domain("run_id", "in", charges.subselect("run_id"))

    @api.depends("property_id", "unit_id", "partner_id")
    def _compute_credit(self):
        """Of the unit of the notice, or of all units of the payer where it is over several."""
        for prop, notices in self.grouped("property_id").items():
            charges = self.env["pm.charge"]
            units = notices.unit_id.ids if all(notice.unit_id for notice in notices) else None
            kept = {}
            for (unit_id, partner_id), items in charges._usable_only(
                charges._open_credit(prop, notices.partner_id.ids, units)
            ).items():
                kept.setdefault(partner_id, {})[unit_id] = -sum(items.mapped("amount_residual"))
            for notice in notices:
                own = kept.get(notice.partner_id.id, {})
                notice.credit = own.get(notice.unit_id.id, 0.0) if notice.unit_id else sum(own.values())

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
        """Notices of posted runs, one for each payer, or payer and unit; those that exist stay.

        :return: all notices of the runs
        """
        self.env.flush_all()
        # Not before the last charge is in the ledger: what a payer owes for his other units may still be to come.
        posted = runs.filtered(lambda run: run.state == "posted")
        if posted:
            self.env.cr.execute(
                SQL(
                    """
                    WITH household AS (
                        SELECT charge.run_id, charge.unit_id, charge.partner_id, charge.currency_id, min(charge.due_date) AS due_date,
                               prop.notice_per = 'payer'
                               AND count(*) OVER (PARTITION BY charge.run_id, charge.partner_id, charge.currency_id) > 1 AS together
                          FROM pm_charge charge JOIN pm_property prop ON prop.id = charge.property_id
                         WHERE charge.run_id = ANY(%(runs)s) AND charge.state = 'posted' AND charge.amount_total <> 0
                         GROUP BY charge.run_id, charge.unit_id, charge.partner_id, charge.currency_id, prop.notice_per
                    ),
                    grouped AS (
                        SELECT run_id, CASE WHEN NOT together THEN unit_id END AS unit_id, partner_id, currency_id,
                               min(due_date) AS due_date, min(unit_id) AS first_unit_id, count(*) - 1 AS others
                          FROM household GROUP BY 1, 2, 3, 4
                    )
                    INSERT INTO pm_fee_notice (name, run_id, property_id, company_id, currency_id, unit_id, partner_id, date,
                                               due_date, in_time, create_uid, write_uid, create_date, write_date)
                    SELECT prop.code || '-' || to_char(run.date_from, 'YYYYMM') || '-' || unit.code
                           || CASE WHEN others > 0 THEN '+' || others ELSE '' END
                           || CASE WHEN row_number() OVER number > 1 THEN '-' || row_number() OVER number ELSE '' END,
                           run.id, prop.id, run.company_id, grouped.currency_id, grouped.unit_id, grouped.partner_id, run_date.date,
                           grouped.due_date, false, %(uid)s, %(uid)s, now() AT TIME ZONE 'UTC', now() AT TIME ZONE 'UTC'
                      FROM grouped
                      JOIN pm_billing_run run ON run.id = grouped.run_id
                      JOIN pm_property prop ON prop.id = run.property_id
                      JOIN pm_unit unit ON unit.id = grouped.first_unit_id
                      JOIN (VALUES %(dates)s) AS run_date(id, date) ON run_date.id = run.id
                     -- Made one for each unit, or over all, before the property changed its mind.
                     WHERE NOT EXISTS (SELECT FROM pm_fee_notice other
                                        WHERE other.run_id = grouped.run_id AND other.partner_id = grouped.partner_id
                                          AND (other.unit_id IS NULL) <> (grouped.unit_id IS NULL))
                    WINDOW number AS (PARTITION BY run.id, unit.id, others > 0 ORDER BY grouped.partner_id)
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
        """Queue the notices for sending by the message service, each once, with the PDF.

        The dispatcher makes the papers: a month of a large property is thousands of them. Delivered is what the mail
        server took, see pm_fee_notice_delivery.

        :return: notice of what happens next
        :raises UserError: nobody has an e-mail address, or nothing is charged
        """
        self.check_access("write")
        notices = self.filtered("charge_ids")
        if not notices:
            raise UserError(self.env._("Nothing to send: these notices have no posted charges."))
        unreachable = notices.filtered(lambda notice: not notice.partner_id.email)
        if unreachable == notices:
            raise UserError(
                self.env._("None of these payers has an e-mail address: print the notices and record who got them.")
            )
        reachable = notices - unreachable
        self.env["pm.message"]._enqueue_template(
            "service",
            "pm_fees.mail_template_fee_notice",
            reachable,
            "fee-notice",
            channel="email",
            later=True,
        )
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "warning" if unreachable else "success",
                "message": self.env._(
                    "%(mailed)s e-mails are on their way; they count as delivered when the mail server has taken them. %(paper)s "
                    "payers have no e-mail address: print their notices.",
                    mailed=len(reachable),
                    paper=len(unreachable),
                ),
                "next": {"type": "ir.actions.act_window_close"},
            },
        }

    def _payment_url(self):
        """Address behind the QR code: the payer's open bills in the portal, where they can be paid."""
        self.ensure_one()
        return f"{self.get_base_url()}/my/bills"
