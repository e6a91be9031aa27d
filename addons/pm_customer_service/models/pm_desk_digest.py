import logging
from urllib.parse import urlencode

from odoo import api, models
from odoo.fields import Domain
from odoo.tools import format_date

_logger = logging.getLogger(__name__)


class PmDeskDigest(models.AbstractModel):
    """The supervisor's day by e-mail, once a person and working day, in the language and with the rights of who receives it.

    Who answers for several properties gets one mail about all of them, at the hour of the first. The key of the message is
    the person and the day, unique in the database: a job that runs twice, or was killed and starts anew, tells nobody twice.
    Source: S0-26.
    """

    _name = "pm.desk.digest"
    _description = "Daily Digest"

    @api.model
    def _cron_send(self):
        """Send the digests whose hour has come, property by property; run by the scheduler every quarter of an hour."""
        properties = self.env["pm.property"]
        waiting = properties.search(
            properties._domain_of_today(
                lambda day: ["|", ("digest_done_on", "=", False), ("digest_done_on", "<", day)], path="id"
            )
            & Domain("digest_mode", "!=", "never")
        )
        due = waiting.filtered(self._has_come)
        if due and not self.env["ir.cron"]._each_property(self._send, "daily digest", due):
            self.env.ref("pm_customer_service.ir_cron_pm_desk_digest")._trigger()

    @api.model
    def _has_come(self, prop):
        now = prop._now_local()
        return now.hour + now.minute / 60 >= prop.digest_hour

    @api.model
    def _send(self, prop):
        """Record today's digests of ``prop`` as messages, and that this was done. It may be repeated."""
        today = prop._today()
        if prop._works_on(today):
            keys = {f"desk-digest/{user.id}/{today}": user for user in prop._digest_users()}
            known = self.env["pm.message"].search([("key", "in", list(keys))]).mapped("key")
            self.env["pm.message"]._enqueue(
                [
                    {"key": key, **values}
                    for key, user in keys.items()
                    if key not in known and (values := self._prepare(user, prop, today))
                ]
            )
        prop.digest_done_on = today

    @api.model
    def _prepare(self, user, prop, today):
        """Return the values of ``user``'s message, or None where nothing is to be told; a page that fails is a message that failed."""
        values = {"purpose": "staff", "channel": "email", "partner_id": user.partner_id.id, "property_id": prop.id}
        try:
            with self.env.cr.savepoint():
                return self._with_reader(user, prop)._compose(prop, today, values)
        except Exception as error:  # one that cannot be made must not hold up the others
            _logger.exception("The daily digest of %s for %s fails", prop.code, user.login)
            self.env.invalidate_all(flush=False)
            reason = str(error) or type(error).__name__
            return {**values, "state": "failed", "reason": "template", "reason_text": reason}

    @api.model
    def _with_reader(self, user, prop):
        """Return the model as ``user`` would see it at his own screen."""
        return self.with_user(user).with_context(
            allowed_company_ids=user.company_ids.ids, lang=user.lang, tz=user.tz or prop.tz
        )

    @api.model
    def _properties_of(self, prop, today):
        """Return the properties the digest is about: ``prop`` and the reader's others that work today and want one."""
        mine = self.env.user.pm_property_ids | self.env["pm.property"].search([("manager_id", "=", self.env.uid)])
        return (prop.with_env(self.env) | mine).filtered(
            lambda one: one == prop or (one.digest_mode != "never" and one._works_on(today))
        )

    @api.model
    def _compose(self, prop, today, values):
        properties = self._properties_of(prop, today)
        page = self.env["pm.desk.board"]._page(properties)
        rows = [*page["head"], *(row for block in page["blocks"] for row in block["rows"])]
        nothing = not any(row["count"] for row in rows)
        if nothing and not any(one.digest_mode == "always" for one in properties):
            return None
        head = {row["key"]: row["count"] for row in page["head"]}
        day = format_date(self.env, today)
        if nothing:
            subject = self.env._("Supervisor's day %s: nothing is due", day)
        else:
            subject = self.env._(
                "Supervisor's day %(day)s: %(late)s late, %(today)s due today, %(calls)s calls to make",
                day=day,
                **{key: head[key] for key in ("late", "today", "calls")},
            )
        chosen = {"property": prop.id} if len(properties) == 1 else {}
        body = self.env["ir.qweb"]._render(
            "pm_customer_service.desk_digest",
            {
                "properties": properties,
                "page": page,
                "nothing": nothing,
                "link": lambda key=None: self._link({**chosen, **({"drill": key} if key else {})}),
            },
        )
        return {**values, "subject": subject, "body": body, "text": ""}

    @api.model
    def _link(self, query):
        """Return the address of the supervisor's day, where the row named in ``query`` is opened at once."""
        address = f"{self.env['pm.property'].get_base_url()}/odoo/supervisor-day"
        return f"{address}?{urlencode(query)}" if query else address
