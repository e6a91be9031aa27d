"""Messages to the applicant and the daily jobs of renovations."""

from odoo import api, fields, models
from odoo.tools import format_date, plaintext2html

from .pm_renovation import SITE_STATES


class PmRenovation(models.Model):
    _inherit = "pm.renovation"

    def _notify(self, kind, key=None, **values):
        """Queue a service message to the applicant in his language.

        :param kind: a key of ``_message_texts``
        :param key: end of the unique key; by default a step of one submission is told once
        :param values: what the text of this kind needs beyond the case
        """
        self.ensure_one()
        speaking = self.with_context(lang=self.applicant_id.lang or self.env.lang)
        subject, body = speaking._message_texts(values)[kind]
        stamp = key or f"{self.submission_round}-{len(self.inspection_ids)}"
        # sudo: messages are queued by the system on behalf of whoever did the step
        self.env["pm.message"].sudo()._enqueue(
            [
                {
                    "key": f"renovation/{self.id}/{kind}/{stamp}",
                    "purpose": "service",
                    "channel": "auto",
                    "partner_id": self.applicant_id.id,
                    "property_id": self.property_id.id,
                    "res_model": self._name,
                    "res_id": self.id,
                    "subject": subject,
                    "body": plaintext2html(body),
                    "text": body,
                }
            ]
        )

    def _message_texts(self, values):
        """Subject and text of every message to the applicant, in the language of the environment."""
        _ = self.env._
        case = {
            "case": self.name,
            "unit": self.unit_id.display_name,
            "permit": self.permit_number or "",
            "start": format_date(self.env, self.permit_valid_from) if self.permit_valid_from else "",
            "end": format_date(self.env, self.permit_valid_until) if self.permit_valid_until else "",
            "defects": values.get("defects", ""),
            "reason": values.get("reason", ""),
            "points": values.get("points", ""),
            "violation": values.get("violation", ""),
        }
        return {
            "submitted": (
                _("Your renovation application was received"),
                _("We received application %(case)s for %(unit)s and are reviewing it.", **case),
            ),
            "defects": (
                _("Your renovation application needs changes"),
                _("Please put the following right in application %(case)s and submit it again: %(defects)s", **case),
            ),
            "approved": (
                _("Your renovation is approved"),
                _("Application %(case)s for %(unit)s is approved. Please sign the renovation agreement.", **case),
            ),
            "refused": (
                _("Your renovation application is refused"),
                _("Application %(case)s is refused for these reasons: %(reason)s", **case),
            ),
            "permit": (
                _("Your renovation permit is ready"),
                _(
                    "Permit %(permit)s is valid from %(start)s to %(end)s."
                    " Please put it up at the entrance of the site.",
                    **case,
                ),
            ),
            "permit_expiry": (
                _("Your renovation permit is running out"),
                _("Permit %(permit)s ends on %(end)s. Please ask for an extension or for acceptance in time.", **case),
            ),
            "rectify": (
                _("Your renovation needs work before acceptance"),
                _("Please put right in renovation %(case)s: %(points)s", **case),
            ),
            "violation": (
                _("Notice about your renovation"),
                _(
                    "During a visit to %(unit)s we found: %(violation)s (%(points)s)."
                    " Please have it put right; the written notice tells how and until when.",
                    **case,
                ),
            ),
            "accepted": (
                _("Your renovation is accepted"),
                _("The acceptance of renovation %(case)s for %(unit)s passed.", **case),
            ),
        }

    # ------------------------------------------------------------ crons
    @api.model
    def _cron_patrols(self):
        """Plan today's patrols, property by property with a commit after each; safe to run at any time (S0-78, S4-68)."""
        for prop in self.env["pm.property"].search([]):
            self.env["ir.cron"]._commit_progress(len(self._plan_patrols(prop)))

    @api.model
    def _plan_patrols(self, prop):
        """Plan today's patrol of every active site of a property; mark the undone ones of past days as missed.

        :return: the patrols created
        """
        Inspection = self.env["pm.renovation.inspection"]
        today = prop._today()
        Inspection._mark_missed(prop, today)
        # A second server running this at once skips what the first one holds; the database refuses what slips through.
        cases = self.search([("property_id", "=", prop.id), ("state", "in", SITE_STATES)]).try_lock_for_update(
            allow_referencing=True
        )
        planned = Inspection.search([("renovation_id", "in", cases.ids), ("kind", "=", "patrol"), ("date", "=", today)])
        return Inspection.create(
            [
                {"renovation_id": case.id, "kind": "patrol", "date": today, "user_id": case.user_id.id}
                for case in cases - planned.renovation_id
            ]
        )

    @api.model
    def _cron_permit_expiry(self):
        """Warn before permits run out, property by property with a commit after each."""
        for prop in self.env["pm.property"].search([]):
            self.env["ir.cron"]._commit_progress(len(self._warn_permit_expiry(prop)))

    @api.model
    def _warn_permit_expiry(self, prop):
        """Warn applicant and responsible once before a permit runs out; an extension arms the alarm again.

        :return: the cases warned about
        """
        today = prop._today()
        cases = self.search(
            [
                ("property_id", "=", prop.id),
                ("state", "in", ("permit_issued", *SITE_STATES)),
                ("permit_alarm_on", "=", False),
                ("permit_valid_until", "<=", fields.Date.add(today, days=prop.renovation_permit_warning_days)),
            ]
        ).try_lock_for_update(allow_referencing=True)
        for case in cases:
            case._notify("permit_expiry", key=str(case.permit_valid_until))
            case.activity_schedule(
                "mail.mail_activity_data_todo",
                date_deadline=case.permit_valid_until,
                summary=self.env._("Permit %(number)s is running out", number=case.permit_number),
                user_id=(case.user_id or prop.manager_id or self.env.user).id,
            )
        cases._stamp(permit_alarm_on=today)
        return cases
