"""What a supervisor finds in the morning: steps with times, a promise to decide about, and customers who wait at the counter."""

from datetime import timedelta

from odoo import fields


def load_desk(sample):
    _plan(sample)
    _queue(sample)
    _outage(sample)
    _greetings(sample)


def _plan(sample):
    """The oldest complaint at work has steps for two people, and its handler wants to promise more than he may."""
    ticket = sample.env["pm.ticket"].search(
        [("property_id", "=", sample.property.id), ("type_code", "=", "complaint"), ("state", "=", "in_progress")],
        order="id",
        limit=1,
    )
    if not ticket:
        return
    handler = next(login for login, user in sample.users.items() if user == ticket.user_id)
    env = sample.as_user(handler)
    now = fields.Datetime.now()
    done, _open = env["pm.ticket.milestone"].create(
        [
            {
                "ticket_id": ticket.id,
                "name": name,
                "user_id": sample.users[login].id,
                "date_due": now + timedelta(hours=hours),
            }
            for name, login, hours in (("现场查看并拍照", handler, 3), ("联系供应商更换配件", "technician", 28))
        ]
    )
    done.result = "已到现场查看，照片见工单。"
    done.action_done()
    env["pm.ticket.promise"].create(
        {
            "ticket_id": ticket.id,
            "name": "补偿一次家政保洁",
            "kind": "goodwill",
            "amount": 260,
            "date_due": now + timedelta(days=7),
            "reason": "客户因此两次请假在家等候。",
        }
    ).action_submit()


def _queue(sample):
    """Two numbers given out at the counter this minute."""
    turns = sample.as_user("frontdesk")["pm.counter.turn"]
    units = sample.env["pm.unit"].search([("property_id", "=", sample.property.id), ("payer_id", "!=", False)], limit=2)
    for unit, subject in zip(units, ("办理门禁卡", "咨询装修手续"), strict=True):
        turns.create(
            {"property_id": sample.property.id, "unit_id": unit.id, "partner_id": unit.payer_id.id, "subject": subject}
        )


def _outage(sample):
    """An outage of last week that is over: one answer was given to all who called."""
    now = fields.Datetime.now()
    incident = sample.as_user("frontdesk")["pm.incident"].create(
        {
            "name": "A座低区停水",
            "property_id": sample.property.id,
            "category_id": sample.env.ref("pm_customer_service.ticket_category_water").id,
            "building_ids": sample.property.building_ids[:1].ids,
            "user_id": sample.users["technician"].id,
            "public_text": "A座低区因水泵检修临时停水，预计两小时内恢复。",
            "started_at": now - timedelta(days=6, hours=3),
        }
    )
    incident.action_end("水泵检修完成，已恢复供水。")
    incident.with_env(sample.env).ended_at = now - timedelta(days=6, hours=1)


def _greetings(sample):
    """The words for the next festival are drafted; a supervisor approves them."""
    env = sample.env
    holiday = env["pm.holiday"].search([("date", ">", sample.today), ("greet", "=", True)], order="date", limit=1)
    if holiday:
        env["pm.greeting"].create(env["pm.greeting"]._prepare_vals(sample.property, holiday))
