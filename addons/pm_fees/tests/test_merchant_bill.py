import base64
import io
import zipfile

from freezegun import freeze_time
from odoo.exceptions import AccessError, UserError
from odoo.tests.common import tagged

from ..models.payment_reference import make_reference
from .cashier_common import CashierCase

WECHAT_HEAD = (
    "交易时间,公众账号ID,商户号,特约商户号,设备号,微信订单号,商户订单号,用户标识,交易类型,交易状态,付款银行,货币种类,应结订单金额,"
    "代金券金额,微信退款单号,商户退款单号,退款金额,充值券退款金额,退款类型,退款状态,商品名称,商户数据包,手续费,费率,订单金额,"
    "申请退款金额,费率备注"
)
WECHAT_FOOT = "总交易单数,应结订单总金额,退款总金额,充值券退款总金额,手续费总金额,订单总金额,申请退款总金额"


def wechat(rows, merchant="1900000109", foot=True):
    """A trade bill; rows are (number, paid, refunded, fee, text)."""
    lines = [WECHAT_HEAD]
    for number, paid, refunded, fee, text in rows:
        state = "REFUND" if refunded else "SUCCESS"
        values = ["2026-01-15 16：33：45", "wx1", merchant, "0", "", number, f"O{number}", "oUser1", "NATIVE", state]
        values += ["OTHERS", "CNY", f"{paid:.2f}", "0.00", f"R{number}" if refunded else "0", "0", f"{refunded:.2f}"]
        values += [
            "0.00",
            "",
            "SUCCESS" if refunded else "",
            text,
            "",
            f"{fee:.5f}",
            "0.60%",
            f"{paid:.2f}",
            "0.00",
            "",
        ]
        lines.append(",".join(f"`{value}" for value in values))
    if foot:
        total = sum(row[1] for row in rows)
        lines += [WECHAT_FOOT, f"`{len(rows)},`{total:.2f},`0.00,`0.00,`0.00,`{total:.2f},`0.00"]
    return ("\ufeff" + "\r\n".join(lines) + "\r\n").encode()


def alipay(rows, account="20881234567890120156", foot=True):
    """An account statement; rows are (number, amount, payer, text)."""
    lines = [
        "#支付宝账务明细查询",
        f"#账号：[{account}]",
        "#起始日期：[2026年01月15日 00:00:00]   终止日期：[2026年01月16日 00:00:00]",
        "#-----------------------------------------账务明细列表----------------------------------------",
        "账务流水号,业务流水号,商户订单号,商品名称,发生时间,对方账号,收入金额（+元）,支出金额（-元）,账户余额（元）,交易渠道,业务类型,备注",
    ]
    for number, amount, payer, text in rows:
        values = [number, f"B{number}", f"O{number}", text, "2026-01-15 21:02:06", payer, f"{max(amount, 0):.2f}"]
        values += [f"{min(amount, 0):.2f}", "99.00", "支付宝", "在线支付", ""]
        lines.append(",".join(f"{value}\t" for value in values))
    if foot:
        income = [amount for _n, amount, _p, _t in rows if amount > 0]
        spent = [amount for _n, amount, _p, _t in rows if amount < 0]
        lines += [
            "#-----------------------------------------账务明细列表结束------------------------------------",
            f"#支出合计：{len(spent)}笔，共{sum(spent):.2f}元",
            f"#收入合计：{len(income)}笔，共{sum(income):.2f}元",
            "#导出时间：[2026年01月16日 09:00:00]",
        ]
    return "\r\n".join(lines).encode("gbk")


