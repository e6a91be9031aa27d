"""Fees: prices, meters, a year of billing runs, what was paid and what was not, and the bank's lines."""

import logging
import random
import re
from datetime import date, timedelta

from odoo import fields
from odoo.tools import SQL

_logger = logging.getLogger(__name__)

FEE_FILES = (
    ("06_fee_items.csv", "fee_item"),
    ("07_tariffs.csv", "fee_tariff"),
    ("08_assignments.csv", "fee_assignment"),
    ("09_meters.csv", "meter"),
    ("10_readings.csv", "meter_reading"),
)
MONTHS = 12
# Months (counted back from this one) whose bills a payer pays in one go: firms in a long round and last month,
# residents and parking once.
ROUNDS = {
    "office": (tuple(range(12, 1, -1)), (1,)),
    "shop": (tuple(range(12, 1, -1)), (1,)),
    "hotel": ((12, 11, 10), (9, 8, 7), (6, 5, 4), (3,), (2,), (1,)),
    "apartment": (tuple(range(12, 0, -1)),),
    "parking": (tuple(range(12, 0, -1)),),
    "storage": (tuple(range(12, 0, -1)),),
}
TOGETHER = ("hotel", "parking", "storage")  # one payment for all units of the payer
METHODS = ("transfer", "transfer", "transfer", "wechat", "wechat", "alipay", "card")
PART = 0.4
# Who came with cash, how many days ago.
CASH = {"B-1401": 2, "B-1503": 2, "B-1704": 2, "B-1803": 1, "B-1906": 1}


def load_prices(sample):
    """What the accountant enters and somebody else approves."""
    sample.property._ensure_accounts()
    sample.property.write({"due_rule": "period_end", "due_days": 0, "counsel_id": sample.users["counsel"].id})
    for name, kind in FEE_FILES:
        sample.import_file(name, kind)
        if kind == "fee_tariff":
            tariffs = sample.env["pm.fee.tariff"].search([("property_id", "=", sample.property.id)])
            theirs = tariffs.with_user(sample.users["manager"])
            theirs.action_approve()
            theirs.action_publish()


def load_history(sample):
    """Arrears from before, then a billing run for each of the twelve months before this one."""
    sample.import_file("11_opening_arrears.csv", "opening_arrears")
    for back in range(MONTHS, 0, -1):
        run = sample.as_user("accountant")["pm.billing.run"].create(
            {"property_id": sample.property.id, "date_from": month(sample.today, -back)}
        )
        _confirm_use(sample, run)
        _share_costs(sample, run.date_from)
        run.action_compute()
        run.with_user(sample.users["supervisor"]).action_approve()
        run.action_post()
        assert run.state == "posted", run.state


def load_meters(sample):
    """What this month's run needs: the pooled cost is shared; of the meters nobody could read one is estimated; the other, and
    an unusual use, wait for a decision.
    """
    _share_costs(sample, month(sample.today, 0))
    run = sample.as_user("accountant")["pm.billing.run"].new(
        {"property_id": sample.property.id, "date_from": month(sample.today, 0)}
    )
    missing = run.env["pm.meter.missing"].search(run._missing_domain())
    wizard = run.env["pm.meter.estimate"].with_context(**missing[:1].action_estimate()["context"])
    wizard.create({"reason": "三次上门均无人，表井上锁"}).action_estimate()


def _share_costs(sample, start):
    """Share what the common meters used in a month: the accountant works it out, the supervisor approves."""
    costs = {}
    for row in sample.files.rows("demo_pooled_costs.csv"):
        if fields.Date.to_date(row["月份"]) == start:
            costs.setdefault((row["收费项目编码"], row["公摊名称"]), []).append(row)
    for (code, name), rows in costs.items():
        pool = sample.as_user("accountant")["pm.fee.pool"].create(
            {
                "name": name,
                "property_id": sample.property.id,
                "item_id": sample.env["pm.fee.item"]
                .search([("company_id", "=", sample.property.company_id.id), ("code", "=", code)])
                .id,
                "month": start,
                "line_ids": [
                    fields.Command.create(
                        {"name": row["费用说明"], "quantity": float(row["数量"]), "price_unit": float(row["单价"])}
                    )
                    for row in rows
                ],
            }
        )
        pool.action_share()
        pool.with_user(sample.users["supervisor"]).action_approve()


