"""Paid services of the sample: the handbook's own ones priced, approved and published, step by step by those who do it."""

from datetime import timedelta

from odoo import Command, fields

from .moves import signature

PRICES = {"cleaning": 12, "repair": 80, "meeting": 200, "copies": 0.5}


def load_services(sample):
    for name, price in PRICES.items():
        item = sample.env.ref(f"pm_customer_service.service_item_{name}")
        manager, finance, leader = (
            item.with_user(sample.users[login]) for login in ("manager", "accountant", "leadership")
        )
        manager.discussion = "客户需求较多；工程、保洁班组人手可以安排，不影响本职工作。"
        manager.action_discuss()
        finance.write({"price": price, "tax_percent": 6, "cost_labour": price * 0.6, "cost_material": price * 0.2})
        finance.action_price()
        manager.action_submit()
        leader.action_approve()
        manager.announced = "大堂公告栏、门户"
        manager.action_publish()
    teams = sample.env["pm.team"].search([("property_id", "=", sample.property.id)], order="sequence")
    _orders(sample, teams[0], teams[-1])
    _agreement(sample, teams[-1])


def _orders(sample, engineering, centre):
    """An order on its way, one priced by a cost sheet, one beyond our scope."""
    desk, prop = sample.as_user("frontdesk"), sample.property
    item = {name: sample.env.ref(f"pm_customer_service.service_item_{name}") for name in PRICES}
    unit = sample.env["pm.unit"].search([("property_id", "=", prop.id), ("status", "=", "let")], limit=3)

    def order(place, lines, **values):
        return desk["pm.service.order"].create(
            {
                "unit_id": unit[place].id,
                "team_id": engineering.id,
                "line_ids": [
                    Command.create({"item_id": item[name].id, "quantity": quantity}) for name, quantity in lines
                ],
                **values,
            }
        )

    ahead = order(0, [("repair", 2)], description="会议室灯具更换，请自带梯子。")
    ahead.action_quote()
    ahead._agree("phone", ahead.partner_id.name)
    ahead.write(
        {
            "user_id": sample.users["technician"].id,
            "scheduled_at": prop._local_to_utc(sample.today + timedelta(days=1), 14),
        }
    )
    ahead.action_dispatch()
    works = order(1, [], description="前台加做一道玻璃隔断。", settlement="monthly")
    rate = sample.env.ref
    sheet = desk["pm.service.estimate"].create(
        {
            "name": "前台玻璃隔断",
            "order_id": works.id,
            "labour_ids": [
                Command.create(
                    {
                        "team_id": engineering.id,
                        "rate_id": rate("pm_customer_service.service_rate_skilled").id,
                        "name": "安装隔断",
                        "staff": 2,
                        "hours": 6,
                    }
                ),
                Command.create(
                    {
                        "team_id": centre.id,
                        "rate_id": rate("pm_customer_service.service_rate_helper").id,
                        "name": "现场保护与清理",
                        "hours": 3,
                    }
                ),
            ],
            "material_ids": [
                Command.create(
                    {"team_id": engineering.id, "name": "钢化玻璃", "quantity": 6, "unit_label": "m²", "price": 185}
                )
            ],
        }
    )
    sheet.action_to_sign()
    sheet.with_user(sample.users["technician"]).action_sign()
    copies = order(0, [("copies", 120)], description="投标文件复印两份，到前台自取。", settlement="monthly")
    copies.action_quote()
    copies._agree("counter", copies.partner_id.name)
    copies.write(
        {"user_id": sample.users["assistant"].id, "scheduled_at": fields.Datetime.now() + timedelta(minutes=5)}
    )
    copies.action_dispatch()
    worker = copies.with_user(sample.users["assistant"])
    worker.write(
        {"work_done": "已复印并装订。", "signed_by": copies.partner_id.name, "customer_signature": signature()}
    )
    worker.action_done()
    beyond = order(2, [], description="希望代为拆除一面隔墙。", scope_reason="涉及结构改动，不在我们的服务范围")
    beyond.action_refer()


def _agreement(sample, team):
    """Indoor cleaning each month, signed at the beginning of the month."""
    desk, prop = sample.as_user("frontdesk"), sample.property
    unit = sample.env["pm.unit"].search([("property_id", "=", prop.id), ("status", "=", "let")], limit=1, offset=4)
    first = sample.today.replace(day=1)
    agreement = desk["pm.service.agreement"].create(
        {
            "unit_id": unit.id,
            "team_id": team.id,
            "date_start": first,
            "date_end": first.replace(year=first.year + 1) - timedelta(days=1),
            "line_ids": [
                Command.create(
                    {"item_id": sample.env.ref("pm_customer_service.service_item_cleaning").id, "quantity": 40}
                )
            ],
        }
    )
    paper = desk["pm.document"]._pdf("pm_customer_service.service_agreement", agreement)
    file = desk["ir.attachment"].create(
        {"name": "长期服务协议.pdf", "raw": paper, "res_model": agreement._name, "res_id": agreement.id}
    )
    agreement.write(
        {"signed_by": agreement.partner_id.name, "signed_on": first, "signed_file_ids": [Command.set(file.ids)]}
    )
    agreement.action_activate()
