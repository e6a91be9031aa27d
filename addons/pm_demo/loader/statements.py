"""Files as a bank and the wallets give them, for trying the import: they lie in the chatter of the property, not loaded yet."""

import csv
import io
from datetime import timedelta
from xml.sax.saxutils import escape

from .money import wechat_bill
from .people import OWNER_UNIT

ACCOUNT = "755912345678901"
BANK = "示例银行深圳龙岗支行"
ALIPAY = "20881234567890120156"
OPENING = 250000.0
BANK_FEE = 35.0
BODY = (
    "试用“导入银行对账单”和“导入商户账单”的样例文件：银行 CAMT.053 和 CSV（GB18030）、支付宝账务明细、微信支付交易账单。"
    "CSV 的格式模板选“网银明细：收入金额 / 支出金额”；支付宝勾选“新商户账户”。"
)


def load_statement_files(sample):
    """Make the files for households that owe today: by reference, by name and amount, in part, too much, and from a stranger."""
    env, prop = sample.env, sample.property
    journal = env["pm.payment.method"]._get(prop.company_id, "transfer").journal_id
    if not journal.bank_account_id:
        bank = env["res.bank"].create({"name": BANK})
        journal.bank_account_id = env["res.partner.bank"].create(
            {
                "acc_number": ACCOUNT,
                "bank_id": bank.id,
                "partner_id": prop.company_id.partner_id.id,
                "company_id": prop.company_id.id,
            }
        )
    prop.collection_bank_id = journal.bank_account_id  # printed on notices
    payers = _payers(sample)
    day = sample.today
    prop.message_post(
        body=BODY,
        subtype_xmlid="mail.mt_note",
        attachments=[
            (f"CAMT053-{day:%Y%m%d}.xml", camt(day, journal.bank_account_id.acc_number, _transfers("C", payers[:4]))),
            (f"银行流水-{day:%Y%m%d}.csv", table(day, _transfers("W", payers[4:8]))),
            (f"支付宝-{day:%Y%m%d}.csv", alipay(day, payers[8:10])),
            (f"微信支付-{day:%Y%m%d}.csv", _wechat(day, payers[10:12])),
        ],
    )


def _payers(sample):
    """Who owes how much for one unit, as (name, reference, owed): nobody whose transfer is in the sample already."""
    from odoo.addons.pm_fees.models.payment_reference import make_reference

    from .billing import _paid_by_bank

    taken = _paid_by_bank(sample) | {OWNER_UNIT}
    owing = sample.env["pm.charge"]._read_group(
        [("property_id", "=", sample.property.id), ("state", "=", "posted"), ("residual", ">", 0)],
        ["partner_id", "unit_id"],
        ["residual:sum"],
        order="unit_id",
    )
    units = {}
    for partner, unit, owed in owing:
        units.setdefault(partner, []).append((unit, owed))
    payers = [
        (partner.name, make_reference("unit", unit.id), round(owed, 2))
        for partner, [(unit, owed), *more] in units.items()
        if not more and unit.code not in taken and partner.name not in taken
    ]
    # The smallest debts: nobody who is being sued pays by the way.
    return sorted(payers, key=lambda payer: payer[2])


def _transfers(letter, payers):
    """Transfers as (number, payer, amount, text), one of each kind; then a stranger's, and what the bank takes."""
    by_reference, by_name, part, more = payers
    rows = [
        (by_reference[0], by_reference[2], f"物业费 {by_reference[1]}"),
        (by_name[0], by_name[2], "物业费"),
        (part[0], round(part[2] / 2, 2), f"部分物业费 {part[1]}"),
        (more[0], more[2] + 100, "物业费及预存"),
        ("王先生", 618.0, "转账"),
        ("", -BANK_FEE, "账户管理费"),
    ]
    return [(f"{letter}{number:010}", *row) for number, row in enumerate(rows, 1)]


