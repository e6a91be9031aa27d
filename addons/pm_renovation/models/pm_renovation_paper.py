from odoo import api, fields, models
from odoo.exceptions import UserError

from .pm_renovation import EDITABLE_STATES
from .pm_renovation_files import UPLOAD_TYPES


class PmRenovationPaper(models.Model):
    """One paper of an application: missing → received → accepted or rejected."""

    _name = "pm.renovation.paper"
    _description = "Renovation Paper Line"
    _inherit = ["pm.program.fields", "pm.renovation.files"]
    _order = "sequence, id"
    _rec_name = "type_id"

    _program_fields = frozenset({"verdict", "checked_by_id", "checked_at"})

    _type_once = models.UniqueIndex("(renovation_id, type_id)", "Each paper stands once in an application.")

    renovation_id = fields.Many2one("pm.renovation", required=True, ondelete="cascade", index=True)
    property_id = fields.Many2one(related="renovation_id.property_id", store=True, index=True)
    company_id = fields.Many2one(related="renovation_id.company_id", store=True)
    type_id = fields.Many2one("pm.renovation.paper.type", string="Paper", required=True, ondelete="restrict")
    sequence = fields.Integer(related="type_id.sequence", store=True)
    required = fields.Boolean(default=True)
    attachment_ids = fields.Many2many(
        "ir.attachment", "pm_renovation_paper_attachment_rel", "paper_id", "attachment_id", string="Files"
    )
    on_paper = fields.Boolean("Seen on Paper", help="The paper was brought to the counter and checked there.")
    state = fields.Selection(
        selection=[
            ("missing", "Missing"),
            ("received", "Received"),
            ("accepted", "In order"),
            ("rejected", "Defect"),
        ],
        compute="_compute_state",
        store=True,
        precompute=True,
        required=True,
    )
    verdict = fields.Selection(selection=[("accepted", "In order"), ("rejected", "Defect")], readonly=True)
    defect = fields.Char(help="What is wrong with the paper and what to bring instead; told to the applicant.")
    checked_by_id = fields.Many2one("res.users", readonly=True)
    checked_at = fields.Datetime(readonly=True)

    @api.depends("attachment_ids", "on_paper", "verdict")
    def _compute_state(self):
        for paper in self:
            if not (paper.attachment_ids or paper.on_paper):
                paper.state = "rejected" if paper.verdict == "rejected" else "missing"
            else:
                paper.state = paper.verdict or "received"

    def write(self, vals):
        """What was handed in is settled with the decision."""
        if {"type_id", "renovation_id", "attachment_ids", "on_paper", "required", "verdict", "defect"} & vals.keys():
            self._check_open()
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_while_open(self):
        self._check_open()

    def _upload_types(self, name):
        return UPLOAD_TYPES

    def action_accept(self):
        """Accept a paper that is there."""
        for paper in self:
            if paper.state == "missing":
                raise UserError(
                    self.env._(
                        "To accept %(paper)s you must attach it or tick that it was seen.", paper=paper.type_id.name
                    )
                )
        self._judge("accepted", clear_defect=True)

    def action_reject(self):
        """Record a defect; the applicant must hear of it on the same day (S0-107)."""
        for paper in self:
            if not paper.defect:
                raise UserError(
                    self.env._("To reject %(paper)s you must write what is wrong with it.", paper=paper.type_id.name)
                )
        self._judge("rejected")
        self.renovation_id._defect_recorded()

    def action_take_back(self):
        """Undo a verdict, for instance after a new file came in."""
        self.check_access("write")
        self.sudo().write({"verdict": False, "checked_by_id": False, "checked_at": False})  # sudo: _program_fields

    def _check_open(self):
        for paper in self:
            if paper.renovation_id.state not in EDITABLE_STATES:
                raise UserError(
                    self.env._(
                        "To check papers of %(case)s you must do it before the decision.", case=paper.renovation_id.name
                    )
                )

    def _judge(self, verdict, clear_defect=False):
        self.check_access("write")
        values = {"verdict": verdict, "checked_by_id": self.env.uid, "checked_at": fields.Datetime.now()}
        if clear_defect:
            values["defect"] = False
        self.sudo().write(values)  # sudo: _program_fields
