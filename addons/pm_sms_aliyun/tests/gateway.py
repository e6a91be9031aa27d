"""A gateway on this machine that behaves like Aliyun's: it checks signatures, remembers what it accepted, and can be told
to throttle, to refuse, to be silent after accepting, or to know nothing."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

from odoo.tests import common

from ..tools.client import sign

TEMPLATE = "您的${unit}欠费${amount}元，请于${day}前缴纳。"


class GatewayCase(common.BaseCase):
    """Waits for the gateway as long as the test says. Odoo's test cases lengthen every shorter time-out to ten seconds."""

    @classmethod
    def _request_handler(cls, session, request, /, **options):
        if urlsplit(request.url).hostname != common.HOST:
            return super()._request_handler(session, request, **options)
        return common._super_send(session, request, **options)


class Gateway:
    """Start with ``with Gateway({key id: secret}) as gateway``; ``gateway.url`` is its address."""

    def __init__(self, keys):
        self.keys = keys
        self.accepted = []  # what a carrier would have sent
        self.calls = []  # (action, AccessKey ID)
        self.moods = []  # for the next SendSms, in order: an error code, "silent", or "garbage"
        self.unknown_to_query = False

    def __enter__(self):
        gateway = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                gateway.answer(self)

            def log_message(self, *_arguments):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.released = threading.Event()
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_exception):
        self.released.set()
        self.server.shutdown()
        self.server.server_close()

    def answer(self, request):
        query = urlsplit(request.path).query
        params = {name: values[0] for name, values in parse_qs(query, keep_blank_values=True).items()}
        action = request.headers["x-acs-action"]
        key = request.headers["Authorization"].split("Credential=")[1].split(",")[0]
        self.calls.append((action, key))
        if key not in self.keys:
            return self.reply(request, 404, {"Code": "InvalidAccessKeyId.NotFound", "Message": "no such key"})
        names = request.headers["Authorization"].split("SignedHeaders=")[1].split(",")[0].split(";")
        signed = {name: request.headers[name] for name in names}
        expected = sign(self.keys[key], "POST", query, signed)[1]
        if not request.headers["Authorization"].endswith(f"Signature={expected}"):
            return self.reply(request, 400, {"Code": "SignatureDoesNotMatch", "Message": "signature"})
        return getattr(self, f"on_{action}")(request, params, key)

    def on_SendSms(self, request, params, key):
        mood = self.moods.pop(0) if self.moods else "ok"
        if mood not in ("ok", "silent", "garbage"):
            return self.reply(request, 200, {"Code": mood, "Message": f"told to say {mood}"})
        row = {**params, "key": key, "BizId": f"{len(self.accepted) + 1}^0"}
        self.accepted.append(row)
        if mood == "silent":
            self.released.wait(20)  # the caller's patience is shorter
            return None
        if mood == "garbage":
            return self.reply(request, 502, "<html>Bad Gateway</html>")
        return self.reply(request, 200, {"Code": "OK", "Message": "OK", "BizId": row["BizId"]})

    def on_QuerySendDetails(self, request, params, _key):
        rows = [
            {"OutId": row["OutId"], "SendStatus": row.get("status", 1), "ErrCode": row.get("error", "")}
            for row in self.accepted
            if row["PhoneNumbers"] == params["PhoneNumber"] and not self.unknown_to_query
        ]
        return self.reply(
            request, 200, {"Code": "OK", "Message": "OK", "SmsSendDetailDTOs": {"SmsSendDetailDTO": rows}}
        )

    def on_QuerySmsTemplate(self, request, params, _key):
        if params["TemplateCode"] != "SMS_1001":
            return self.reply(request, 200, {"Code": "isv.SMS_TEMPLATE_ILLEGAL", "Message": "no such template"})
        return self.reply(
            request, 200, {"Code": "OK", "Message": "OK", "TemplateStatus": 1, "TemplateContent": TEMPLATE}
        )

    def reply(self, request, status, answer):
        body = (answer if isinstance(answer, str) else json.dumps(answer)).encode()
        request.send_response(status)
        request.send_header("Content-Type", "application/json")
        request.send_header("Content-Length", str(len(body)))
        request.end_headers()
        request.wfile.write(body)
