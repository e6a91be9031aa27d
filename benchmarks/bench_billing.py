"""One month of n units with three fees each: computed and in the ledger, posted.

`ours` computes charges and posts them (billing run), `peer:account` makes one invoice a unit with Odoo alone, all in one
batch, `peer:odoo-addon-contract` invoices contracts as its own button does, `floor` copies the rows of a billed month
into copies of the tables they stand in, with the same indexes; `floor, foreign keys` checks the same references too.
"""

WORK = "compute+post one month, 3 fees a unit"
N = 1000
MONTH = "2026-11-01"
AREA, FIXED, THIRD = 2.8, 50.0, 12.5


def _area(number):
    return 50 + number % 97


def _expected(n):
    return round(sum(round(_area(number) * AREA, 2) + FIXED + THIRD for number in range(n)), 2)


def _partners(env, n):
    partners = env["res.partner"].create([{"name": f"Payer {number:06d}"} for number in range(n)])
    env.cr.commit()
    return partners


def prepare_ours(env, n):
    env = env(context=dict(env.context, tracking_disable=True))
    partners = _partners(env, n)
    prop = env["pm.property"].create({"name": "Bench", "code": "BENCH"})
    building = env["pm.building"].create({"name": "A", "code": "A", "property_id": prop.id})
    users = env["res.users"].create(
        [
            {
                "name": name,
                "login": f"bench_{name}",
                "group_ids": [(6, 0, [env.ref("base.group_user").id, env.ref(group).id])],
            }
            for name, group in (("accountant", "pm_base.group_accountant"), ("supervisor", "pm_base.group_supervisor"))
        ]
    )
    prop.user_ids = [(6, 0, users.ids)]
    accountant, supervisor = users
    units = env["pm.unit"].create(
        [
            {
                "code": f"A-{number:06d}",
                "property_id": prop.id,
                "building_id": building.id,
                "area_chargeable": _area(number),
            }
            for number in range(n)
        ]
    )
    env["pm.unit.party"].create(
        [
            {"unit_id": unit.id, "partner_id": partner.id, "role": "owner", "is_payer": True, "date_from": "2024-01-01"}
            for unit, partner in zip(units, partners, strict=True)
        ]
    )
    for code, method, price in (("A", "area", AREA), ("B", "fixed", FIXED), ("C", "fixed", THIRD)):
        item = env["pm.fee.item"].create(
            {"code": code, "name": f"Fee {code}", "legal_basis": "x", "contract_reference": "y"}
        )
        tariff = (
            env["pm.fee.tariff"]
            .with_user(accountant)
            .create(
                {
                    "item_id": item.id,
                    "property_id": prop.id,
                    "name": "1",
                    "method": method,
                    "price": price,
                    "date_from": "2024-01-01",
                }
            )
        )
        tariff.with_user(supervisor).action_approve()
        env["pm.fee.assign"].create(
            {"property_id": prop.id, "item_ids": [(6, 0, item.ids)], "date_from": "2024-01-01"}
        ).action_assign()
    prop._ensure_accounts()
    env.cr.commit()


def run_ours(env, n):
    accountant = env["res.users"].search([("login", "=", "bench_accountant")])
    supervisor = env["res.users"].search([("login", "=", "bench_supervisor")])
    prop = env["pm.property"].search([("code", "=", "BENCH")])
    run = env["pm.billing.run"].with_user(accountant).create({"property_id": prop.id, "date_from": MONTH})
    # Each button is a transaction; of large runs it wakes the job, which commits after each step.
    for step in (run.action_compute, run.with_user(supervisor).action_approve, run.action_post):
        step()
        env.cr.commit()
        env["pm.billing.run"]._cron_work()
    return run.id


def check_ours(env, n, outcome):
    run = env["pm.billing.run"].browse(outcome)
    assert (run.state, run.charge_count, run.posting_note) == ("posted", 3 * n, False), (
        run.state,
        run.charge_count,
        run.posting_note,
    )
    assert abs(run.amount_total - _expected(n)) < 0.005, (run.amount_total, _expected(n))
    _check_ledger(env, 3 * n, run.property_id.receivable_account_id, n)


def _check_ledger(env, lines, account, n):
    env.cr.execute(
        """SELECT count(*), sum(line.balance) FROM account_move_line line JOIN account_move move ON move.id = line.move_id
            WHERE line.account_id = %s AND move.state = 'posted'""",
        [account.id],
    )
    count, balance = env.cr.fetchone()
    assert count == lines, (count, lines)
    assert abs(float(balance) - _expected(n)) < 0.005, (balance, _expected(n))


def _products(env):
    return env["product.product"].create(
        [{"name": f"Fee {code}", "type": "service", "list_price": 1, "taxes_id": [(5,)]} for code in "ABC"]
    )


def prepare_account(env, n):
    env = env(context=dict(env.context, tracking_disable=True))
    _partners(env, n)
    _products(env)
    env.cr.commit()


