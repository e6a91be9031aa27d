"""How PostgreSQL answers the screens that are looked at all day, in a database of n units × 36 months and 10 × n tickets.

Each charge has its item in the ledger; those of the last half-year that are paid have their receipts and entries, and one unit
in fifty has credit.

Each screen is opened as its user opens it; every statement that took longer than a few milliseconds, or reads a large table
from end to end, goes with its plan into benchmarks/results/plans.txt. A page may not read a large table from end to end.
The data are made by SQL: only what these screens read is there. Works:

- `counter-search`: the searches of the counter, without charges, which they do not read;
- `screens`: these and the screens of the cashier, the portal, the accountant and the lists; what adds up all of a month or of a property is
  measured, not judged;
- `desk`: the screens of the service desk and the tickets of the portal, every ticket with a clock, one in fifty still open, and
  a visit to every unit, one in ten still to come.
"""

import re
from ast import literal_eval
from datetime import date

WORK = "screens"
N = 100_000
MONTHS = 36
LARGE = (
    "pm_unit",
    "pm_unit_party",
    "pm_charge",
    "pm_payment",
    "pm_payment_line",
    "pm_ticket",
    "pm_deadline",
    "pm_visit",
    "res_partner",
    "account_move",
    "account_move_line",
    "account_partial_reconcile",
)
SLOW = 0.005
SEARCHES = ("counter: unit number", "counter: phone", "counter: name", "counter: number of a ticket")
SCAN = re.compile(r"Seq Scan on (\w+) .*rows=(\d+)")
REMOVED = re.compile(r"Rows Removed by Filter: (\d+)")
COUNTED = 10_001  # the web client counts no further
# As the lists say, where it is not the order of the model.
ORDERS = {"pm.charge": "period_start desc, unit_id, item_id"}
# Measured, not judged: what adds up, or sorts by unit, all of a month or of a property reads that much.
WHOLE = (
    "charges: first page",
    "charges: those of a month",
    "charges: those of a run",
    "charges: overdue by month",
    "run: its form",
    "run: compared with last month",
    "collection report",
    "key figures 22 to 24",
)


def prepare_search(env, n):
    prepare(env, n, months=0)


