from odoo import api, fields, models
from odoo.exceptions import UserError


class PmVisitTopic(models.Model):
    """An opinion or question heard at a visit: answered on the spot, or passed on as a ticket. Source: S4-67, S4-99."""

    _name = "pm.visit.topic"
    _description = "Opinion or Question"
    _order = "visit_id desc, sequence, id"
    _rec_name = "words"

    visit_id = fields.Many2one("pm.visit", required=True, ondelete="cascade", index=True)
    sequence = fields.Integer(default=10)
    property_id = fields.Many2one(related="visit_id.property_id", store=True, index=True)
    company_id = fields.Many2one(related="visit_id.company_id", store=True)
    type_id = fields.Many2one(
        "pm.ticket.type",
        string="Kind",
        required=True,
        default=lambda self: self.env.ref("pm_customer_service.ticket_type_inquiry", raise_if_not_found=False),
        help="Opinions and praise are suggestions; what is broken is a repair.",
    )
    category_id = fields.Many2one("pm.ticket.category")
    words = fields.Text(string="Customer's Words", required=True)
    answer = fields.Text(string="Answered on the Spot", help="Empty: it becomes a ticket once the visit is recorded.")
    promised_date = fields.Datetime(string="Answer Promised By")
    ticket_id = fields.Many2one("pm.ticket", readonly=True, copy=False, index="btree_not_null")
    ticket_state = fields.Selection(related="ticket_id.state", string="Ticket State")

    @api.model_create_multi
    def create(self, vals_list):
        topics = super().create([{k: v for k, v in vals.items() if k != "ticket_id"} for vals in vals_list])
        topics._check_open()
        return topics

    def write(self, vals):
        if "ticket_id" in vals and not self.env.su:
            raise UserError(self.env._("The ticket of a question is made by the program."))
        self._check_open()
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_while_open(self):
        self._check_open()

    def _check_open(self):
        if not self.env.su and any(topic.visit_id.state not in ("planned", "appointed") for topic in self):
            raise UserError(self.env._("What was said at a visit stays as it was recorded."))

    def _is_answered(self):
        return bool((self.answer or "").strip())

    def _pass_on(self):
        """Make tickets of the topics: the visitor is their first receiver, the customer's words the description."""
        for topic in self.filtered(lambda topic: not topic.ticket_id):
            visit = topic.visit_id
            first_line = topic.words.strip().splitlines()[0]
            ticket = self.env["pm.ticket"].create(
                {
                    "name": first_line[:100],
                    "description": topic.words,
                    "type_id": topic.type_id.id,
                    "category_id": topic.category_id.id,
                    "channel": "visit",
                    "property_id": visit.property_id.id,
                    "unit_id": visit.unit_id.id,
                    "partner_id": visit.partner_id.id,
                    "promised_date": topic.promised_date,
                }
            )
            topic.sudo().ticket_id = ticket  # sudo: see write
