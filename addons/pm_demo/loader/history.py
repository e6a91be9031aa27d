"""A year of tickets that are long done: what makes lists, charts and key figures look as they do in a running office."""

import random
import re
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from unittest.mock import patch

from odoo import Command, fields
from odoo.tools import SQL

from .billing import month

PER_MONTH = (9, 13)
# Hours from the call to the result: most in time, some late, as everywhere.
HOURS = {
    "repair": (3, 60),
    "complaint": (4, 70),
    "inquiry": (0.2, 0.9),
    "suggestion": (20, 66),
    "help": (0.5, 3),
    "emergency": (0.3, 1.5),
}
LATE = 0.06  # share of tickets that took three times as long
FOLLOWED = {"complaint": 1.0, "repair": 0.35}  # share of customers who are asked


def load_history(sample):
    """Closed tickets of the last twelve months; the last ones are of this month, as far as it has come."""
    chance = random.Random(20_000)
    rows = list(sample.files.rows("demo_ticket_history.csv"))
    now = fields.Datetime.now()
    vals_list, stamps = [], []
    for back in range(12, -1, -1):
        first = sample.property._local_midnight_utc(month(sample.today, -back))
        last = min(sample.property._local_midnight_utc(month(sample.today, 1 - back)), now - timedelta(days=2))
        days = (last - first).days
        calls = chance.randint(*PER_MONTH) * max(days, 0) // 30
        for received in sorted(
            first + timedelta(days=chance.randrange(days), hours=9 + chance.random() * 9) for _call in range(calls)
        ):
            row = chance.choice(rows)
            times = _times(chance, row["类型"], received)
            stamps.append(times)
            vals_list.append(_values(sample, chance, row, times))
    numbers = sample.property._next_ticket_numbers(len(vals_list))
    for vals, number in zip(vals_list, numbers, strict=True):
        day = sample.property._local_date(vals["received_at"])
        vals["number"] = re.sub(r"-\d{4}-", f"-{day:%y%m}-", number)
    with _without(sample.env, "_deadline_event", "_meet_deadline", "_cancel_deadlines"):
        tickets = sample.env["pm.ticket"].with_context(tracking_disable=True).create(vals_list)
        _follow_up(sample, chance, tickets, stamps)
        tickets._write_protected({"state": "closed"})
    with _without(sample.env, "_sync_next_due"):
        for ticket, times in zip(tickets, stamps, strict=True):
            _run_clocks(ticket, times)
    tickets._sync_next_due()
    sample.env.flush_all()
    _restore(sample, tickets, stamps)


def _times(chance, kind, received):
    """When each step of a ticket happened."""
    low, high = HOURS[kind]
    hours = low + (high - low) * chance.random() ** 2
    if chance.random() < LATE:
        hours *= 3
    taken = received + timedelta(minutes=chance.choice((1, 2, 2, 3, 3, 4, 4, 7, 12, 20, 25, 50)))
    handled = max(received + timedelta(hours=hours), taken + timedelta(minutes=5))
    asked = chance.randint(2, 40) if chance.random() > LATE else 90
    # What is still to come has not happened.
    now = fields.Datetime.now()
    moments = {
        "received_at": received,
        "assigned_at": taken,
        "started_at": taken + timedelta(minutes=3),
        "replied_at": taken + timedelta(minutes=4),
        "handled_at": handled,
        "fed_back_at": handled + timedelta(minutes=30),
        "followed_up_at": handled + timedelta(hours=asked),
        "closed_at": handled + timedelta(hours=max(asked, 40) + 4),
    }
    return {name: min(moment, now) for name, moment in moments.items()}


