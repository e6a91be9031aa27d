"""Every route of the suite that is installed here, asked by people who mean no good."""

import json
import re
from unittest.mock import patch

from odoo.http import Request
from odoo.tests import HttpCase, tagged
from odoo.tools import mute_logger

from .common import RenovationCase

MARK = "<script>alert(31337)</script>"
WORDS = (
    MARK,
    "²",  # a digit to str.isdigit, none to int
    "9" * 40,
    "\x00",
    "{{ 7*7 }}\r\nBcc: all@owners.example ' OR 1=1; --",
)
NUMBERS = (0, 10**30)
FIELDS = (
    *("name", "description", "unit_id", "type_id", "category_id", "location", "item_id", "quantity", "words", "terms"),
    *("satisfied", "search", "category", "charge_id", "transaction", "paper_id", "reason", "note", "violation_id"),
    *("deduction_id", "date_start", "date_end", "work", "read_notice", "contractor_name", "trade", "phone", "page"),
    *("sortby", "filterby", "access_token", "created", "error", "context", "signature", "text"),
)


@tagged("post_install", "-at_install")
class TestHostileRequests(RenovationCase, HttpCase):
    """No answer is an error of the server, none gives a script back, none opens another household's record."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.case = cls.make_case()
        cls.known = {"case_id": cls.case.id, "property_id": cls.property.id}

    def routes(self):
        """Return ``{(rule, methods, type)}`` of the suite's own controllers."""
        http = self.env["ir.http"]
        rules = http._generate_routing_rules(sorted(self.env.registry._init_modules), http._get_converters())
        return sorted(
            {
                (rule, "POST" in (endpoint.routing.get("methods") or ["GET"]), endpoint.routing["type"])
                for rule, endpoint in rules
                if endpoint.func.__module__.startswith("odoo.addons.pm_") and not rule.startswith("/report/")
            }
        )

    def urls(self, rule):
        """Return addresses for a rule: once with what exists, then with every hostile number and word."""
        holes = re.findall(r"<(?:(\w+)(?:\([^)]*\))?:)?(\w+)>", rule)
        fill = lambda value: re.sub(r"<[^>]+>", lambda _match: str(value), rule)  # noqa: E731
        if not holes:
            return [rule]
        real = rule
        for _kind, name in holes:
            real = re.sub(rf"<[^<>]*\b{name}>", str(self.known.get(name, 1)), real)
        if all(kind == "int" for kind, _name in holes):
            return [real, *(fill(number) for number in NUMBERS)]
        return [
            real,
            *(fill(word) for word in ("%C2%B2", "..%2F..%2Fetc%2Fpasswd", "%3Cscript%3Ealert(31337)%3C/script%3E")),
        ]

    @mute_logger("odoo.http", "odoo.addons.base.models.ir_rule", "odoo.sql_db")
    def check_all(self):
        wrong = []
        for rule, post, kind in self.routes():
            for url in self.urls(rule):
                for word in WORDS if url == self.urls(rule)[0] else WORDS[:1]:
                    values = dict.fromkeys(FIELDS, word)
                    if kind == "jsonrpc":
                        answer = self.url_open(
                            url,
                            data=json.dumps(
                                {"jsonrpc": "2.0", "method": "call", "params": {"name": word, "text": word}}
                            ),
                            headers={"Content-Type": "application/json"},
                        )
                    elif post:
                        answer = self.url_open(
                            url, data=values, files=[("file", (word[:50] or "x", MARK, "image/png"))]
                        )
                    else:
                        answer = self.url_open(url, params=values)
                    text = answer.text if "text/html" in answer.headers.get("Content-Type", "") else ""
                    if answer.status_code >= 500 or MARK in text:
                        wrong.append(f"{answer.status_code} {url} {word[:20]!r}")
        self.assertFalse(wrong, "\n".join(wrong))

    def test_a_resident_breaks_nothing(self):
        self.portal_user.sudo().password = self.portal_user.login
        self.authenticate(self.portal_user.login, self.portal_user.login)
        # Who means no good has a token of his own session: forms are tried behind the check of it.
        with patch.object(Request, "validate_csrf", return_value=True):
            self.check_all()

    @mute_logger("odoo.http", "odoo.addons.base.models.ir_rule")
    def test_a_resident_prints_what_his_pages_offer_and_not_the_papers_of_the_house(self):
        self.portal_user.sudo().password = self.portal_user.login
        self.authenticate(self.portal_user.login, self.portal_user.login)
        self.assertTrue(self.case.with_user(self.portal_user).has_access("read"), "the case is his own")
        for name in ("case_file", "neighbour", "pass_register", "application", "permit"):
            for address in (
                f"/report/pm_pdf/pm_renovation.{name}/{self.case.id}",
                f"/my/renovations/{self.case.id}/pdf/{name}",
            ):
                with self.subTest(address=address):
                    printed = self.url_open(address).content.startswith(b"%PDF")
                    self.assertEqual(printed, address.startswith("/my/") and name == "application")
