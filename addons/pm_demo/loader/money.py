"""What else happens to money in the sample: a fee item for paid services, two refunds that wait for their approval, and a
bill of WeChat Pay.
"""

import base64
from datetime import timedelta

from .people import OWNER_UNIT
from .renovation import signature

MERCHANT = "1900000109"
WECHAT_COLUMNS = (
    "交易时间,公众账号ID,商户号,特约商户号,设备号,微信订单号,商户订单号,用户标识,交易类型,交易状态,付款银行,货币种类,应结订单金额,"
    "代金券金额,微信退款单号,商户退款单号,退款金额,充值券退款金额,退款类型,退款状态,商品名称,商户数据包,手续费,费率,订单金额,"
    "申请退款金额,费率备注"
)
WECHAT_TOTALS = "总交易单数,应结订单总金额,退款总金额,充值券退款总金额,手续费总金额,订单总金额,申请退款总金额"

SERVICE_BASIS = "《特约服务价目表》，2026 年公布；市场调节价"


def load_service_fee(sample):
    """Signed service orders become charges under this item."""
    sample.env["pm.fee.item"].create(
        {
            "code": "TY",
            "name": "特约服务费",
            "category": "service",
            "company_id": sample.property.company_id.id,
            "legal_basis": SERVICE_BASIS,
            "contract_reference": "特约服务单（客户逐单确认）",
        }
    )


def load_refund(sample):
    """An owner paid too much by WeChat; the front desk has applied for the refund, a supervisor decides."""
    env = sample.env
    unit = (
        env["pm.payment"]
        .search(
            [("property_id", "=", sample.property.id), ("method_id.code", "=", "wechat"), ("unit_id", "!=", False)],
            order="id",
            limit=1,
        )
        .unit_id
    )
    payment = _overpaid(sample, unit, 680, "sample/overpaid", "重复支付")
    refund = (
        env["pm.refund"]
        .with_user(sample.users["frontdesk"])
        .create(
            {
                "payment_id": payment.id,
                "amount": 680,
                "reason": "微信重复支付一笔，申请原路退回。",
                "receipt_returned": True,
            }
        )
    )
    refund.action_submit()


def load_portal_refund(sample):
    """The owner with the portal login has paid twice and applies for the refund himself, with a photo of the receipt."""
    unit = sample.property.unit_ids.filtered(lambda unit: unit.code == OWNER_UNIT)
    payment = _overpaid(sample, unit, 300, "sample/paid twice", "扫码重复支付")
    refunds = sample.env["pm.refund"].with_user(sample.users["owner"]).sudo()  # as the portal does it
    [offer] = refunds._portal_offers([("partner_id", "=", payment.partner_id.id)])
    photo = ("收据照片.png", base64.b64decode(signature()), "image/png")
    refunds._apply_from_portal(offer, "", "同一张账单扫码付了两次，请退回一笔。", [photo])


def _overpaid(sample, unit, amount, key, note):
    env = sample.env
    payment = (
        env["pm.payment"]
        .with_user(sample.users["cashier"])
        ._register_payment(
            {
                "request_key": key,
                "property_id": sample.property.id,
                "partner_id": unit.payer_id.id,
                "unit_id": unit.id,
                "method_id": env["pm.payment.method"]._get(sample.property.company_id, "wechat").id,
                "amount": amount,
                "date": sample.today,
                "note": note,
                "allow_credit": True,
            }
        )
    )
    # Mail of the sample waits until somebody does something.
    payment.sudo().mail_state = "none"
    return payment


def wechat_bill(day, rows):
    """A trade bill of WeChat Pay, as it is downloaded.

    :param rows: list of (transaction number, amount, text)
    :return: bytes
    """
    lines = [WECHAT_COLUMNS]
    for number, amount, text in rows:
        lines.append(
            ",".join(
                f"`{value}"
                for value in (
                    f"{day} 18:20:11,wx2421b1c4370ec43b,{MERCHANT},0,,{number},S{number[-8:]},oUpF8uMu{number[-3:]},NATIVE,SUCCESS,"
                    f"OTHERS,CNY,{amount:.2f},0.00,0,0,0.00,0.00,,,{text},,{round(amount * 0.006, 2):.5f},0.60%,{amount:.2f},0.00,"
                ).split(",")
            )
        )
    total = sum(amount for _number, amount, _text in rows)
    lines += [WECHAT_TOTALS, f"`{len(rows)},`{total:.2f},`0.00,`0.00,`0.00,`{total:.2f},`0.00"]
    return ("\ufeff" + "\r\n".join(lines) + "\r\n").encode()


def load_merchant_bill(sample):
    """Yesterday's bill of WeChat Pay: two payers at the gate's code, with the fee of the provider."""
    day = sample.today - timedelta(days=1)
    units = sample.property.unit_ids.filtered(lambda unit: unit.code in ("B-1602", "B-1406")).sorted("code")
    content = wechat_bill(
        day, [(f"420000{number:022}", 50.0 + number, f"物业费 {unit.code}") for number, unit in enumerate(units, 1)]
    )
    env = sample.as_user("accountant")
    env["pm.merchant.bill"].create(
        {"file": base64.b64encode(content), "filename": f"wechat-{day}.csv", "new_account": True}
    ).action_load()
