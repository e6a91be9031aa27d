from datetime import datetime, time, timedelta

import pytz
from odoo import api, fields, models
from odoo.tools import ormcache

CHANNELS = [("email", "E-mail"), ("sms", "SMS")]


class PmMessagePurpose(models.Model):
    """Why a message is sent, and the rules that follow from it. Source: L-13.

    The law separates messages about the customer's own contract (service, demands for payment) from greetings and
    advertising, which need consent, a way out and a decent hour.
    """

    _name = "pm.message.purpose"
    _inherit = ["pm.cached"]
    _description = "Message Purpose"
    _order = "sequence, id"
    _cached_fields = frozenset({"code", "active"})

    _code_unique = models.UniqueIndex("(code)", "Another purpose has this code.")
    _hours = models.Constraint(
        "CHECK (quiet_from >= 0 AND quiet_from <= 24 AND quiet_to >= 0 AND quiet_to <= 24)",
        "Quiet hours lie between 0:00 and 24:00.",
    )
    _cap = models.Constraint("CHECK (cap_count >= 0 AND cap_days >= 0)", "The frequency cap cannot be negative.")

    name = fields.Char(required=True, translate=True)
    code = fields.Char(required=True, help="Used by the programs that send; do not change.")
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)
    channel_order = fields.Selection(
        [
            ("email,sms", "E-mail, else SMS"),
            ("sms,email", "SMS, else e-mail"),
            ("email", "E-mail only"),
            ("sms", "SMS only"),
        ],
        required=True,
        default="email,sms",
        help="Channel of messages that do not ask for a certain one: the first for which the partner has an address.",
    )
    quiet_from = fields.Float(
        help="Start of the hours, in the property's time zone, in which nothing is sent. Equal to the end: no quiet hours."
    )
    quiet_to = fields.Float(help="End of the quiet hours: messages that waited go out then.")
    cap_count = fields.Integer(
        string="At Most", help="Messages of this purpose to one partner within the period; 0 = without limit."
    )
    cap_days = fields.Integer(string="Within (days)", default=7)
    honours_opt_out = fields.Boolean(
        string="Respects Opt-out", help="Not sent to a partner who opted out of this purpose."
    )
    requires_opt_in = fields.Boolean(
        string="Needs Consent", help="Sent only to a partner who opted in to this purpose."
    )
    opt_out_text = fields.Char(
        string="Opt-out Line",
        translate=True,
        help="Added to each message; {link} stands for the address of the personal opt-out page. Empty: nothing is added.",
    )
    source = fields.Char(help="Requirement id that the rule comes from.")
    message_count = fields.Integer(compute="_compute_message_count")

    def _compute_message_count(self):
        counts = dict(self.env["pm.message"]._read_group([("purpose_id", "in", self.ids)], ["purpose_id"], ["__count"]))
        for purpose in self:
            purpose.message_count = counts.get(purpose, 0)

    @api.model
    def _get(self, code):
        """Return the purpose with this code.

        :raises ValueError: there is none: a mistake of the calling program
        """
        purpose = self._get_id(code)
        if not purpose:
            raise ValueError(f"unknown message purpose {code!r}")
        # sudo: the program asks for a purpose by its code, whoever is at work
        return self.sudo().browse(purpose)

    @api.model
    @ormcache("code")
    def _get_id(self, code):
        # sudo: see _get
        return self.sudo().search([("code", "=", code)], limit=1).id

    def _channels(self):
        """Return the channels in order of preference, for example ``["email", "sms"]``."""
        return self.channel_order.split(",")

    def _quiet_until(self, tz, moment):
        """Return the end of the quiet hours (naive UTC) if ``moment`` (naive UTC) lies in them, else None.

        :param str tz: name of the property's time zone
        """
        self.ensure_one()
        start, end = self.quiet_from, self.quiet_to
        if start == end:
            return None
        zone = pytz.timezone(tz)
        local = pytz.utc.localize(moment).astimezone(zone)
        hour = local.hour + local.minute / 60 + local.second / 3600
        day = local.date()
        if start < end:
            if not start <= hour < end:
                return None
        elif hour >= start:
            day += timedelta(days=1)
        elif hour >= end:
            return None
        # 24.0 is midnight of the next day, which timedelta carries over.
        wall = datetime.combine(day, time.min) + timedelta(minutes=round(end * 60))
        return zone.localize(wall).astimezone(pytz.utc).replace(tzinfo=None)

    def action_open_messages(self):
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("pm_base.pm_message_action")
        return {**action, "domain": [("purpose_id", "=", self.id)], "context": {}}
