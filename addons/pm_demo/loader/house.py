"""What a management office keeps besides households and money: the house itself, numbers to call, files, decisions."""

import random
from datetime import timedelta

from odoo import fields

PROFILE = {
    "site_area": 9860.0,
    "gross_floor_area": 52340.0,
    "plot_ratio": 4.2,
    "green_ratio": 18.0,
    "designer": "示例建筑设计院",
    "entrance_count": 4,
    "water_tank_count": 2,
    "refuse_station_count": 1,
    "septic_tank_count": 2,
    "lift_count": 8,
    "parking_underground": 134,
    "gas_type": "municipal",
    "heating_type": "none",
}
COMPLETE = 0.93  # share of units whose file holds every mandatory paper
# (who, purpose, wants it, how he told)
CONSENTS = (
    ("B-1305", "greeting", "opt_in", "counter"),
    ("B-1505", "greeting", "opt_in", "phone"),
    ("B-1702", "marketing", "opt_out", "phone"),
    ("A-1203", "marketing", "opt_in", "paper"),
    ("B-1407", "greeting", "opt_out", "counter"),
)


def load_house(sample):
    prop = sample.property
    prop.write({**PROFILE, "completion_date": "2020-12-18", "move_in_date": "2021-03-01"})
    _load_facilities(sample)
    _load_numbers(sample)
    _load_files(sample)
    _load_consents(sample)
    _load_decisions(sample)


def _load_facilities(sample):
    buildings = {building.code: building.id for building in sample.property.building_ids}
    sample.env["pm.facility"].create(
        [
            {
                "property_id": sample.property.id,
                "facility_type": row["设施类型"],
                "building_id": buildings.get(row["楼栋"], False),
                "name": row["名称"],
                "location": row["位置"],
                "quantity": int(row["数量"]),
            }
            for row in sample.files.rows("demo_facilities.csv")
        ]
    )


def _load_numbers(sample):
    sample.env["pm.emergency.contact"].create(
        [
            {
                "property_id": sample.property.id,
                "contact_type": row["类型"],
                "name": row["名称"],
                "phone": row["电话"],
                "note": row["备注"],
                "sequence": 10 * number,
            }
            for number, row in enumerate(sample.files.rows("demo_emergency_numbers.csv"), 1)
        ]
    )


def _load_files(sample):
    """One household, one file: nearly all are complete, the rest is what the assistant still asks for."""
    chance = random.Random(396)
    kinds = sample.env["pm.file.type"].search([("mandatory", "=", True)])
    vals_list = []
    for unit in sample.property.unit_ids.filtered("handover_date"):
        complete = chance.random() < COMPLETE
        vals_list += [
            {
                "unit_id": unit.id,
                "type_id": kind.id,
                "partner_id": unit.owner_ids[:1].id,
                "name": f"{unit.code}-{number:02d}",
                "date": unit.handover_date,
            }
            for number, kind in enumerate(kinds if complete else kinds[:1], 1)
        ]
    sample.env["pm.unit.file"].with_context(tracking_disable=True).create(vals_list)


def _unit(sample, code):
    return sample.property.unit_ids.filtered(lambda unit: unit.code == code)


def _load_consents(sample):
    sample.as_user("assistant")["pm.consent"].create(
        [
            {
                "partner_id": _unit(sample, code).payer_id.id,
                "purpose_id": sample.env.ref(f"pm_base.purpose_{purpose}").id,
                "state": state,
                "source": how,
            }
            for code, purpose, state, how in CONSENTS
        ]
    )


def _load_decisions(sample):
    """A resolution of the owners, somebody who asks about an owner, and a sale that is being prepared."""
    resolution = sample.as_user("manager")["pm.owner.resolution"].create(
        {
            "property_id": sample.property.id,
            "name": "使用专项维修资金更新B座2号电梯曳引机",
            "number": "HYYZ-03",
            "body": "assembly",
            "date": sample.today - timedelta(days=75),
            "text": "经专有部分面积占比和人数占比三分之二以上的业主参与表决，双过半同意。",
        }
    )
    resolution.action_submit()
    resolution.action_approve()
    sample.as_user("frontdesk")["pm.disclosure"].create(
        {
            "property_id": sample.property.id,
            "name": "联系电话",
            "partner_id": _unit(sample, "B-1702").owner_ids[:1].id,
            "requester": "示例快递公司 吴先生",
            "purpose": "包裹无人签收，要求提供业主电话。",
        }
    )
    unit = _unit(sample, "B-1809")
    sample.as_user("assistant")["pm.unit.transfer"].create(
        {
            "unit_id": unit.id,
            "date": fields.Date.add(sample.today.replace(day=1), months=1),
            "reason": "sale",
            "document_ref": "深房买卖合同（示例）0917",
            "line_ids": [
                fields.Command.create(
                    {
                        "partner_id": sample.env["res.partner"]
                        .create({"name": "段思琪", "phone": "17200009001", "email": "p0901@example.org"})
                        .id,
                        "share": 100.0,
                        "is_payer": True,
                        "lives_here": True,
                    }
                )
            ],
        }
    )
