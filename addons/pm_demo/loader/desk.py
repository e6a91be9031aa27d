"""What a supervisor finds in the morning: steps with times, a promise to decide about, and customers who wait at the counter."""

from datetime import timedelta

from odoo import fields


def load_desk(sample):
    _plan(sample)
    _queue(sample)


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
