import logging

from odoo import api, fields, models
from odoo.tools import SQL, format_date

_logger = logging.getLogger(__name__)


class PmChargeLimitation(models.Model):
    """When the claim for an overdue charge becomes time-barred: three years from its due date or from the last event that
    starts the time anew (Civil Code arts. 188, 195; L-14).

    Such events are: a demand whose delivery is proven and that named the charge, an acknowledgement (promise, instalment
    plan, part payment), and a suit. Computed, never entered.
    """

    _name = "pm.charge.limitation"
    _description = "Limitation of a Charge"
    _auto = False
    _order = "limitation_date, id"
    _rec_name = "charge_id"

    charge_id = fields.Many2one("pm.charge", readonly=True)
    case_id = fields.Many2one("pm.dunning.case", "Arrears Case", readonly=True)
    property_id = fields.Many2one("pm.property", readonly=True)
    company_id = fields.Many2one("res.company", readonly=True)
    currency_id = fields.Many2one("res.currency", readonly=True)
    unit_id = fields.Many2one("pm.unit", readonly=True)
    partner_id = fields.Many2one("res.partner", "Payer", readonly=True)
    due_date = fields.Date(readonly=True)
    residual = fields.Monetary("Still Owed", readonly=True)
    started_on = fields.Date("Counts From", readonly=True)
    started_by = fields.Selection(
        [
            ("due", "Due date"),
            ("demand", "Proven demand"),
            ("promise", "Promise"),
            ("instalment", "Instalment plan"),
            ("payment", "Part payment"),
            ("suit", "Suit"),
        ],
        "Because Of",
        readonly=True,
    )
    limitation_date = fields.Date(readonly=True)
    months_left = fields.Integer(readonly=True)

    @property
    def _table_query(self):
        today = SQL("%s::date", fields.Date.context_today(self))
        return SQL(
            """
            SELECT charge.id, charge.id AS charge_id, dunning.id AS case_id, charge.property_id, charge.company_id, charge.currency_id,
                   charge.unit_id, charge.partner_id, charge.due_date, charge.residual, start.day AS started_on, start.why AS started_by,
                   (start.day + term.length)::date AS limitation_date,
                   (extract(year FROM age(start.day + term.length, %(today)s)) * 12
                    + extract(month FROM age(start.day + term.length, %(today)s)))::int AS months_left
              FROM pm_charge charge
              JOIN (SELECT CASE unit WHEN 'years' THEN make_interval(years => number) WHEN 'months' THEN make_interval(months => number)
                           ELSE make_interval(days => number) END AS length
                      FROM pm_legal_term WHERE kind = 'limitation' AND active ORDER BY id LIMIT 1) term ON TRUE
              LEFT JOIN pm_dunning_case dunning ON dunning.partner_id = charge.partner_id AND dunning.unit_id = charge.unit_id
                   AND dunning.state = 'open'
              CROSS JOIN LATERAL (
                   SELECT event.day, event.why FROM (
                          SELECT charge.due_date AS day, 'due' AS why
                          UNION ALL
                          SELECT action.delivered_on, 'demand' FROM pm_dunning_demand demand
                            JOIN pm_dunning_action action ON action.id = demand.action_id
                           WHERE demand.charge_id = charge.id AND action.proven
                          UNION ALL
                          SELECT promise.promised_on, 'promise' FROM pm_dunning_promise promise
                           WHERE promise.partner_id = charge.partner_id AND promise.unit_id = charge.unit_id
                             AND promise.kind = 'promise' AND promise.promised_on > charge.due_date
                          UNION ALL
                          SELECT plan.agreed_on, 'instalment' FROM pm_dunning_instalment_charge_rel link
                            JOIN pm_dunning_instalment plan ON plan.id = link.instalment_id
                           WHERE link.charge_id = charge.id AND plan.agreed_on IS NOT NULL
                          UNION ALL
                          SELECT payment.date, 'payment' FROM account_partial_reconcile partial
                            JOIN account_move_line payment ON payment.id = partial.credit_move_id
                           WHERE partial.debit_move_id = charge.move_line_id
                          UNION ALL
                          SELECT suit.filed_on, 'suit' FROM pm_legal_claim claim JOIN pm_legal_case suit ON suit.id = claim.case_id
                           WHERE claim.charge_id = charge.id AND suit.filed_on IS NOT NULL) event
                    WHERE event.day IS NOT NULL
                    ORDER BY event.day DESC LIMIT 1) start
             WHERE charge.paid_state IN ('unpaid', 'partial') AND charge.due_date < %(today)s
            """,
            today=today,
        )

    def action_open_case(self):
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "res_model": "pm.dunning.case",
            "res_id": self.case_id.id,
            "view_mode": "form",
        }

    @api.model
    def _warn_all(self):
        """Daily: warn of claims that will soon be time-barred, once for each warning day of the term."""
        term = self.env["pm.legal.term"].search([("kind", "=", "limitation")], limit=1)
        days = term._alarm_days() if term else []
        if not days:
            return
        self.env.flush_all()
        for prop in self.env["pm.property"].search([]):
            today = prop._today()
            groups = self._read_group(
                [
                    ("property_id", "=", prop.id),
                    ("case_id", "!=", False),
                    ("limitation_date", "<=", fields.Date.add(today, days=max(days))),
                ],
                ["case_id"],
                ["limitation_date:min"],
            )
            for case, first in groups:
                try:
                    with self.env.cr.savepoint():
                        case._warn_of_limitation(first, days, today)
                except Exception:  # one case's trouble is not another's
                    _logger.exception("Limitation alarm of arrears case %s failed", case.id)


class PmDunningCase(models.Model):
    _inherit = "pm.dunning.case"

    limitation_date = fields.Date("First Time-barred", readonly=True, help="As of the last warning.")
    limitation_alarm = fields.Integer(readonly=True, default=-1)

    def _warn_of_limitation(self, first, days, today):
        """Give the warning that is due for the claim that is time-barred first, unless it was given."""
        passed = [number for number in days if fields.Date.subtract(first, days=number) <= today]
        nearest = min(passed)
        if self.limitation_date == first and 0 <= self.limitation_alarm <= nearest:
            return
        self.write({"limitation_date": first, "limitation_alarm": nearest})
        for user in self.user_id | self.property_id.manager_id | self.counsel_id:
            self.activity_schedule(
                "mail.mail_activity_data_todo",
                user_id=user.id,
                date_deadline=first,
                summary=self.env._("Claims are time-barred from %s", format_date(self.env, first)),
                note=self.env._("Deliver a demand with proof, agree on a plan, or sue before that day (L-14)."),
            )


class PmCharge(models.Model):
    _inherit = "pm.charge"

    demand_ids = fields.One2many("pm.dunning.demand", "charge_id", "Demands", readonly=True)
    legal_claim_ids = fields.One2many("pm.legal.claim", "charge_id", "Legal Claims", readonly=True)
