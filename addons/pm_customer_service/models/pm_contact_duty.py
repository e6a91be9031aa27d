from datetime import timedelta

from odoo import api, fields, models
from odoo.fields import Domain

from .pm_contact_rule import AUDIENCES

LAST_SECOND = timedelta(seconds=1)


class PmContactDuty(models.Model):
    """One contact that is due in one period: with the owners' committee, or with one key customer.

    ==========  ===========================================================================
    open        nobody has talked to them in the period yet; the clock runs to its last second
    met         a visit, call or talk of the period was recorded
    missed      the period passed without one; stays so
    cancelled   no longer a key customer, or the committee was dissolved
    ==========  ===========================================================================

    The rows are what the figures KPI-20 and KPI-21 count, and what reminds people. Source: S0-155, S0-156.
    """

    _name = "pm.contact.duty"
    _description = "Contact Due"
    _inherit = ["pm.deadline.mixin", "mail.thread", "mail.activity.mixin"]
    _order = "period_end desc, property_id, id desc"
    _rec_name = "rule_id"
    _program_fields = frozenset(
        {"rule_id", "audience", "property_id", "partner_id", "period_start", "period_end", "state", "visit_id"}
    )

    _once = models.UniqueIndex(
        "(rule_id, property_id, COALESCE(partner_id, 0), period_start)", "This contact is already on the list."
    )
    _open_index = models.Index("(property_id, period_end) WHERE state = 'open'")

    rule_id = fields.Many2one("pm.contact.rule", string="Rule", required=True, readonly=True, ondelete="restrict")
    audience = fields.Selection(AUDIENCES, required=True, readonly=True)
    property_id = fields.Many2one("pm.property", required=True, readonly=True, ondelete="cascade", index=True)
    company_id = fields.Many2one(related="property_id.company_id", store=True)
    partner_id = fields.Many2one(
        "res.partner",
        string="Customer",
        readonly=True,
        ondelete="restrict",
        help="Empty: the owners' committee as a body.",
    )
    phone = fields.Char(related="partner_id.phone")
    user_id = fields.Many2one("res.users", string="Responsible", domain="[('share', '=', False)]", tracking=True)
    period_start = fields.Date(required=True, readonly=True)
    period_end = fields.Date(string="Until", required=True, readonly=True)
    state = fields.Selection(
        [("open", "To contact"), ("met", "Done"), ("missed", "Missed"), ("cancelled", "Cancelled")],
        required=True,
        default="open",
        readonly=True,
        tracking=True,
    )
    visit_id = fields.Many2one("pm.visit", string="Contact", readonly=True, ondelete="restrict")
    visited_at = fields.Datetime(related="visit_id.visited_at", string="Held At")

    @api.depends("rule_id.name", "partner_id.name", "period_start")
    def _compute_display_name(self):
        for duty in self:
            period = f"{duty.period_start:%Y-%m}" if duty.period_start else ""
            duty.display_name = " · ".join(filter(None, [duty.rule_id.name, duty.partner_id.name, period]))

    # ------------------------------------------------------------------
    # Opening
    # ------------------------------------------------------------------

    @api.model
    def _cron_open(self):
        """Open the duties of the current periods, property by property. Safe to run any number of times."""
        self.env["ir.cron"]._each_property(self._open_for, "contacts due")

    @api.model
    def _open_for(self, prop):
        """Bring the duties of ``prop`` up to date with its rules, committee and key customers; return the new ones."""
        rules = self.env["pm.contact.rule"].search([])._for_property(prop)
        created = self.browse()
        for rule in rules:
            first, last = rule._period(prop._today())
            people = self._people(rule, prop)
            existing = self.search(
                [("rule_id", "=", rule.id), ("property_id", "=", prop.id), ("period_start", "=", first)]
            )
            gone = existing.filtered(
                lambda duty, people=people: duty.state == "open" and duty.partner_id.id not in people
            )
            gone._cancel(self.env._("No longer on the list."))
            known = set(existing.mapped("partner_id.id")) | (
                {False} if existing - existing.filtered("partner_id") else set()
            )
            created |= self.create(
                [
                    {
                        "rule_id": rule.id,
                        "audience": rule.audience,
                        "property_id": prop.id,
                        "partner_id": partner_id,
                        "user_id": user_id,
                        "period_start": first,
                        "period_end": last,
                    }
                    for partner_id, user_id in people.items()
                    if partner_id not in known
                ]
            )
        created._start_deadline("contact")
        created._catch_up()
        return created

    @api.model
    def _people(self, rule, prop):
        """Return ``{partner_id or False: user_id}`` of those with whom ``rule`` wants a contact in ``prop`` today."""
        if rule.audience == "committee":
            return {False: prop.manager_id.id} if prop._committee() else {}
        parties = prop._key_parties()
        return {
            partner.id: (
                rows.key_user_id.filtered("active")[:1]
                or rows.unit_id.user_id.filtered("active")[:1]
                or prop.manager_id
            ).id
            for partner, rows in parties.grouped("partner_id").items()
        }

    def _catch_up(self):
        """Duties opened late in a period are met by what was talked before."""
        if not self:
            return
        visits = self.env["pm.visit"].search(
            [
                ("property_id", "in", self.property_id.ids),
                ("visited_at", "!=", False),
                ("state", "in", ("done", "escalated", "archived")),
                ("visited_at", ">=", min(duty.property_id._local_midnight_utc(duty.period_start) for duty in self)),
            ],
            order="visited_at",
        )
        for visit in visits:
            self._meet_by(visit)

    # ------------------------------------------------------------------
    # Meeting
    # ------------------------------------------------------------------

    @api.model
    def _visit_held(self, visits):
        """The ``visits`` were held: they meet the open duties of their customers and periods."""
        for visit in visits:
            # sudo: whoever talked to the customer may not be the one who answers for the duty
            duties = self.sudo().search(
                Domain("property_id", "=", visit.property_id.id)
                & Domain("state", "=", "open")
                & (
                    Domain("partner_id", "=", False)
                    | Domain("partner_id.commercial_partner_id", "=", visit.partner_id.commercial_partner_id.id)
                )
            )
            duties._meet_by(visit)

    def _meet_by(self, visit):
        day = visit.property_id._local_date(visit.visited_at)
        committee = None
        for duty in self.filtered(lambda duty: duty.state == "open" and duty.property_id == visit.property_id):
            if not duty.period_start <= day <= duty.period_end:
                continue
            if duty.audience == "committee":
                committee = committee if committee is not None else duty.property_id._committee()
                fits = visit.partner_id in committee
            else:
                fits = visit.partner_id.commercial_partner_id == duty.partner_id.commercial_partner_id
            if fits:
                duty.sudo().write({"state": "met", "visit_id": visit.id})  # sudo: the state is the program's
                duty._meet_deadline("contact", visit.visited_at)
                duty.activity_unlink(["pm_customer_service.mail_activity_type_deadline"])

    def _cancel(self, reason):
        self.sudo().write({"state": "cancelled"})  # sudo: the state is the program's
        self._cancel_deadlines(reason=reason)

    def _deadline_breached(self, deadlines):
        super()._deadline_breached(deadlines)
        # sudo: the clock writes, not who happens to look
        self.filtered(lambda duty: duty.state == "open").sudo().write({"state": "missed"})

    def _get_agreed_due(self, kind):
        return self.property_id._local_to_utc(self.period_end, 24) - LAST_SECOND

    def action_record(self):
        """Write down a contact with these people."""
        self.ensure_one()
        context = {
            "default_property_id": self.property_id.id,
            "default_partner_id": self.partner_id.id,
            "default_purpose_id": self.rule_id.purpose_id.id,
            "default_method": "phone",
            "default_user_id": self.env.uid,
        }
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Record a Contact"),
            "res_model": "pm.visit",
            "view_mode": "form",
            "context": context,
        }
