"""The gateway as Odoo's SMS module calls it."""

import logging
import time

from odoo import fields

from odoo.addons.pm_base.tools.sms_api import PmSmsApi

from .client import Refused, Unknown, Unreachable

_logger = logging.getLogger(__name__)

# Answers of the gateway → Odoo's words for what went wrong (see PROVIDER_TO_SMS_FAILURE_TYPE).
ERRORS = {
    "isv.MOBILE_NUMBER_ILLEGAL": "wrong_number_format",
    "isv.MOBILE_COUNT_OVER_LIMIT": "wrong_number_format",
    "isv.DOMESTIC_NUMBER_NOT_SUPPORTED": "country_not_supported",
    "isv.AMOUNT_NOT_ENOUGH": "insufficient_credit",
    "isv.OUT_OF_SERVICE": "insufficient_credit",
    "isv.ACCOUNT_NOT_EXISTS": "unregistered",
    "isv.ACCOUNT_ABNORMAL": "unregistered",
    "isv.PRODUCT_UN_SUBSCRIPT": "unregistered",
    "isv.PRODUCT_UNSUBSCRIBE": "unregistered",
    "InvalidAccessKeyId.NotFound": "unregistered",
    "InvalidAccessKeyId.Inactive": "unregistered",
    "SignatureDoesNotMatch": "unregistered",
    "Forbidden.RAM": "unregistered",
    "isv.BLACK_KEY_CONTROL_LIMIT": "aliyun_content",
    "isv.SMS_CONTENT_ILLEGAL": "aliyun_content",
    "isv.SMS_TEMPLATE_ILLEGAL": "aliyun_template",
    "isv.SMS_SIGNATURE_ILLEGAL": "aliyun_template",
    "isv.SMS_SIGNATURE_SCENE_ILLEGAL": "aliyun_template",
    "isv.TEMPLATE_MISSING_PARAMETERS": "aliyun_template",
    "isv.TEMPLATE_PARAMS_ILLEGAL": "aliyun_template",
    "isv.PARAM_LENGTH_LIMIT": "aliyun_template",
    "isv.PARAM_NOT_SUPPORT_URL": "aliyun_template",
    "isv.INVALID_JSON_PARAM": "aliyun_template",
    # One number gets at most so many SMS an hour and a day.
    "isv.BUSINESS_LIMIT_CONTROL": "aliyun_limit",
    "isv.DAY_LIMIT_CONTROL": "aliyun_limit",
    "isp.SYSTEM_ERROR": "server_error",
    "isp.RAM_PERMISSION_DENY": "unregistered",
    "InternalError": "server_error",
    "ServiceUnavailable": "server_error",
}
# Too many calls a second: this one was not carried out, and the others need not try now.
THROTTLED = ("Throttling", "Throttling.User", "Throttling.Api")
# The account cannot send at all: the others of the batch would fail one after another for the same reason.
STOPPERS = ("insufficient_credit", "unregistered")
PAUSE_MINUTES = 1


