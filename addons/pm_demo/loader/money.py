"""What else happens to money in the sample: a fee item for paid services, and a refund that waits for its approval."""

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
    payment = (
        env["pm.payment"]
        .with_user(sample.users["cashier"])
        ._register_payment(
            {
                "request_key": "sample/overpaid",
                "property_id": sample.property.id,
                "partner_id": unit.payer_id.id,
                "unit_id": unit.id,
                "method_id": env["pm.payment.method"]._get(sample.property.company_id, "wechat").id,
                "amount": 680,
                "date": sample.today,
                "note": "重复支付",
                "allow_credit": True,
            }
        )
    )
    # Mail of the sample waits until somebody does something.
    payment.sudo().mail_state = "none"
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
