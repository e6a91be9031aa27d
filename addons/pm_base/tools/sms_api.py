"""SMS gateways of the property: none of them talks to Odoo's paid service.

A gateway is a subclass of :class:`PmSmsApi`. An add-on brings another one by adding a value to the selection
``res.company.pm_sms_gateway`` and returning its class from ``res.company._get_sms_api_class``.
"""

import json
import os

from odoo import fields
from odoo.addons.sms.tools.sms_api import SmsApiBase

SINK_VARIABLE = "PM_SMS_SINK"


class PmSmsApi(SmsApiBase):
    """No gateway: every SMS fails with a reason that says what to do, and nothing leaves the machine."""

    PROVIDER_TO_SMS_FAILURE_TYPE = SmsApiBase.PROVIDER_TO_SMS_FAILURE_TYPE | {"pm_no_gateway": "pm_no_gateway"}

    def _send_sms_batch(self, messages, delivery_reports_url=False):
        reason = self.env._("No SMS gateway is configured. Choose one in the settings, then repeat the message.")
        return [
            {"uuid": number["uuid"], "state": "pm_no_gateway", "failure_reason": reason}
            for message in messages
            for number in message["numbers"]
        ]


class PmSmsApiSink(PmSmsApi):
    """Write each SMS as a JSON file into the folder named by PM_SMS_SINK; for demonstrations and tests."""

    def _send_sms_batch(self, messages, delivery_reports_url=False):
        folder = os.environ.get(SINK_VARIABLE)
        if not folder:
            reason = self.env._(
                "Set the environment variable %(name)s to the folder that receives the SMS.", name=SINK_VARIABLE
            )
            return [
                {"uuid": number["uuid"], "state": "pm_no_gateway", "failure_reason": reason}
                for message in messages
                for number in message["numbers"]
            ]
        os.makedirs(folder, exist_ok=True)
        results = []
        for message in messages:
            for number in message["numbers"]:
                # Named after the SMS: should the transaction be repeated after a crash, the same file is written again.
                path = os.path.join(folder, f"{number['uuid']}.json")
                if not os.path.exists(path):
                    with open(f"{path}.part", "w", encoding="utf-8") as file:
                        json.dump(
                            {
                                "to": number["number"],
                                "text": message["content"],
                                "time": fields.Datetime.to_string(fields.Datetime.now()),
                            },
                            file,
                            ensure_ascii=False,
                        )
                    os.replace(f"{path}.part", path)
                results.append({"uuid": number["uuid"], "state": "success"})
        return results
