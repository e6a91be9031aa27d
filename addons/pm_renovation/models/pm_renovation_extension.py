"""A later end of the permit, asked for by the household; granted or refused by the staff."""

from odoo import fields, models
from odoo.exceptions import UserError
from odoo.tools import format_date

from .pm_renovation_permit import PERMIT_STATES


class PmRenovation(models.Model):
    _inherit = "pm.renovation"

    extension_until = fields.Date("Extension Asked For", readonly=True, copy=False, tracking=True)
    extension_reason = fields.Text("Why an Extension", readonly=True, copy=False)

    def _ask_extension(self, date_end, reason):
        """Keep the household's wish for a later end; the responsible gets something to do about it.

        The permit itself does not change: an extension is granted by the staff only.

        :param date_end: the last day wished for
        :param reason: why the works take longer
        :raises UserError: no permit in force, no later day, no reason, or a wish that waits already
        """
        self.ensure_one()
        _ = self.env._
        # Two clicks, or household and owner at once: the second one sees the first one's wish.
        self.lock_for_update()
        if self.state not in PERMIT_STATES:
            raise UserError(_("To extend the permit of %(case)s you must have it issued.", case=self.name))
        if self.extension_until:
            raise UserError(
                _("An extension until %(day)s is asked for already.", day=format_date(self.env, self.extension_until))
            )
        if not date_end or date_end <= self.permit_valid_until:
            raise UserError(_("To extend the permit of %(case)s you must give a later date.", case=self.name))
        if not (reason or "").strip():
            raise UserError(_("Please write why."))
        self._stamp(extension_until=date_end, extension_reason=reason.strip())
        self._log("permit", _("Extension until %(day)s asked for", day=date_end), self.extension_reason)
        self._schedule_todo(
            _(
                "Extension of permit %(number)s until %(day)s is asked for",
                number=self.permit_number,
                day=format_date(self.env, date_end),
            ),
            self.property_id._today(),
        )

    def action_refuse_extension(self):
        """Ask why, then refuse the extension that was asked for."""
        return self._ask_reason("refuse_extension", self.env._("Refuse the Extension"))

    def _refuse_extension(self, reason):
        """The permit keeps its end; the household reads why."""
        self._check_group("pm_base.group_officer")
        for case in self:
            asked = case.extension_until
            if not asked:
                raise UserError(self.env._("Nobody asked for an extension of the permit of %(case)s.", case=case.name))
            case._stamp(extension_until=False, extension_reason=False)
            case._log("permit", self.env._("Extension until %(day)s refused", day=asked), reason)
            case._notify("extension_refused", key=str(fields.Datetime.now()), reason=reason)

    def _extend(self, date_end, reason=None):
        """A granted extension settles what was asked for."""
        result = super()._extend(date_end, reason)
        self.filtered("extension_until")._stamp(extension_until=False, extension_reason=False)
        return result
