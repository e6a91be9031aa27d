from odoo.tests.common import tagged

from ..tools.client import Client, Refused, Unknown, Unreachable, sign
from ..tools.sms_api import Pace
from .gateway import Gateway, GatewayCase

EMPTY = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


@tagged("post_install", "-at_install")
class TestAliyunClient(GatewayCase):
    def test_signature_is_the_one_of_the_vendor_s_own_example(self):
        headers = {
            "host": "ecs.cn-shanghai.aliyuncs.com",
            "x-acs-action": "RunInstances",
            "x-acs-content-sha256": EMPTY,
            "x-acs-date": "2023-10-26T10:22:32Z",
            "x-acs-signature-nonce": "3156853299f313e23d1673dc12e1703d",
            "x-acs-version": "2014-05-26",
        }
        query = "ImageId=win2019_1809_x64_dtc_zh-cn_40G_alibase_20230811.vhd&RegionId=cn-shanghai"
        _names, signature = sign("YourAccessKeySecret", "POST", query, headers)
        self.assertEqual(signature, "06563a9e1b43f5dfe96b81484da74bceab24a1d853912eee15083a6f0f3283c0")

    def test_three_kinds_of_trouble_are_told_apart(self):
        with Gateway({"id": "secret"}) as gateway:
            client = Client("id", "secret", gateway.url, 0.5)
            send = lambda **more: client.call(  # noqa: E731
                "SendSms", **{"PhoneNumbers": "1", "OutId": "x", "TemplateParam": '{"a":"中文 +&="}', **more}
            )
            self.assertEqual(send()["Code"], "OK")
            self.assertEqual(gateway.accepted[0]["TemplateParam"], '{"a":"中文 +&="}')
            gateway.moods = ["isv.AMOUNT_NOT_ENOUGH", "silent", "garbage"]
            with self.assertRaisesRegex(Refused, "AMOUNT_NOT_ENOUGH"):
                send()
            for _mood in ("silent", "garbage"):
                with self.assertRaises(Unknown):
                    send()
            with self.assertRaisesRegex(Refused, "SignatureDoesNotMatch"):
                Client("id", "other", gateway.url, 5).call("SendSms", OutId="x")
            closed = gateway.url
        with self.assertRaises(Unreachable):
            Client("id", "secret", closed, 0.5).call("SendSms", OutId="x")

    def test_pace_keeps_calls_apart(self):
        self.assertEqual(Pace(0).gap, 0)
        pace = Pace(1000)
        pace.wait()
        first = pace.next
        pace.wait()
        # The clock's float may lose the last digit.
        self.assertGreater(pace.next - first, 0.000999)
