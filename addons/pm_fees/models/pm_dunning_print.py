import logging

from odoo import Command, api, fields, models
from odoo.exceptions import UserError
from odoo.tools.pdf import merge_pdf

_logger = logging.getLogger(__name__)

# Papers laid out in one transaction of a job.
_CHUNK = 100
_NOW_PARAMETER = "pm_fees.print_now"


class PmDunningPrint(models.Model):
    """A print job: a thousand notices in one PDF, made in the background, with its progress on the screen.

    Each step lays out a hundred papers and commits: a job that is killed goes on where it was.
    """

    _name = "pm.dunning.print"
    _description = "Print Job of Notices"
    _order = "id desc"

    user_id = fields.Many2one(
        "res.users", "Printed By", required=True, readonly=True, default=lambda self: self.env.uid
    )
    company_id = fields.Many2one("res.company", required=True, readonly=True, default=lambda self: self.env.company)
    action_ids = fields.Many2many("pm.dunning.action", readonly=True, string="Notices")
    total = fields.Integer("Notices in All", readonly=True)
    done = fields.Integer("Printed So Far", readonly=True)
    skipped = fields.Integer("Not Needed Any More", readonly=True, help="Paid meanwhile: the notice was cancelled.")
    progress = fields.Float(compute="_compute_progress")
    part_ids = fields.Many2many("ir.attachment", "pm_dunning_print_part_rel", readonly=True, string="Parts")
    attachment_id = fields.Many2one("ir.attachment", "PDF", readonly=True)
    error = fields.Text(readonly=True)
    state = fields.Selection(
        [("running", "Printing"), ("done", "Ready"), ("failed", "Stopped")],
        required=True,
        readonly=True,
        default="running",
    )

    @api.depends("total", "done", "skipped")
    def _compute_progress(self):
        for job in self:
            job.progress = 100.0 * (job.done + job.skipped) / job.total if job.total else 100.0

    @api.depends("create_date", "total")
    def _compute_display_name(self):
        for job in self:
            job.display_name = self.env._("%s notices", job.total)

    @api.model
    def _print_now(self):
        """Up to how many notices are printed while the user waits (setting)."""
        # sudo: a setting of the system, read by every role
        return int(self.env["ir.config_parameter"].sudo().get_param(_NOW_PARAMETER, 50))

    @api.model
    def _open_job(self, papers):
        """Start a job for these papers and show it."""
        papers.check_access("read")
        papers.check_access("write")
        # sudo: jobs are written by the program
        job = self.sudo().create(
            {
                "action_ids": [Command.set(papers.ids)],
                "total": len(papers),
                "user_id": self.env.uid,
                "company_id": papers.company_id[:1].id,
            }
        )
        self.env.ref("pm_fees.ir_cron_dunning_print").sudo()._trigger()
        return {
            "type": "ir.actions.act_window",
            "res_model": self._name,
            "res_id": job.id,
            "view_mode": "form",
            "name": self.env._("Print Notices"),
        }

    @api.model
    def _cron_print(self):
        """Work on the jobs, one step of a job at a time."""
        cron = self.env["ir.cron"]
        while job := self.search([("state", "=", "running")], order="id", limit=1):
            try:
                with self.env.cr.savepoint():
                    job._step()
            except Exception as error:  # one broken paper must not stop the jobs of others
                _logger.exception("Print job %s stopped", job.id)
                job.write({"state": "failed", "error": str(error) or type(error).__name__})
            left = self.search([("state", "=", "running")])
            waiting = sum(one.total - one.done - one.skipped for one in left)
            if not cron._commit_progress(_CHUNK, remaining=waiting):
                self.env.ref("pm_fees.ir_cron_dunning_print")._trigger()
                break

    def _step(self):
        """Lay out the next papers; after the last, bind everything into one PDF."""
        self.ensure_one()
        start = self.done + self.skipped
        papers = self.action_ids.sorted(lambda action: (action.unit_id.name or "", action.id))[start : start + _CHUNK]
        # The rights were checked when the job was made; the paper is the same for everybody.
        printed = papers._freeze()
        if printed:
            content = self.env["report.pm_fees.dunning_notice"]._render_pdf(printed)
            self.part_ids = [
                Command.create(
                    {"name": f"part-{start}.pdf", "raw": content, "res_model": self._name, "res_id": self.id}
                )
            ]
        self.write({"done": self.done + len(printed), "skipped": self.skipped + len(papers) - len(printed)})
        if self.done + self.skipped >= self.total:
            self._bind()

    def _bind(self):
        parts = self.part_ids.sorted("id")
        if parts:
            self.attachment_id = self.env["ir.attachment"].create(
                {
                    "name": self.env._("Notices %s", fields.Date.context_today(self)) + ".pdf",
                    "raw": merge_pdf([part.raw for part in parts]),
                    "res_model": self._name,
                    "res_id": self.id,
                    "mimetype": "application/pdf",
                }
            )
            parts.unlink()
        self.state = "done"
        self.env["mail.thread"].message_notify(
            partner_ids=self.user_id.partner_id.ids,
            subject=self.env._("Your notices are ready: %s", self.done),
            body=self.env._("Open the print job to download them."),
            model=self._name,
            res_id=self.id,
        )

    def action_download(self):
        self.ensure_one()
        self.check_access("read")
        if not self.attachment_id:
            raise UserError(self.env._("The notices are not ready yet."))
        return {
            "type": "ir.actions.act_url",
            "url": f"/web/content/{self.attachment_id.id}?download=true",
            "target": "self",
        }

    def action_refresh(self):
        """Look again how far it is."""
        return {"type": "ir.actions.client", "tag": "soft_reload"}

    def action_again(self):
        """Go on after what stopped the job was put right."""
        self.check_access("read")
        # sudo: jobs are written by the program
        self.sudo().filtered(lambda job: job.state == "failed").write({"state": "running", "error": False})
        self.env.ref("pm_fees.ir_cron_dunning_print").sudo()._trigger()