def _confirm_use(sample, run):
    """What was unusual in a hot summer was looked at before it was billed."""
    unusual = run.env["pm.meter.reading"].search(run._unusual_domain())
    if unusual:
        unusual._confirm_use("现场复核读数无误，夏季空调用量增加")


def load_payments(sample):
    """Everybody pays in rounds, but for those who stopped and those whose transfer is on the bank's list."""
    random_numbers = random.Random(39000)
    stopped = _stopped(sample)
    at_bank = _paid_by_bank(sample)
    methods = {
        code: sample.env["pm.payment.method"]._get(sample.property.company_id, code) for code in {*METHODS, "cash"}
    }
    env = sample.as_user("cashier")
    charges = env["pm.charge"].search(
        [("property_id", "=", sample.property.id), ("state", "=", "posted"), ("kind", "=", "regular")],
        order="due_date, id",
    )
    last = month(sample.today, -1)
    baskets = {}
    for charge in charges:
        unit, start = charge.unit_id, charge.period_start
        if unit.code in stopped and start >= stopped[unit.code][0]:
            continue
        if start == last and (unit.code in at_bank or charge.partner_id.name in at_bank):
            continue
        back = (sample.today.year - start.year) * 12 + sample.today.month - start.month
        rounds = ROUNDS[unit.unit_type]
        index = next(i for i, months in enumerate(rounds) if back in months)
        where = env["pm.unit"] if unit.unit_type in TOGETHER else unit
        baskets.setdefault((rounds[index][-1], charge.partner_id, where), []).append((charge, charge.residual))
    for code, (start, partly) in stopped.items():
        oldest = (
            charges.filtered(lambda c, code=code, start=start: c.unit_id.code == code and c.period_start == start)[:1]
            if partly
            else None
        )
        if oldest:
            amount = oldest.currency_id.round(oldest.residual * PART)
            baskets.setdefault((1, oldest.partner_id, oldest.unit_id), []).append((oldest, amount))
    order = sorted(baskets.items(), key=lambda item: (-item[0][0], item[0][1].id, item[0][2].id))
    # Cash last, day by day: a drawer is counted before the next one is opened.
    order.sort(key=lambda item: -CASH.get(item[0][2].code, 99))
    for number, ((back, partner, unit), parts) in enumerate(order):
        if number % 50 == 0:
            _logger.info("sample property: payments, %s of %s", number, len(order))
        day = min(month(sample.today, -back) + timedelta(days=random_numbers.randint(3, 26)), sample.today)
        method = random_numbers.choice(METHODS)
        if unit.code in CASH:
            day, method = sample.today - timedelta(days=CASH[unit.code]), "cash"
        payment = env["pm.payment"]._register_payment(
            {
                "request_key": f"sample/{number}",
                "direction": "in",
                "property_id": sample.property.id,
                "partner_id": partner.id,
                "unit_id": unit.id,
                "method_id": methods[method].id,
                "amount": round(sum(amount for _charge, amount in parts), 2),
                "date": day,
                "lines": [{"charge_id": charge.id, "amount": amount} for charge, amount in parts],
            }
        )
        following = order[number + 1][0][2].code if number + 1 < len(order) else None
        if unit.code in CASH and CASH[unit.code] != CASH.get(following):
            _count_drawer(sample, payment.session_id, signed=following is not None)
    sample.env.flush_all()
    # Receipts of last year are not mailed on the first day of the demonstration, and they were not all written at this minute.
    sample.env.cr.execute(
        SQL(
            "UPDATE pm_payment SET mail_state = 'none', registered_at = date + time '02:30' WHERE property_id = %s",
            sample.property.id,
        )
    )
    sample.env.cr.execute(
        SQL("DELETE FROM ir_cron_trigger WHERE cron_id = %s", sample.env.ref("pm_fees.ir_cron_receipt_mail").id)
    )
    sample.env.invalidate_all()


