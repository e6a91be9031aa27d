"""SMS of the property through a gateway on this machine: each once, each with its fate."""

import json
from datetime import timedelta

from odoo import fields
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests.common import HttpCase, tagged
from odoo.tools import mute_logger

from odoo.addons.pm_base.tests.common import PmCase

from .gateway import TEMPLATE, Gateway, GatewayCase

LOGGERS = ("odoo.addons.pm_sms_aliyun.tools.sms_api", "odoo.addons.pm_sms_aliyun.models.pm_sms_aliyun_send")


class AliyunCase(GatewayCase, PmCase):
    def setUp(self):
        super().setUp()
        # Claims are committed in transactions of their own: in a test they share the test's.
        mode = self.enter_registry_test_mode()
        mode.__enter__()
        self.addCleanup(mode.__exit__, None, None, None)
        self.gateway = Gateway({"id-1": "secret-1", "id-2": "secret-2"})
        self.gateway.__enter__()
        self.addCleanup(self.gateway.__exit__)
        self.account(self.company, "id-1", "secret-1", "禾悦物业")

    def account(self, company, key, secret, signature):
        company.write(
            {
                "pm_sms_gateway": "aliyun",
                "pm_aliyun_key_id": key,
                "pm_aliyun_key_secret": secret,
                "pm_aliyun_sign_name": signature,
                "pm_aliyun_endpoint": self.gateway.url,
                "pm_aliyun_timeout": 0.5,
                "pm_aliyun_rate": 0,
                "pm_aliyun_token": "token-of-" + key,
            }
        )
        return self.env["pm.sms.aliyun.template"].create(
            {"company_id": company.id, "name": "Reminder", "code": "SMS_1001", "text": TEMPLATE}
        )

    def message(self, key="one", owner=0, **values):
        message = self.env["pm.message"]._enqueue(
            [
                {
                    "key": key,
                    "purpose": "service",
                    "channel": "sms",
                    "partner_id": self.owners[owner].id,
                    "property_id": self.property.id,
                    "text": f"【和悦】您的A-10{owner + 1}欠费118.50元，请于2026-01-18前缴纳。",
                    **values,
                }
            ]
        )
        self.env["pm.message"]._dispatch()
        return message

    def queue(self):
        self.trigger("sms.ir_cron_sms_scheduler_action")

    def trigger(self, xmlid):
        """One pass of a scheduled action; it commits, so it works in a transaction beside the test's."""
        self.env.flush_all()
        self.env.ref(xmlid).method_direct_trigger()
        self.env.invalidate_all()

    def send_of(self, message):
        return self.env["pm.sms.aliyun.send"].search([("uuid", "=", message.reference)])

    def age(self, send, **delta):
        send.sent_at = fields.Datetime.now() - timedelta(**delta)

    def settle(self):
        self.trigger("pm_sms_aliyun.ir_cron_settle")


