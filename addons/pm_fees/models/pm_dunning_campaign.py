from odoo import Command, api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import SQL, format_date

_BEGIN, _END = "pm_fees.campaign_begin", "pm_fees.campaign_end"


class PmDunningCampaign(models.Model):
    """A drive to collect old debts, above all the one before the end of December (S0-65).

    It works on the households in arrears on the day it starts, with the levels that are for campaigns only; how much of
    the old debt came in is measured against the day of the start.
    """

    _name = "pm.dunning.campaign"
    _description = "Collection Campaign"
    _inherit = ["pm.program.fields", "mail.thread", "mail.activity.mixin"]
    _order = "date_from desc, id desc"
    _program_fields = frozenset({"year", "state", "line_ids"})

    _ordered = models.Constraint("CHECK (date_to >= date_from)", "A campaign ends after it starts.")
    _once_a_year = models.UniqueIndex(
        "(property_id, year) WHERE year IS NOT NULL", "The property has this year's campaign already."
    )

    name = fields.Char(required=True)
    property_id = fields.Many2one("pm.property", required=True, index=True, ondelete="restrict")
    company_id = fields.Many2one(related="property_id.company_id", store=True, precompute=True)
    currency_id = fields.Many2one(related="company_id.currency_id")
    year = fields.Integer("Year-end of", readonly=True, default=None)
    date_from = fields.Date("From", required=True, default=fields.Date.context_today)
    date_to = fields.Date("To", required=True)
    min_stage = fields.Integer("Months Overdue at Least", default=0)
    min_amount = fields.Monetary("Debts From", default=0.0)
    target = fields.Float("Target (%)", default=80.0, help="How much of the old debt should come in (S4-09).")
    line_ids = fields.One2many("pm.dunning.campaign.line", "campaign_id", "Households", readonly=True)
    case_count = fields.Integer("Households in All", compute="_compute_totals")
    amount_start = fields.Monetary("Owed at the Start", compute="_compute_totals")
    amount_now = fields.Monetary("Still Owed of It", compute="_compute_totals")
    recovered = fields.Float("Recovered (%)", compute="_compute_totals", digits=(5, 1))
    state = fields.Selection(
        [("draft", "Planned"), ("running", "Running"), ("closed", "Closed")],
        required=True,
        readonly=True,
        default="draft",
        tracking=True,
    )

    @api.depends("line_ids.amount_start", "line_ids.amount_now")
    def _compute_totals(self):
        for campaign in self:
            lines = campaign.line_ids
            campaign.case_count = len(lines)
            campaign.amount_start = sum(lines.mapped("amount_start"))
            campaign.amount_now = sum(lines.mapped("amount_now"))
            campaign.recovered = (
                100 * (1 - campaign.amount_now / campaign.amount_start) if campaign.amount_start else 0.0
            )

    @api.ondelete(at_uninstall=False)
    def _unlink_only_drafts(self):
        if any(campaign.state != "draft" for campaign in self):
            raise UserError(self.env._("A campaign that has started is part of the collection record."))

    @api.model
    def _propose(self, prop, today):
        """Plan the year-end campaign when its day has come, once a year, and put it on an assistant's desk (S0-65)."""
        # sudo: rule numbers from the settings
        parameter = self.env["ir.config_parameter"].sudo()
        begin, end = (
            fields.Date.to_date(f"{today.year}-{parameter.get_param(name, default)}")
            for name, default in ((_BEGIN, "12-01"), (_END, "12-31"))
        )
        if not begin <= today <= end or self.search_count(
            [("property_id", "=", prop.id), ("year", "=", today.year)], limit=1
        ):
            return self.browse()
        campaign = self.create(
            {
                "name": self.env._("Year-end collection %s", today.year),
                "property_id": prop.id,
                "year": today.year,
                "date_from": today,
                "date_to": end,
            }
        )
        staff = prop.user_ids.filtered(
            lambda user: user.has_group("pm_base.group_assistant") and not user.has_group("pm_base.group_manager")
        )
        owner = staff.sorted("id")[:1] or prop.manager_id
        if owner:
            campaign.activity_schedule(
                "mail.mail_activity_data_todo",
                user_id=owner.id,
                date_deadline=end,
                summary=self.env._("Start the year-end collection; it ends on %s", format_date(self.env, end)),
            )
        return campaign

    def action_start(self):
        """Take in the households in arrears, make the campaign's steps and hand them over.

        :raise AccessError: the user is no supervisor or accountant
        """
        self.ensure_one()
        self.env["pm.dunning.case"]._check_may_run()
        if self.state != "draft":
            raise UserError(self.env._("This campaign has started already."))
        today = self.property_id._today()
        if self.date_to < today:
            raise UserError(self.env._("This campaign is over."))
        # sudo: cases and steps are written by the program; the right was checked above
        cases = self.env["pm.dunning.case"].sudo()
        cases._refresh(self.property_id.sudo(), today)
        chosen = cases.search(
            [
                ("property_id", "=", self.property_id.id),
                ("state", "=", "open"),
                ("stage", ">=", self.min_stage),
                ("amount_due", ">", 0),
                ("amount_due", ">=", self.min_amount),
            ]
        )
        self.sudo().write(
            {
                "state": "running",
                "date_from": today,
                "line_ids": [Command.create({"case_id": case.id, "amount_start": case.amount_due}) for case in chosen],
            }
        )
        cases._insert_actions(self._plan_sql(chosen, today), self.property_id.sudo(), today)
        self.env["pm.dunning.action"].sudo()._dispatch_soon()
        self.sudo().activity_feedback(["mail.mail_activity_data_todo"])
        return True

    def _plan_sql(self, cases, today):
        """The campaign's levels for these cases, in the form of ``pm.dunning.case._plan_sql``; hardship is left alone."""
        return SQL(
            """
            SELECT dunning.id AS case_id, level.id AS level_id, level.kind, date_trunc('month', %(today)s::date)::date AS month,
                   dunning.stage, dunning.property_id, dunning.company_id, dunning.partner_id, dunning.unit_id,
                   dunning.amount_due, level.deadline_days,
                   CASE WHEN EXISTS (SELECT FROM pm_dunning_hold hold WHERE hold.case_id = dunning.id AND hold.state = 'active'
                                        AND hold.kind = 'hardship') THEN 'hardship' END AS excluded
              FROM pm_dunning_case dunning
              JOIN pm_dunning_level level ON level.policy_id = dunning.policy_id AND level.active AND level.repeat = 'campaign'
                   AND dunning.stage BETWEEN level.from_month AND level.to_month
             WHERE dunning.id = ANY(%(cases)s)
            """,
            today=today,
            cases=list(cases.ids),
        )

    def action_close(self):
        if not (self.env.user.has_group("pm_base.group_supervisor") or self.env.su):
            raise AccessError(self.env._("Campaigns are closed by a supervisor."))
        self.check_access("write")
        # sudo: _program_fields
        self.filtered(lambda campaign: campaign.state == "running").sudo().state = "closed"

    def action_open_cases(self):
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("pm_fees.pm_dunning_case_action")
        return {**action, "domain": [("id", "in", self.line_ids.case_id.ids)], "context": {}}