@tagged("post_install", "-at_install")
@freeze_time("2026-01-20 02:00:00")
class TestMerchantBill(CashierCase):
    def load(self, content, new=True, user=None):
        wizard = self.env["pm.merchant.bill"].with_user(user or self.accountant)
        wizard.create({"file": base64.b64encode(content), "new_account": new}).action_load()

    def lines(self):
        return self.env["account.bank.statement.line"].search(
            [("journal_id.pm_merchant_number", "!=", False)], order="pm_transaction_ref"
        )

    def refused(self, content, words, **options):
        with self.assertRaisesRegex(UserError, words):
            self.load(content, **options)
        self.assertFalse(self.lines())

    def test_wechat_payment_commission_and_refund(self):
        self.load(wechat([("W1", 118.5, 0, 0.7111, "物业费"), ("W2", 0, 20, -0.12, "物业费")]))
        lines = self.lines()
        self.assertEqual(
            [(line.pm_transaction_ref, line.amount, line.pm_match_state) for line in lines],
            [
                ("RW2", -20, "ignored"),
                ("RW2-fee", 0.12, "ignored"),
                ("W1", 118.5, "todo"),
                ("W1-fee", -0.71, "ignored"),
            ],
        )
        self.assertEqual(lines[2].account_number, "oUser1")
        self.assertEqual(str(lines[2].date), "2026-01-15")
        self.assertNotIn("`", lines[2].payment_ref)

    def test_alipay_in_gbk_with_tabs_and_remarks(self):
        self.load(alipay([("100", 476.01, "杨雨 (yang@example.com)", "物业费"), ("101", -2.5, "支付宝 ()", "服务费")]))
        paid, spent = self.lines()
        self.assertEqual((paid.amount, paid.partner_name, paid.account_number), (476.01, "杨雨", "yang@example.com"))
        self.assertEqual((spent.amount, spent.pm_match_state), (-2.5, "ignored"))

    def test_alipay_archive_with_a_summary(self):
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w") as archive:
            archive.writestr("1.csv", "#支付宝账务汇总查询\n类型,收入笔数\n".encode("gbk"))
            archive.writestr("2.csv", alipay([("100", 5, "", "")]))
        self.load(packed.getvalue())
        self.assertEqual(self.lines().amount, 5)

    def test_an_archive_within_an_archive_is_refused(self):
        content = alipay([("100", 5, "", "")])
        for _level in range(2):
            packed = io.BytesIO()
            with zipfile.ZipFile(packed, "w") as archive:
                archive.writestr("1.csv", content)
            content = packed.getvalue()
        self.refused(content, "cannot be read")

    def test_the_same_bill_twice_changes_nothing(self):
        content = wechat([("W1", 118.5, 0, 0.71, "x")])
        self.load(content)
        before = self.lines()
        self.load(content, new=False)
        self.assertEqual(self.lines(), before)

    def test_known_transaction_with_another_amount_is_refused(self):
        self.load(wechat([("W1", 118.5, 0, 0, "x")]))
        with self.assertRaisesRegex(UserError, "W1 was loaded as 118.5"):
            self.load(wechat([("W0", 10, 0, 0, "x"), ("W1", 18.5, 0, 0, "x")]))
        self.assertEqual(len(self.lines()), 1)

    def test_truncated_file_is_refused(self):
        self.refused(wechat([("W1", 1, 0, 0, "x")], foot=False), "incomplete")
        self.refused(alipay([("100", 1, "", "")], foot=False), "incomplete")
        self.refused(alipay([("100", 1, "", ""), ("101", 1, "", "")])[:-400], "incomplete")

    def test_missing_row_is_found_by_the_totals(self):
        whole = wechat([("W1", 1, 0, 0, "x"), ("W2", 2, 0, 0, "x")]).split(b"\r\n")
        self.refused(b"\r\n".join(whole[:1] + whole[2:]), "incomplete")
        whole = alipay([("100", 1, "", ""), ("101", 1, "", "")]).split(b"\r\n")
        self.refused(b"\r\n".join(whole[:5] + whole[6:]), "incomplete")

    def test_wrong_encoding_is_refused(self):
        spoiled = alipay([("100", 1, "", "")]).decode("utf-8", errors="replace").encode()
        self.refused(spoiled, "cannot be read")
        self.refused(b"\xff\xfe\x00\x81", "cannot be read")

    def test_file_saved_by_a_spreadsheet_program_is_refused(self):
        self.refused(wechat([("4.2E+27", 1, 0, 0, "x")]), "Row 2: “4.2E\\+27”")
        self.refused(wechat([("W1", 1, 0, 0, "x")]).replace(b"2026-01-15", b"2026/1/15 "), "Row 2")

    def test_other_files_are_named(self):
        self.refused("交易流水号,金额\n1,2\n".encode(), "neither an Alipay")
        self.refused("记账时间,微信支付业务单号,资金流水单号\n".encode(), "fund bill")

    def test_bill_of_another_company_is_refused(self):
        self.refused(wechat([("W1", 1, 0, 0, "x")]), "is not known", new=False)
        other = self.env["res.company"].create({"name": "Other"})
        self.env["account.journal"].create(
            {"name": "W", "code": "W", "type": "general", "company_id": other.id, "pm_merchant_number": "1900000109"}
        )
        self.refused(wechat([("W1", 1, 0, 0, "x")]), "another company")

    def test_payment_of_the_bill_pays_the_charge(self):
        charge = self.charge(amount=118.5)
        self.load(wechat([("W1", 118.5, 0, 0, f"物业费 {make_reference('unit', self.units[0].id)}")]))
        self.lines()._pm_match()
        self.assertEqual((self.lines().pm_match_state, charge.paid_state), ("matched", "paid"))
        self.assert_books()

    def test_payment_receipted_at_the_counter_is_not_booked_again(self):
        charge = self.charge(amount=118.5)
        payment = self.pay((charge, 118.5), method="wechat", note="W1")
        self.load(wechat([("W1", 118.5, 0, 0, "x")]))
        self.lines()._pm_match()
        line = self.lines()
        self.assertEqual((line.pm_match_state, line.pm_settled_payment_id), ("matched", payment))
        self.assertFalse(line.pm_payment_ids)
        self.assert_books()

    def test_many_payments_for_one_bill(self):
        charge = self.charge(amount=100)
        reference = make_reference("unit", self.units[0].id)
        self.load(wechat([("W1", 60, 0, 0, reference), ("W2", 40, 0, 0, reference)]))
        self.lines()._pm_match()
        self.assertEqual(set(self.lines().mapped("pm_match_state")), {"matched"})
        self.assertEqual(charge.paid_state, "paid")
        self.assert_books()

    def test_only_accountants_load_bills(self):
        for user in (self.cashier, self.officer):
            with self.subTest(user=user.login), self.assertRaises(AccessError):
                self.load(wechat([("W1", 1, 0, 0, "x")]), user=user)
