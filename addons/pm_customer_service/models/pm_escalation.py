from odoo import api, fields, models


class PmEscalation(models.Model):
    """Log: this step of the ladder was carried out for this deadline. One row a step, for ever."""

    _name = "pm.escalation"
    _description = "Escalation"
    _order = "at desc, id desc"
    _rec_name = "rule_id"

    _once = models.UniqueIndex("(deadline_id, rule_id)", "This step was already carried out.")
    _record_index = models.Index("(res_model, res_id)")

    deadline_id = fields.Many2one("pm.deadline", required=True, readonly=True, ondelete="cascade")
    rule_id = fields.Many2one(
        "pm.escalation.rule", string="Step", required=True, readonly=True, ondelete="restrict", index=True
    )
    res_model = fields.Char(string="Model", required=True, readonly=True)
    res_id = fields.Many2oneReference(string="Record", model_field="res_model", required=True, readonly=True)
    res_name = fields.Char(related="deadline_id.res_name", string="Subject")
    property_id = fields.Many2one("pm.property", required=True, readonly=True, ondelete="cascade", index=True)
    company_id = fields.Many2one(related="property_id.company_id", store=True)
    due = fields.Datetime(related="deadline_id.due")
    at = fields.Datetime(string="Told On", required=True, readonly=True)
    role = fields.Selection(related="rule_id.role", store=True, string="Role Told")
    user_ids = fields.Many2many("res.users", string="Told", readonly=True)

    def action_open_record(self):
        self.ensure_one()
        return self.deadline_id.action_open_record()

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
            vals_list.append(
                {
                    "deadline_id": row.id,
                    "rule_id": rule.id,
                    "res_model": row.res_model,
                    "res_id": row.res_id,
                    "property_id": row.property_id.id,
                    "at": now,
                    "user_ids": [(6, 0, users.ids)],
                }
            )
            for user in users:
                lang = user.lang or self.env.lang
                named = rule.with_context(lang=lang)
                # Somebody who holds two roles is told once, with the later (higher) step's words.
                activities[row.id, user.id] = {
                    "activity_type_id": activity_type.id,
                    "res_model_id": model_id,
                    "res_id": row.res_id,
                    "user_id": user.id,
                    "date_deadline": fields.Date.to_date(
                        fields.Datetime.context_timestamp(self.with_context(tz=row.property_id.tz), max(row.due, now))
                    ),
                    "summary": f"{named.name} ({row.with_context(lang=lang).rule_id.name})",
                    "note": named.advice or False,
                    "automated": True,
                }
                if rule.by_email and user.partner_id.email:
                    mails.append((row, rule, user))
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
