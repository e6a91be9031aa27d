"""What others say to an application: the owner's consent, the house rules acknowledged, a change of owner."""

from odoo import fields, models
from odoo.exceptions import UserError

from odoo.addons.pm_base.tools.labels import selection_labels

from .pm_renovation import EDITABLE_STATES, OPEN_STATES


class PmRenovation(models.Model):
    _inherit = "pm.renovation"

    # ------------------------------------------------------------ owner's consent
    def _ask_owner(self):
        """Tell the owner that his consent is asked for (once per owner)."""
        for case in self.filtered("owner_id"):
            case._notify("consent", key=str(case.owner_id.id), partner=case.owner_id)

    def action_owner_consents(self):
        """Record that the owner agrees (the consent paper or his portal answer is the proof)."""
        for case in self:
            consent = case.paper_ids.filtered(lambda p: p.type_id.requirement == "not_owner")
            if not self.env.su and consent and all(p.state in ("missing", "rejected") for p in consent):
                raise UserError(
                    self.env._(
                        "To record the owner's consent to %(case)s you must attach it or see it on paper.",
                        case=case.name,
                    )
                )
        self._answer_consent("given")

    def action_owner_refuses(self):
        """Ask why the owner does not agree, and record it."""
        return self._ask_reason("owner_refuses", self.env._("Owner Does not Agree"))

    def _owner_refuses(self, reason):
        """Record that the owner does not agree; the applicant is told."""
        self._answer_consent("refused", reason)
        for case in self:
            case._notify("consent_refused", key=str(fields.Datetime.now()), reason=reason)

    def _answer_consent(self, answer, reason=None):
        for case in self:
            if case.owner_consent == "not_needed" or case.state not in EDITABLE_STATES:
                raise UserError(
                    self.env._(
                        "The owner's consent to %(case)s is recorded before the decision, when somebody else applies.",
                        case=case.name,
                    )
                )
        self._stamp(owner_consent=answer, owner_consent_at=fields.Datetime.now())
        labels = selection_labels(self, "owner_consent")
        self._log("consent", labels[answer], reason)

    # ------------------------------------------------------------ house rules
    def _stamp_rules_read(self):
        """The applicant acknowledged the house rules just now: keep who and when (S0-106)."""
        for case in self:
            case._stamp(rules_read_at=fields.Datetime.now(), rules_read_by=case.applicant_id.name)
            case._log("rules", case.applicant_id.name)

    # ------------------------------------------------------------ change of owner
    def _sync_owner(self):
        """The unit changed hands while the case is open: the new owner decides on what is not decided, and hears of the rest.

        The deposit stays its payer's, whoever owns the unit (L-04).
        """
        # Who owns the unit today is asked for the property's day, whatever the time zone of the user or the job.
        self.unit_id.party_ids.invalidate_recordset(["is_current"], flush=False)
        self.unit_id.invalidate_recordset(["owner_ids", "current_party_ids"], flush=False)
        for case in self:
            case = case.with_context(tz=case.property_id.tz)
            owners = case.unit_id.owner_ids
            if case.state not in OPEN_STATES or not owners or case.owner_id in owners:
                continue
            old = case.owner_id
            case._compute_applicant_role()
            values = {"owner_id": owners[:1].id}
            if case.state in EDITABLE_STATES:
                needed = case.applicant_role != "owner"
                values.update(owner_consent="pending" if needed else "not_needed", owner_consent_at=False)
            case._stamp(**values)
            case._sync_owner_papers()
            case._log(
                "owner",
                self.env._("%(old)s → %(new)s", old=old.display_name or "–", new=case.owner_id.display_name),
            )
            if case.owner_consent == "pending":
                case._ask_owner()
            else:
                case._notify("new_owner", key=str(case.owner_id.id), partner=case.owner_id)
            case._schedule_todo(
                self.env._(
                    "%(unit)s changed hands: settle with %(owner)s who carries on the renovation",
                    unit=case.unit_id.name,
                    owner=case.owner_id.display_name,
                ),
                case.property_id._today(),
            )

    def _sync_owner_papers(self):
        self.filtered(lambda c: c.state in EDITABLE_STATES)._sync_papers()

    def _sync_owners(self, prop):
        """Notice every unit of a property that changed hands under an open case, whichever way it did (daily job).

        :return: the cases concerned
        """
        cases = self.search([("property_id", "=", prop.id), ("state", "in", OPEN_STATES)])
        cases = cases.with_context(tz=prop.tz)
        cases.unit_id.party_ids.invalidate_recordset(["is_current"], flush=False)
        changed = cases.filtered(lambda c: c.unit_id.owner_ids and c.owner_id not in c.unit_id.owner_ids)
        changed._sync_owner()
        return changed