@tagged("post_install", "-at_install")
class TestAliyun(AliyunCase):
    def test_sms_goes_by_its_approved_template_with_its_values(self):
        message = self.message()
        self.queue()
        self.assertEqual(message.state, "sent")
        [row] = self.gateway.accepted
        self.assertEqual(json.loads(row["TemplateParam"]), {"unit": "A-101", "amount": "118.50", "day": "2026-01-18"})
        self.assertEqual(
            (row["TemplateCode"], row["SignName"], row["OutId"]), ("SMS_1001", "禾悦物业", message.reference)
        )
        self.assertEqual(row["PhoneNumbers"], "19900000001", "Chinese numbers go without country code")
        self.assertEqual((self.send_of(message).state, self.send_of(message).biz_id), ("accepted", "1^0"))

    def test_text_without_an_approved_template_is_not_sent(self):
        message = self.message(text="Something quite different")
        self.queue()
        self.assertEqual((message.state, self.gateway.accepted), ("failed", []))
        self.assertIn("No approved template", message.reason_text)

    def test_answers_of_the_gateway_become_reasons(self):
        for code, kind in (
            ("isv.MOBILE_NUMBER_ILLEGAL", "sms_number_format"),
            ("isv.BUSINESS_LIMIT_CONTROL", "aliyun_limit"),
            ("isv.SMS_CONTENT_ILLEGAL", "aliyun_content"),
            ("isv.SMS_SIGNATURE_ILLEGAL", "aliyun_template"),
        ):
            with self.subTest(code=code):
                self.gateway.moods = [code]
                message = self.message(key=code)
                self.queue()
                self.assertEqual((message.state, self.send_of(message).error_code), ("failed", code))
                self.assertIn(code, message.reason_text)
                sms = self.env["sms.sms"].search([("uuid", "=", message.reference)])
                self.assertEqual(sms.failure_type, kind)
        self.assertFalse(self.gateway.accepted)

    def test_empty_account_stops_the_batch_and_tells_the_administrators_once(self):
        self.gateway.moods = ["isv.AMOUNT_NOT_ENOUGH"] * 3
        messages = self.message("a") | self.message("b", 1) | self.message("c", 2)
        self.queue()
        self.assertEqual(set(messages.mapped("state")), {"failed"})
        self.assertEqual(len(self.gateway.calls), 1, "the others would fail for the same reason")
        told = self.env["mail.message"].search_count([("subject", "like", "cannot be sent")])
        messages.action_retry()
        self.env["pm.message"]._dispatch()
        self.queue()
        self.assertTrue(told)
        self.assertEqual(self.env["mail.message"].search_count([("subject", "like", "cannot be sent")]), told)

    def test_throttled_sms_stay_in_the_queue_and_go_out_later(self):
        self.gateway.moods = ["ok", "Throttling.User"]
        messages = self.message("a") | self.message("b", 1) | self.message("c", 2)
        self.queue()
        self.assertEqual(sorted(messages.mapped("state")), ["handed", "handed", "sent"])
        self.queue()
        self.assertEqual(set(messages.mapped("state")), {"sent"})
        self.assertEqual(len(self.gateway.accepted), 3)

    def test_gateway_that_cannot_be_reached_took_nothing_and_is_tried_again(self):
        self.company.pm_aliyun_endpoint = "http://127.0.0.1:9"
        message = self.message()
        self.queue()
        self.assertEqual(message.state, "queued", "the message service repeats it after a while")
        self.assertTrue(message.not_before)
        self.company.pm_aliyun_endpoint = self.gateway.url
        message.not_before = False
        self.env["pm.message"]._dispatch()
        self.queue()
        self.assertEqual((message.state, len(self.gateway.accepted)), ("sent", 1))

    # -- once --------------------------------------------------------------------------------------------------------------

    @mute_logger(*LOGGERS)
    def test_silence_after_accepting_sends_nothing_twice(self):
        self.gateway.moods = ["silent"]
        message = self.message()
        self.queue()
        self.assertEqual((message.state, self.send_of(message).state), ("handed", "unknown"))
        self.queue()
        self.env["sms.sms"].search([("uuid", "=", message.reference)]).state = "outgoing"  # as if the worker had died
        self.queue()
        self.assertEqual(len(self.gateway.accepted), 1)
        self.settle()
        self.assertEqual((message.state, self.send_of(message).state), ("sent", "accepted"))
        self.assertEqual(len(self.gateway.accepted), 1)

    @mute_logger(*LOGGERS)
    def test_silence_without_accepting_loses_nothing(self):
        self.gateway.moods, self.gateway.unknown_to_query = ["silent"], True
        message = self.message()
        self.queue()
        first = self.send_of(message)
        self.settle()
        self.assertEqual(first.state, "unknown", "it may show up yet")
        self.age(first, minutes=31)
        self.settle()
        self.assertEqual((first.state, message.state), ("not_accepted", "queued"))
        self.gateway.accepted.clear()
        message.not_before = False
        self.env["pm.message"]._dispatch()
        self.queue()
        self.assertEqual((message.state, len(self.gateway.accepted)), ("sent", 1))

    @mute_logger(*LOGGERS)
    def test_worker_killed_between_claim_and_answer(self):
        """The claim is committed, the answer never came home: the gateway is asked, not sent to again."""
        message = self.message()
        template = self.env["pm.sms.aliyun.template"].search([("company_id", "=", self.company.id)])
        self.env["pm.sms.aliyun.send"]._claim(self.company, message.reference, "+8619900000001", template)
        self.gateway.accepted.append({"OutId": message.reference, "PhoneNumbers": "19900000001"})
        self.queue()
        self.assertEqual([action for action, _key in self.gateway.calls], [])
        self.age(self.send_of(message), minutes=6)
        self.settle()
        self.assertEqual((message.state, len(self.gateway.accepted)), ("sent", 1))

    def test_worker_killed_after_the_answer_was_noted(self):
        message = self.message()
        self.queue()
        self.env["sms.sms"].search([("uuid", "=", message.reference)]).write({"state": "outgoing", "to_delete": False})
        self.queue()
        self.assertEqual(len(self.gateway.accepted), 1)

    def test_two_companies_in_one_queue_each_by_its_own_account(self):
        """Core's queue stops at the second company; ours must not."""
        other = self.env["res.company"].create({"name": "Other Co", "country_id": self.env.ref("base.cn").id})
        self.account(other, "id-2", "secret-2", "另一物业")
        prop = self.env["pm.property"].create(
            {"name": "O", "code": "O", "company_id": other.id, "calendar_id": False, "tz": "Asia/Shanghai"}
        )
        messages = self.message("a") | self.message("b", 1, property_id=prop.id) | self.message("c", 2)
        self.queue()
        self.assertEqual(set(messages.mapped("state")), {"sent"})
        self.assertEqual(
            sorted((row["key"], row["SignName"]) for row in self.gateway.accepted),
            [("id-1", "禾悦物业"), ("id-1", "禾悦物业"), ("id-2", "另一物业")],
        )

    # -- what became of it -------------------------------------------------------------------------------------------------

    def test_missing_report_is_asked_for(self):
        good, bad = self.message("a"), self.message("b", 1)
        self.queue()
        self.settle()
        self.assertFalse(good.delivered_at, "too early to ask")
        for row, status, error in zip(self.gateway.accepted, (3, 2), ("DELIVERED", "MOBILE_IN_BLACK")):
            row.update(status=status, error=error)
        self.age(self.send_of(good) | self.send_of(bad), minutes=11)
        self.settle()
        self.assertTrue(good.delivered_at)
        self.assertEqual((good.state, bad.state), ("sent", "failed"))
        self.assertIn("MOBILE_IN_BLACK", bad.reason_text)

    def test_gateway_that_cannot_be_asked_is_asked_again(self):
        message = self.message()
        self.queue()
        self.age(self.send_of(message), minutes=11)
        self.company.pm_aliyun_endpoint = "http://127.0.0.1:9"
        self.settle()
        self.assertEqual(self.send_of(message).state, "accepted")

    # -- templates ---------------------------------------------------------------------------------------------------------

    def test_templates_are_fetched_and_compared(self):
        template = self.env["pm.sms.aliyun.template"].search([("company_id", "=", self.company.id)])
        template.text = False
        template.action_fetch()
        self.assertEqual((template.text, template.audit, template.variables), (TEMPLATE, "1", "unit, amount, day"))
        for text in ("您的A欠费1元，请于", "您的欠费1元，请于x前缴纳。", TEMPLATE + "!"):
            with self.subTest(text=text):
                self.assertIsNone(template._values_in(text))
        template.text = "${a}与${a}相同"
        self.assertEqual(template._values_in("甲与甲相同"), {"a": "甲"})
        self.assertIsNone(template._values_in("甲与乙相同"))
        with self.assertRaisesRegex(ValidationError, "cannot be told apart"):
            template.text = "${a}${b}"
        with self.assertRaisesRegex(ValidationError, "looks like SMS_"):
            template.code = "a b"
        template.code = "SMS_9999"
        with self.assertRaisesRegex(UserError, "no such template"):
            template.action_fetch()

    def test_rejected_templates_are_not_used(self):
        self.env["pm.sms.aliyun.template"].search([("company_id", "=", self.company.id)]).audit = "2"
        message = self.message()
        self.queue()
        self.assertEqual(message.state, "failed")

    def test_keys_and_evidence_are_kept(self):
        message = self.message()
        self.queue()
        with self.assertRaises(UserError):
            self.send_of(message).unlink()
        for user in (self.manager, self.accountant):
            with self.subTest(user=user.login):
                with self.assertRaises(AccessError):
                    self.company.with_user(user).read(["pm_aliyun_key_secret"])
                with self.assertRaises(AccessError):
                    self.env["pm.sms.aliyun.send"].with_user(user).search([])
        with self.assertRaises(AccessError):
            self.company.with_user(self.manager).action_pm_aliyun_token()

    def test_nothing_is_sent_by_it_unless_somebody_chooses_it(self):
        """Installing the add-on leaves the gateway as it was."""
        fresh = self.env["res.company"].create({"name": "Fresh"})
        self.assertEqual(fresh.pm_sms_gateway, "none")


