"""What a management office keeps beside fees and tickets: files of the units, key customers, requests for data, resolutions."""

from datetime import timedelta

from dateutil.relativedelta import relativedelta
from odoo import fields

# (unit, why, what to know, who holds the account)
KEY_CUSTOMERS = (
    ("A-0501", "整层大客户，年缴费额居前", "行政部对接，重视空调与电梯响应速度", "butler"),
    ("A-L101", "首层主力商户，客流引导点", "周末客流大，需提前沟通促销活动场地", "butler"),
    ("B-1305", "业主委员会筹备组成员", "关注公共收益与装修噪声，宜当面沟通", "butler2"),
    ("A-1502", "曾多次投诉，重点关系维护", "由主管亲自回访，承诺事项须书面确认", "supervisor"),
)
SPLIT_UNIT = "B-1903"
SOLD_UNIT = "B-1809"


def load_register(sample):
    """Fill the registers of the sample property with a few plausible records."""
    _developer(sample)
    _key_customers(sample)
    _files(sample)
    _verifications(sample)
    _disclosures(sample)
    _resolutions(sample)
    _split(sample)
    _sale(sample)
    _consents(sample)


def _developer(sample):
    developer = sample.env["res.partner"].search([("email", "=", "developer@example.com")], limit=1)
    sample.property.developer_id = developer


def _key_customers(sample):
    for code, reason, traits, login in KEY_CUSTOMERS:
        unit = sample.property.unit_ids.filtered(lambda unit, code=code: unit.code == code)
        parties = unit.current_party_ids
        (parties.filtered("is_payer") or parties)[:1].write(
            {
                "is_key_customer": True,
                "key_reason": reason,
                "key_traits": traits,
                "key_user_id": sample.users[login].id,
            }
        )


def _files(sample):
    """Most units have a complete file; every ninth lacks the covenant, every twentieth the registration form."""
    ownership, registration, covenant, handover = (
        sample.env.ref(f"pm_base.pm_file_type_{name}") for name in ("ownership", "registration", "covenant", "handover")
    )
    papers = []
    for number, unit in enumerate(sample.property.unit_ids.filtered("handover_date")):
        types = [ownership, handover]
        if number % 9:
            types.append(covenant)
        if number % 20:
            types.append(registration)
        owner = unit.owner_ids[:1]
        papers += [
            {
                "unit_id": unit.id,
                "type_id": paper.id,
                "partner_id": owner.id,
                "name": f"{unit.code}-{paper.sequence}",
                "date": unit.handover_date,
            }
            for paper in types
        ]
    sample.env["pm.unit.file"].create(papers)


def _verifications(sample):
    """Households are verified in turn, a sixth of them is due again."""
    ages = {}
    for number, unit in enumerate(sample.property.unit_ids.filtered("handover_date")):
        ages.setdefault(number * 5 % 14, sample.env["pm.unit"])
        ages[number * 5 % 14] |= unit
    for months, units in ages.items():
        units.last_verified = sample.today - relativedelta(months=months, days=3)


def _disclosures(sample):
    unit = sample.property.unit_ids.filtered(lambda unit: unit.code == "B-1305")
    owner = unit.owner_ids[:1]
    front, supervisor = (sample.as_user(login)["pm.disclosure"] for login in ("frontdesk", "supervisor"))
    common = {"property_id": sample.property.id, "partner_id": owner.id}
    asked = front.create(
        [
            {
                **common,
                "name": "业主联系电话",
                "requester": "示例派出所民警",
                "requester_identity": "人民警察证",
                "purpose": "核实车辆剐蹭事故当事人",
                "ground": "legal_duty",
            },
            {
                **common,
                "name": "业主房产套数与电话",
                "requester": "某房产中介",
                "purpose": "推介房源",
            },
            {
                **common,
                "name": "业主是否在家",
                "requester": "自称亲友的访客",
                "requester_identity": "未出示证件",
                "purpose": "上门拜访",
            },
        ]
    )
    given, refused, _open = supervisor.browse(asked.ids)
    given.action_approve()
    given.given_data = "电话告知业主本人，由业主直接与民警联系"
    given.action_give()
    refused.refusal_reason = "无本人同意，也无法定事由"
    refused.action_refuse()


def _resolutions(sample):
    resolutions = sample.as_user("manager")["pm.owner.resolution"]
    day = sample.today - timedelta(days=75)
    done = resolutions.create(
        {
            "name": "使用专项维修资金更换A座2号客梯曳引机",
            "property_id": sample.property.id,
            "body": "assembly",
            "legal_basis": "《民法典》第二百七十八条",
            "number": f"业大〔{day.year}〕3号",
            "date": day,
            "text": "<p>参与表决的业主专有部分面积占比71.3%、人数占比68.9%；参与表决面积过半数且人数过半数同意。</p>",
        }
    )
    done.action_submit()
    done.action_approve()
    resolutions.create(
        {
            "name": "首层南侧园林增设电动自行车充电棚",
            "property_id": sample.property.id,
            "body": "committee",
            "legal_basis": "前期物业服务合同 第二十一条",
        }
    ).action_submit()


def _split(sample):
    """An owner gives half of the flat to his wife, who was a household member; who pays stays the same."""
    unit = sample.property.unit_ids.filtered(lambda unit: unit.code == SPLIT_UNIT)
    parties = unit.current_party_ids
    owner = parties.filtered(lambda party: party.role == "owner")[:1]
    wife = parties.filtered(lambda party: party.role == "household").sorted("id")[:1]
    transfer = sample.as_user("assistant")["pm.unit.transfer"].create(
        {
            "unit_id": unit.id,
            "date": fields.Date.add(sample.today, days=1),
            "reason": "split",
            "document_ref": "粤（2026）深圳市不动产权第0001903号",
            "line_ids": [
                (0, 0, {"partner_id": partner.id, "share": 50, "lives_here": True})
                for partner in (owner.partner_id, wife.partner_id)
            ],
        }
    )
    transfer.action_confirm()


def _sale(sample):
    """A sale that is being prepared: the buyer is known, the day has not come."""
    unit = sample.property.unit_ids.filtered(lambda unit: unit.code == SOLD_UNIT)
    buyer = sample.env["res.partner"].create({"name": "段思琪", "phone": "17200009001", "email": "p0901@example.org"})
    sample.as_user("assistant")["pm.unit.transfer"].create(
        {
            "unit_id": unit.id,
            "date": fields.Date.add(sample.today.replace(day=1), months=1),
            "reason": "sale",
            "document_ref": "深房买卖合同（示例）0917",
            "line_ids": [(0, 0, {"partner_id": buyer.id, "share": 100.0, "is_payer": True, "lives_here": True})],
        }
    )


def _consents(sample):
    greeting = sample.env["pm.message.purpose"]._get("greeting")
    advertising = sample.env["pm.message.purpose"]._get("marketing")
    payers = sample.property.unit_ids.payer_id.sorted("id")
    sample.as_user("frontdesk")["pm.consent"].create(
        [
            {"partner_id": payers[0].id, "purpose_id": greeting.id, "state": "opt_out", "source": "phone"},
            {"partner_id": payers[1].id, "purpose_id": advertising.id, "state": "opt_in", "source": "counter"},
            {"partner_id": payers[2].id, "purpose_id": advertising.id, "state": "opt_in", "source": "paper"},
        ]
    )
