"""Reading the bills that Alipay and WeChat Pay give their merchants. Plain Python: bytes in, transactions out.

Alipay's 账务明细 is GBK, with lines of remarks before and after the table and a tab behind every value; WeChat Pay's
交易账单 is UTF-8 with a backtick before every value. Both end with totals, which tell a whole file from a cut one.
"""

import codecs
import csv
import io
import re
import zipfile
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal, InvalidOperation

_MEMBER_LIMIT = 64 * 1024 * 1024
_NOISE = " \t`\ufeff\r\n"
_NUMBER = re.compile(r"[0-9A-Za-z_\-]+")
_SPOILED_NUMBER = re.compile(r"\d(\.\d+)?[eE]\+\d+")
_ALIPAY_ACCOUNT = re.compile(r"账号[：:]\s*\[?([^\]\s,]+)")
_ALIPAY_TOTAL = re.compile(r"(收入|支出)合计[：:]\s*(\d+)\s*笔[，,]\s*共\s*(-?[\d.]+)\s*元")
_PAYER = re.compile(r"(?P<name>[^(（]*)[(（]?(?P<account>[^)）]*)[)）]?")


class MerchantBillError(Exception):
    """A bill that cannot be loaded; `code` says why, the rest fills the words.

    Codes: encoding, format, fund, truncated, totals, row, merchants, empty.
    """

    def __init__(self, code, **values):
        super().__init__(code)
        self.code = code
        self.values = {"row": 0, "value": "", "column": "", "expected": "", "found": "", **values}


@dataclass
class Transaction:
    """One movement of the merchant's account; `amount` is below zero when money went out."""

    number: str
    day: date
    amount: Decimal
    text: str
    payer: str = ""
    account: str = ""
    commission: bool = False


@dataclass
class Bill:
    kind: str
    merchant: str
    transactions: list = field(default_factory=list)


def read_bill(content):
    """The bill in `content`, the file as it was downloaded (a ZIP archive with it is opened).

    :param bytes content: the file
    :return: Bill
    :raise MerchantBillError: damaged, cut off, saved again by a spreadsheet program, or no bill at all
    """
    if content[:4] == b"PK\x03\x04":
        return _read_archive(content)
    return _read_table(content)


def _read_table(content):
    lines = _decode(content).splitlines()
    for number, line in enumerate(lines):
        names = [name.strip(_NOISE) for name in line.split(",")]
        if "账务流水号" in names and "发生时间" in names:
            return _read_alipay(lines, number, names)
        if "微信订单号" in names and "交易时间" in names:
            return _read_wechat(lines, number, names)
        if "资金流水单号" in names:
            raise MerchantBillError("fund")
    raise MerchantBillError("format")


def _read_archive(content):
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            members = [m for m in archive.infolist() if m.filename.lower().endswith(".csv")]
            for member in members:
                if member.file_size > _MEMBER_LIMIT:
                    continue
                try:
                    return _read_table(archive.read(member))
                except MerchantBillError as error:
                    if error.code != "format":  # the summary in the same archive is no bill
                        raise
    except (zipfile.BadZipFile, RuntimeError, EOFError, OSError) as error:
        raise MerchantBillError("truncated") from error
    raise MerchantBillError("format")


def _decode(content):
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            # Not final: a letter cut in half at the end is a file cut off, which its missing totals tell better.
            text = codecs.getincrementaldecoder(encoding)().decode(content)
        except UnicodeDecodeError:
            continue
        # What an editor writes for letters that it could not read.
        if "\ufffd" in text or "锟斤拷" in text or "\0" in text:
            break
        return text
    raise MerchantBillError("encoding")


def _rows(lines, start, names):
    """(line number, {column: value}) of the table that begins below line `start`."""
    for number, line in enumerate(lines[start + 1 :], start + 2):
        values = [value.strip(_NOISE) for value in next(csv.reader([line]), [])]
        if any(values):
            yield number, dict(zip(names, values, strict=False)), len(values)


def _money(number, row, column):
    value = row.get(column) or "0"
    try:
        amount = Decimal(value.replace("¥", "").replace("￥", ""))
    except InvalidOperation as error:
        raise MerchantBillError("row", row=number, column=column, value=value) from error
    if not amount.is_finite():
        raise MerchantBillError("row", row=number, column=column, value=value)
    return amount


def _day(number, row, column):
    value = row.get(column, "")
    try:
        return datetime.strptime(value[:10], "%Y-%m-%d").date()
    except ValueError as error:
        raise MerchantBillError("row", row=number, column=column, value=value) from error


