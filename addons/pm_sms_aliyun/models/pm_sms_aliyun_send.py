import logging
import re
from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from ..tools.client import Refused, Unknown, Unreachable

_logger = logging.getLogger(__name__)

# An SMS of which the gateway knows nothing after this long was not accepted: it may be sent anew.
GIVE_UP = timedelta(minutes=30)
# A claim without an answer for this long belongs to a worker that died.
STALE = timedelta(minutes=5)
# Reports come within minutes; after this long nobody asks any more (the gateway keeps them for a while only).
ASK_FROM, ASK_UNTIL = timedelta(minutes=10), timedelta(hours=72)
ASK_BATCH = 200
_CHINA = "86"


class PmSmsAliyunSend(models.Model):
    """What was asked of the gateway for one SMS, and what became of it. Kept so that nothing is sent twice.

    ============= ===================================================== =====================================
    state         meaning                                               leaves it
    ============= ===================================================== =====================================
    claimed       committed before the request leaves                   the answer; the settling job
    unknown       no answer: it may have been sent                      the settling job asks the gateway
    accepted      the gateway took it                                   the delivery report
    delivered     it arrived                                            –
    failed        it did not arrive, see the reason                     –
    refused       the gateway did not take it                           –
    not_accepted  asked later, the gateway knows nothing of it          –
    ============= ===================================================== =====================================
    """

    _name = "pm.sms.aliyun.send"
    _description = "SMS at Aliyun"
    _order = "id desc"
    _rec_name = "uuid"

    _uuid_once = models.Constraint("UNIQUE (uuid)", "This SMS was claimed already.")
    _open_index = models.Index("(state, sent_at) WHERE state IN ('claimed', 'unknown', 'accepted')")

    company_id = fields.Many2one("res.company", required=True, readonly=True, index=True)
    uuid = fields.Char("SMS", required=True, readonly=True)
    number = fields.Char(required=True, readonly=True)
    template_code = fields.Char(readonly=True)
    biz_id = fields.Char("Number at Aliyun", readonly=True, index="btree_not_null")
    state = fields.Selection(
        [
            ("claimed", "Being sent"),
            ("unknown", "No answer"),
            ("accepted", "Accepted"),
            ("delivered", "Delivered"),
            ("failed", "Not delivered"),
            ("refused", "Refused"),
            ("not_accepted", "Not accepted"),
        ],
        required=True,
        readonly=True,
    )
    error_code = fields.Char(readonly=True)
    error_text = fields.Char(readonly=True)
    sent_at = fields.Datetime(required=True, readonly=True)
    reported_at = fields.Datetime(readonly=True)

    @api.ondelete(at_uninstall=False)
    def _never_delete(self):
        raise UserError(self.env._("What was sent is evidence and is never deleted."))

    # -- claims: each in a transaction of its own, so that they outlive the one that sends -------------------------------

    @api.model
    def _claim(self, company, uuid, number, template):
        """Claim an SMS for this worker, committed at once.

        :return: "new": it is ours to send; otherwise the state in which somebody left it ("accepted" or "unknown")
        """
        with self.env.registry.cursor() as cr:
            cr.execute(
                SQL(
                    """
                    INSERT INTO pm_sms_aliyun_send
                           (company_id, uuid, number, template_code, state, sent_at, create_uid, create_date, write_uid, write_date)
                    VALUES (%(company)s, %(uuid)s, %(number)s, %(code)s, 'claimed', %(now)s, %(uid)s, %(now)s, %(uid)s, %(now)s)
                    ON CONFLICT (uuid) DO NOTHING RETURNING id
                    """,
                    company=company.id,
                    uuid=uuid,
                    number=number,
                    code=template.code,
                    now=fields.Datetime.now(),
                    uid=self.env.uid,
                )
            )
            if cr.fetchone():
                return "new"
            cr.execute(SQL("SELECT state FROM pm_sms_aliyun_send WHERE uuid = %s", uuid))
            [state] = cr.fetchone()
        return "accepted" if state in ("accepted", "delivered", "failed") else "unknown"

    @api.model
    def _note(self, uuid, state, code, text, biz_id=False):
        """Write down the gateway's answer, committed at once."""
        with self.env.registry.cursor() as cr:
            cr.execute(
                SQL(
                    """
                    UPDATE pm_sms_aliyun_send SET state = %s, error_code = %s, error_text = %s, biz_id = coalesce(%s, biz_id),
                           write_date = %s WHERE uuid = %s AND state IN ('claimed', 'unknown')
                    """,
                    state,
                    code or None,
                    (text or "")[:500] or None,
                    biz_id or None,
                    fields.Datetime.now(),
                    uuid,
                )
            )
        self.invalidate_model()

    @api.model
    def _release(self, uuid):
        """The gateway was not asked after all: whoever comes next may claim the SMS again."""
        with self.env.registry.cursor() as cr:
            cr.execute(SQL("DELETE FROM pm_sms_aliyun_send WHERE uuid = %s AND state = 'claimed'", uuid))
        self.invalidate_model()

    @api.model
    def _gateway_number(self, number):
        """The number as the gateway wants it: without country code in China, with it and without + elsewhere."""
        digits = re.sub(r"\D", "", number or "")
        if (number or "").startswith("+") and digits.startswith(_CHINA) and len(digits) == 13:
            return digits[2:]
        return digits

    # -- reports -------------------------------------------------------------------------------------------------------

    def _report(self, success, code, biz_id=False):
        """The gateway reports that these SMS arrived, or did not; a second report changes nothing."""
        for send in self:
            if send.state in ("delivered", "failed"):
                continue
            send.write(
                {
                    "state": "delivered" if success else "failed",
                    "error_code": False if success else code,
                    "reported_at": fields.Datetime.now(),
                    "biz_id": biz_id or send.biz_id,
                }
            )
            send._tell("sent" if success else "error", code)

    def _tell(self, state, code=False):
        """Tell Odoo's tracker, and with it the message and the chatter, what became of the SMS."""
        self.ensure_one()
        tracker = self.env["sms.tracker"].search([("sms_uuid", "=", self.uuid)])
        if state == "error":
            reason = self.env._("Not delivered (%s)", code or "")
            tracker._action_update_from_sms_state("error", failure_type="sms_not_delivered", failure_reason=reason)
        elif state == "lost":
            # Not accepted: the message service may send it anew, as when the gateway could not be reached.
            reason = self.env._("The gateway did not take it")
            tracker._action_update_from_sms_state("error", failure_type="sms_server", failure_reason=reason)
        else:
            tracker._action_update_from_sms_state(state)
        done = self.env["sms.sms"].search([("uuid", "=", self.uuid), ("to_delete", "=", False)])
        done.write({"to_delete": True, "state": "error" if state in ("error", "lost") else "pending"})

    # -- asking --------------------------------------------------------------------------------------------------------

    @api.model
    def _cron_settle(self):
        """Ask the gateway about SMS without an answer, and about accepted ones without a report."""
        cron = self.env["ir.cron"]
        now = fields.Datetime.now()
        domain = [
            "|",
            "|",
            ("state", "=", "unknown"),
            "&",
            ("state", "=", "claimed"),
            ("sent_at", "<", now - STALE),
            "&",
            "&",
            ("state", "=", "accepted"),
            ("sent_at", "<", now - ASK_FROM),
            ("sent_at", ">", now - ASK_UNTIL),
        ]
        todo = self.search(domain, order="write_date, id", limit=ASK_BATCH)
        cron._commit_progress(remaining=len(todo))
        for send in todo:
            try:
                with self.env.cr.savepoint():
                    send._settle()
            except Exception:  # one SMS must not stop the others
                _logger.exception("SMS %s cannot be settled", send.uuid)
            if not cron._commit_progress(1):
                break

    def _settle(self):
        """Ask the gateway what became of this SMS and write it down."""
        self.ensure_one()
        # sudo: the company's keys, which nobody may read
        client = self.company_id.sudo()._pm_aliyun_client()
        if not client:
            return
        try:
            detail = self._ask(client)
        except (Refused, Unreachable, Unknown) as error:
            _logger.info("SMS %s: the gateway cannot be asked: %s", self.uuid, error)
            self.write({"error_text": str(error)[:500]})  # also moves it behind the others
            return
        if detail is None:
            if self.state != "accepted" and self.sent_at < fields.Datetime.now() - GIVE_UP:
                self.state = "not_accepted"
                self._tell("lost")
            else:
                self.write({"error_text": self.env._("The gateway knows nothing of it yet")})
            return
        if self.state in ("claimed", "unknown"):
            self.write({"state": "accepted", "error_text": False})
            self._tell("pending")
        status = str(detail.get("SendStatus"))
        if status in ("2", "3"):
            self._report(status == "3", detail.get("ErrCode"))

    def _ask(self, client):
        """The gateway's row of this SMS, or None.

        :raises Refused, Unreachable, Unknown: it could not be asked
        """
        day = self.company_id._pm_aliyun_day(self.sent_at)
        page = 1
        while True:
            answer = client.call(
                "QuerySendDetails",
                PhoneNumber=self._gateway_number(self.number),
                SendDate=day,
                PageSize=50,
                CurrentPage=page,
            )
            rows = (answer.get("SmsSendDetailDTOs") or {}).get("SmsSendDetailDTO") or []
            for row in rows:
                if row.get("OutId") == self.uuid:
                    return row
            if len(rows) < 50:
                return None
            page += 1

    # -- trouble -------------------------------------------------------------------------------------------------------

    @api.model
    def _warn_administrators(self, company, reason):
        """Once a day, tell the administrators of a company that its SMS cannot be sent."""
        parameter = f"pm_sms_aliyun.warned.{company.id}"
        today = fields.Date.to_string(fields.Date.today())
        # sudo: a parameter of the program
        settings = self.env["ir.config_parameter"].sudo()
        if settings.get_param(parameter) == today:
            return
        settings.set_param(parameter, today)
        people = self.env.ref("base.group_system").all_user_ids.filtered(lambda user: company in user.company_ids)
        self.env["mail.thread"].message_notify(
            partner_ids=people.partner_id.ids,
            subject=self.env._("SMS of %s cannot be sent", company.name),
            body=reason,
        )
