import hashlib

from odoo import api, fields, models

CODES = [
    ("complaint", "Complaint"),
    ("repair", "Repair"),
    ("inquiry", "Inquiry"),
    ("suggestion", "Suggestion"),
    ("help", "Help"),
    ("coordination", "Coordination"),
    ("emergency", "Emergency"),
    ("other", "Other"),
]
CLOSERS = [
    ("supervisor", "Supervisor, who is neither handler nor reported back"),
    ("any_supervisor", "Supervisor"),
    ("officer", "Butler or officer"),
]


class PmTicketType(models.Model):
    """What kind of request it is decides how it is treated: behaviour lies in these records. Source: S0-09, S2-01, S3-40."""

    _name = "pm.ticket.type"
    _description = "Ticket Type"
    _order = "sequence, id"

    _followup_range = models.Constraint(
        "CHECK (followup_percent >= 0 AND followup_percent <= 100)", "A share lies between 0 and 100 %."
    )

    name = fields.Char(required=True, translate=True)
    code = fields.Selection(CODES, string="Behaves As", required=True, default="other")
    active = fields.Boolean(default=True)
    sequence = fields.Integer(default=10)
    color = fields.Integer()
    icon = fields.Char(default="fa-ticket", help="Font Awesome name, shown on cards.")
    priority = fields.Selection(
        [("0", "Low"), ("1", "Normal"), ("2", "High"), ("3", "Urgent")], default="1", required=True
    )
    followup_percent = fields.Float(
        string="Followed Up (%)",
        digits=(5, 2),
        help="Share of handled tickets that must be followed up before closing: 100 for complaints, 25 for repairs (CON-01). "
        "The sample is drawn by a seeded hash of the ticket's number: nobody can choose it, and it can be drawn again.",
    )
    followup_attempts = fields.Integer(
        string="Attempts to Follow Up",
        default=3,
        help="After trying on so many days without reaching the customer, the ticket may be closed; the call does not count"
        " as made. 0: never given up. House rule, the handbooks name no number.",
    )
    closed_by = fields.Selection(
        CLOSERS, required=True, default="any_supervisor", help="Who may close (S0-29, CON-09)."
    )
    needs_promise = fields.Boolean(
        string="Time Must Be Agreed",
        help="Unless it is solved or explained at once, a time must be agreed with the customer (S0-92, S0-119, S0-121).",
    )
    needs_visit = fields.Boolean(
        string="Technician Goes There",
        help="A technician is sent at once or a time is agreed; he is told when to be there (S0-79, S0-80).",
    )
    needs_signature = fields.Boolean(
        string="Customer Signs",
        help="A visit at the customer's ends with the customer's signature, or with the reason why there is none.",
    )
    needs_decision = fields.Boolean(help="Answered with adopted or not adopted; a refusal gives its reason (S0-122).")
    needs_feedback = fields.Boolean(
        string="Result Must Be Reported",
        default=True,
        help="The customer hears the result and is asked for an opinion before closing (S0-71).",
    )
    acknowledge = fields.Boolean(
        string="Confirm Receipt", help="The customer gets a message with the number as soon as it is recorded."
    )
    ask_rating = fields.Boolean(help="The customer gets a link to rate after closing.")
    portal_ok = fields.Boolean(string="In the Portal", default=True)
    source = fields.Char(translate=True, help="Requirement id of the rules above.")

    def _is_sampled(self, number):
        """Tell whether the ticket ``number`` falls in the follow-up sample: the same answer every time for the same seed."""
        self.ensure_one()
        if self.followup_percent >= 100:
            return True
        if self.followup_percent <= 0:
            return False
        return self._sample_draw(number) < self.followup_percent / 100.0

    @api.model
    def _sample_draw(self, number):
        """Return the lot (0 ≤ lot < 1) of the ticket ``number``: the same every time for the same seed."""
        # sudo: the seed is a system parameter, not readable by the desk, so that the draw cannot be foreseen
        seed = self.env["ir.config_parameter"].sudo().get_param("pm_customer_service.sample_seed", "")
        digest = hashlib.sha256(f"{seed}:{number}".encode()).hexdigest()
        return int(digest[:8], 16) / 0x100000000
