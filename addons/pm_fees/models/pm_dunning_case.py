import logging

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import SQL

_logger = logging.getLogger(__name__)


class PmDunningCase(models.Model):
    """The arrears of one payer on one unit, from the first day overdue until everything is paid.

    Stage = full months since the due date of the oldest undisputed charge (CON-15, requirements §7). A month is full
    on the same day of the month, or on the last day of a shorter one.
    """

    _name = "pm.dunning.case"
    _description = "Arrears Case"
    _inherit = ["mail.thread", "mail.activity.mixin"]
    _order = "stage desc, amount_due desc, id"
    _rec_name = "partner_id"

    _one_open = models.UniqueIndex(
        "(partner_id, unit_id) WHERE state = 'open'", "The payer already has an open case for this unit."
    )
    _property_stage_index = models.Index("(property_id, stage DESC, amount_due DESC, id) WHERE state = 'open'")

    partner_id = fields.Many2one("res.partner", "Payer", required=True, readonly=True, index=True, ondelete="restrict")
    unit_id = fields.Many2one("pm.unit", required=True, readonly=True, index=True, ondelete="restrict")
    property_id = fields.Many2one("pm.property", required=True, readonly=True, index=True, ondelete="restrict")
    company_id = fields.Many2one("res.company", required=True, readonly=True)
    currency_id = fields.Many2one(related="company_id.currency_id")
    user_id = fields.Many2one(related="unit_id.user_id", string="Butler", store=True)
    policy_id = fields.Many2one("pm.dunning.policy", required=True, readonly=True, ondelete="restrict")
    opened_on = fields.Date(required=True, readonly=True)
    closed_on = fields.Date(readonly=True)
    oldest_due_date = fields.Date("Overdue Since", readonly=True)
    stage = fields.Integer("Months Overdue", readonly=True)
    amount_due = fields.Monetary("Overdue", readonly=True)
    charge_count = fields.Integer("Overdue Charges", readonly=True)
    action_ids = fields.One2many("pm.dunning.action", "case_id", "Actions", readonly=True)
    state = fields.Selection([("open", "Open"), ("closed", "Paid")], required=True, default="open", readonly=True)

    @api.depends("partner_id", "unit_id")
    def _compute_display_name(self):
        for case in self:
            case.display_name = f"{case.unit_id.name} {case.partner_id.name}"

    @api.ondelete(at_uninstall=False)
    def _never_delete(self):
        raise UserError(self.env._("An arrears case is part of the collection record and is never deleted (S0-133)."))

    # -- overdue charges -----------------------------------------------------------------------------------------------

    @api.model
    def _undisputed_sql(self):
        """Hook: condition on `charge` (pm_charge) for what may be demanded; holds of upper layers narrow it."""
        return SQL("TRUE")

    @api.model
    def _overdue_sql(self, properties, day):
        """Overdue charges on `day`, one row per payer and unit: partner_id, unit_id, property_id, company_id, oldest,
        months, amount, count."""
        return SQL(
            """
            SELECT debt.*, months - (CASE WHEN oldest + make_interval(months => months) > %(day)s THEN 1 ELSE 0 END) AS stage
              FROM (SELECT charge.partner_id, charge.unit_id, charge.property_id, charge.company_id,
                           min(charge.due_date) AS oldest, sum(item.amount_residual) AS amount, count(*) AS count,
                           ((extract(year FROM %(day)s) - extract(year FROM min(charge.due_date))) * 12
                            + extract(month FROM %(day)s) - extract(month FROM min(charge.due_date)))::int AS months
                      FROM pm_charge charge
                      JOIN account_move_line item ON item.id = charge.move_line_id
                     WHERE charge.state = 'posted' AND charge.due_date < %(day)s AND charge.property_id IN %(properties)s
                       AND item.amount_residual > 0 AND %(undisputed)s
                     GROUP BY charge.partner_id, charge.unit_id, charge.property_id, charge.company_id) debt
            """,
            day=SQL("%s::date", day),
            properties=properties._ids or (0,),
            undisputed=self._undisputed_sql(),
        )

    def _overdue_charges(self, day=None):
        """The overdue charges of one case, oldest first."""
        self.ensure_one()
        return self.env["pm.charge"].search(
            [
                ("partner_id", "=", self.partner_id.id),
                ("unit_id", "=", self.unit_id.id),
                ("state", "=", "posted"),
                ("residual", ">", 0),
                ("due_date", "<", day or self.property_id._today()),
            ],
            order="due_date, period_start, id",
        )

    # -- daily run -----------------------------------------------------------------------------------------------------

    @api.model
    def _cron_dunning(self):
        """Daily: refresh the cases, create the actions of the day, hand their messages over. Safe to run twice."""
        properties = self.env["pm.property"].search([])
        self.env["ir.cron"]._commit_progress(remaining=len(properties))
        for prop in properties:
            try:
                with self.env.cr.savepoint():
                    self._run_property(prop)
            except Exception:  # the trouble of one property must not stop the reminders of the others
                _logger.exception("Reminders of property %s failed", prop.code)
            if not self.env["ir.cron"]._commit_progress(1):
                break

    def action_run_now(self):
        """Make the reminders of today for the user's properties without waiting for the night; the same run, so twice
        is harmless and messages still keep the quiet hours.

        :raise AccessError: the user is neither supervisor nor accountant (S4-29)
        """
        user = self.env.user
        if not (user.has_group("pm_base.group_supervisor") or user.has_group("pm_base.group_accountant")):
            raise AccessError(self.env._("To run the reminders you must be a supervisor or an accountant."))
        properties = self.env["pm.property"].search([])  # the record rules leave the user's own
        # sudo: cases and actions are written by the program only; the right to start it was checked above
        count = sum(len(self.sudo()._run_property(prop)) for prop in properties.sudo())
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "success" if count else "info",
                "message": self.env._("%s reminders were made; their messages are on the way.", count)
                if count
                else self.env._("Nothing to remind: today's reminders have all been made."),
                "next": {"type": "ir.actions.client", "tag": "soft_reload"},
            },
        }

    @api.model
    def _run_property(self, prop):
        """The daily run of one property, on its own date.

        :return: pm.dunning.action records created now
        """
        today = prop._today()
        self._refresh(prop, today)
        actions = self._create_actions(prop, today)
        # Also those of a run that was interrupted before its messages were handed over.
        self.env["pm.dunning.action"].search([("property_id", "=", prop.id), ("state", "=", "planned")])._dispatch()
        return actions

    @api.model
    def _policies(self, prop):
        """The policy of each customer class on a property: its own, else its company's, else the general one."""
        policies = self.env["pm.dunning.policy"].search(
            [("property_id", "in", (False, prop.id)), ("company_id", "in", (False, prop.company_id.id))]
        )
        policies = policies.sorted(lambda p: (not p.property_id, not p.company_id, p.sequence, p.id))
        found = {}
        for policy in policies:
            found.setdefault(policy.customer_class, policy)
        return found

    @api.model
    def _refresh(self, prop, today):
        """Open, update and close the cases of a property in three statements."""
        policies = self._policies(prop)
        if "general" not in policies:
            return
        large = tuple(prop._large_customer_partner_ids()) if "large" in policies else ()
        self.env.flush_all()
        self.env.execute_query(
            SQL(
                """
            WITH debt AS (%(debt)s)
            INSERT INTO pm_dunning_case
                   (partner_id, unit_id, property_id, company_id, user_id, policy_id, opened_on, oldest_due_date, stage, amount_due,
                    charge_count, state, create_uid, create_date, write_uid, write_date)
            SELECT debt.partner_id, debt.unit_id, debt.property_id, debt.company_id, unit.user_id,
                   CASE WHEN debt.partner_id IN %(large)s THEN %(large_policy)s ELSE %(general_policy)s END,
                   %(today)s, oldest, stage, amount, count, 'open', %(uid)s, %(now)s, %(uid)s, %(now)s
              FROM debt JOIN pm_unit unit ON unit.id = debt.unit_id
            ON CONFLICT (partner_id, unit_id) WHERE state = 'open' DO UPDATE
               SET policy_id = EXCLUDED.policy_id, oldest_due_date = EXCLUDED.oldest_due_date, stage = EXCLUDED.stage,
                   amount_due = EXCLUDED.amount_due, charge_count = EXCLUDED.charge_count, user_id = EXCLUDED.user_id
             WHERE (pm_dunning_case.policy_id, pm_dunning_case.oldest_due_date, pm_dunning_case.stage, pm_dunning_case.amount_due,
                    pm_dunning_case.charge_count, pm_dunning_case.user_id)
                   IS DISTINCT FROM (EXCLUDED.policy_id, EXCLUDED.oldest_due_date, EXCLUDED.stage, EXCLUDED.amount_due,
                                     EXCLUDED.charge_count, EXCLUDED.user_id)
            """,
                debt=self._overdue_sql(prop, today),
                large=large or (0,),
                general_policy=policies["general"].id,
                large_policy=policies.get("large", policies["general"]).id,
                today=today,
                uid=self.env.uid,
                now=fields.Datetime.now(),
            )
        )
        self.invalidate_model()
        paid = self.env.execute_query(
            SQL(
                """
            SELECT dunning.id FROM pm_dunning_case dunning
             WHERE dunning.state = 'open' AND dunning.property_id = %(property)s
               AND NOT EXISTS (SELECT FROM (%(debt)s) debt WHERE debt.partner_id = dunning.partner_id AND debt.unit_id = dunning.unit_id)
            """,
                property=prop.id,
                debt=self._overdue_sql(prop, today),
            )
        )
        self.browse([row[0] for row in paid])._close()
        prop.unit_ids._refresh_watch()

    @api.model
    def _create_actions(self, prop, today):
        """Create the actions of today: one per case, level and month of arrears, by the key in the database.

        The month of an action is the month in which the arrears became that old. After days without a run only the
        present month's action is created: one message, not three.
        """
        self.env.flush_all()
        rows = self.env.execute_query(
            SQL(
                """
            INSERT INTO pm_dunning_action
                   (case_id, level_id, kind, month, stage, property_id, company_id, partner_id, unit_id, date, deadline, amount_due,
                    state, create_uid, create_date, write_uid, write_date)
            SELECT dunning.id, level.id, level.kind,
                   date_trunc('month', dunning.oldest_due_date + make_interval(months => dunning.stage))::date, dunning.stage,
                   dunning.property_id, dunning.company_id, dunning.partner_id, dunning.unit_id, %(today)s::date,
                   %(today)s::date + level.deadline_days, dunning.amount_due, 'planned', %(uid)s, %(now)s, %(uid)s, %(now)s
              FROM pm_dunning_case dunning
              JOIN pm_dunning_level level ON level.policy_id = dunning.policy_id AND level.active
                   AND dunning.stage BETWEEN level.from_month AND level.to_month
             WHERE dunning.state = 'open' AND dunning.property_id = %(property)s
               AND (level.repeat = 'monthly' OR NOT EXISTS (
                    SELECT FROM pm_dunning_action earlier WHERE earlier.case_id = dunning.id AND earlier.level_id = level.id))
            ON CONFLICT (case_id, level_id, month) DO NOTHING
            RETURNING id
            """,
                today=today,
                property=prop.id,
                uid=self.env.uid,
                now=fields.Datetime.now(),
            )
        )
        self.invalidate_model(["action_ids"])
        return self.env["pm.dunning.action"].browse([row[0] for row in rows])

    # -- paying --------------------------------------------------------------------------------------------------------

    @api.model
    def _refresh_paid(self, debtors):
        """After a payment: refresh these cases at once, so that nothing more goes to somebody who has paid.

        :param debtors: set of (partner id, unit id)
        """
        for partner_id, unit_id in debtors:
            case = self.search(
                [("partner_id", "=", partner_id), ("unit_id", "=", unit_id), ("state", "=", "open")], limit=1
            )
            if not case:
                continue
            charges = case._overdue_charges()
            if charges:
                case.write({"amount_due": sum(charges.mapped("residual")), "charge_count": len(charges)})
            else:
                case._close()
                case.unit_id._refresh_watch()

    def _close(self):
        """Everything is paid: close, and stop what has not left the house yet."""
        if not self:
            return
        self.action_ids.filtered(lambda a: a.state in ("planned", "queued", "to_deliver"))._cancel(
            self.env._("Everything overdue was paid.")
        )
        for prop, cases in self.grouped("property_id").items():
            cases.write({"state": "closed", "closed_on": prop._today(), "amount_due": 0.0, "charge_count": 0})
