from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError

METHODS = [("screen", "On the screen"), ("portal", "In the portal"), ("paper", "On paper")]


class PmAcknowledgment(models.Model):
    """A user of a unit has received and accepted a version of the handbook (《客户服务手册确认书》). Evidence: never changed. Source: S2-12."""

    _name = "pm.acknowledgment"
    _description = "Handbook Acknowledgment"
    _inherit = ["pm.evidence", "pm.files"]
    _order = "id desc"

    _once = models.UniqueIndex("(handbook_id, party_id)", "This version is already acknowledged by this customer.")

    handbook_id = fields.Many2one("pm.handbook", required=True, readonly=True, ondelete="restrict", index=True)
    party_id = fields.Many2one(
        "pm.unit.party", string="Customer of the Unit", required=True, readonly=True, ondelete="restrict", index=True
    )
    property_id = fields.Many2one(related="handbook_id.property_id", store=True, index=True)
    company_id = fields.Many2one(related="handbook_id.company_id", store=True)
    unit_id = fields.Many2one(related="party_id.unit_id", store=True, index=True)
    partner_id = fields.Many2one(related="party_id.partner_id", string="Customer", store=True, index=True)
    date = fields.Datetime(required=True, readonly=True, default=fields.Datetime.now)
    method = fields.Selection(METHODS, string="How", required=True, readonly=True, default="screen")
    signed_by = fields.Char(string="Authorised Signatory", required=True, readonly=True)
    signature = fields.Binary(readonly=True, attachment=True)
    file_ids = fields.Many2many(
        "ir.attachment",
        "pm_acknowledgment_file_rel",
        string="Signed Paper",
        readonly=True,
        help="With the company's seal.",
    )
    user_id = fields.Many2one("res.users", string="Recorded By", readonly=True, help="Empty: the customer by himself.")

    @api.depends("handbook_id.version", "unit_id.name")
    def _compute_display_name(self):
        for record in self:
            record.display_name = f"{record.unit_id.name or ''} {record.handbook_id.version or ''}".strip()

    @api.constrains("handbook_id", "party_id", "signature", "file_ids", "method")
    def _check_evidence(self):
        for record in self:
            if record.party_id.property_id != record.handbook_id.property_id:
                raise ValidationError(
                    self.env._(
                        "%(unit)s does not belong to the property %(property)s.",
                        unit=record.unit_id.display_name,
                        property=record.handbook_id.property_id.display_name,
                    )
                )
            if not (record.file_ids if record.method == "paper" else record.signature):
                raise ValidationError(
                    self.env._("Let the customer sign on the screen, or attach the signed paper (S2-12).")
                )

    @api.model
    def _record(self, party, method, signed_by, signature=None, files=None):
        """Record that ``party`` acknowledges the version in force; a second time changes nothing.

        :param str method: one of ``METHODS``
        :returns: the acknowledgment
        :raises UserError: no handbook in force, or nobody named
        """
        party.check_access("read")
        book = self.env["pm.handbook"]._current(party.property_id)
        if not book:
            raise UserError(self.env._("%s has no handbook in force.", party.property_id.display_name))
        if not (signed_by or "").strip():
            raise UserError(self.env._("Enter who signs."))
        # sudo: acknowledgments are evidence, no role writes them by hand; the party was checked
        records = self.sudo()
        known = records.search([("handbook_id", "=", book.id), ("party_id", "=", party.id)], limit=1)
        if known:
            return known.sudo(self.env.su)
        record = records.create(
            {
                "handbook_id": book.id,
                "party_id": party.id,
                "method": method,
                "signed_by": signed_by.strip()[:120],
                "signature": signature,
                "file_ids": [(6, 0, files.ids)] if files else False,
                "user_id": self.env.uid if self.env.user._is_internal() else False,
            }
        )
        return record.sudo(self.env.su)
