"""The contractor's link: one page limited to one case, for whoever holds its token."""

import secrets

from odoo import fields, models
from odoo.exceptions import UserError

from .pm_renovation import OPEN_STATES


class PmRenovation(models.Model):
    """No account, no list, no other case, no name or phone of the household: what the site needs and nothing else."""

    _inherit = "pm.renovation"

    _site_token_unique = models.UniqueIndex("(site_token) WHERE site_token IS NOT NULL", "Site links are unique.")

    site_token = fields.Char(readonly=True, copy=False, groups="pm_base.group_officer")
    site_url = fields.Char("Contractor's Link", compute="_compute_site_url", groups="pm_base.group_officer")

    def _compute_site_url(self):
        for case in self:
            case.site_url = case._site_url()

    def _site_url(self):
        token = self.sudo().site_token  # sudo: see the field's group
        return f"{self.get_base_url()}/pm/site/{token}" if token else False

    def action_site_link(self):
        """Make the contractor's link and send it to him when he has an address; without one it is copied from the form."""
        for case in self:
            if case.state not in OPEN_STATES:
                raise UserError(self.env._("%(case)s is over: nobody needs a link any more.", case=case.name))
            if not case.site_token:
                case._stamp(site_token=secrets.token_urlsafe(24))
                case._log("site", self.env._("Link made"))
            if case.contractor_id.email or case.contractor_id.phone:
                case._notify("site", key=case.site_token[:12], partner=case.contractor_id, site_url=case._site_url())

    def action_revoke_site_link(self):
        """The link stops working at once."""
        for case in self.filtered("site_token"):
            case._stamp(site_token=False)
            case._log("site", self.env._("Link withdrawn"))

    def _find_site(self, token):
        """The open case of a token.

        :param token: as it stands in the address
        :return: one ``pm.renovation`` in sudo, or none
        """
        if not token or len(token) < 20:
            return self.sudo().browse()
        # sudo: the token is the key to what the site page shows
        return self.sudo().search([("site_token", "=", token), ("state", "in", OPEN_STATES)], limit=1)

    def _add_worker(self, name, trade=None, phone=None, photo=None, actor=None):
        """Record a worker as told by the applicant or the contractor; the pass is given at the counter.

        :param photo: bytes of a picture, checked by the caller
        :param actor: who told it when no user did
        :return: the ``pm.renovation.worker``
        """
        self.ensure_one()
        name = (name or "").strip()[:64]
        if not name:
            raise UserError(self.env._("Please give the worker's name."))
        if self.state not in OPEN_STATES or self.accepted_at:
            raise UserError(self.env._("Workers are named before the works are accepted."))
        # sudo: applicant and contractor have no rights on passes; they name workers, and give themselves none
        worker = (
            self.env["pm.renovation.worker"]
            .sudo()
            .create(
                {
                    "renovation_id": self.id,
                    "name": name,
                    "trade": (trade or "").strip()[:64] or False,
                    "phone": (phone or "").strip()[:32] or False,
                    "photo": photo,
                }
            )
        )
        self._log("site", self.env._("Worker named: %(name)s", name=name), actor=actor)
        return worker

    def _add_asbuilt(self, files, actor=None):
        """File as-built papers that applicant or contractor hand in.

        :param files: [(name, bytes)], not yet checked
        :param actor: who sent them when no user did
        """
        self.ensure_one()
        if self.state not in OPEN_STATES or self.state in ("refund_requested", "refunded"):
            raise UserError(self.env._("As-built papers are handed in before the case is closed."))
        if not files:
            raise UserError(self.env._("Please choose a file."))
        created = self._create_files(files, self)
        # sudo: the contractor comes by the link, without a login
        self.sudo().asbuilt_attachment_ids = [fields.Command.link(file.id) for file in created]
        self._log(
            "site", self.env._("As-built papers: %(names)s", names=", ".join(created.mapped("name"))), actor=actor
        )

    def _create_files(self, files, owner):
        """Check and store uploaded files on a record of the case.

        :param files: [(name, bytes)]
        :param owner: the record they belong to
        """
        # sudo: neither applicant nor contractor may create files; content and size are checked here
        return (
            self.env["ir.attachment"]
            .sudo()
            .create(
                [
                    {
                        "name": name[-120:],
                        "raw": content,
                        "mimetype": self._check_upload(name, content),
                        "res_model": owner._name,
                        "res_id": owner.id,
                    }
                    for name, content in files
                ]
            )
        )
