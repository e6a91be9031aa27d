from odoo import fields, models


class PmProperty(models.Model):
    """What a property decides about visits, contacts and greetings."""

    _inherit = "pm.property"

    _visit_numbers = models.Constraint(
        "CHECK (visit_minutes > 0 AND visit_record_days >= 0 AND greeting_lead_days >= 0)",
        "Minutes and days of visits and greetings cannot be negative.",
    )

    visit_minutes = fields.Integer(
        string="Length of a Visit (min)", default=30, help="Proposed for a new appointment. House rule."
    )
    visit_record_days = fields.Integer(
        string="Visits Recorded Within (days)",
        default=1,
        help="Butlers record a visit on its day or so many days later; the supervisor may record older ones. House rule to S4-76, which"
        " has the register filled in at the end of the day.",
    )
    greeting_lead_days = fields.Integer(
        string="Greetings Prepared (days ahead)",
        default=7,
        help="So many days before a holiday its greetings are laid before the supervisor. House rule to S0-157.",
    )
    committee_member_ids = fields.One2many("pm.committee.member", "property_id", string="Owners' Committee")

    def _committee(self):
        """Return the partners who sit in the owners' committee of these properties today."""
        # sudo: who sits in the committee is public in the property, the member list is kept by the officers
        return (
            self.env["pm.committee.member"]
            .sudo()
            .search([("property_id", "in", self.ids), ("is_current", "=", True)])
            .partner_id.with_env(self.env)
        )

    def _key_parties(self):
        """Return the party rows of today's key customers of these properties."""
        return (
            self.env["pm.unit.party"]
            .sudo()  # the list is needed by the program's own plans, whoever runs them
            .search([("property_id", "in", self.ids), ("is_key_customer", "=", True), ("is_current", "=", True)])
        )
