from odoo import api, fields, models
from odoo.tools import SQL

# S0-139: a unit with arrears older than this many full months is watched for sale and transfer.
_WATCH_PARAMETER = "pm_fees.watch_sale_months"
# Who is told what a household owes: those who deal with it, not every employee who may open the page (L-02, L-08).
_MONEY_GROUPS = "pm_base.group_front_desk,pm_base.group_cashier,pm_base.group_accountant,pm_base.group_counsel,pm_base.group_leadership"


class PmUnit(models.Model):
    _name = "pm.unit"
    _inherit = ["pm.unit", "pm.program.fields"]
    _program_fields = frozenset({"pm_watch_sale"})

    pm_watch_sale = fields.Boolean(
        "Watch for Sale",
        readonly=True,
        index="btree_not_null",
        groups=_MONEY_GROUPS,
        help="Arrears of more than three months: staff keep an eye on sale and transfer. A warning only, nothing is blocked (S0-139).",
    )
    pm_overdue = fields.Monetary("Overdue", compute="_compute_pm_money", groups=_MONEY_GROUPS)
    pm_open = fields.Monetary("Owed", compute="_compute_pm_money", groups=_MONEY_GROUPS)
    pm_payment_count = fields.Integer("Payments", compute="_compute_pm_money", groups=_MONEY_GROUPS)
    pm_payment_ids = fields.One2many("pm.payment", "unit_id", "Recent Payments", readonly=True)

    def _compute_pm_money(self):
        # sudo: the roles of _MONEY_GROUPS may see what is owed, not the ledger behind it
        Charge = self.env["pm.charge"].sudo()
        domain = [("unit_id", "in", self.ids), ("state", "=", "posted"), ("residual", ">", 0)]
        owed = dict(Charge._read_group(domain, ["unit_id"], ["residual:sum"]))
        today = fields.Date.context_today(self)
        overdue = dict(Charge._read_group([*domain, ("due_date", "<", today)], ["unit_id"], ["residual:sum"]))
        payments = dict(
            self.env["pm.payment"].sudo()._read_group([("unit_id", "in", self.ids)], ["unit_id"], ["__count"])
        )
        for unit in self:
            unit.pm_open = owed.get(unit, 0.0)
            unit.pm_overdue = overdue.get(unit, 0.0)
            unit.pm_payment_count = payments.get(unit, 0)

    @api.model
    def _watch_months(self):
        # sudo: a rule number from the settings
        return int(self.env["ir.config_parameter"].sudo().get_param(_WATCH_PARAMETER, 3))

    def _refresh_watch(self):
        """Set the watch flag from the first day after three full months of arrears; clear it when paid."""
        self.env.flush_all()
        for prop, units in self.grouped("property_id").items():
            debts = SQL(
                "SELECT unit_id, due_date AS since FROM pm_charge WHERE unit_id = ANY(%s) AND paid_state IN ('unpaid', 'partial')",
                list(units.ids),
            )
            self.env.execute_query(self._watch_sql(prop, prop._today(), debts, units))
            units.invalidate_recordset(["pm_watch_sale"], flush=False)

    @api.model
    def _watch_sql(self, prop, today, debts, units=None):
        """A statement that sets and clears the watch flag of a property's units, where it has to change.

        :param debts: SQL with the columns unit_id and since: the day since which something is owed
        :param units: only these
        """
        watched = SQL(
            "unit.id IN (SELECT unit_id FROM (%s) debts WHERE since + make_interval(months => %s) < %s::date)",
            debts,
            self._watch_months(),
            today,
        )
        return SQL(
            """
            UPDATE pm_unit unit SET pm_watch_sale = (%(watched)s)
             WHERE unit.property_id = %(property)s %(only)s AND coalesce(unit.pm_watch_sale, false) IS DISTINCT FROM (%(watched)s)
            RETURNING unit.id
            """,
            watched=watched,
            property=prop.id,
            only=SQL("AND unit.id = ANY(%s)", list(units.ids)) if units is not None else SQL(),
        )

    def action_pm_payments(self):
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("pm_fees.pm_payment_action")
        return {**action, "domain": [("unit_id", "=", self.id)], "context": {}}

    def action_pm_counter(self):
        """Open the counter on this household."""
        self.ensure_one()
        action = self.env["ir.actions.client"]._for_xml_id("pm_fees.pm_counter_action")
        return {**action, "params": {"unit_id": self.id}}


class PmUnitTransfer(models.Model):
    _inherit = "pm.unit.transfer"

    def _get_transfer_warnings(self):
        """Tell the clerk about arrears older than three months; never block (S0-139, L-01)."""
        warnings = super()._get_transfer_warnings()
        if self.unit_id.pm_watch_sale:
            overdue = self.unit_id.currency_id.format(self.unit_id.pm_overdue)
            warnings.append(
                self.env._(
                    "Unit %(unit)s has been in arrears for more than %(months)s months (%(amount)s overdue): inform the collection staff and agree"
                    " with both sides who pays. The transfer itself is not blocked.",
                    unit=self.unit_id.name,
                    months=self.unit_id._watch_months(),
                    amount=overdue,
                )
            )
        return warnings

    def action_confirm(self):
        """Tell the collection staff when a watched unit changes hands."""
        watched = self.filtered(lambda transfer: transfer.unit_id.pm_watch_sale)
        result = super().action_confirm()
        for transfer in watched:
            people = (transfer.unit_id.user_id | transfer.property_id.manager_id).partner_id
            if people:
                transfer.unit_id.message_post(
                    body=self.env._(
                        "A unit with arrears changes hands: %s", "\n".join(transfer._get_transfer_warnings())
                    ),
                    partner_ids=people.ids,
                    message_type="comment",
                    subtype_xmlid="mail.mt_note",
                )
        return result
