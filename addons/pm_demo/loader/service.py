"""Tickets of each type, taken through their real steps by the people who do them."""

from datetime import timedelta

from odoo import fields
from odoo.tools import SQL

# Hours from the first call to the result, and from the result to what follows it.
HOURS = {"emergency": 0.4, "repair": 5, "inquiry": 1, "help": 2, "complaint": 26, "suggestion": 40}
AFTER = {"handled_at": 0, "fed_back_at": 1, "followed_up_at": 20, "closed_at": 26}
BEFORE = {
    "received_at": 0,
    "create_date": 0,
    "assigned_at": 0.06,
    "started_at": 0.25,
    "replied_at": 0.3,
    "progressed_at": 0.3,
}  # share of those hours
STEPS = ("new", "assigned", "in_progress", "handled", "closed")
ENGINEERING = ("water", "power", "lift", "aircon", "door", "leak", "network", "fire")


def load_teams(sample):
    """Two teams: engineering gets what is broken, the service centre everything else."""
    category = {
        name: sample.env.ref(f"pm_customer_service.ticket_category_{name}", raise_if_not_found=False)
        for name in ENGINEERING
    }
    users = sample.users
    users["technician"].pm_staff_no = "0117"
    sample.env["pm.team"].create(
        [
            {
                "name": "工程维修组",
                "property_id": sample.property.id,
                "user_id": users["technician"].id,
                "member_ids": users["technician"].ids,
                "category_ids": [record.id for record in category.values() if record],
                "type_ids": sample.env.ref("pm_customer_service.ticket_type_repair").ids,
                "sequence": 5,
                "dispatch_mode": "pool",
            },
            {
                "name": "客户服务中心",
                "property_id": sample.property.id,
                "user_id": users["supervisor"].id,
                "sequence": 10,
                "member_ids": [users[login].id for login in ("frontdesk", "butler", "butler2", "assistant")],
            },
        ]
    )


def load_tickets(sample):
    for row in sample.files.rows("demo_tickets.csv"):
        age = timedelta(hours=int(row["几小时前"]))
        ticket = _open(sample, row)
        steps = STEPS[1 : STEPS.index(row["目标状态"]) + 1]
        handler = _handler(sample, ticket, row["处理人"] or "butler")
        for step in steps:
            globals()[f"_{step}"](sample, ticket, handler, row)
        sample.env.flush_all()
        _move_back(sample, ticket, age)


def _handler(sample, ticket, login):
    """The butler of the unit where the file says butler."""
    if login == "butler" and ticket.unit_id.user_id:
        return next(name for name, user in sample.users.items() if user == ticket.unit_id.user_id)
    return login


def _open(sample, row):
    unit = sample.env["pm.unit"].search([("property_id", "=", sample.property.id), ("code", "=", row["房号"])])
    customer = (unit.occupant_ids or unit.owner_ids)[:1]
    return sample.as_user("frontdesk")["pm.ticket"].create(
        {
            "name": row["标题"],
            "description": row["内容"],
            "channel": row["渠道"],
            "severity": row["严重程度"],
            "type_id": sample.env.ref(f"pm_customer_service.ticket_type_{row['类型']}").id,
            "category_id": sample.env.ref(f"pm_customer_service.ticket_category_{row['类别']}").id,
            "property_id": sample.property.id,
            "unit_id": unit.id,
            "partner_id": customer.id,
        }
    )


def _assigned(sample, ticket, handler, row):
    supervisors = ticket.with_user(sample.users["supervisor"])
    if handler == "technician" and row["目标状态"] == "assigned":
        tomorrow = sample.property._local_to_utc(sample.property._today() + timedelta(days=1), 9.5)
        supervisors._agree_visit(sample.users[handler], tomorrow)
    else:
        supervisors.write({"user_id": sample.users[handler].id})


def _in_progress(sample, ticket, handler, row):
    theirs = ticket.with_user(sample.users[handler])
    if handler == "technician" and row["目标状态"] == "in_progress" and ticket.type_code == "repair":
        theirs.job_arrive()  # he stands there at this moment
    else:
        theirs.action_start()
    theirs.action_reply_by_phone()
    if row["目标状态"] == "in_progress":
        theirs.write(
            {
                "promised_date": fields.Datetime.now() + timedelta(hours=30),
                "outcome": "appointment",
                "solution": row["处理说明"],
            }
        )