class PmDunningCampaignLine(models.Model):
    """A household of a campaign: what it owed when the campaign started, and what of it is still owed."""

    _name = "pm.dunning.campaign.line"
    _description = "Household of a Campaign"
    _order = "amount_start desc, id"
    _rec_name = "case_id"

    _once = models.UniqueIndex("(campaign_id, case_id)", "A campaign takes in each household once.")

    campaign_id = fields.Many2one("pm.dunning.campaign", required=True, ondelete="cascade")
    case_id = fields.Many2one("pm.dunning.case", "Arrears Case", required=True, index=True, ondelete="restrict")
    property_id = fields.Many2one(related="campaign_id.property_id", store=True, precompute=True)
    company_id = fields.Many2one(related="campaign_id.company_id", store=True, precompute=True)
    currency_id = fields.Many2one(related="company_id.currency_id")
    unit_id = fields.Many2one(related="case_id.unit_id")
    partner_id = fields.Many2one(related="case_id.partner_id")
    user_id = fields.Many2one(related="case_id.user_id")
    amount_start = fields.Monetary("Owed at the Start", readonly=True)
    amount_now = fields.Monetary("Still Owed of It", compute="_compute_amount_now")

    def _compute_amount_now(self):
        """What is still owed of the debts that were overdue when the campaign started."""
        # sudo: a collector sees what is owed, not the ledger
        owed = {
            (partner.id, unit.id, campaign): amount
            for campaign in self.campaign_id
            for partner, unit, amount in self.env["pm.charge"]
            .sudo()
            ._read_group(
                [
                    ("property_id", "=", campaign.property_id.id),
                    ("unit_id", "in", self.case_id.unit_id.ids),
                    ("due_date", "<", campaign.date_from),
                    ("paid_state", "in", ("unpaid", "partial")),
                ],
                ["partner_id", "unit_id"],
                ["residual:sum"],
            )
        }
        for line in self:
            key = (line.case_id.partner_id.id, line.case_id.unit_id.id, line.campaign_id)
            line.amount_now = min(owed.get(key, 0.0), line.amount_start)