def run_account(env, n):
    partners = env["res.partner"].search([("name", "like", "Payer 0")], order="name")
    products = env["product.product"].search([("name", "in", ("Fee A", "Fee B", "Fee C"))], order="name")
    moves = (
        env["account.move"]
        .with_context(tracking_disable=True)
        .create(
            [
                {
                    "move_type": "out_invoice",
                    "partner_id": partner.id,
                    "invoice_date": MONTH,
                    "date": MONTH,
                    "invoice_line_ids": [
                        (0, 0, {"product_id": product.id, "quantity": quantity, "price_unit": price, "tax_ids": [(5,)]})
                        for product, quantity, price in zip(
                            products, (_area(number), 1, 1), (AREA, FIXED, THIRD), strict=True
                        )
                    ],
                }
                for number, partner in enumerate(partners)
            ]
        )
    )
    moves.action_post()
    env.cr.commit()
    return moves.ids


def check_invoices(env, n, outcome):
    moves = env["account.move"].search([("move_type", "=", "out_invoice"), ("state", "=", "posted")])
    assert len(moves) == n, len(moves)
    assert abs(sum(moves.mapped("amount_total")) - _expected(n)) < 0.005


def prepare_contract(env, n):
    env = env(context=dict(env.context, tracking_disable=True))
    partners = _partners(env, n)
    products = _products(env)
    journal = env["account.journal"].search([("type", "=", "sale")], limit=1)
    env["contract.contract"].create(
        [
            {
                "name": partner.name,
                "partner_id": partner.id,
                "contract_type": "sale",
                "line_recurrence": True,
                "journal_id": journal.id,
                "contract_line_ids": [
                    (
                        0,
                        0,
                        {
                            "product_id": product.id,
                            "name": product.name,
                            "quantity": quantity,
                            "specific_price": price,
                            "price_unit": price,
                            "recurring_rule_type": "monthly",
                            "recurring_interval": 1,
                            "recurring_invoicing_type": "pre-paid",
                            "date_start": MONTH,
                            "recurring_next_date": MONTH,
                        },
                    )
                    for product, quantity, price in zip(
                        products, (_area(number), 1, 1), (AREA, FIXED, THIRD), strict=True
                    )
                ],
            }
            for number, partner in enumerate(partners)
        ]
    )
    env.cr.commit()


def run_contract(env, n):
    contracts = env["contract.contract"].with_context(tracking_disable=True).search([])
    moves = contracts._recurring_create_invoice()
    moves.action_post()
    env.cr.commit()
    return moves.ids


TABLES = ("pm_charge", "account_move_line")


def prepare_floor(env, n, foreign_keys=False):
    """Bill the month once, keep its rows, and empty copies of the tables with their indexes."""
    prepare_ours(env, n)
    run_ours(env, n)
    for table in TABLES:
        env.cr.execute(
            f"CREATE TABLE floor_{table} (LIKE {table} INCLUDING DEFAULTS INCLUDING CONSTRAINTS INCLUDING INDEXES)"
        )
        env.cr.execute(f"CREATE TABLE source_{table} AS SELECT * FROM {table}")
        if foreign_keys:
            env.cr.execute(
                "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = %s::regclass AND contype = 'f'",
                [table],
            )
            for (definition,) in env.cr.fetchall():
                env.cr.execute(f"ALTER TABLE floor_{table} ADD {definition}")
    env.cr.commit()


def prepare_floor_keys(env, n):
    prepare_floor(env, n, foreign_keys=True)


def run_floor(env, n):
    import tempfile

    for table in TABLES:
        with tempfile.TemporaryFile("w+") as rows:
            env.cr._obj.copy_expert(f"COPY source_{table} TO STDOUT", rows)
            rows.seek(0)
            env.cr._obj.copy_expert(f"COPY floor_{table} FROM STDIN", rows)
    env.cr.commit()


def check_floor(env, n, outcome):
    for table in TABLES:
        env.cr.execute(f"SELECT (SELECT count(*) FROM {table}), (SELECT count(*) FROM floor_{table})")
        before, after = env.cr.fetchone()
        assert before == after, (table, before, after)


def _runs(n):
    """Peers take minutes for ten thousand units."""
    return 3 if n <= 1000 else 1


def _affordable(n):
    """A hundred thousand units would take them an hour, and the cost of one does not change."""
    return min(n, 10_000)


CASES = [
    {"case": "ours", "modules": ["pm_fees"], "prepare": prepare_ours, "run": run_ours, "check": check_ours},
    {
        "case": "peer:account",
        "modules": ["account"],
        "n": _affordable,
        "runs": _runs,
        "prepare": prepare_account,
        "run": run_account,
        "check": check_invoices,
    },
    {
        "case": "peer:odoo-addon-contract",
        "requires": ["odoo-addon-contract==19.0.*"],
        "modules": ["contract"],
        "n": _affordable,
        "runs": _runs,
        "prepare": prepare_contract,
        "run": run_contract,
        "check": check_invoices,
    },
    {"case": "floor", "modules": ["pm_fees"], "prepare": prepare_floor, "run": run_floor, "check": check_floor},
    {
        "case": "floor, foreign keys",
        "modules": ["pm_fees"],
        "prepare": prepare_floor_keys,
        "run": run_floor,
        "check": check_floor,
    },
]
