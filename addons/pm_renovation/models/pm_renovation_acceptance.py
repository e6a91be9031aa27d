"""Acceptance beyond the one visit: concealed works, plans beside photos, re-inspection, papers filed on the unit."""

from odoo import api, fields, models
from odoo.exceptions import UserError

from .pm_renovation import SITE_STATES
from .pm_renovation_files import UPLOAD_TYPES


class PmRenovation(models.Model):
    _inherit = "pm.renovation"

    concealed_state = fields.Selection(
        selection=[
            ("none", "Not needed"),
            ("open", "To inspect before cover-up"),
            ("passed", "Passed"),
            ("waived", "Documented otherwise"),
        ],
        compute="_compute_concealed_state",
        string="Concealed Works",
    )
    concealed_waiver = fields.Text(readonly=True, copy=False, help="Why the concealed works were not inspected.")
    plan_attachment_ids = fields.Many2many(
        "ir.attachment", compute="_compute_plan_attachment_ids", string="Approved Plans", compute_sudo=True
    )
    asbuilt_attachment_ids = fields.Many2many(
        "ir.attachment",
        "pm_renovation_asbuilt_rel",
        "renovation_id",
        "attachment_id",
        string="As-built Papers",
        copy=False,
        help="Plans as built, photos of pipes and wires before they were covered; filed on the unit at acceptance.",
    )
    unit_file_ids = fields.One2many("pm.unit.file", "renovation_id", string="Filed on the Unit", readonly=True)

    @api.depends("work_ids.type_id.is_concealed", "inspection_ids.state", "inspection_ids.result", "concealed_waiver")
    def _compute_concealed_state(self):
        for case in self:
            if not case._concealed_works():
                case.concealed_state = "none"
            elif not case._uninspected_works():
                case.concealed_state = "passed"
            else:
                case.concealed_state = "waived" if case.concealed_waiver else "open"

    @api.depends("paper_ids.attachment_ids")
    def _compute_plan_attachment_ids(self):
        for case in self:
            case.plan_attachment_ids = case.paper_ids.filtered("type_id.is_plan").attachment_ids

    # ------------------------------------------------------------ concealed works
    def _concealed_works(self):
        # sudo: the technician reads works, the applicant in the portal and the contractor by link do not
        return self.sudo().work_ids.filtered("type_id.is_concealed")

    def _uninspected_works(self):
        """Concealed works of the case that no inspection has passed yet."""
        # sudo: inspections of everybody count
        passed = self.sudo().inspection_ids.filtered(
            lambda i: i.kind == "concealed" and i.state == "done" and i.result == "ok"
        )
        return self._concealed_works() - passed.work_ids

    def action_request_concealed(self):
        """The works are ready to be covered: plan their inspection for the next day, as the agreement says."""
        self.check_access("write")  # pages of household and contractor ask in sudo, after their own checks
        for case in self:
            works = case._uninspected_works()
            if case.state not in SITE_STATES or not works:
                raise UserError(
                    self.env._(
                        "To have concealed works of %(case)s inspected they must be under way and not yet passed.",
                        case=case.name,
                    )
                )
            # sudo: whoever announces the works need not have the right to plan inspections
            case.sudo()._plan_inspection(
                "concealed",
                fields.Date.add(case.property_id._today(), days=1),
                work_ids=[fields.Command.set(works.ids)],
            )
            case._start_deadline("concealed")

    def action_waive_concealed(self):
        """Ask how the concealed works are documented, then go on without their inspection."""
        return self._ask_reason("waive_concealed", self.env._("Concealed Works Documented Otherwise"))

    def _waive_concealed(self, reason):
        self._check_group("pm_base.group_supervisor")
        for case in self:
            if case.concealed_state != "open":
                raise UserError(self.env._("%(case)s has no concealed works left to inspect.", case=case.name))
            case._stamp(concealed_waiver=reason)
            case._cancel_deadlines("concealed", reason)
            case._log("inspection", self.env._("Concealed works documented otherwise"), reason)

    def _guard_concealed(self):
        if self.concealed_state == "open":
            raise UserError(
                self.env._(
                    "To accept %(case)s its concealed works must have been inspected before they were covered: %(works)s."
                    " A supervisor may accept other proof and say which.",
                    case=self.name,
                    works=", ".join(self._uninspected_works().type_id.mapped("name")),
                )
            )

    # ------------------------------------------------------------ re-inspection
    def _awaits_reinspection(self):
        """Whether the re-inspection period is running and its inspection has not passed."""
        self.ensure_one()
        return bool(self.reinspect_on and not self.final_accepted_at and self.property_id._today() < self.reinspect_on)

    def _plan_reinspection(self):
        """Plan the re-inspection where the property has a period for it; its day is a clock like the others."""
        for case in self.filtered("reinspect_on"):
            case._plan_inspection("reinspection", case.reinspect_on)
            case._start_deadline("reinspection")

    def _get_agreed_due(self, kind):
        if kind == "reinspection" and self.reinspect_on:
            return self.property_id._local_to_utc(self.reinspect_on, 24.0)
        return super()._get_agreed_due(kind)

    def _reinspected(self, inspection):
        """The re-inspection was held: passed, the refund clock runs from now; failed, the case is put right again."""
        self.ensure_one()
        self._meet_deadline("reinspection", at=inspection.done_at)
        if inspection.result == "ok":
            self._stamp(final_accepted_at=inspection.done_at)
            if self.deposit_id.state == "held":
                self._cancel_deadlines("refund", self.env._("Re-inspected; the clock starts anew."))
                self._start_deadline("refund", start=inspection.done_at)
            return
        points = "; ".join(inspection._not_ok_texts())
        self._cancel_deadlines("refund", self.env._("The re-inspection failed."))
        self._transition("rectify", reason=points, reinspect_on=False)
        self._notify("rectify", key=f"reinspection-{inspection.id}", points=points)

    def _settle_reinspection(self):
        """Before the refund: the re-inspection has passed, or its day has gone by. Nobody waits for us longer (L-04)."""
        for case in self:
            if case._awaits_reinspection():
                raise UserError(
                    self.env._(
                        "To request the refund of %(case)s hold its re-inspection first, or wait for %(day)s.",
                        case=case.name,
                        day=case.reinspect_on,
                    )
                )
            if case.reinspect_on and not case.final_accepted_at:
                case._stamp(final_accepted_at=fields.Datetime.now())
                case._cancel_deadlines("reinspection", self.env._("Its day has gone by."))
                case.inspection_ids.filtered(lambda i: i.kind == "reinspection" and i.state == "planned")._set_state(
                    "missed"
                )

    # ------------------------------------------------------------ papers on the unit
    def _file_papers(self):
        """Put plans, as-built papers and the certificate into the file of the unit, once per case (S0-13)."""
        file_type = self.env.ref("pm_renovation.file_type_renovation")
        for case in self:
            # sudo: the one who accepts may lack rights on the unit's file; what goes in was accepted with the case
            case = case.sudo()
            certificate = case._print_copy("pm_renovation.acceptance_report", self.env._("Acceptance Certificate"))
            scans = case.plan_attachment_ids | case.asbuilt_attachment_ids | certificate | case.agreement_copy_id
            scans |= case.inspection_ids.filtered(lambda i: i.kind == "concealed").attachment_ids
            if case.unit_file_ids:
                case.unit_file_ids[:1].attachment_ids |= scans
                continue
            self.env["pm.unit.file"].sudo().create(
                {
                    "unit_id": case.unit_id.id,
                    "renovation_id": case.id,
                    "type_id": file_type.id,
                    "partner_id": case.owner_id.id,
                    "name": case.name,
                    "date": case.property_id._today(),
                    "attachment_ids": [fields.Command.set(scans.ids)],
                }
            )

    def _keep_agreement(self):
        """Keep the agreement in the words that were signed on screen; an uploaded paper is its own copy."""
        for case in self.filtered(lambda c: c.agreement_signature and not c.agreement_attachment_ids):
            copy = case._print_copy("pm_renovation.agreement_report", self.env._("Renovation Agreement"))
            case._stamp(agreement_copy_id=copy.id)

    def _print_copy(self, report, title):
        """Print a paper of the case and keep it as a file of the case.

        What cannot be printed (a missing font, a broken picture) is told in the log and does not undo the step: the
        paper can be printed later.

        :return: ``ir.attachment`` in sudo, maybe empty
        """
        self.ensure_one()
        # sudo: the applicant acts in the portal, where nobody may create files
        files = self.env["ir.attachment"].sudo()
        try:
            content = self.env["pm.document"].sudo()._pdf(report, self)
        except UserError as error:
            self.sudo().message_post(
                body=self.env._("“%(title)s” could not be printed: %(why)s", title=title, why=error.args[0])
            )
            return files
        return files.create(
            {
                "name": f"{self.name} {title}.pdf",
                "raw": content,
                "mimetype": "application/pdf",
                "res_model": self._name,
                "res_id": self.id,
            }
        )

    def _upload_types(self, name):
        return UPLOAD_TYPES if name in ("agreement_attachment_ids", "asbuilt_attachment_ids") else {}


class PmUnitFile(models.Model):
    _inherit = "pm.unit.file"
    _program_fields = frozenset({"renovation_id"})

    _renovation_once = models.UniqueIndex(
        "(renovation_id, type_id) WHERE renovation_id IS NOT NULL", "The papers of this renovation are filed already."
    )

    renovation_id = fields.Many2one("pm.renovation", readonly=True, index="btree_not_null", ondelete="set null")
