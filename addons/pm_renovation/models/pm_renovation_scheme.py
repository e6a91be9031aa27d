from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError


class PmRenovationScheme(models.Model):
    """A uniform alteration approved once for everybody: balcony enclosure, place of the outdoor unit (S0-76).

    A work that follows a scheme in force needs fewer papers and no engineering review; an application made of such
    works only is decided by the butler. Source: S0-76.

    ========  ==========================================================
    draft     being written; nobody can choose it
    approved  in force, approved by a project manager
    retired   no longer offered; what was approved under it stays
    ========  ==========================================================
    """

    _name = "pm.renovation.scheme"
    _description = "Standard Renovation Scheme"
    _inherit = ["mail.thread", "pm.renovation.files", "pm.renovation.state"]
    _order = "property_id, sequence, id"
    _step_fields = frozenset({"approved_by_id", "approved_at"})
    _frozen = dict.fromkeys(
        ("approved", "retired"),
        frozenset({"property_id", "work_type_id", "description", "attachment_ids", "covered_paper_type_ids"}),
    )

    name = fields.Char(required=True, translate=True, tracking=True)
    sequence = fields.Integer(default=10)
    property_id = fields.Many2one("pm.property", required=True, index=True, ondelete="cascade")
    company_id = fields.Many2one(related="property_id.company_id", store=True)
    work_type_id = fields.Many2one("pm.renovation.work.type", "Work", required=True, ondelete="restrict", index=True)
    description = fields.Text(
        required=True, translate=True, help="Measures, material and colour, as the applicant must keep to them."
    )
    attachment_ids = fields.Many2many(
        "ir.attachment", "pm_renovation_scheme_attachment_rel", "scheme_id", "attachment_id", string="Drawings"
    )
    covered_paper_type_ids = fields.Many2many(
        "pm.renovation.paper.type",
        "pm_renovation_scheme_paper_rel",
        "scheme_id",
        "paper_type_id",
        string="Papers Not Needed",
        help="Papers that the scheme replaces, such as the drawing.",
    )
    state = fields.Selection(
        selection=[("draft", "Draft"), ("approved", "In force"), ("retired", "Retired")],
        default="draft",
        required=True,
        readonly=True,
        copy=False,
        tracking=True,
    )
    approved_by_id = fields.Many2one("res.users", readonly=True, copy=False)
    approved_at = fields.Datetime(readonly=True, copy=False)
    source = fields.Char(help="Requirement or practice this record comes from.")

    def action_approve(self):
        """Put the scheme in force; a project manager answers for it."""
        if not (self.env.su or self.env.user.has_group("pm_base.group_manager")):
            raise UserError(self.env._("A standard scheme is approved by a project manager."))
        for scheme in self:
            if scheme.state == "approved":
                raise UserError(self.env._("Scheme %(name)s is in force already.", name=scheme.name))
        self._set_state("approved", approved_by_id=self.env.uid, approved_at=fields.Datetime.now())

    def action_retire(self):
        """Offer the scheme no longer; what was approved under it stays."""
        for scheme in self:
            if scheme.state != "approved":
                raise UserError(self.env._("To retire scheme %(name)s it must be in force.", name=scheme.name))
        self._set_state("retired")

    def action_revise(self):
        """Back to draft, to be changed and approved again."""
        for scheme in self:
            if scheme.state == "draft":
                raise UserError(self.env._("Scheme %(name)s is a draft already.", name=scheme.name))
        self._set_state("draft", approved_by_id=False, approved_at=False)


class PmRenovationWork(models.Model):
    _inherit = "pm.renovation.work"

    scheme_id = fields.Many2one(
        "pm.renovation.scheme",
        "Standard Scheme",
        ondelete="restrict",
        index="btree_not_null",
        domain="[('state', '=', 'approved'), ('property_id', '=', property_id), ('work_type_id', '=', type_id)]",
        help="Follows a scheme that is approved for everybody (S0-76).",
    )

    @api.onchange("type_id")
    def _onchange_type_id(self):
        if self.scheme_id.work_type_id != self.type_id:
            self.scheme_id = False

    @api.constrains("scheme_id", "type_id", "renovation_id")
    def _check_scheme(self):
        for work in self.filtered("scheme_id"):
            # sudo: whether a scheme is offered is no secret; the applicant in the portal has no right on schemes
            scheme = work.scheme_id.sudo()
            if (
                scheme.state != "approved"
                or scheme.property_id != work.property_id
                or scheme.work_type_id != work.type_id
            ):
                raise ValidationError(
                    self.env._(
                        "Scheme %(scheme)s is not in force for “%(work)s” in this property. Choose another, or none.",
                        scheme=scheme.name,
                        work=work.type_id.name,
                    )
                )


class PmRenovation(models.Model):
    _inherit = "pm.renovation"

    is_standard = fields.Boolean(
        "Standard Schemes Only",
        readonly=True,
        copy=False,
        help="Every work follows a standard scheme: reviewed and approved by the butler alone (S0-76).",
    )

    def _follows_schemes(self):
        """Whether every work follows a scheme in force."""
        self.ensure_one()
        # sudo: a scheme in force counts, whoever may read schemes
        return bool(self.work_ids) and all(work.scheme_id.sudo().state == "approved" for work in self.work_ids)
