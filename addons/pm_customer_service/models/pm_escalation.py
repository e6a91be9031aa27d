from odoo import api, fields, models

from odoo.addons.pm_base.tools.labels import selection_labels

from .pm_escalation_rule import ROLES


class PmEscalation(models.Model):
    """Log: who was told of what, and when. One row a step, for ever.

    Either a rule's step for a deadline, or a report upwards by a person (``by_user_id``), with proposal and instruction.
    """

    _name = "pm.escalation"
    _description = "Escalation"
    _order = "at desc, id desc"

    _once = models.UniqueIndex("(deadline_id, rule_id)", "This step was already carried out.")
    _record_index = models.Index("(res_model, res_id)")

    _what = models.Constraint(
        "CHECK ((deadline_id IS NOT NULL AND rule_id IS NOT NULL) OR by_user_id IS NOT NULL)",
        "An escalation follows from a rule or is made by a person.",
    )

    deadline_id = fields.Many2one("pm.deadline", readonly=True, ondelete="cascade")
    rule_id = fields.Many2one("pm.escalation.rule", string="Step", readonly=True, ondelete="restrict", index=True)
    res_model = fields.Char(string="Model", required=True, readonly=True)
    res_id = fields.Many2oneReference(string="Record", model_field="res_model", required=True, readonly=True)
    res_name = fields.Char(string="Subject", compute="_compute_res_name")
    property_id = fields.Many2one("pm.property", required=True, readonly=True, ondelete="cascade", index=True)
    company_id = fields.Many2one(related="property_id.company_id", store=True)
    due = fields.Datetime(related="deadline_id.due")
    at = fields.Datetime(string="Told On", required=True, readonly=True)
    role = fields.Selection(ROLES, string="Role Told", readonly=True)
    user_ids = fields.Many2many("res.users", string="Told", readonly=True)
    informed_ids = fields.Many2many(
        "res.users",
        "pm_escalation_informed_rel",
        "escalation_id",
        "user_id",
        string="Informed Afterwards",
        readonly=True,
        help="Levels that were skipped (S1-43).",
    )

    @api.depends("res_model", "res_id")
    def _compute_res_name(self):
        for model, rows in self.grouped("res_model").items():
            records = self.env[model].browse(rows.mapped("res_id")).exists() if model in self.env else self.browse()
            names = {record.id: record.display_name for record in records}
            for row in rows:
                row.res_name = names.get(row.res_id, "")

    @api.depends("rule_id", "role")
    def _compute_display_name(self):
        labels = selection_labels(self, "role")
        for row in self:
            row.display_name = row.rule_id.name or labels.get(row.role) or ""

    def action_open_record(self):
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "res_model": self.res_model,
            "res_id": self.res_id,
            "view_mode": "form",
        }

    @api.model
    def _carry_out(self, steps, now):
        """Log the steps and tell the people, for all rows at once.

        :param list steps: ``(deadline, rule)``; all deadlines of one model, each pair not yet logged
        :param datetime now: naive UTC
        """
        cache = {}
        vals_list, activities, mails = [], {}, []
        activity_type = self.env.ref("pm_customer_service.mail_activity_type_deadline")
        model_id = self.env["ir.model"]._get_id(steps[0][0].res_model)
        for row, rule in steps:
            record = (
                self.env[row.res_model].sudo().browse(row.res_id)
            )  # the job tells people about records it does not own
            users = rule._get_users(record, cache)
            skipped = rule._get_skipped_users(record, cache, users)
            if rule.role == "customer":
                record._escalate_to_customer(row)
            vals_list.append(
                {
                    "deadline_id": row.id,
                    "rule_id": rule.id,
                    "res_model": row.res_model,
                    "res_id": row.res_id,
                    "property_id": row.property_id.id,
                    "at": now,
                    "role": rule.role,
                    "user_ids": [(6, 0, users.ids)],
                    "informed_ids": [(6, 0, skipped.ids)],
                }
            )
            for user in users | skipped:
                lang = user.lang or self.env.lang
                named = rule.with_context(lang=lang)
                summary = f"{named.name} ({row.with_context(lang=lang).rule_id.name})"
                if user in skipped:
                    summary = named.env._("For information, told to a higher level at once: %s", summary)
                # Somebody who holds two roles is told once, with the later (higher) step's words.
                activities[row.id, user.id] = {
                    "activity_type_id": activity_type.id,
                    "res_model_id": model_id,
                    "res_id": row.res_id,
                    "user_id": user.id,
                    "date_deadline": fields.Date.to_date(
                        fields.Datetime.context_timestamp(self.with_context(tz=row.property_id.tz), max(row.due, now))
                    ),
                    "summary": summary,
                    "note": named.advice or False,
                    "automated": True,
                    # A warning is of no use any more once the thing is done; that it was late stays to be looked at.
                    "pm_deadline_id": row.id if rule.moment == "before" else False,
                }
                if rule.by_email and user.partner_id.email:
                    mails.append((row, rule, user))
        # sudo: reports go up on their own, whoever's step has woken the clock
        self.sudo().create(vals_list)
        # One activity a person and deadline; the quick flag keeps Odoo from mailing each of them one by one.
        self.env["mail.activity"].sudo().with_context(mail_activity_quick_update=True).create(list(activities.values()))
        if mails:
            self.env["pm.message"]._enqueue([self._prepare_mail(*mail) for mail in mails])

    @api.model
    def _prepare_mail(self, row, rule, user):
        """Return ``pm.message`` values that tell ``user`` about ``row``."""
        words = (
            self.env["ir.qweb"]
            .with_context(lang=user.lang)
            ._render(
                "pm_customer_service.escalation_mail",
                {
                    "deadline": row.with_context(lang=user.lang),
                    "rule": rule.with_context(lang=user.lang),
                    "url": f"/mail/view?model={row.res_model}&res_id={row.res_id}",
                },
            )
        )
        return {
            "key": f"escalation/{row.id}/{rule.id}/{user.id}",
            "purpose": "service",
            "channel": "email",
            "partner_id": user.partner_id.id,
            "property_id": row.property_id.id,
            "res_model": row.res_model,
            "res_id": row.res_id,
            "subject": f"{rule.with_context(lang=user.lang).name}: {row.res_name}",
            "body": words,
            "text": "",
        }