def load_bank(sample):
    """A month of bank lines, still to be matched. References depend on database ids, so they are put in here."""
    from odoo.addons.pm_fees.models.payment_reference import make_reference

    ids = {unit.code: unit.id for unit in sample.env["pm.unit"].search([("property_id", "=", sample.property.id)])}
    sample.import_file(
        "12_bank_lines.csv",
        "bank.line",
        lambda text: re.sub(r"<([A-Z0-9-]+)>", lambda found: make_reference("unit", ids[found.group(1)]), text),
    )


def _count_drawer(sample, session, signed):
    """Count a drawer; the accountant signs for the older ones, the last waits for the signature."""
    day = session.payment_ids[:1].date
    session.counted_amount = session.expected_amount
    session.action_close()
    if signed:
        session.with_user(sample.users["accountant"]).action_hand_over()
    sample.env.flush_all()
    sample.env.cr.execute(
        SQL(
            """UPDATE pm_cash_session SET opened_at = %(day)s + time '01:00', closed_at = %(day)s + time '09:10',
                      handed_over_at = CASE WHEN state = 'handed_over' THEN %(day)s + time '09:20' END WHERE id = %(id)s""",
            day=day,
            id=session.id,
        )
    )
    session.invalidate_recordset()
    session.modified(["opened_at"])  # its name tells the day


# What debtors said when their butler called: result, reason, days until they promise to pay, note.
CONTACTS = (
    ("promised", "forgot", 5, "业主出差，承诺回来后转账"),
    ("refused", "service", None, "对绿化养护不满意，暂不缴费"),
    ("unreachable", None, None, "电话无人接听"),
    ("promised", "money", 20, "近期资金紧张，发工资后缴清"),
    ("refused", "developer", None, "与开发商的房屋质量纠纷未解决"),
    ("unreachable", "vacant", None, "房屋空置，邻居称已搬离"),
)


def load_debtors(sample):
    """Who is in arrears today, and what some of them said. Their reminders are made when somebody asks for them, or by the
    job of tomorrow.
    """
    cases = sample.env["pm.dunning.case"]
    cases._refresh(sample.property, sample.today)
    debtors = cases.search([("property_id", "=", sample.property.id), ("state", "=", "open")], order="amount_due, id")
    for case, (result, reason, days, note) in zip(debtors, CONTACTS):
        call = sample.as_user("supervisor")["pm.dunning.call"].create(
            {
                "case_id": case.id,
                "channel": "phone",
                "result": result,
                "reason_id": sample.env.ref(f"pm_fees.dunning_reason_{reason}").id if reason else False,
                "promise_date": sample.today + timedelta(days=days) if days else False,
                "note": note,
            }
        )
        call.action_record()


def postpone_jobs(sample):
    """Matching and reminders wait until tomorrow: the tour does them by hand."""
    tomorrow = fields.Datetime.now() + timedelta(days=1)
    for name in ("ir_cron_bank_match", "ir_cron_dunning"):
        job = sample.env.ref(f"pm_fees.{name}", raise_if_not_found=False)
        if job:
            job.nextcall = tomorrow
            sample.env["ir.cron.trigger"].search([("cron_id", "=", job.id)]).unlink()


def month(today, offset):
    """First day of the month `offset` months from today's."""
    index = today.year * 12 + today.month - 1 + offset
    return date(index // 12, index % 12 + 1, 1)


def _stopped(sample):
    """{unit code: (first unpaid month, whether a part of it was paid)}"""
    return {
        row["房号"]: (fields.Date.to_date(row["欠费起始月"]), row["部分支付"] == "是")
        for row in sample.files.rows("demo_arrears.csv")
    }


def _paid_by_bank(sample):
    """Unit codes and payers' names on the bank's list."""
    found = set()
    for row in sample.files.rows("12_bank_lines.csv"):
        code = re.search(r"<([A-Z0-9-]+)>", row["摘要"])
        found.add(code.group(1) if code else row["对方户名"])
    return found
