from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL
from odoo.tools.misc import hash_sign, verify_hash_signed

TOKEN_SCOPE = "pm_base.consent"


class PmConsent(models.Model):
    """What a partner said about receiving messages of a purpose. Rows are never changed: the last one counts. Source: L-13."""

    _name = "pm.consent"
    _description = "Message Consent"
    _order = "date desc, id desc"
    _rec_name = "partner_id"

    _current_index = models.Index("(partner_id, purpose_id, date DESC, id DESC)")

    partner_id = fields.Many2one("res.partner", required=True, ondelete="cascade")
    purpose_id = fields.Many2one("pm.message.purpose", required=True, index=True, ondelete="restrict")
    state = fields.Selection(
        [("opt_in", "Wants messages"), ("opt_out", "Wants no messages")],
        string="Decision",
        required=True,
        default="opt_out",
    )
    date = fields.Datetime(required=True, default=fields.Datetime.now)
    source = fields.Selection(
        [
            ("counter", "At the counter"),
            ("phone", "By phone"),
            ("paper", "On paper"),
            ("portal", "In the portal"),
            ("link", "Link in a message"),
            ("import", "Import"),
        ],
        string="Given",
        required=True,
        default="counter",
    )
    note = fields.Char()

    @api.model_create_multi
    def create(self, vals_list):
        consents = super().create(vals_list)
        if not self.env.su:
            # Nobody speaks for people whom he may not see.
            consents.partner_id.check_access("read")
        return consents

    def write(self, vals):
        # A consent is evidence. Archiving partners or merging them must still work, so only the decision is locked.
        if {"state", "date", "source", "purpose_id"} & vals.keys():
            raise UserError(self.env._("A recorded consent cannot be changed. Record the new decision as a new line."))
        return super().write(vals)

    @api.model
    def _current(self, partners, purposes):
        """Return ``{(partner_id, purpose_id): "opt_in" | "opt_out"}`` of those who ever decided."""
        if not partners or not purposes:
            return {}
        self.flush_model()
        self.env.cr.execute(
            SQL(
                """
                SELECT DISTINCT ON (partner_id, purpose_id) partner_id, purpose_id, state
                  FROM pm_consent
                 WHERE partner_id IN %s AND purpose_id IN %s
                 ORDER BY partner_id, purpose_id, date DESC, id DESC
                """,
                partners._ids,
                purposes._ids,
            )
        )
        return {(partner, purpose): state for partner, purpose, state in self.env.cr.fetchall()}

    # The signed link in greetings and advertising

    @api.model
    def _opt_out_token(self, partner, purpose):
        """Return the signed, unlimited token that lets this partner leave this purpose without login."""
        # The signing secret is a system parameter.
        return hash_sign(self.sudo().env, TOKEN_SCOPE, {"partner": partner.id, "purpose": purpose.id})

    @api.model
    def _opt_out_url(self, partner, purpose):
        return f"{self.get_base_url()}/pm/optout/{self._opt_out_token(partner, purpose)}"

    @api.model
    def _read_token(self, token):
        """Return ``(partner, purpose)`` of a token as sudo records, or None when it is not ours."""
        try:
            values = verify_hash_signed(self.sudo().env, TOKEN_SCOPE, token)
        except Exception:  # rubbish in the address: not base64, no version, cut in the middle
            return None
        if not values:
            return None
        partner = self.env["res.partner"].sudo().browse(values["partner"]).exists()
        purpose = self.env["pm.message.purpose"].sudo().browse(values["purpose"]).exists()
        return (partner, purpose) if partner and purpose else None