@tagged("post_install", "-at_install")
class TestAliyunReport(AliyunCase, HttpCase):
    def push(self, rows, token="token-of-id-1", raw=None):
        return self.url_open(
            f"/pm_sms_aliyun/report/{self.company.id}/{token}",
            data=raw if raw is not None else json.dumps(rows),
            headers={"Content-Type": "application/json"},
        )

    def test_reports_are_taken_once_from_the_secret_address_only(self):
        good, bad = self.message("a"), self.message("b", 1)
        self.queue()
        rows = [
            {"out_id": good.reference, "biz_id": "1^0", "success": True, "err_code": "DELIVERED"},
            {"out_id": bad.reference, "biz_id": "2^0", "success": False, "err_code": "UNDELIV"},
            {"out_id": "of-somebody-else", "success": True},
        ]
        with mute_logger("odoo.http"):
            self.assertEqual(self.push(rows, token="guessed").status_code, 404)
        self.assertEqual(good.state, "sent")
        self.assertFalse(good.delivered_at)
        self.assertEqual(self.push(rows).json(), {"code": 0, "msg": "OK"})
        self.env.invalidate_all()
        self.assertTrue(good.delivered_at)
        self.assertEqual((good.state, bad.state), ("sent", "failed"))
        first = good.delivered_at
        self.push([{**rows[0], "success": False}, {**rows[1], "success": True}])
        self.env.invalidate_all()
        self.assertEqual((good.state, good.delivered_at, bad.state), ("sent", first, "failed"))

    def test_hostile_bodies_change_nothing(self):
        message = self.message()
        self.queue()
        forged = [{"out_id": message.reference, "biz_id": "999", "success": True}]
        with mute_logger("odoo.addons.pm_sms_aliyun.controllers.report"):
            self.push(forged)
        for raw in (
            " ",
            "{",
            "{}",
            "[1]",
            json.dumps([{"out_id": {"a": 1}, "success": True}]),
            "[" + "{}," * 1000 + "{}]",
        ):
            with self.subTest(raw=raw[:20]):
                self.assertIn(self.push(None, raw=raw).json()["code"], (0, 1))
        self.env.invalidate_all()
        self.assertFalse(message.delivered_at)