def _identity(number, row, column):
    value = row.get(column, "")
    if not _NUMBER.fullmatch(value) or _SPOILED_NUMBER.fullmatch(value):
        raise MerchantBillError("row", row=number, column=column, value=value)
    return value


def _compare(expected, found):
    if expected != found:
        raise MerchantBillError("totals", expected=expected, found=found)


def _read_alipay(lines, start, names):
    account = next((found[1] for line in lines[:start] if (found := _ALIPAY_ACCOUNT.search(line))), "")
    if not account:
        raise MerchantBillError("format")
    income = next((name for name in names if name.startswith("收入金额")), "")
    spent = next((name for name in names if name.startswith("支出金额")), "")
    bill, totals, ended = Bill("alipay", account), {}, False
    for number, row, count in _rows(lines, start, names):
        first = row[names[0]]
        if first.startswith("#"):
            ended = ended or "列表结束" in first
            for kind, pieces, amount in _ALIPAY_TOTAL.findall(lines[number - 1]):
                totals[kind] = (int(pieces), abs(Decimal(amount)))
            continue
        if count < len(names):
            raise MerchantBillError("truncated")
        amount = abs(_money(number, row, income)) - abs(_money(number, row, spent))
        payer = _PAYER.match(row.get("对方账号", ""))
        payer_account = payer["account"] if "@" in payer["account"] or payer["account"].isdigit() else ""
        bill.transactions.append(
            Transaction(
                _identity(number, row, "账务流水号"),
                _day(number, row, "发生时间"),
                amount,
                " ".join(filter(None, map(row.get, ("商品名称", "商户订单号", "业务类型", "备注")))),
                payer["name"].strip(),
                payer_account,
            )
        )
    if not ended or set(totals) != {"收入", "支出"}:
        raise MerchantBillError("truncated")
    for kind, sign in (("收入", 1), ("支出", -1)):
        amounts = [t.amount * sign for t in bill.transactions if t.amount * sign > 0]
        _compare(totals[kind], (len(amounts), sum(amounts, Decimal(0))))
    return bill


def _read_wechat(lines, start, names):
    order = "应结订单金额" if "应结订单金额" in names else "总金额"
    bill, merchants, summary, summary_names = Bill("wechat", ""), set(), None, None
    count, total = 0, Decimal(0)
    for number, row, width in _rows(lines, start, names):
        first = row[names[0]]
        if first == "总交易单数":
            summary_names = [value.strip(_NOISE) for value in lines[number - 1].split(",")]
            continue
        if summary_names:
            summary = dict(zip(summary_names, [v.strip(_NOISE) for v in lines[number - 1].split(",")], strict=False))
            break
        if width < len(names):
            raise MerchantBillError("truncated")
        if row.get("货币种类", "CNY") not in ("CNY", ""):
            raise MerchantBillError("row", row=number, column="货币种类", value=row["货币种类"])
        sub = row.get("特约商户号", row.get("子商户号", ""))
        merchants.add(sub if sub not in ("", "0") else row["商户号"])
        count, total = count + 1, total + _money(number, row, order)
        bill.transactions += _wechat_transactions(number, row, order)
    if summary is None:
        raise MerchantBillError("truncated")
    expected = summary.get("应结订单总金额", summary.get("总交易额"))
    _compare((int(_money(0, summary, "总交易单数")), Decimal(expected or 0)), (count, total))
    if len(merchants) > 1:
        raise MerchantBillError("merchants", value=", ".join(sorted(merchants)))
    if not merchants:
        raise MerchantBillError("empty")
    bill.merchant = merchants.pop()
    return bill


def _wechat_transactions(number, row, order):
    """A payment and its commission, or a refund and the commission given back."""
    day, text = _day(number, row, "交易时间"), " ".join(filter(None, map(row.get, ("商品名称", "商户订单号"))))
    paid, refunded = _money(number, row, order), _money(number, row, "退款金额")
    result = []
    if paid and row.get("交易状态") == "SUCCESS":
        identity = _identity(number, row, "微信订单号")
        result.append(Transaction(identity, day, paid, text, account=row.get("用户标识", "")))
    elif refunded and row.get("退款状态") not in ("FAIL", "CHANGE"):
        identity = _identity(number, row, "微信退款单号")
        result.append(Transaction(identity, day, -refunded, f"退款 {text}"))
    if result and (fee := _money(number, row, "手续费")):
        result.append(Transaction(f"{result[0].number}-fee", day, -fee, f"手续费 {text}", commission=True))
    return result