def _values(sample, chance, row, times):
    env = sample.env
    kinds = {"公寓": "apartment", "写字楼": "office", "商铺": "shop", "车位": "parking"}
    units = sample.property.unit_ids.filtered(lambda unit: unit.unit_type == kinds[row["房产类型"]] and unit.payer_id)
    unit = chance.choice(units)
    handler = unit.user_id if row["处理人"] == "butler" and unit.user_id else sample.users[row["处理人"]]
    return {
        "name": row["标题"],
        "description": row["内容"],
        "channel": row["渠道"],
        "type_id": env.ref(f"pm_customer_service.ticket_type_{row['类型']}").id,
        "category_id": env.ref(f"pm_customer_service.ticket_category_{row['类别']}").id,
        "property_id": sample.property.id,
        "unit_id": unit.id,
        "partner_id": (unit.occupant_ids or unit.owner_ids or unit.payer_id)[:1].id,
        "state": "handled",
        "first_receiver_id": sample.users["frontdesk"].id,
        "user_id": handler.id,
        "handled_by_id": handler.id,
        "fed_back_by_id": sample.users["frontdesk"].id,
        "closed_by_id": sample.users["supervisor"].id,
        "outcome": "explained" if row["类型"] == "inquiry" else "solved_now",
        "solution": row["处理说明"],
        "explanation": row["处理说明"],
        "needs_followup": chance.random() < FOLLOWED.get(row["类型"], 0),
        "decision": "adopted" if row["类型"] == "suggestion" else False,
        **{name: moment for name, moment in times.items() if name != "followed_up_at"},
    }


def _follow_up(sample, chance, tickets, stamps):
    words = ("满意。", "处理及时。", "师傅很专业，谢谢。", "可以，希望以后少出问题。")
    sample.env["pm.followup"].create(
        [
            {
                "ticket_id": ticket.id,
                "user_id": sample.users["assistant"].id,
                "method": "phone",
                "satisfied": "satisfied",
                "words": chance.choice(words),
                "date": times["followed_up_at"],
                "answer_ids": _answers(sample, chance, ticket),
            }
            for ticket, times in zip(tickets, stamps, strict=True)
            if ticket.needs_followup
        ]
    )


def _answers(sample, chance, ticket):
    """Two scores, and of repairs whether the technician was in time."""
    question = "pm_customer_service.followup_question_{}".format
    answers = [
        {"question_id": sample.env.ref(question(name)).id, "score": chance.choice("3445555")}
        for name in ("attitude", "speed")
    ]
    if ticket.type_code == "repair":
        answers.append(
            {"question_id": sample.env.ref(question("on_time")).id, "yes_no": chance.choice(("yes",) * 5 + ("no",))}
        )
    return [Command.create(values) for values in answers]


@contextmanager
def _without(env, *names):
    """Old tickets tell nobody anything; the methods named rest as well, since each would stamp the present moment."""
    silent = ("_notify_received", "_notify_handled", "_notify_closed", "_plan_followups", "_agree_default_time")
    with ExitStack() as stack:
        for name in (*silent, *names):
            stack.enter_context(patch.object(type(env["pm.ticket"]), name, lambda *_args, **_kwargs: None))
        yield


def _run_clocks(ticket, times):
    """Start and stop the clocks at the moments at which things happened."""
    events = {
        "created": "received_at",
        "assigned": "assigned_at",
        "replied": "replied_at",
        "agreed": "replied_at",
        "handled": "handled_at",
        "fed_back": "fed_back_at",
        "closed": "closed_at",
    }
    if ticket.needs_followup:
        events["followed_up"] = "followed_up_at"
    for event, name in sorted(events.items(), key=lambda item: times[item[1]]):
        ticket._deadline_event(event, times[name])


def _restore(sample, tickets, stamps):
    """The steps above stamp the present moment, as they must; see ``service._move_back``."""
    cr = sample.env.cr
    for ticket, times in zip(tickets, stamps, strict=True):
        cr.execute(
            SQL(
                "UPDATE pm_ticket SET create_date = %s, fed_back_at = %s, followed_up_at = CASE WHEN followed_up_at IS NULL THEN NULL ELSE %s END WHERE id = %s",
                times["received_at"],
                times["fed_back_at"],
                times["followed_up_at"],
                ticket.id,
            )
        )
    sample.env.invalidate_all()
