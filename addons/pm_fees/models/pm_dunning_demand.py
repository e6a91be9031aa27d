from odoo import fields, models


class PmDunningDemand(models.Model):
    """What one paper demanded of one charge on the day it was printed: the fixed content of a demand (S0-133, L-14)."""

    _name = "pm.dunning.demand"
    _description = "Demanded Charge"
    _order = "action_id, id"
    _rec_name = "charge_id"

    _once = models.UniqueIndex("(action_id, charge_id)", "A paper demands each charge once.")

    action_id = fields.Many2one("pm.dunning.action", required=True, readonly=True, ondelete="restrict")
    charge_id = fields.Many2one("pm.charge", required=True, readonly=True, index=True, ondelete="restrict")
    property_id = fields.Many2one(related="action_id.property_id", store=True, precompute=True)
    company_id = fields.Many2one(related="action_id.company_id", store=True, precompute=True)
    currency_id = fields.Many2one(related="company_id.currency_id")
    due_date = fields.Date(related="charge_id.due_date")
    days = fields.Integer("Days Overdue", readonly=True)
    amount = fields.Monetary("Owed", readonly=True)
    penalty = fields.Monetary("Possible Penalty", readonly=True)
