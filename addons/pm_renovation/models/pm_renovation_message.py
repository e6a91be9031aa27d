"""Messages to the applicant and the daily jobs of renovations."""

from odoo import api, models
from odoo.tools import format_date, plaintext2html

from .pm_renovation import SITE_STATES


class PmRenovation(models.Model):
    _inherit = "pm.renovation"

    def _notify(self, kind, key=None, partner=None, **values):
        """Queue a service message to the applicant, or to somebody else of the case, in his language.

        :param kind: a key of ``_message_texts``
        :param key: end of the unique key; by default a step of one submission is told once
        :param partner: whom to tell instead of the applicant
        :param values: what the text of this kind needs beyond the case
        """
        self.ensure_one()
        partner = partner or self.applicant_id
        speaking = self.with_context(lang=partner.sudo().lang or self.env.lang)  # sudo: his language is no secret
        subject, body = speaking._message_texts(values)[kind]
        stamp = key or f"{self.submission_round}-{len(self.inspection_ids)}"
        # sudo: messages are queued by the system on behalf of whoever did the step
        self.env["pm.message"].sudo()._enqueue(
            [
                {
                    "key": f"renovation/{self.id}/{kind}/{stamp}",
                    "purpose": "service",
                    "channel": "auto",
                    "partner_id": partner.id,
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
            "amount": values.get("amount", ""),
            "start_works": format_date(self.env, self.date_start) if self.date_start else "",
            "end_works": format_date(self.env, self.date_end) if self.date_end else "",
            "noise": self.property_id._hours_text("noise"),
            "hotline": self.property_id.hotline or "",
            "url": f"{self.get_base_url()}{self.access_url}",
            "site_url": values.get("site_url", ""),
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
            "permit_expired": (
                _("Your renovation permit has run out"),
                _("Permit %(permit)s ended on %(end)s. Works rest until it is extended. Please ask us for it.", **case),
            ),
            "extended": (
                _("Your renovation permit is extended"),
                _("Permit %(permit)s for %(unit)s is now valid until %(end)s. Please put up the new print.", **case),
            ),
            "extension_refused": (
                _("Your renovation permit is not extended"),
                _("Permit %(permit)s for %(unit)s keeps its end %(end)s: %(reason)s", **case),
            ),
            "suspended": (
                _("Your renovation permit is suspended"),
                _("Permit %(permit)s for %(unit)s is suspended until this is settled: %(reason)s", **case),
            ),
            "resumed": (
                _("Your renovation permit is in force again"),
                _("Permit %(permit)s for %(unit)s is in force again. Thank you for settling it.", **case),
            ),
            "completion": (
                _("We come to inspect your renovation"),
                _(
                    "You told us that the works of %(case)s are finished. We hold the acceptance within the set time.",
                    **case,
                ),
            ),
            "accepted": (
                _("Your renovation is accepted"),
                _("The acceptance of renovation %(case)s for %(unit)s passed.", **case),
            ),
            "refund_requested": (
                _("The refund of your deposit is under way"),
                _("The formalities for the deposit of renovation %(case)s are done; finance pays it back.", **case),
            ),
            "refunded": (
                _("Your renovation deposit is paid back"),
                _("%(amount)s of the deposit of renovation %(case)s was paid back.", **case),
            ),
            "surplus": (
                _("Your deposit was paid twice"),
                _("Renovation %(case)s: %(amount)s came in although the deposit was not due. We pay it back.", **case),
            ),
            "deduction": (
                _("Proposed deduction from your renovation deposit"),
                _(
                    "Renovation %(case)s: we propose to deduct %(amount)s: %(reason)s. Please agree or object here: %(url)s."
                    " Nothing is deducted without your consent.",
                    **case,
                ),
            ),
            "consent": (
                _("A renovation of your unit needs your consent"),
                _("Renovation %(case)s of %(unit)s was applied for. Please say whether you agree: %(url)s", **case),
            ),
            "consent_refused": (
                _("The owner does not agree to your renovation"),
                _("The owner of %(unit)s does not agree to application %(case)s: %(reason)s", **case),
            ),
            "new_owner": (
                _("A renovation of your unit is under way"),
                _(
                    "Renovation %(case)s of %(unit)s, which is yours now, is under way. Please see it here: %(url)s",
                    **case,
                ),
            ),
            "neighbour": (
                _("Renovation near you"),
                _(
                    "%(unit)s is being renovated from %(start_works)s to %(end_works)s. Noisy works only %(noise)s."
                    " Please call %(hotline)s if anything disturbs you.",
                    **case,
                ),
            ),
            "site": (
                _("Your renovation site"),
                _("Permit, notices and worker passes of the renovation of %(unit)s: %(site_url)s", **case),
            ),
        }

    # ------------------------------------------------------------ crons
    @api.model
    def _cron_patrols(self):
        """Plan today's patrols, property by property with a commit after each; safe to run at any time (S0-78, S4-68)."""
        for prop in self.env["pm.property"].search([]):
            self._sync_owners(prop)
            self.env["ir.cron"]._commit_progress(len(self._plan_patrols(prop)))

    @api.model
    def _plan_patrols(self, prop):
        """Plan today's patrols of every active site of a property; mark the undone ones of past days as missed.

        :return: the patrols created
        """
        Inspection = self.env["pm.renovation.inspection"]
        today = prop._today()
        Inspection._mark_missed(prop, today)
        # A second server running this at once skips what the first one holds; the database refuses what slips through.
        cases = self.search([("property_id", "=", prop.id), ("state", "in", SITE_STATES)]).try_lock_for_update(
            allow_referencing=True
        )
        planned = {
            (patrol.renovation_id, patrol.slot)
            for patrol in Inspection.search(
                [("renovation_id", "in", cases.ids), ("kind", "=", "patrol"), ("date", "=", today)]
            )
        }
        return Inspection.create(
            [
                {"renovation_id": case.id, "kind": "patrol", "date": today, "slot": slot, "user_id": case.user_id.id}
                for case in cases
                for slot in range(1, prop.renovation_patrols_a_day + 1)
                if (case, slot) not in planned
            ]
        )