def camt(day, account, transfers):
    """A statement of one day in CAMT.053; returns bytes."""

    def balance(code, amount):
        return (
            f'<Bal><Tp><CdOrPrtry><Cd>{code}</Cd></CdOrPrtry></Tp><Amt Ccy="CNY">{amount:.2f}</Amt>'
            f"<CdtDbtInd>CRDT</CdtDbtInd><Dt><Dt>{day}</Dt></Dt></Bal>"
        )

    def entry(number, payer, amount, text):
        party = f"<RltdPties><Dbtr><Nm>{escape(payer)}</Nm></Dbtr></RltdPties>" if payer else ""
        return (
            f'<Ntry><Amt Ccy="CNY">{abs(amount):.2f}</Amt><CdtDbtInd>{"CRDT" if amount > 0 else "DBIT"}</CdtDbtInd>'
            f"<Sts>BOOK</Sts><BookgDt><Dt>{day}</Dt></BookgDt><ValDt><Dt>{day}</Dt></ValDt><AcctSvcrRef>{number}</AcctSvcrRef>"
            f"<NtryDtls><TxDtls>{party}<RmtInf><Ustrd>{escape(text)}</Ustrd></RmtInf></TxDtls></NtryDtls></Ntry>"
        )

    made = f"{day}T18:00:00+08:00"
    closing = OPENING + sum(amount for _number, _payer, amount, _text in transfers)
    return "\n".join(
        [
            '<?xml version="1.0" encoding="UTF-8"?>',
            '<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.02"><BkToCstmrStmt>',
            f"<GrpHdr><MsgId>{day:%Y%m%d}</MsgId><CreDtTm>{made}</CreDtTm></GrpHdr>",
            f"<Stmt><Id>{day:%Y%m%d}-1</Id><CreDtTm>{made}</CreDtTm>",
            f"<Acct><Id><Othr><Id>{account}</Id></Othr></Id><Ccy>CNY</Ccy></Acct>",
            balance("OPBD", OPENING),
            balance("CLBD", closing),
            *(entry(*transfer) for transfer in transfers),
            "</Stmt></BkToCstmrStmt></Document>",
        ]
    ).encode()


def table(day, transfers):
    """The same as a table in the bank's encoding, with income and expense in two columns; returns bytes."""
    out, balance = io.StringIO(), OPENING
    writer = csv.writer(out)
    writer.writerow(("交易流水号", "交易日期", "收入金额", "支出金额", "余额", "对方户名", "对方账号", "摘要"))
    for number, payer, amount, text in transfers:
        balance += amount
        income, expense = (f"{amount:.2f}", "") if amount > 0 else ("", f"{-amount:.2f}")
        writer.writerow((number, day, income, expense, f"{balance:.2f}", payer, "", text))
    return out.getvalue().encode("gb18030")


def alipay(day, payers):
    """An account statement of Alipay, in its encoding, with the tabs it is downloaded with; returns bytes."""
    rows = [(f"A{day:%Y%m%d}{number:04}", *payer) for number, payer in enumerate(payers, 1)]
    lines = [
        "#支付宝账务明细查询",
        f"#账号：[{ALIPAY}]",
        f"#起始日期：[{day:%Y年%m月%d日} 00:00:00]   终止日期：[{day + timedelta(days=1):%Y年%m月%d日} 00:00:00]",
        "#-----------------------------------------账务明细列表----------------------------------------",
        "账务流水号,业务流水号,商户订单号,商品名称,发生时间,对方账号,收入金额（+元）,支出金额（-元）,账户余额（元）,交易渠道,业务类型,备注",
    ]
    for number, name, reference, owed in rows:
        values = (number, f"B{number}", f"O{number}", f"物业费 {reference}", f"{day} 12:02:06", f"{name} (138****0000)")
        values += (f"{owed:.2f}", "0.00", "9999.00", "支付宝", "在线支付", "")
        lines.append(",".join(f"{value}\t" for value in values))
    total = sum(owed for _number, _name, _reference, owed in rows)
    lines += [
        "#-----------------------------------------账务明细列表结束------------------------------------",
        "#支出合计：0笔，共0.00元",
        f"#收入合计：{len(rows)}笔，共{total:.2f}元",
        f"#导出时间：[{day:%Y年%m月%d日} 18:00:00]",
    ]
    return "\r\n".join(lines).encode("gbk")


def _wechat(day, payers):
    return wechat_bill(
        day,
        [
            (f"4200009{number:021}", owed, f"物业费 {reference}")
            for number, (_name, reference, owed) in enumerate(payers, 1)
        ],
    )