def _handled(sample, ticket, handler, row):
    theirs = ticket.with_user(sample.users[handler])
    values = {"outcome": "solved_now", "solution": row["处理说明"], "explanation": row["处理说明"]}
    if ticket.type_code == "inquiry":
        values["outcome"] = "explained"
    if ticket.type_id.needs_decision:
        values["decision"] = "adopted"
    theirs.write(values)
    theirs.action_handle()


def _closed(sample, ticket, _handler, row):
    desk = sample.users["frontdesk"]
    if row["满意度"] == "dissatisfied":
        # Reopened by the customer's answer: it stays with its handler.
        sample.as_user("frontdesk")["pm.followup"].create(
            {
                "ticket_id": ticket.id,
                "method": "phone",
                "satisfied": "dissatisfied",
                "words": "雨后又开始滴水，请再来处理。",
            }
        )
        return
    ticket.with_user(desk).action_feedback()
    if ticket.needs_followup:
        sample.as_user("assistant")["pm.followup"].create(
            {"ticket_id": ticket.id, "method": "phone", "satisfied": "satisfied", "words": "处理及时，满意。"}
        )
    ticket.with_user(sample.users["supervisor"]).action_close()


def _move_back(sample, ticket, age):
    """Give the ticket its age.

    Only here, for the sample: the steps above stamp the present moment, as they must, and no model lets anybody write
    another one. The stamps, clocks and messages of this ticket are moved by SQL.
    """
    cr, now = sample.env.cr, fields.Datetime.now()
    start = _daytime(sample, now - age) if age > timedelta(hours=12) else now - age
    age = now - start
    work = timedelta(hours=HOURS[ticket.type_code])
    moments = {name: start + work * share for name, share in BEFORE.items()}
    moments |= {name: start + work + timedelta(hours=hours) for name, hours in AFTER.items()}
    stamps = SQL(", ").join(
        SQL(
            "%(name)s = CASE WHEN %(name)s IS NULL THEN NULL ELSE LEAST(%(moment)s, %(now)s) END",
            name=SQL.identifier(name),
            moment=moment,
            now=now,
        )
        for name, moment in moments.items()
    )
    cr.execute(SQL("UPDATE pm_ticket SET %s WHERE id = %s", stamps, ticket.id))
    cr.execute(
        SQL(
            """UPDATE pm_deadline
              SET start = start - %(age)s, due = CASE WHEN kind = 'promise' AND due > %(now)s THEN due ELSE due - %(age)s END,
                  met_at = CASE WHEN met_at IS NULL THEN NULL ELSE LEAST(start - %(age)s + (due - start) / 2, %(now)s) END,
                  next_check = CASE WHEN kind = 'promise' THEN next_check ELSE next_check - %(age)s END
            WHERE res_model = 'pm.ticket' AND res_id = %(id)s""",
            age=age,
            now=now,
            id=ticket.id,
        )
    )
    cr.execute(
        SQL(
            "UPDATE mail_message SET date = date - %(age)s * 0.9 WHERE model = 'pm.ticket' AND res_id = %(id)s",
            age=age,
            id=ticket.id,
        )
    )
    cr.execute(
        SQL("UPDATE pm_followup SET date = %s WHERE ticket_id = %s", min(moments["followed_up_at"], now), ticket.id)
    )
    sample.env.invalidate_all()


def _daytime(sample, moment):
    """The same day at an hour at which people call."""
    prop = sample.property
    day = prop._local_date(moment)
    return prop._local_to_utc(day, 9 + moment.minute % 8 + moment.second / 60)


def load_incident(sample):
    """Works in the car park today: whoever calls is told, and residents read it in the portal."""
    desk, prop = sample.as_user("frontdesk"), sample.property
    desk["pm.incident"].create(
        {
            "name": "B2停车场照明检修",
            "property_id": prop.id,
            "zone_ids": [(6, 0, prop.zone_ids.filtered(lambda zone: zone.code == "CAR").ids)],
            "public_text": "B2停车场部分区域正在检修照明，请减速慢行；如需协助请拨打服务热线。",
            "expected_at": fields.Datetime.now() + timedelta(hours=6),
        }
    )
