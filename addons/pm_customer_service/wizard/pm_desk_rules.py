from odoo import fields, models

# Number of the house → its system parameter; the same as in the settings, which only an administrator opens.
PARAMETERS = ("stalled_days", "repeat_days", "board_promise_hours")
COMPANY_FIELDS = ("pm_frequent_ticket_count", "pm_class_months", "pm_verify_months")


class PmDeskRules(models.TransientModel):
    """The numbers of the house that are no record of their own, for the project manager, who opens no settings of Odoo.

    What shields the server (limits of the portal, seed of the sample) stays with the administrator. Source: S1-21, S1-25, S1-57.
    """

    _name = "pm.desk.rules"
    _description = "House Rules"

    stalled_days = fields.Integer(
        string="Days Without a Step",
        required=True,
        default=lambda self: self.env["pm.ticket"]._get_limit("stalled_days"),
    )
    repeat_days = fields.Integer(
        string="Days of a Repeated Complaint",
        required=True,
        default=lambda self: self.env["pm.ticket"]._get_limit("repeat_days"),
    )
    board_promise_hours = fields.Integer(
        string="Promises That Lapse Soon (hours)",
        required=True,
        default=lambda self: self.env["pm.ticket"]._get_limit("board_promise_hours"),
    )
    pm_frequent_ticket_count = fields.Integer(
        string="Frequent Customer from (contacts)",
        required=True,
        default=lambda self: self.env.company.pm_frequent_ticket_count,
    )
    pm_class_months = fields.Integer(
        string="Customer Class Period (months)", required=True, default=lambda self: self.env.company.pm_class_months
    )
    pm_verify_months = fields.Integer(
        string="Verify Households every (months)", required=True, default=lambda self: self.env.company.pm_verify_months
    )

    _not_negative = models.Constraint(
        "CHECK (stalled_days >= 0 AND repeat_days >= 0 AND board_promise_hours >= 0)",
        "Days and hours cannot be negative: 0 means never.",
    )
    _above_zero = models.Constraint(
        "CHECK (pm_frequent_ticket_count > 0 AND pm_class_months > 0 AND pm_verify_months > 0)",
        "The numbers of contacts and months must be above zero.",
    )

    def action_save(self):
        """Write the numbers: from now on they count; nothing of the past is written anew.

        :raises AccessError: when the user is no project manager, the only one with a right on this model
        """
        self.ensure_one()
        self.check_access("write")
        # sudo: these numbers only, after the check above; no manager reads or writes the other settings
        parameters = self.env["ir.config_parameter"].sudo()
        for name in PARAMETERS:
            parameters.set_param(f"pm_customer_service.{name}", str(self[name]))
        # sudo: as above; the company's own page is the administrator's
        self.env.company.sudo().write({name: self[name] for name in COMPANY_FIELDS})
        return {"type": "ir.actions.act_window_close"}
