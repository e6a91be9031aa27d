"""Visits, the owners' committee and the key customers, as the butlers and the supervisor keep them."""

from datetime import timedelta

from odoo import Command

COMMITTEE = (("A-0601", "chair"), ("B-0902", "deputy"), ("B-1101", "member"))
TALKS = (
    (
        "对保洁和秩序维护满意，建议增加电梯厅绿植。",
        "电梯厅能否多摆几盆绿植？",
        "已列入下月绿化调整，先在12层试点。",
        "suggestion",
    ),
    ("新租户已入场，熟悉消防通道和停车规则。", "访客停车怎么登记？", "可由前台预登记车牌，进场自动抬杆。", "inquiry"),
    ("反映空调季节切换偏晚，会议室下午偏热。", "会议室空调下午不够凉，请安排检查。", "", "repair"),
    ("物业费账单清楚，无意见。", "", "", ""),
)


def load_relations(sample):
    """A committee, visits held and planned, and the contacts that follow from them and from the key customers."""
    env, prop = sample.env, sample.property
    env["pm.committee.member"].create(
        [
            {
                "property_id": prop.id,
                "partner_id": unit.owner_ids[:1].id,
                "position": position,
                "date_from": sample.today - timedelta(days=400),
            }
            for code, position in COMMITTEE
            if (unit := _unit(sample, code)).owner_ids
        ]
    )
    # Nobody is called on where nobody lives or works.
    env["pm.unit"].search(
        [("property_id", "=", prop.id), ("status", "in", ("vacant", "not_handed_over"))]
    ).to_visit = False
    _visits(sample)
    env["pm.contact.duty"]._open_for(prop)


def _unit(sample, code):
    return sample.env["pm.unit"].search([("property_id", "=", sample.property.id), ("code", "=", code)])


def _visits(sample):
    """The first days of the month of the butlers: some visits held, the rest planned by the wizard."""
    prop = sample.property
    for login in ("butler", "butler2"):
        env = sample.as_user(login)
        units = env["pm.unit"].search(
            [
                ("property_id", "=", prop.id),
                ("user_id", "=", env.uid),
                ("to_visit", "=", True),
                ("party_ids.is_current", "=", True),
            ],
            limit=len(TALKS),
        )
        for number, (unit, (talk, words, answer, kind)) in enumerate(zip(units, TALKS)):
            topics = []
            if words:
                kind_id = env.ref(f"pm_customer_service.ticket_type_{kind}").id
                topics = [Command.create({"words": words, "answer": answer, "type_id": kind_id})]
            visit = env["pm.visit"].create(
                {
                    "unit_id": unit.id,
                    "talk": talk,
                    "topic_ids": topics,
                    "visited_at": prop._local_to_utc(sample.today - timedelta(days=1), 10.5 + number * 0.75),
                }
            )
            visit.action_done()
    plan = sample.as_user("supervisor")["pm.visit.plan"].create({"property_id": prop.id, "month": _month(sample)})
    plan.action_plan()


def _month(sample):
    """This month, or the next one when it is nearly over."""
    return sample.today + timedelta(days=7)
