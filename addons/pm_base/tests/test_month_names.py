from odoo.tests.common import tagged

from .common import PmCase


@tagged("post_install", "-at_install")
class TestMonthNames(PmCase):
    def test_groups_by_month_and_quarter_are_named_as_the_language_does(self):
        self.env["res.lang"]._activate_lang("zh_CN")
        self.env["res.lang"]._activate_lang("en_US")
        party = self.parties[0]
        self.assertEqual(str(party.date_from), "2024-01-01")
        for lang, granularity, name in (
            ("zh_CN", "month", "2024年1月"),
            ("zh_CN", "quarter", "2024年第1季度"),
            ("en_US", "month", "January 2024"),
            ("en_US", "quarter", "Q1 2024"),
        ):
            spec = f"date_from:{granularity}"
            groups = party.with_context(lang=lang).web_read_group([("id", "=", party.id)], [spec], ["__count"])[
                "groups"
            ]
            with self.subTest(lang=lang, granularity=granularity):
                self.assertEqual(groups[0][spec][1], name)
                self.assertEqual(party.search(groups[0]["__extra_domain"] + [("id", "=", party.id)]), party)
