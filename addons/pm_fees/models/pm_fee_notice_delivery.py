from odoo import api, fields, models
from odoo.fields import Domain


class PmFeeNotice(models.Model):
    """How a payment notice reached its payer, and whether in time (S1-27, S4-22).

    By e-mail it is delivered when the mail server took it, not when somebody pressed the button: who has no address, or
    whose server refused, is still to be reached.
    """

    _inherit = "pm.fee.notice"

    _due_index = models.Index("(property_id, due_date)")

    due_date = fields.Date("Due", compute="_compute_due_date", store=True, help="Of the charge that is due first.")
    in_time = fields.Boolean(
        "Delivered in time", compute="_compute_in_time", store=True, help="Delivered before anything on it was overdue."
    )
    message_state = fields.Selection(
        lambda self: self.env["pm.message"]._fields["state"]._description_selection(self.env),
        "E-mail",
        compute="_compute_message_state",
        search="_search_message_state",
    )

    @api.depends("run_id", "unit_id", "partner_id")
    def _compute_due_date(self):
        groups = self.env["pm.charge"]._read_group(
            [
                ("run_id", "in", self.run_id.ids),
                ("partner_id", "in", self.partner_id.ids),
                ("state", "in", ("posted", "reversed")),
            ],
            ["run_id", "unit_id", "partner_id"],
            ["due_date:min"],
        )
        due = {}
        for run, unit, partner, day in groups:
            due[run, unit, partner] = day
            # Over several units: what is due first.
            together = (run, self.env["pm.unit"], partner)
            due[together] = min(day, due.get(together, day))
        for notice in self:
            notice.due_date = due.get((notice.run_id, notice.unit_id, notice.partner_id))

    @api.depends("delivered_on", "due_date")
    def _compute_in_time(self):
        for notice in self:
            notice.in_time = bool(
                notice.delivered_on and (not notice.due_date or notice.delivered_on <= notice.due_date)
            )

    def _messages(self):
        # sudo: what became of the e-mail is part of the proof, whoever may read messages
        return self.env["pm.message"].sudo().search([("res_model", "=", self._name), ("res_id", "in", self.ids)])

    def _compute_message_state(self):
        # The newest is the first.
        states = {message.res_id: message.state for message in self._messages().sorted("id")}
        for notice in self:
            notice.message_state = states.get(notice.id)

    @api.model
    def _search_message_state(self, operator, value):
        if operator not in ("in", "not in"):
            return NotImplemented
        # sudo: as in `_messages`
        about = Domain("res_model", "=", self._name)
        states = [state for state in value if state]
        found = Domain("id", "in", self._ids_of_messages(about & Domain("state", "in", states)))
        if False in value:
            found |= Domain("id", "not in", self._ids_of_messages(about))
        return found if operator == "in" else ~found

    def _ids_of_messages(self, domain):
        # sudo: as in `_messages`
        return self.env["pm.message"].sudo()._search(domain).subselect("res_id")

    def action_open_message(self):
        """The e-mails of these notices, with the reason where one was not sent."""
        self.check_access("read")
        return {
            "type": "ir.actions.act_window",
            "res_model": "pm.message",
            "view_mode": "list,form",
            "domain": [("res_model", "=", self._name), ("res_id", "in", self.ids)],
            "name": self.env._("E-mail"),
        }

    @api.model
    def _mailed(self, messages, sent):
        """Record what the mail server did with the e-mails of notices; what a person has recorded stays."""
        about = {message.res_id: message for message in messages if message.res_model == self._name}
        for notice in self.browse(about).exists():
            message = about[notice.id]
            if sent and not notice.delivered_on:
                notice.write(
                    {
                        "delivered_on": notice.property_id._today(),
                        "delivery_method": "email",
                        "delivery_proof": " · ".join(filter(None, [message.address, message.reference])),
                    }
                )
            elif (
                not sent
                and notice.delivery_method == "email"
                and (message.address or "") in (notice.delivery_proof or "")
            ):
                notice.write({"delivered_on": False, "delivery_method": False, "delivery_proof": False})


class PmMessage(models.Model):
    """Payment notices hear when their e-mail was sent, or came back."""

    _inherit = "pm.message"

    def _transition(self, state, **vals):
        result = super()._transition(state, **vals)
        if state in ("sent", "failed") and "pm.fee.notice" in self.mapped("res_model"):
            # sudo: the mail queue reports without a user
            self.env["pm.fee.notice"].sudo()._mailed(self, sent=state == "sent")
        return result


class PmKpi(models.Model):
    """KPI 24b: notices that reached their payers before anything was overdue (S1-27)."""

    _inherit = "pm.kpi"

    def _kpi_notice_delivery(self, prop, date_from, date_to, user=None):
        """Notices delivered by their due date / notices whose due date lies between the dates."""
        due = [("property_id", "=", prop.id), ("due_date", ">=", date_from), ("due_date", "<=", date_to)]
        if user:
            due.append(("unit_id.user_id", "=", user.id))
        return {
            "numerator": ("pm.fee.notice", [*due, ("in_time", "=", True)], None),
            "denominator": ("pm.fee.notice", due, None),
        }
