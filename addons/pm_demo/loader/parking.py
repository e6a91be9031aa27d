"""Parking of the sample: spaces on the owners' common ground, let under a plan that they have resolved; leases and a waiting list.

What these spaces bring in is the owners' (L-11), so that its rent is another fee than that of the spaces somebody owns.
"""

from datetime import timedelta

from odoo import fields

from .renovation import signature

SPACES = 2
RENT = 380
# Who rents, and the minutes that papers, choice and contract took at the counter.
LESSEES = {"B-1706": 14, "B-1806": 19}
WAITING = "B-1402"
RULES = (
    "占用业主共有场地的地面车位，只租给本项目业主和租户；每户一个，按申请先后顺序；不得转租。"
    "租金扣除合理成本后归全体业主共有，单独列账并公布。"
)


def load_parking(sample):
    """Two spaces are let, one of them for two months only; one household waits."""
    spaces = sample.env["pm.unit"].create(
        [
            {
                "property_id": sample.property.id,
                "building_id": sample.property.building_ids.filtered(lambda building: building.code == "P").id,
                "zone_id": sample.property.zone_ids.filtered(lambda zone: zone.code == "CAR").id,
                "code": f"P-G{number:02d}",
                "floor": "1F",
                "unit_type": "parking",
                "area_built": 12.5,
                "parking_to_let": True,
            }
            for number in range(1, SPACES + 1)
        ]
    )
    _plan(sample)
    first = sample.today.replace(day=1)
    ends = (fields.Date.add(first, years=1, days=-1), fields.Date.add(first, months=2, days=-1))
    for (code, minutes), space, end in zip(LESSEES.items(), spaces, ends, strict=False):
        _sign(sample, code, space, first, end, minutes)
    waiting = _ask(sample, WAITING, "粤B·D30127")
    waiting.write({"wait_reason": "现有出租车位均已签约，预计两个月后有车位到期。", "wait_understood": True})
    waiting.action_wait()


def _plan(sample):
    company = sample.property.company_id
    item = sample.env["pm.fee.item"].create(
        {
            "code": "CZ",
            "name": "车位租金",
            "sequence": 80,
            "category": "parking",
            "company_id": company.id,
            "owners_income": True,
            "note": "占用业主共有场地的地面车位，租期内专用",
            "legal_basis": "《民法典》第二百七十五条第二款、第二百八十二条",
            "contract_reference": f"业主大会决议 业大〔{_decided(sample).year}〕2号；车位租赁合同 第三条",
        }
    )
    tariff = sample.as_user("accountant")["pm.fee.tariff"].create(
        {
            "item_id": item.id,
            "property_id": sample.property.id,
            "name": str(sample.today.year),
            "unit_type": "parking",
            "method": "fixed",
            "price": RENT,
            "date_from": fields.Date.subtract(sample.today.replace(day=1), months=2),
        }
    )
    tariff.with_user(sample.users["manager"]).action_approve()
    tariff.with_user(sample.users["manager"]).action_publish()
    day = _decided(sample)
    manager = sample.as_user("manager")
    resolution = manager["pm.owner.resolution"].create(
        {
            "name": "车位使用方案",
            "property_id": sample.property.id,
            "body": "assembly",
            "legal_basis": "《民法典》第二百七十五条、第二百七十八条",
            "number": f"业大〔{day.year}〕2号",
            "date": day,
            "text": "<p>参与表决的业主专有部分面积占比70.6%、人数占比67.2%；参与表决面积过半数且人数过半数同意。</p>",
        }
    )
    resolution.action_submit()
    resolution.action_approve()
    manager["pm.parking.plan"].create(
        {
            "name": f"车位使用方案（{sample.today.year}）",
            "property_id": sample.property.id,
            "resolution_id": resolution.id,
            "licence_number": "深停证 0755-01234",
            "licence_until": fields.Date.add(sample.today, years=2),
            "item_id": item.id,
            "rules": RULES,
            "papers": "身份证或营业执照、行驶证、房屋产权证明或租赁合同。",
            "procedure": "前台申请 → 核对资料 → 选定车位 → 签订合同 → 登记车牌放行。",
        }
    ).action_activate()


def _decided(sample):
    """The day of the owners' resolution."""
    return sample.today - timedelta(days=80)


def _ask(sample, code, plate):
    unit = sample.property.unit_ids.filtered(lambda unit: unit.code == code)
    return sample.as_user("assistant")["pm.parking.lease"].create(
        {
            "property_id": sample.property.id,
            "partner_id": unit.payer_id.id,
            "unit_id": unit.id,
            "plate": plate,
            "wanted_from": sample.today,
        }
    )


def _sign(sample, code, space, start, end, minutes):
    lease = _ask(sample, code, f"粤B·{space.code[-3:]}{code[-2:]}")
    lease.write({"space_id": space.id, "date_from": start, "date_to": end})
    lease.action_offer()
    lease.write({"papers_seen": True, "signed_by": lease.partner_id.name, "signature": signature()})
    lease.action_sign()
    # The clock that the program keeps, as if somebody had sat at the counter.
    stamped = lease.with_env(sample.env)
    stamped.received_at = stamped.finished_at - timedelta(minutes=minutes)
