import json
import os
import smtplib
import socket
import tempfile
import threading
from datetime import datetime
from unittest.mock import patch

from freezegun import freeze_time
from odoo.addons.base.tests.common import MockSmtplibCase
from odoo.addons.iap.tools import iap_tools
from odoo.addons.sms.models.sms_sms import SmsSms
from odoo.exceptions import AccessError, UserError
from odoo.tests.common import HttpCase, tagged
from odoo.tools import mute_logger

from .common import PmCase

# Noon and late evening in Shanghai (UTC+8).
NOON = "2026-11-10 04:00:00"
NIGHT = "2026-11-10 14:30:00"


class MessageCase(PmCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.messages = cls.env["pm.message"]
        cls.owner = cls.owners[0]
        cls.owner.country_id = cls.env.ref("base.cn")
        cls.company.email = "office@tower.example"

    def _vals(self, key, **vals):
        return {
            "key": key,
            "purpose": "service",
            "partner_id": self.owner.id,
            "property_id": self.property.id,
            "subject": "Water is off",
            "body": "<p>On Tuesday</p>",
            "text": "Water is off on Tuesday",
            **vals,
        }

    def _enqueue(self, key, **vals):
        return self.messages._enqueue([self._vals(key, **vals)])


@tagged("post_install", "-at_install")
class TestEnqueue(MessageCase):
    def test_the_same_key_is_recorded_once(self):
        first = self._enqueue("notice/1")
        second = self._enqueue("notice/1", subject="Another subject")
        self.assertEqual(first, second)
        self.assertEqual(second.subject, "Water is off")
        self.assertEqual(first.state, "queued")
        self.assertEqual(first.company_id, self.property.company_id)

    def test_batch_returns_the_messages_of_all_keys_in_order(self):
        old = self._enqueue("b")
        found = self.messages._enqueue([self._vals("a"), self._vals("b"), self._vals("c"), self._vals("a")])
        self.assertEqual(found.mapped("key"), ["a", "b", "c"])
        self.assertIn(old, found)

    def test_large_batch_needs_few_queries(self):
        rows = [self._vals(f"bulk/{number}") for number in range(600)]
        self.messages._enqueue(rows[:1])
        with self.assertQueryCount(20):
            self.assertEqual(len(self.messages._enqueue(rows)), 600)

    def test_wrong_calls_say_so(self):
        for key, wrong in (("a", {"purpose": "spam"}), ("b", {"channel": "pigeon"}), ("", {})):
            with self.subTest(wrong=wrong), self.assertRaises(ValueError):
                self._enqueue(key, **wrong)

    def test_body_is_sanitized(self):
        message = self._enqueue("evil", body='<p onclick="x()">Hi<script>alert(1)</script></p>')
        self.assertNotIn("script", message.body)
        self.assertNotIn("onclick", message.body)

    def test_a_cashier_may_let_the_service_send(self):
        message = self.messages.with_user(self.cashier)._enqueue([self._vals("receipt/1")])
        self.assertEqual(message.create_uid, self.cashier)

    def test_attachments_belong_to_the_message(self):
        message = self._enqueue("bill/1", attachments=[("bill.pdf", b"%PDF-1.4")])
        self.assertEqual(message.attachment_ids.mapped("name"), ["bill.pdf"])
        self.assertEqual((message.attachment_ids.res_model, message.attachment_ids.res_id), ("pm.message", message.id))


@tagged("post_install", "-at_install")
class TestRules(MessageCase):
    @freeze_time(NOON)
    def test_auto_takes_the_first_channel_with_an_address(self):
        mail = self._enqueue("auto/1")
        self.messages._dispatch()
        self.assertEqual((mail.state, mail.channel), ("handed", "email"))
        self.owner.email = "not an address"
        sms = self._enqueue("auto/2")
        self.messages._dispatch()
        self.assertEqual((sms.state, sms.channel, sms.address), ("handed", "sms", "+8619900000001"))

    @freeze_time(NOON)
    def test_without_any_address_it_is_skipped_and_can_be_repeated(self):
        self.owner.write({"email": False, "phone": False})
        message = self._enqueue("none")
        self.messages._dispatch()
        self.assertEqual((message.state, message.reason), ("skipped", "no_address"))
        self.owner.email = "owner1@owners.example"
        message.with_user(self.assistant).action_retry()
        self.messages._dispatch()
        self.assertEqual(message.state, "handed")

    @freeze_time(NOON)
    def test_a_landline_gets_no_sms(self):
        self.owner.phone = "0755 8266 8888"
        message = self._enqueue("landline", channel="sms")
        self.messages._dispatch()
        self.assertEqual((message.state, message.reason), ("skipped", "no_address"))

    @freeze_time(NOON)
    def test_no_text_for_the_channel(self):
        message = self._enqueue("mute", channel="sms", text=False)
        self.messages._dispatch()
        self.assertEqual((message.state, message.reason), ("skipped", "no_content"))

    def test_quiet_hours_in_the_time_zone_of_the_property(self):
        purpose = self.env.ref("pm_base.purpose_dunning")
        for moment, until in (
            ("2026-11-10 12:59:59", None),  # 20:59:59 in Shanghai
            ("2026-11-10 13:00:00", "2026-11-11 00:30:00"),  # 21:00, quiet until 8:30
            ("2026-11-10 16:00:00", "2026-11-11 00:30:00"),  # midnight
            ("2026-11-11 00:29:59", "2026-11-11 00:30:00"),  # 8:29:59
            ("2026-11-11 00:30:00", None),  # 8:30
        ):
            with self.subTest(moment=moment):
                expected = datetime.fromisoformat(until) if until else None
                self.assertEqual(purpose._quiet_until("Asia/Shanghai", datetime.fromisoformat(moment)), expected)
        # The same moment is afternoon in London.
        self.assertIsNone(purpose._quiet_until("Europe/London", datetime(2026, 11, 10, 13, 0)))

    def test_a_reminder_at_night_waits_until_the_morning_and_is_not_lost(self):
        with freeze_time(NIGHT):
            message = self._enqueue("night", purpose="dunning")
            self.messages._dispatch()
            self.assertEqual(message.state, "queued")
            self.assertEqual(message.not_before, datetime(2026, 11, 11, 0, 30))
            self.messages._dispatch()
            self.assertFalse(message.mail_mail_id)
        with freeze_time("2026-11-11 00:30:00"):
            self.messages._dispatch()
            self.assertEqual(message.state, "handed")

    @freeze_time(NIGHT)
    def test_a_service_message_goes_out_at_night(self):
        message = self._enqueue("burst pipe")
        self.messages._dispatch()
        self.assertEqual(message.state, "handed")

    def test_not_before(self):
        with freeze_time(NOON):
            message = self._enqueue("later", not_before=datetime(2026, 11, 12, 4, 0))
            self.messages._dispatch()
            self.assertEqual(message.state, "queued")
        with freeze_time("2026-11-12 04:00:00"):
            self.messages._dispatch()
            self.assertEqual(message.state, "handed")

    @freeze_time(NOON)
    def test_greeting_after_opt_out_is_not_sent_but_a_bill_is(self):
        purpose = self.env.ref("pm_base.purpose_greeting")
        self.env["pm.consent"].create({"partner_id": self.owner.id, "purpose_id": purpose.id, "state": "opt_out"})
        greeting, bill = self._enqueue("spring", purpose="greeting"), self._enqueue("bill", purpose="dunning")
        self.messages._dispatch()
        self.assertEqual((greeting.state, greeting.reason), ("skipped", "opted_out"))
        self.assertEqual(bill.state, "handed")

    @freeze_time(NOON)
    def test_the_last_decision_counts(self):
        purpose = self.env.ref("pm_base.purpose_greeting")
        for state, date in (("opt_in", "2026-11-09 03:00:00"), ("opt_out", "2026-11-08 03:00:00")):
            self.env["pm.consent"].create(
                {"partner_id": self.owner.id, "purpose_id": purpose.id, "state": state, "date": date}
            )
        greeting = self._enqueue("spring", purpose="greeting")
        self.messages._dispatch()
        self.assertEqual(greeting.state, "handed")

    @freeze_time(NOON)
    def test_advertising_needs_consent_given_before(self):
        advert = self._enqueue("sale", purpose="marketing")
        self.messages._dispatch()
        self.assertEqual((advert.state, advert.reason), ("skipped", "no_consent"))
        self.env["pm.consent"].create(
            {"partner_id": self.owner.id, "purpose_id": self.env.ref("pm_base.purpose_marketing").id, "state": "opt_in"}
        )
        advert.action_retry()
        self.messages._dispatch()
        self.assertEqual(advert.state, "handed")

    def test_frequency_cap_counts_what_was_sent_in_the_period(self):
        purpose = self.env.ref("pm_base.purpose_greeting")
        purpose.write({"cap_count": 2, "cap_days": 30})
        with freeze_time(NOON):
            three = self.messages._enqueue([self._vals(f"g/{number}", purpose="greeting") for number in range(3)])
            self.messages._dispatch()
            self.assertEqual(three.mapped("state"), ["handed", "handed", "skipped"])
            self.assertEqual(three[2].reason, "cap")
        with freeze_time("2026-12-09 04:00:00"):
            early = self._enqueue("g/early", purpose="greeting")
            self.messages._dispatch()
            self.assertEqual(early.state, "skipped")
        with freeze_time("2026-12-10 04:00:01"):
            late = self._enqueue("g/late", purpose="greeting")
            self.messages._dispatch()
            self.assertEqual(late.state, "handed")

    @freeze_time(NOON)
    def test_one_broken_message_does_not_stop_the_others(self):
        broken, sound = self._enqueue("broken"), self._enqueue("sound")
        original = type(self.messages)._make_mail

        def make(message, address):
            if message.key == "broken":
                raise ValueError("boom")
            return original(message, address)

        with (
            patch.object(type(self.messages), "_make_mail", make),
            mute_logger("odoo.addons.pm_base.models.pm_message_dispatch"),
        ):
            self.messages._dispatch()
        self.assertEqual((broken.state, broken.reason, broken.reason_text), ("failed", "error", "boom"))
        self.assertEqual(sound.state, "handed")


@tagged("post_install", "-at_install")
class TestMailDelivery(MessageCase, MockSmtplibCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._init_mail_servers()

    @freeze_time(NOON)
    def test_mail_is_queued_then_sent_and_kept_as_proof(self):
        message = self._enqueue("mail/1", channel="email", attachments=[("bill.pdf", b"%PDF-1.4")])
        self.messages._dispatch()
        mail = message.mail_mail_id
        self.assertEqual(mail.state, "outgoing", "nothing is sent within the request")
        self.assertFalse(mail.auto_delete)
        with self.mock_smtplib_connection():
            mail.send()
            self.assertEqual(len(self.emails), 1)
            self.assertIn("owner1@owners.example", self.emails[0]["smtp_to_list"])
        self.assertEqual((message.state, message.sent_at), ("sent", datetime.fromisoformat(NOON)))
        self.assertEqual(message.reference, mail.message_id)
        self.assertEqual(len(message.content_hash), 64)
        self.messages._dispatch()
        self.assertEqual(message.mail_mail_id, mail, "a second dispatch sends nothing again")

    @freeze_time(NOON)
    def test_a_refused_mail_fails_with_its_reason_and_can_be_repeated(self):
        message = self._enqueue("mail/2", channel="email")
        self.messages._dispatch()
        refusal = smtplib.SMTPRecipientsRefused({"owner1@owners.example": (550, b"mailbox unknown")})
        with (
            self.mock_smtplib_connection(),
            mute_logger("odoo.addons.mail.models.mail_mail"),
            patch.object(type(self.env["ir.mail_server"]), "send_email", side_effect=refusal),
        ):
            message.mail_mail_id.send()
        self.assertEqual((message.state, message.reason), ("failed", "delivery"))
        self.assertIn("mailbox unknown", message.reason_text)
        message.with_user(self.assistant).action_retry()
        self.messages._dispatch()
        self.assertEqual((message.state, message.attempts), ("handed", 2))

    def test_an_unreachable_server_is_tried_again_later_and_then_given_up(self):
        with socket.create_server(("127.0.0.1", 0)) as closed:
            port = closed.getsockname()[1]  # nobody listens there any more
        server = self.env["ir.mail_server"].create(
            {"name": "Down", "smtp_host": "127.0.0.1", "smtp_port": port, "smtp_encryption": "none"}
        )
        with freeze_time(NOON) as clock:
            message = self._enqueue("down", channel="email")
            for attempt, minutes in ((1, 15), (2, 30), (3, 60), (4, None)):
                self.messages._dispatch()
                mail = message.mail_mail_id
                self.assertEqual((message.state, message.attempts), ("handed", attempt))
                mail.mail_server_id = server
                with (
                    patch.object(type(self.env["ir.mail_server"]), "_disable_send", lambda self: False),
                    mute_logger("odoo.addons.mail.models.mail_mail", "odoo.addons.base.models.ir_mail_server"),
                ):
                    mail.send()
                self.assertEqual(message.reason, "delivery")
                if not minutes:
                    break
                self.assertEqual((message.state, mail.state), ("queued", "cancel"), "only one of the two can go out")
                clock.tick(60 * minutes - 1)
                self.messages._dispatch()
                self.assertEqual(message.state, "queued")
                clock.tick(1)
            self.assertEqual(message.state, "failed")

    @freeze_time(NOON)
    def test_cancelling_or_deleting_the_mail_is_noticed(self):
        cancelled, deleted = self._enqueue("mail/3"), self._enqueue("mail/4")
        self.messages._dispatch()
        cancelled.mail_mail_id.cancel()
        self.assertEqual(cancelled.state, "cancelled")
        deleted.mail_mail_id.unlink()
        self.assertEqual((deleted.state, deleted.reason), ("failed", "deleted"))

    def test_a_lost_report_is_found_later(self):
        with freeze_time(NOON):
            message = self._enqueue("mail/5")
            self.messages._dispatch()
            self.env.cr.execute("UPDATE mail_mail SET state = 'sent' WHERE id = %s", [message.mail_mail_id.id])
            message.mail_mail_id.invalidate_recordset()
            self.messages._reconcile_handed()
            self.assertEqual(message.state, "handed")
        with freeze_time("2026-11-10 04:15:01"):
            self.messages._reconcile_handed()
            self.assertEqual(message.state, "sent")

    def test_an_email_whose_answer_was_lost_is_neither_sent_again_nor_called_sent(self):
        """The worker died after it had claimed the e-mail: a person decides whether it goes out once more."""
        with freeze_time(NOON):
            message = self._enqueue("mail/6")
            self.messages._dispatch()
            mail = message.mail_mail_id
            mail.state = "exception"  # as committed by the claim
            message._on_leaving()
            self.assertFalse(message._is_waiting())
            message._cancel_unsent("Paid")
            self.assertEqual(
                (message.state, mail.state), ("handed", "exception"), "nobody takes it from the worker's hands"
            )
            with self.assertRaisesRegex(UserError, "just being sent"):
                message.action_cancel()
        with freeze_time("2026-11-10 04:15:01"):
            self.messages._reconcile_handed()
            self.assertEqual((message.state, message.reason), ("failed", "unknown"))
            self.assertFalse(message._is_waiting(), "it may have left the house")
            message.action_retry()
            self.assertEqual((message.state, message.reason, mail.state), ("queued", False, "cancel"))

    @freeze_time(NOON)
    def test_greeting_carries_the_way_out_and_a_bill_does_not(self):
        greeting = self._enqueue("hello", purpose="greeting", channel="email")
        bill = self._enqueue("bill", purpose="dunning", channel="email")
        self.messages._dispatch()
        self.assertIn("/pm/optout/", greeting.mail_mail_id.body_html)
        self.assertIn("List-Unsubscribe", greeting.mail_mail_id.headers)
        self.assertNotIn("/pm/optout/", bill.mail_mail_id.body_html)

    @freeze_time(NOON)
    def test_cron_hands_over_and_is_safe_to_run_twice(self):
        messages = self.messages._enqueue([self._vals(f"cron/{number}") for number in range(3)])
        with self.enter_registry_test_mode():
            self.env.ref("pm_base.pm_message_cron").method_direct_trigger()
            self.env.ref("pm_base.pm_message_cron").method_direct_trigger()
        self.assertEqual(set(messages.mapped("state")), {"handed"})
        self.assertEqual(self.env["mail.mail"].search_count([("id", "in", messages.mail_mail_id.ids)]), 3)
        self.assertEqual(messages.mapped("attempts"), [1, 1, 1])

    @freeze_time(NOON)
    def test_a_real_smtp_server_receives_the_mail(self):
        with SmtpSink() as sink:
            server = self.env["ir.mail_server"].create(
                {
                    "name": "Sink",
                    "smtp_host": "127.0.0.1",
                    "smtp_port": sink.port,
                    "smtp_encryption": "none",
                    "sequence": 0,
                }
            )
            message = self._enqueue("real/1", channel="email", subject="停水通知 & <b>")
            self.messages._dispatch()
            message.mail_mail_id.mail_server_id = server
            with patch.object(type(self.env["ir.mail_server"]), "_disable_send", lambda self: False):
                message.mail_mail_id.send()
        self.assertEqual(message.state, "sent", message.reason_text)
        self.assertEqual(len(sink.mails), 1)
        self.assertIn(b"To: ", sink.mails[0])


@tagged("post_install", "-at_install")
class TestSmsDelivery(MessageCase):
    def _queue(self):
        with self.enter_registry_test_mode():
            self.env.ref("sms.ir_cron_sms_scheduler_action").method_direct_trigger()

    @freeze_time(NOON)
    def test_without_a_gateway_it_fails_clearly_and_calls_nobody(self):
        message = self._enqueue("sms/1", channel="sms")
        with patch.object(iap_tools, "iap_jsonrpc", side_effect=AssertionError("called home")) as jsonrpc:
            self.messages._dispatch()
            self._queue()
        jsonrpc.assert_not_called()
        self.assertEqual((message.state, message.reason), ("failed", "delivery"))
        self.assertIn("gateway", message.reason_text)

    @freeze_time(NOON)
    def test_direct_send_does_not_call_home_either(self):
        sms = self.env["sms.sms"].create({"number": "+8619900000001", "body": "x"})
        with patch.object(iap_tools, "iap_jsonrpc", side_effect=AssertionError("called home")) as jsonrpc:
            sms.send()
        jsonrpc.assert_not_called()
        self.assertEqual((sms.state, sms.failure_type), ("error", "pm_no_gateway"))

    @freeze_time(NOON)
    def test_sink_writes_one_file_per_sms(self):
        self.company.pm_sms_gateway = "sink"
        message = self._enqueue("sms/2", channel="sms", text="停水通知")
        with tempfile.TemporaryDirectory() as folder, patch.dict(os.environ, {"PM_SMS_SINK": folder}):
            self.messages._dispatch()
            self._queue()
            self._queue()
            files = os.listdir(folder)
            self.assertEqual(files, [f"{message.reference}.json"])
            with open(os.path.join(folder, files[0]), encoding="utf-8") as file:
                self.assertEqual(json.load(file), {"to": "+8619900000001", "text": "停水通知", "time": NOON})
        self.assertEqual(message.state, "sent")
        self.assertFalse(message.delivered_at)
        # The delivery report comes later, without a user.
        self.env["sms.tracker"].search([("sms_uuid", "=", message.reference)])._action_update_from_sms_state("sent")
        self.assertTrue(message.delivered_at)
        self.env["sms.tracker"].search([("sms_uuid", "=", message.reference)])._action_update_from_provider_error(
            "not_delivered"
        )
        self.assertEqual(message.state, "failed")

    @freeze_time(NOON)
    def test_sink_without_folder_fails_with_the_remedy(self):
        self.company.pm_sms_gateway = "sink"
        message = self._enqueue("sms/3", channel="sms")
        with patch.dict(os.environ):
            os.environ.pop("PM_SMS_SINK", None)
            self.messages._dispatch()
            self._queue()
        self.assertEqual(message.state, "failed")
        self.assertIn("PM_SMS_SINK", message.reason_text)

    @freeze_time(NOON)
    def test_sms_of_two_companies_in_one_queue(self):
        other = self.env["res.company"].create(
            {"name": "Second Company", "pm_sms_gateway": "sink", "country_id": self.env.ref("base.cn").id}
        )
        second = self.env["pm.property"].create(
            {"name": "Second", "code": "S2", "company_id": other.id, "calendar_id": False}
        )
        ours = self._enqueue("two/1", channel="sms")
        theirs = self._enqueue("two/2", channel="sms", property_id=second.id)
        with tempfile.TemporaryDirectory() as folder, patch.dict(os.environ, {"PM_SMS_SINK": folder}):
            self.messages._dispatch()
            self._queue()
            self.assertEqual(len(os.listdir(folder)), 1)
        self.assertEqual((ours.state, theirs.state), ("failed", "sent"))

    @freeze_time(NOON)
    def test_greeting_by_sms_names_the_way_out(self):
        message = self._enqueue("hello", purpose="greeting", channel="sms")
        self.messages._dispatch()
        sms = self.env["sms.sms"].search([("uuid", "=", message.reference)])
        self.assertIn("/pm/optout/", sms.body)

    def test_core_sms_states_are_those_we_map(self):
        # A new state in a later Odoo must not pass unnoticed.
        self.assertEqual(
            {value for value, _label in SmsSms.state.selection},
            {"outgoing", "process", "pending", "sent", "error", "canceled"},
        )


@tagged("post_install", "-at_install")
class TestTemplates(MessageCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        model = cls.env["ir.model"]._get_id("pm.unit.party")
        cls.mail_template = cls.env["mail.template"].create(
            {
                "name": "Notice",
                "model_id": model,
                "subject": "Unit {{ object.unit_id.code }}",
                "body_html": '<p>Dear <t t-out="object.partner_id.name"/>, share <t t-out="100 / object.share"/></p>',
            }
        )
        cls.env["ir.model.data"].create(
            {"module": "pm_base", "name": "test_notice", "model": "mail.template", "res_id": cls.mail_template.id}
        )

    @freeze_time(NOON)
    def test_each_record_gets_its_own_message_once(self):
        for _run in range(2):
            messages = self.messages._enqueue_template("service", "pm_base.test_notice", self.parties, "notice/2026-11")
        self.assertEqual(messages.mapped("subject"), ["Unit A-101", "Unit A-102", "Unit A-103"])
        self.assertEqual(messages.partner_id, self.owners)
        self.assertEqual(messages.property_id, self.property)
        self.assertEqual(self.messages.search_count([("key", "like", "notice/2026-11/%")]), 3)

    @freeze_time(NOON)
    def test_a_record_on_which_the_template_fails_is_one_failed_message(self):
        self.parties[1].share = 0  # division by zero in the template
        messages = self.messages._enqueue_template("service", "pm_base.test_notice", self.parties, "notice/zero")
        self.assertEqual(messages.mapped("state"), ["queued", "failed", "queued"])
        self.assertEqual(messages[1].reason, "template")
        messages[1].action_retry()
        self.assertEqual(messages[1].state, "failed")
        self.parties[1].share = 50
        messages[1].action_retry()
        self.assertEqual((messages[1].state, messages[1].subject), ("queued", "Unit A-102"))

    def _enqueue_later(self, prefix):
        return self.messages._enqueue_template(
            "service", "pm_base.test_notice", self.parties, prefix, channel="email", later=True
        )

    @freeze_time(NOON)
    def test_a_text_made_later_tells_how_things_stand_when_it_goes_out(self):
        messages = self._enqueue_later("notice/later")
        self.assertEqual(messages, self._enqueue_later("notice/later"), "recorded once all the same")
        self.assertEqual(messages.mapped("state"), ["queued"] * 3)
        self.assertFalse(any(messages.mapped("body")))
        self.units[1].code = "A-902"
        self.messages._dispatch()
        self.assertEqual(messages.mapped("state"), ["handed"] * 3)
        self.assertEqual(messages.mapped("subject"), ["Unit A-101", "Unit A-902", "Unit A-103"])
        for message, owner in zip(messages, self.owners, strict=True):
            self.assertIn(owner.name, message.mail_mail_id.body_html)

    @freeze_time(NOON)
    def test_made_later_too_a_failing_template_or_a_record_that_is_gone_stops_its_one_message(self):
        messages = self._enqueue_later("notice/later")
        self.parties[0].share = 0  # division by zero in the template
        messages[2].res_id = self.parties.search([], order="id desc", limit=1).id + 1
        self.messages._dispatch()
        self.assertEqual(messages.mapped("state"), ["failed", "handed", "failed"])
        self.assertEqual((messages - messages[1]).mapped("reason"), ["template"] * 2)
        self.parties[0].share = 50
        messages[0].action_retry()
        self.assertEqual((messages[0].state, messages[0].subject), ("queued", "Unit A-101"))

    @freeze_time(NOON)
    def test_what_somebody_writes_into_a_waiting_message_is_what_goes_out(self):
        message = self._enqueue_later("notice/later")[0]
        message.with_user(self.assistant).write({"subject": "By hand", "body": "<p>In my own words</p>"})
        self.messages._dispatch()
        self.assertEqual((message.state, message.subject), ("handed", "By hand"))
        self.assertIn("my own words", message.mail_mail_id.body_html)

    @freeze_time(NOON)
    def test_a_changed_template_counts_at_once(self):
        for number, words in enumerate(("First", "Second", "First")):
            self.mail_template.body_html = f'<p>{words} <t t-out="object.partner_id.name"/></p>'
            messages = self.messages._enqueue_template(
                "service", "pm_base.test_notice", self.parties, f"notice/{number}"
            )
            for message, owner in zip(messages, self.owners, strict=True):
                self.assertIn(f"{words} {owner.name}", message.body)

    @freeze_time(NOON)
    def test_pm_pdf_report_travels_with_the_mail(self):
        template = self.env["mail.template"].create(
            {
                "name": "Profile",
                "model_id": self.env["ir.model"]._get_id("pm.property"),
                "subject": "Profile",
                "body_html": "<p>Attached</p>",
                "report_template_ids": [(6, 0, self.env.ref("pm_base.property_profile_report").ids)],
            }
        )
        self.env["ir.model.data"].create(
            {"module": "pm_base", "name": "test_profile", "model": "mail.template", "res_id": template.id}
        )
        message = self.messages._enqueue_template(
            "service", "pm_base.test_profile", self.property, "profile", partner=lambda prop: self.owner
        )
        self.assertEqual(len(message.attachment_ids), 1)
        self.assertTrue(message.attachment_ids.raw.startswith(b"%PDF"))
        self.assertTrue(message.attachment_ids.name.endswith(".pdf"))


@tagged("post_install", "-at_install")
class TestAccess(MessageCase):
    def test_front_desk_reads_own_properties_only(self):
        elsewhere = self.env["pm.property"].create({"name": "Elsewhere", "code": "E1"})
        ours, theirs = self._enqueue("own"), self._enqueue("other", property_id=elsewhere.id)
        self.assertEqual(self.messages.with_user(self.front_desk).search([("id", "in", (ours | theirs).ids)]), ours)
        with self.assertRaises(AccessError):
            theirs.with_user(self.front_desk).read(["subject"])
        with self.assertRaises(AccessError):
            self.messages.with_user(self.portal_user).search([])
        with self.assertRaises(AccessError):
            self.messages.with_user(self.technician).search([])

    def test_who_may_write_a_message(self):
        vals = {
            "purpose_id": self.env.ref("pm_base.purpose_service").id,
            "partner_id": self.owner.id,
            "property_id": self.property.id,
            "subject": "By hand",
            "state": "sent",
            "sent_at": "2020-01-01 00:00:00",
        }
        for user in self.users_of("front_desk", "officer", "cashier", "counsel"):
            with self.subTest(user=user.login), self.assertRaises(AccessError):
                self.messages.with_user(user).create(dict(vals))
        message = self.messages.with_user(self.assistant).with_context(default_state="sent").create(dict(vals))
        self.assertEqual((message.state, message.sent_at), ("queued", False), "nobody forges a message that looks sent")
        message.with_user(self.assistant).subject = "Changed while waiting"
        with self.assertRaises(AccessError):
            message.with_user(self.assistant).write({"state": "sent"})
        message.with_user(self.assistant).action_cancel()
        self.assertEqual(message.state, "cancelled")
        with self.assertRaises(UserError):
            message.with_user(self.assistant).write({"subject": "Too late"})

    def test_nobody_deletes_messages(self):
        message = self._enqueue("kept")
        for user in self.users_of("assistant", "manager", "leadership"):
            with self.subTest(user=user.login), self.assertRaises(AccessError):
                message.with_user(user).unlink()
        with self.assertRaises(UserError):
            message.sudo().unlink()

    def test_wrong_state_is_refused(self):
        message = self._enqueue("state")
        with self.assertRaises(UserError):
            message.action_retry()
        message._cancel("no longer needed")
        with self.assertRaises(UserError):
            message._transition("sent")

    def test_consents_are_not_rewritten(self):
        consent = self.env["pm.consent"].create(
            {"partner_id": self.owner.id, "purpose_id": self.env.ref("pm_base.purpose_greeting").id}
        )
        with self.assertRaises(UserError):
            consent.write({"state": "opt_in"})
        with self.assertRaises(AccessError):
            consent.with_user(self.front_desk).unlink()

    def test_the_household_page_lists_what_its_people_received(self):
        self._enqueue("here")
        self._enqueue("neighbour", partner_id=self.owners[1].id)
        unit = self.units[0].with_user(self.front_desk)
        self.assertEqual(unit.pm_message_count, 1)
        self.assertEqual(self.messages.search(unit.action_open_pm_messages()["domain"]).key, "here")
        self.assertEqual(self.owner.with_user(self.front_desk).pm_message_count, 1)

    def test_nothing_calls_home(self):
        self.assertFalse(self.env.ref("mail.ir_cron_module_update_notification").active)


@tagged("post_install", "-at_install")
class TestOptOutPage(MessageCase, HttpCase):
    def test_the_page_asks_first_and_the_button_opts_out(self):
        purpose = self.env.ref("pm_base.purpose_greeting")
        token = self.env["pm.consent"]._opt_out_token(self.owner, purpose)
        page = self.url_open(f"/pm/optout/{token}")
        self.assertEqual(page.status_code, 200)
        self.assertFalse(self.owner.pm_consent_ids, "a mail scanner that opens the link decides nothing")
        for _click in range(2):
            self.assertEqual(
                self.url_open(f"/pm/optout/{token}", data={"List-Unsubscribe": "One-Click"}).status_code, 200
            )
        self.owner.invalidate_recordset()
        self.assertEqual(self.owner.pm_consent_ids.mapped("state"), ["opt_out"])
        self.assertEqual(self.owner.pm_consent_ids.source, "link")

    def test_a_changed_link_does_nothing(self):
        token = self.env["pm.consent"]._opt_out_token(self.owner, self.env.ref("pm_base.purpose_greeting"))
        for wrong in (token[:-4] + "AAAA", "rubbish", "AQ"):
            with self.subTest(token=wrong):
                self.assertEqual(self.url_open(f"/pm/optout/{wrong}").status_code, 404)
                self.assertEqual(self.url_open(f"/pm/optout/{wrong}", data={"x": "1"}).status_code, 404)
        self.assertFalse(self.owner.pm_consent_ids)


class SmtpSink:
    """The smallest SMTP server: accepts everything and keeps the raw mails."""

    def __enter__(self):
        self.mails = []
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *exc):
        self._socket.close()
        self._thread.join(5)

    def _serve(self):
        while True:
            try:
                connection, _address = self._socket.accept()
            except OSError:
                return
            with connection, connection.makefile("rwb") as stream:
                self._talk(stream)

    def _talk(self, stream):
        def say(line):
            stream.write(line + b"\r\n")
            stream.flush()

        say(b"220 sink")
        while line := stream.readline():
            verb = line[:4].upper()
            if verb == b"DATA":
                say(b"354 go on")
                data = b""
                while (part := stream.readline()) not in (b".\r\n", b""):
                    data += part
                self.mails.append(data)
                say(b"250 kept")
            elif verb == b"QUIT":
                say(b"221 bye")
                return
            else:
                say(b"250 sink")