def prepare(env, n, months=MONTHS):
    from rows import copy_rows, unindexed

    prop = env["pm.property"].create({"name": "Bench", "code": "BENCH", "tz": "Asia/Shanghai"})
    env["pm.building"].create(
        [{"name": f"B{number}", "code": f"B{number}", "property_id": prop.id} for number in range(100)]
    )
    item = env["pm.fee.item"].create({"code": "A", "name": "Fee", "legal_basis": "x", "contract_reference": "y"})
    users = env["res.users"].create(
        [
            {
                "name": role,
                "login": f"bench_{role}",
                "group_ids": [(6, 0, [env.ref("base.group_user").id, env.ref(f"pm_base.group_{role}").id])],
            }
            for role in ("front_desk", "cashier", "accountant", "supervisor")
        ]
    )
    prop.user_ids = [(6, 0, users.ids)]
    owner = env["res.partner"].create({"name": "Owner"})
    building = env["pm.building"].search([("property_id", "=", prop.id)], limit=1)
    unit = env["pm.unit"].create(
        {"code": "0", "property_id": prop.id, "building_id": building.id, "area_chargeable": 100}
    )
    party = env["pm.unit.party"].create(
        {"unit_id": unit.id, "partner_id": owner.id, "role": "owner", "is_payer": True, "date_from": "2020-01-01"}
    )
    ticket = env["pm.ticket"].create(
        {
            "name": "The tap drips",
            "type_id": env["pm.ticket.type"].search([("code", "=", "repair")]).id,
            "unit_id": unit.id,
            "property_id": prop.id,
            "partner_id": owner.id,
        }
    )
    env.flush_all()
    unit_ids = f"{unit.id} + part"
    owner_ids = f"{owner.id} + part"
    copy_rows(
        env,
        owner,
        n,
        name="'Owner ' || md5(part::text)",
        complete_name="'Owner ' || md5(part::text)",
        phone="'139' || lpad(part::text, 8, '0')",
        phone_sanitized="'+86139' || lpad(part::text, 8, '0')",
        commercial_partner_id=owner_ids,
    )
    of_building = "(SELECT array_agg(id ORDER BY id) FROM pm_building WHERE property_id = source.property_id)"
    copy_rows(
        env,
        unit,
        n,
        code="'C' || lpad(part::text, 6, '0')",
        name="'N' || lpad(part::text, 6, '0')",
        building_id=f"({of_building})[1 + part %% 100]",
        building_code="'B' || part %% 100",
    )
    copy_rows(env, party, n, unit_id=unit_ids, partner_id=owner_ids)
    clock = env["pm.deadline"].search(
        [("res_model", "=", "pm.ticket"), ("res_id", "=", ticket.id)], order="id desc", limit=1
    )
    with unindexed(env, "pm_ticket", "pm_deadline"):
        copy_rows(
            env,
            ticket,
            10 * n,
            number="'T-' || lpad(part::text, 8, '0')",
            name="'The tap ' || part || ' drips'",
            unit_id=f"{unit.id} + part %% {n}",
            partner_id=f"{owner.id} + part %% {n}",
            contact_name=f"'Owner ' || md5((part %% {n})::text)",
            contact_phone=f"'139' || lpad((part %% {n})::text, 8, '0')",
            state="CASE WHEN part %% 50 = 0 THEN source.state ELSE 'closed' END",
            access_token="NULL",
        )
        copy_rows(
            env,
            clock,
            10 * n,
            res_id=f"{ticket.id} + part",
            state="CASE WHEN part %% 50 = 0 THEN source.state ELSE 'met' END",
            met_at="CASE WHEN part %% 50 = 0 THEN NULL ELSE source.start END",
            next_check="CASE WHEN part %% 50 = 0 THEN source.next_check END",
        )
    visit = env["pm.visit"].create({"unit_id": unit.id, "user_id": users[0].id, "planned_on": "2026-10-01"})
    copy_rows(
        env,
        visit,
        n,
        name="'V-' || part",
        unit_id=unit_ids,
        partner_id=owner_ids,
        planned_on="date '2026-10-01' + part %% 60",
        state="CASE WHEN part %% 10 = 0 THEN 'planned' ELSE 'archived' END",
        visited_at="CASE WHEN part %% 10 <> 0 THEN timestamp '2026-10-01 04:00' + interval '1 day' * (part %% 60) END",
    )
    if months:
        _charges(env, prop, item, months)
        _receipts(env, prop)
    buyer = env["res.partner"].browse(owner.id + n // 2)
    env["res.users"].create(
        {
            "name": buyer.name,
            "login": "bench_owner",
            "partner_id": buyer.id,
            "group_ids": [(6, 0, env.ref("base.group_portal").ids)],
        }
    )
    env.cr.commit()
    env.cr._cnx.autocommit = True
    env.cr.execute("VACUUM ANALYZE")
    env.cr._cnx.autocommit = False


def _charges(env, prop, item, months):
    """One charge a unit and month and its item in the ledger, a thousand in an entry; those of the last months are not paid."""
    from rows import clone_rows, copy_rows, unindexed

    prop._ensure_accounts()
    entry = env["account.move"].create(
        {
            "journal_id": prop.billing_journal_id.id,
            "date": "2023-12-01",
            "line_ids": [
                (0, 0, {"account_id": prop.receivable_account_id.id, "balance": 280}),
                (0, 0, {"account_id": prop.company_id.get_unaffected_earnings_account().id, "balance": -280}),
            ],
        }
    )
    entry.action_post()
    debt = entry.line_ids.filtered("account_id.reconcile")[:1]
    # The constraint against overlaps is of no use to these screens and takes an hour for so many rows made at once.
    env.cr.execute("ALTER TABLE pm_charge DROP CONSTRAINT pm_charge_no_overlap")
    first = env["account.move.line"].search([], order="id desc", limit=1).id
    run = env["pm.billing.run"].create({"property_id": prop.id, "date_from": "2026-11-01"})
    run.flush_recordset()
    with unindexed(env, "pm_charge", "account_move_line"):
        env.cr.execute(
            """INSERT INTO pm_charge (id, move_line_id, run_id, property_id, company_id, currency_id, unit_id, partner_id, item_id, kind,
                                      origin, state, period_start, period_end, due_date, amount_untaxed, amount_tax,
                                      amount_total, residual, amount_paid, paid_state, reference, create_date)
               SELECT made.id, %(first)s + made.id, CASE WHEN month = date '2026-11-01' THEN %(run)s END, %(prop)s, %(company)s, %(currency)s, unit_id, partner_id, %(item)s, 'regular',
                      '', 'posted', month, month + interval '1 month' - interval '1 day', month + interval '9 days', 280, 0,
                      280, CASE WHEN old THEN 0 ELSE 280 END, CASE WHEN old THEN 280 ELSE 0 END,
                      CASE WHEN old THEN 'paid' ELSE 'unpaid' END, 'R', now()
                 FROM (SELECT nextval('pm_charge_id_seq') AS id, unit.id AS unit_id, party.partner_id, month,
                              month < date '2026-10-01' AS old
                         FROM generate_series(date '2023-12-01', date '2023-12-01' + interval '1 month' * (%(months)s - 1),
                                              '1 month') month,
                              pm_unit unit JOIN pm_unit_party party ON party.unit_id = unit.id
                        WHERE unit.property_id = %(prop)s) made""",
            {
                "first": first,
                "run": run.id,
                "prop": prop.id,
                "company": prop.company_id.id,
                "currency": prop.company_id.currency_id.id,
                "item": item.id,
                "months": months,
            },
        )
        env.cr.execute("UPDATE pm_billing_run SET state = 'posted' WHERE id = %s", [run.id])
        env.cr.execute("SELECT min(id), max(id) FROM pm_charge")
        low, high = env.cr.fetchone()
        copy_rows(
            env,
            entry,
            (high - low) // 1000 + 1,
            name="'CHARGES/' || part",
            sequence_prefix="'CHARGES/'",
            sequence_number="part",
        )
        clone_rows(
            env,
            debt,
            "pm_charge charge",
            id="charge.move_line_id",
            move_id=f"{entry.id} + 1 + (charge.id - {low}) / 1000",
            move_name=f"'CHARGES/' || 1 + (charge.id - {low}) / 1000",
            partner_id="charge.partner_id",
            name="'Fee ' || charge.period_start",
            date="charge.period_start",
            date_maturity="charge.due_date",
            amount_residual="charge.residual",
            amount_residual_currency="charge.residual",
            reconciled="charge.residual = 0",
            matching_number="CASE WHEN charge.residual = 0 THEN charge.id::text END",
        )
        total = "-280 * part.charges"
        clone_rows(
            env,
            entry.line_ids - debt,
            f"(SELECT 1 + (id - {low}) / 1000 AS number, count(*) AS charges FROM pm_charge GROUP BY 1) part",
            id=f"{first + high} + part.number",
            move_id=f"{entry.id} + part.number",
            move_name="'CHARGES/' || part.number",
            credit="280 * part.charges",
            **dict.fromkeys(("balance", "amount_currency", "price_subtotal", "price_total"), total),
        )


def _receipts(env, prop):
    """A receipt and its entry for each charge paid in the last half-year; one unit in fifty has paid in advance."""
    from rows import clone_rows, unindexed

    methods = env["pm.payment.method"]
    methods._ensure_methods(prop.company_id)
    unit = env["pm.unit"].search([("property_id", "=", prop.id)], order="id desc", limit=1)
    payment = (
        env["pm.payment"]
        .with_user(env["res.users"].search([("login", "=", "bench_cashier")]))
        ._register_payment(
            {
                "request_key": "prototype",
                "property_id": prop.id,
                "unit_id": unit.id,
                "partner_id": unit.payer_id.id,
                "method_id": methods._get(prop.company_id, "transfer").id,
                "amount": 280,
                "allow_credit": True,
                "date": "2026-05-01",
            }
        )
        .sudo()
    )
    tables = ("account_move", "account_move_line", "pm_payment", "pm_payment_line", "account_partial_reconcile")
    last = {}
    for table in tables:
        env.cr.execute(f"SELECT max(id) FROM {table}")
        last[table] = env.cr.fetchone()[0] or 0
    paid = """(SELECT row_number() OVER (ORDER BY period_start, id) AS part, charge.* FROM pm_charge charge
                WHERE paid_state = 'paid' AND period_start >= '2026-04-01'
               UNION ALL
               SELECT 10000000 + id, charge.* FROM pm_charge charge WHERE period_start = '2026-11-01' AND unit_id %% 50 = 0) charge"""
    credit = "charge.part > 10000000"
    paid_on = "charge.period_start + 7"
    ids = {table: f"({number} + charge.part)" for table, number in last.items()}
    money, item = payment.move_id.line_ids.sorted("id")
    household = {"unit_id": "charge.unit_id", "partner_id": "charge.partner_id"}
    with unindexed(env, *tables):
        clone_rows(
            env,
            payment.move_id,
            paid,
            id=ids["account_move"],
            name="source.sequence_prefix || 1 + charge.part",
            sequence_number="1 + charge.part",
            partner_id="charge.partner_id",
            commercial_partner_id="charge.partner_id",
            date=paid_on,
            ref="'R-' || charge.part",
        )
        line = {
            "move_id": ids["account_move"],
            "move_name": f"'{payment.move_id.sequence_prefix}' || 1 + charge.part",
            "partner_id": "charge.partner_id",
            "date": paid_on,
            "ref": "'R-' || charge.part",
        }
        clone_rows(env, money, paid, id=f"{last['account_move_line']} + 2 * charge.part - 1", **line)
        item_id = f"{last['account_move_line']} + 2 * charge.part"
        clone_rows(
            env,
            item,
            paid,
            id=item_id,
            **line,
            amount_residual=f"CASE WHEN {credit} THEN source.amount_residual ELSE 0 END",
            amount_residual_currency=f"CASE WHEN {credit} THEN source.amount_residual ELSE 0 END",
            reconciled=f"NOT {credit}",
            matching_number=f"CASE WHEN NOT {credit} THEN charge.id::text END",
        )
        clone_rows(
            env,
            payment,
            paid,
            id=ids["pm_payment"],
            request_key="'key ' || charge.part",
            receipt_number="1 + charge.part",
            receipt_name="'R-' || charge.part",
            date=paid_on,
            move_id=ids["account_move"],
            credit_amount=f"CASE WHEN {credit} THEN 280 ELSE 0 END",
            **household,
        )
        clone_rows(
            env,
            payment.line_ids,
            paid,
            id=ids["pm_payment_line"],
            payment_id=ids["pm_payment"],
            kind=f"CASE WHEN {credit} THEN 'credit' ELSE 'charge' END",
            charge_id=f"CASE WHEN NOT {credit} THEN charge.id END",
            move_line_id=item_id,
            unit_id="charge.unit_id",
        )
        env.cr.execute(
            f"""INSERT INTO account_partial_reconcile (id, debit_move_id, credit_move_id, debit_currency_id, credit_currency_id,
                                                       company_id, amount, debit_amount_currency, credit_amount_currency, max_date)
                SELECT {ids["account_partial_reconcile"]}, charge.move_line_id, {item_id}, currency_id, currency_id, company_id,
                       280, 280, 280, {paid_on}
                  FROM {paid.replace("%%", "%")} WHERE NOT {credit}"""
        )
        env.cr.execute(
            "SELECT setval('account_partial_reconcile_id_seq', (SELECT max(id) FROM account_partial_reconcile))"
        )
        env.cr.execute("UPDATE pm_receipt_book SET next_number = (SELECT max(receipt_number) + 1 FROM pm_payment)")


def _screens(env, n):
    """(name, what the screen asks the server for)"""
    user = {
        name: env["res.users"].search([("login", "=", f"bench_{name}")])
        for name in ("front_desk", "cashier", "accountant", "owner")
    }
    unit = env["pm.unit"].search([("code", "=", f"C{n // 2:06d}")])
    phone, number = f"139{n // 3:08d}", f"T-{n // 4:08d}"
    name = env["res.partner"].browse(unit.payer_id.id).name
    desk, till = env["pm.counter"].with_user(user["front_desk"]), env["pm.payment"].with_user(user["cashier"])
    units = env["pm.unit"].with_user(user["front_desk"])
    debtors = iter(units.search([("id", ">", unit.id)], order="id", limit=9))
    tickets = env["pm.ticket"].with_user(user["front_desk"])
    columns = {"code": {}, "building_id": {"fields": {"display_name": {}}}, "area_chargeable": {}}
    own = env["pm.charge"].with_user(user["owner"]).sudo()
    payer = user["owner"].partner_id.commercial_partner_id.id
    domain = [("partner_id", "child_of", payer)]
    opened = [*domain, ("state", "=", "posted"), ("residual", ">", 0)]
    paid = [*domain, ("state", "=", "posted"), ("paid_state", "=", "paid")]
    return [
        ("counter: unit number", lambda: desk.counter_search(unit.code)),
        ("counter: phone", lambda: desk.counter_search(phone)),
        ("counter: name", lambda: desk.counter_search(name)),
        ("counter: number of a ticket", lambda: desk.counter_search(number)),
        ("counter: household", lambda: desk.counter_household(unit.id)),
        ("cashier: unit number", lambda: till.counter_search(unit.code)),
        ("cashier: phone", lambda: till.counter_search(phone)),
        ("cashier: name", lambda: till.counter_search(name)),
        ("cashier: household", lambda: till.counter_household(unit.id)),
        ("cashier: takes a payment", lambda: _pay(till, next(debtors))),
        # As the page of the portal asks (pm_fees/controllers/portal_bills.py).
        ("portal: open bills", lambda: own.search(opened).fetch()),
        ("portal: number of paid bills", lambda: own.search_count(paid)),
        ("portal: paid bills", lambda: own.search(paid, order="period_start desc, id desc", limit=20).fetch()),
        (
            "portal: receipts",
            lambda: own.env["pm.payment"]
            .search(
                [
                    ("state", "in", ("posted", "reversed")),
                    "|",
                    *domain,
                    (
                        "id",
                        "in",
                        [
                            payment.id
                            for [payment] in own.env["pm.payment.line"]._read_group(
                                [("charge_id.partner_id", "child_of", payer)], ["payment_id"]
                            )
                        ],
                    ),
                ],
                limit=20,
            )
            .fetch(),
        ),
        (
            "portal: units with a statement",
            lambda: [
                own.env[model]._read_group([*domain, ("state", "in", ("posted", "reversed"))], ["unit_id"])
                for model in ("pm.charge", "pm.payment")
            ],
        ),
        ("units: first page", lambda: units.web_search_read([], columns, limit=80, count_limit=COUNTED)),
        (
            "units: a page in the middle",
            lambda: units.web_search_read([], columns, limit=80, offset=n // 2, count_limit=COUNTED),
        ),
        (
            "tickets: first page",
            lambda: tickets.web_search_read([], {"name": {}}, limit=80, count_limit=COUNTED),
        ),
        *_accountant_screens(env, n),
    ]


def _accountant_screens(env, n):
    """(name, what the screen asks the server for), as the project accountant opens them in the course of a month"""
    accountant = env["res.users"].search([("login", "=", "bench_accountant")])
    charges, receipts = (env[name].with_user(accountant) for name in ("pm.charge", "pm.payment"))
    prop = env["pm.property"].search([("code", "=", "BENCH")]).with_user(accountant)
    unit = env["pm.unit"].search([("code", "=", f"C{n // 2:06d}")])
    run = env["pm.billing.run"].with_user(accountant).search([("property_id", "=", prop.id)], limit=1)
    first, last = date(2026, 11, 1), date(2026, 11, 26)
    posted, owed = ("state", "=", "posted"), ("paid_state", "in", ("unpaid", "partial"))
    amounts = ("period_start", "due_date", "explanation", "amount_total", "amount_paid", "residual", "paid_state")
    named = {name: {"fields": {"display_name": {}}} for name in ("unit_id", "partner_id", "item_id")}
    places = {name: named[name] for name in ("unit_id", "item_id")}
    totals = ("charge_count", "amount_total", "amount_residual", "refused_count", "progress", "unpublished_names")

    def listed(records, domain, names, **more):
        return lambda: records.web_search_read(
            domain, dict.fromkeys(names, {}) | more, limit=80, order=ORDERS.get(records._name), count_limit=COUNTED
        )

    def page(*domain):
        return listed(charges, [*domain], amounts, **named)

    differences = env["pm.billing.difference"].with_user(accountant)
    return [
        ("charges: first page", page(posted)),
        ("charges: those of a month", page(posted, ("period_start", ">=", first), ("period_start", "<=", last))),
        ("charges: a unit typed", page(posted, ("unit_id", "ilike", unit.code))),
        ("charges: a payer", page(posted, ("partner_id", "child_of", unit.payer_id.id))),
        ("charges: those of a run", page(("run_id", "=", run.id))),
        (
            "charges: overdue by month",
            lambda: charges.formatted_read_group(
                [owed, ("due_date", "<", last)], ["due_date:month"], ["residual:sum", "__count"]
            ),
        ),
        ("receipts: first page", listed(receipts, [], ("receipt_name", "date", "amount", "state"))),
        ("receipts: a number typed", listed(receipts, [("receipt_name", "ilike", f"R-{n // 2}")], ("receipt_name",))),
        (
            "charge: its receipts",
            lambda: charges.search(
                [("unit_id", "=", unit.id), posted, ("paid_state", "=", "paid")], order="period_start desc", limit=1
            ).action_open_receipts(),
        ),
        ("run: its form", lambda: run.web_read(dict.fromkeys(totals, {}))),
        (
            "run: compared with last month",
            listed(differences, [("run_id", "=", run.id), ("kind", "!=", "same")], ("kind", "difference"), **places),
        ),
        (
            "unit: its ledger",
            lambda: env["pm.unit.ledger"]
            .with_user(accountant)
            .search_fetch([("unit_id", "=", unit.id)], ["date", "kind", "debit", "credit", "balance"]),
        ),
        (
            "collection report",
            lambda: env["pm.collection.report"]
            .with_user(accountant)
            .create({"property_id": prop.id, "date_from": first, "date_to": last})
            ._tables(),
        ),
        (
            "key figures 22 to 24",
            lambda: [
                env.ref(f"pm_fees.kpi_{name}")._evaluate(prop.sudo(), first, last)
                for name in ("collection_rate", "arrears_recovery", "fee_accuracy")
            ],
        ),
    ]


def _pay(till, unit):
    """What the household owes, by transfer, as the screen of the cashier sends it."""
    charges = till.env["pm.charge"].search(
        [("unit_id", "=", unit.id), ("state", "=", "posted"), ("paid_state", "in", ("unpaid", "partial"))]
    )
    return till.counter_pay(
        {
            "request_key": f"bench/{unit.id}",
            "unit_id": unit.id,
            "partner_id": charges.partner_id.id,
            "method_id": till.env["pm.payment.method"]._get(till.env.company, "transfer").id,
            "amount": sum(charges.mapped("residual")),
            "lines": [{"charge_id": charge.id, "amount": charge.residual} for charge in charges],
        }
    )


def _desk_screens(env, n):
    """(name, what the screen asks the server for), as the service desk and its supervisor open them"""
    user = {
        name: env["res.users"].search([("login", "=", f"bench_{name}")])
        for name in ("front_desk", "supervisor", "owner")
    }
    tickets, boss = (env["pm.ticket"].with_user(user[name]) for name in ("front_desk", "supervisor"))
    columns = {"name": {}, "number": {}, "next_due": {}, "deadline_state": {}, "state": {}}

    def page(action, order, **more):
        domain = literal_eval(env.ref(f"pm_customer_service.{action}").domain)
        return lambda: tickets.web_search_read(domain, columns, limit=80, order=order, count_limit=COUNTED, **more)

    opened = literal_eval(env.ref("pm_customer_service.pm_ticket_action").domain)
    household = env["pm.ticket"].with_user(user["owner"])

    def listed(domain):
        return lambda: tickets.web_search_read(domain, columns, limit=80, count_limit=COUNTED)

    def portal_list(domain=(), order="id desc"):
        return lambda: (household.search_count([*domain]), household.search([*domain], order=order, limit=80).fetch())

    clocks = [("state", "in", ("running", "breached")), ("met_at", "=", False)]
    return [
        ("open tickets: list", page("pm_ticket_action", "next_due, id")),
        ("open tickets: board by state", lambda: tickets.formatted_read_group(opened, ["state"], ["__count"])),
        ("open tickets: words typed", listed([*opened, ("words", "ilike", f"tap {n // 2} ")])),
        ("all tickets: words typed", listed([("words", "ilike", f"tap {n // 2} ")])),
        ("all tickets: a usual word typed", listed([("words", "ilike", "drips")])),
        ("all tickets: a number typed", listed([("words", "ilike", f"T-{n // 2:08d}")])),
        ("all tickets: a customer typed", listed([("person", "ilike", user["owner"].name)])),
        ("a ticket to choose", lambda: tickets.name_search(f"tap {n // 2} ", limit=8)),
        ("my tickets", listed([*opened, ("is_mine", "=", True)])),
        (
            "my jobs",
            listed([("user_id", "=", user["front_desk"].id), ("state", "in", ("new", "assigned", "in_progress"))]),
        ),
        ("portal: tickets", portal_list()),
        (
            "portal: open tickets by state",
            portal_list([("state", "in", ("new", "assigned", "in_progress"))], "state, id desc"),
        ),
        ("calls to make", page("pm_ticket_action_followup", "next_due, id")),
        ("to verify and close", page("pm_ticket_action_close", "next_due, id")),
        ("stalled tickets", page("pm_ticket_action_stalled", "progressed_at, id")),
        (
            "deadlines",
            lambda: env["pm.deadline"]
            .with_user(user["front_desk"])
            .web_search_read(clocks, {"due": {}, "kind": {}, "user_id": {}}, limit=80, count_limit=COUNTED),
        ),
        (
            "visits",
            lambda: env["pm.visit"]
            .with_user(user["supervisor"])
            .web_search_read([], {"planned_on": {}}, limit=80, count_limit=COUNTED),
        ),
        ("supervisor's day", lambda: boss.env["pm.desk.board"].load()),
    ]


def _reads(plan, n):
    """The lines of a plan that go through a large table, by an index or without: they hand on, or throw away, too much.

    A scan that stops when a page is full is none of them.
    """
    found = []
    for line in plan:
        scan, removed = SCAN.search(line), REMOVED.search(line)
        if scan and scan[1] in LARGE and int(scan[2]) > COUNTED or removed and int(removed[1]) > n // 4:
            found.append(line.strip())
    return found


def run_search(env, n):
    return run(env, n, [screen for screen in _screens(env, n) if screen[0] in SEARCHES])


def run_desk(env, n):
    return run(env, n, _desk_screens(env, n))


def run(env, n, screens=None):
    """Open each screen once to warm up, then with every statement's time and plan."""
    import time
    from pathlib import Path

    from odoo.sql_db import Cursor
    from odoo.tools import SQL

    lines, bad = [], []
    execute = Cursor.execute
    for name, screen in screens or _screens(env, n):
        env.invalidate_all()
        screen()
        env.invalidate_all()
        statements = []

        def noting(cr, query, *args, statements=statements, **kwargs):
            began = time.perf_counter()
            result = execute(cr, query, *args, **kwargs)
            statements.append((time.perf_counter() - began, query, args))
            return result

        Cursor.execute = noting
        cpu = time.process_time()
        try:
            screen()
        finally:
            Cursor.execute = execute
        cpu = time.process_time() - cpu
        spent = sum(seconds for seconds, *_ in statements)
        lines.append(
            f"\n# {name}: {len(statements)} statements, {1000 * spent:.1f} ms in them, {1000 * cpu:.1f} CPU-ms of Python\n"
        )
        for seconds, query, args in statements:
            text = query.code if isinstance(query, SQL) else str(query)
            if not text.lstrip().startswith(("SELECT", "WITH")) or not any(table in text for table in LARGE):
                continue
            # What writes has written and must not do so twice: its plan without times.
            how = "COSTS OFF" if "INSERT INTO" in text or "UPDATE " in text else "ANALYZE, BUFFERS, COSTS OFF"
            if isinstance(query, SQL):
                execute(env.cr, SQL(f"EXPLAIN ({how}) %s", query))
            else:
                execute(env.cr, f"EXPLAIN ({how}) {text}", *args)
            plan = [row[0] for row in env.cr.fetchall()]
            reads = _reads(plan, n)
            bad += [] if name in WHOLE else [f"{name}: {line}" for line in reads]
            if seconds > SLOW or reads:
                lines += [
                    f"{1000 * seconds:.1f} ms: {' '.join(text.split())[:600]}",
                    *(f"    {line}" for line in plan),
                    "",
                ]
    target = Path(__file__).with_name("results") / "plans.txt"
    target.parent.mkdir(exist_ok=True)
    target.write_text("\n".join(lines) + "\n")
    return bad


def check(env, n, outcome):
    # The planner rightly reads a table from end to end that fits into a few thousand pages: it is wrong where n is large.
    assert n < N or not outcome, "\n".join(outcome)


OURS = {"case": "ours", "modules": ["pm_fees"], "check": check, "runs": 1}
CASES = [
    {**OURS, "work": "counter-search", "prepare": prepare_search, "run": run_search},
    {**OURS, "work": "screens", "prepare": prepare, "run": run},
    {**OURS, "work": "desk", "prepare": prepare_search, "run": run_desk},
]