class PmSmsApiAliyun(PmSmsApi):
    """Send each SMS once by a template that the gateway's owner has approved.

    Before a request leaves, a claim with the SMS's own number is committed (``pm.sms.aliyun.send``). Whatever happens
    afterwards – a time-out, a killed worker, a queue that runs twice – the claim is found again and the gateway is asked
    what became of the SMS, instead of sending it a second time.
    """

    PROVIDER_TO_SMS_FAILURE_TYPE = PmSmsApi.PROVIDER_TO_SMS_FAILURE_TYPE | {
        "country_not_supported": "sms_country_not_supported",
        "insufficient_credit": "sms_credit",
        "unregistered": "sms_acc",
        "aliyun_template": "aliyun_template",
        "aliyun_content": "aliyun_content",
        "aliyun_limit": "aliyun_limit",
    }

    def _send_sms_batch(self, messages, delivery_reports_url=False):
        # sudo: the account's keys are for administrators, sending is for the queue
        company = self.company.sudo()
        client = company._pm_aliyun_client()
        pace = Pace(company.pm_aliyun_rate)
        templates = self.env["pm.sms.aliyun.template"].sudo()
        results = []
        for message in messages:
            template, params = templates._find(company, message["content"])
            for number in message["numbers"]:
                if not client or not template:
                    results.append(self._refuse_unprepared(number["uuid"], client, message["content"]))
                    continue
                pace.wait()
                result = self._send_one(company, client, template, params, number)
                if result is None:
                    self._go_on_later()
                    return results
                results.append(result)
                if result["state"] in STOPPERS:
                    self._warn(company, result["failure_reason"])
                    return results + self._fail_rest(messages, results, result)
        return results

    def _refuse_unprepared(self, uuid, client, content):
        if not client:
            state, reason = "unregistered", self.env._("Enter the AccessKey of Aliyun in the settings.")
        else:
            state = "aliyun_template"
            reason = self.env._("No approved template of Aliyun fits this text: %s", content)
        return {"uuid": uuid, "state": state, "failure_reason": reason}

    def _send_one(self, company, client, template, params, number):
        """Send one SMS, unless it was sent.

        :return: its result for Odoo; None: the gateway wants a pause, the SMS stays in the queue
        """
        # sudo: the claims are the program's
        sends = self.env["pm.sms.aliyun.send"].sudo()
        claim = sends._claim(company, number["uuid"], number["number"], template)
        if claim != "new":
            # Somebody was here before. An accepted one is sent; of the others the gateway is asked (see _cron_settle).
            return {"uuid": number["uuid"], "state": "success" if claim == "accepted" else "processing"}
        try:
            answer = client.call(
                "SendSms",
                PhoneNumbers=sends._gateway_number(number["number"]),
                SignName=template.sign_name or company.pm_aliyun_sign_name,
                TemplateCode=template.code,
                TemplateParam=template._as_json(params),
                OutId=number["uuid"],
            )
        except Refused as error:
            if error.code in THROTTLED:
                sends._release(number["uuid"])
                return None
            sends._note(number["uuid"], "refused", error.code, error.message)
            return self._refused(number["uuid"], error)
        except Unreachable as error:
            sends._release(number["uuid"])
            reason = self.env._("The gateway cannot be reached: %s", error)
            return {"uuid": number["uuid"], "state": "server_error", "failure_reason": reason}
        except Unknown as error:
            _logger.warning("SMS %s: the gateway gave no answer (%s); it will be asked", number["uuid"], error)
            sends._note(number["uuid"], "unknown", False, str(error))
            return {"uuid": number["uuid"], "state": "processing"}
        sends._note(number["uuid"], "accepted", False, False, biz_id=answer.get("BizId"))
        return {"uuid": number["uuid"], "state": "success"}

    def _refused(self, uuid, error):
        return {
            "uuid": uuid,
            "state": ERRORS.get(error.code, "server_error"),
            "failure_reason": self.env._("Aliyun: %(message)s (%(code)s)", message=error.message, code=error.code),
        }

    def _fail_rest(self, messages, results, cause):
        """The rest of the batch fails for the same reason, without asking the gateway for each."""
        done = {result["uuid"] for result in results}
        return [
            {**cause, "uuid": number["uuid"]}
            for message in messages
            for number in message["numbers"]
            if number["uuid"] not in done
        ]

    def _go_on_later(self):
        """What is left stays in Odoo's queue; wake it when the gateway's second is over."""
        moment = fields.Datetime.add(fields.Datetime.now(), minutes=PAUSE_MINUTES)
        # sudo: waking Odoo's SMS queue is nobody's right in particular
        self.env.ref("sms.ir_cron_sms_scheduler_action").sudo()._trigger(moment)

    def _warn(self, company, reason):
        """Tell the administrators that nothing can be sent at present."""
        # sudo: the claims are the program's
        self.env["pm.sms.aliyun.send"].sudo()._warn_administrators(company, reason)


class Pace:
    """At most so many calls a second from this process.

    :param float rate: calls a second; 0: as fast as it goes
    """

    def __init__(self, rate):
        self.gap = 1.0 / rate if rate else 0.0
        self.next = 0.0

    def wait(self):
        now = time.monotonic()
        if now < self.next:
            time.sleep(self.next - now)
        self.next = max(now, self.next) + self.gap
