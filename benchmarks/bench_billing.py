"""One month of n units with three fees each: computed and in the ledger, posted.

`ours` computes charges and posts them (billing run), `peer:account` makes one invoice a unit with Odoo alone, all in one
batch, `peer:odoo-addon-contract` invoices contracts as its own button does, `floor` copies the rows of a billed month
into copies of the tables they stand in, with the same indexes; `floor, foreign keys` checks the same references too.
The other works begin with such a month: `counter-payment` takes what each household owes, one request a payment;
`bank-match` loads a transfer of each and books it on its debt; `bill-pdf` prints the bills.
"""

WORK = "compute+post"
N = 1000
MONTH = "2026-11-01"
AREA, FIXED, THIRD = 2.8, 50.0, 12.5


def _area(number):
    return 50 + number % 97


def _expected(n):
    return round(sum(round(_area(number) * AREA, 2) + FIXED + THIRD for number in range(n)), 2)


def _partners(env, n):
    """n payers, all but the first copied in SQL."""
    from rows import copy_rows

    first = env["res.partner"].create({"name": "Payer 000000"})
    name = "'Payer ' || lpad(part::text, 6, '0')"
    copy_rows(
        env, first, n - 1, name=name, complete_name=name, commercial_partner_id="source.commercial_partner_id + part"
    )
    env.cr.commit()
    return env["res.partner"].browse(range(first.id, first.id + n))


def _users(env, prop):
    roles = ("accountant", "supervisor", "cashier")
    users = env["res.users"].create(
        [
            {
                "name": role,
                "login": f"bench_{role}",
                "group_ids": [(6, 0, [env.ref("base.group_user").id, env.ref(f"pm_base.group_{role}").id])],
            }
            for role in roles
        ]
    )
    prop.user_ids = [(6, 0, users.ids)]
    return users


def _user(env, role):
    return env["res.users"].search([("login", "=", f"bench_{role}")])


def prepare_ours(env, n):
    from rows import copy_rows

    env = env(context=dict(env.context, tracking_disable=True))
    partners = _partners(env, n)
    prop = env["pm.property"].create({"name": "Bench", "code": "BENCH"})
    building = env["pm.building"].create({"name": "A", "code": "A", "property_id": prop.id})
    accountant, supervisor, _cashier = _users(env, prop)
    unit = env["pm.unit"].create(
        {"code": "A-000000", "property_id": prop.id, "building_id": building.id, "area_chargeable": _area(0)}
    )
    party = env["pm.unit.party"].create(
        {
            "unit_id": unit.id,
            "partner_id": partners[0].id,
            "role": "owner",
            "is_payer": True,
            "date_from": "2024-01-01",
        }
    )
    code = "'A-' || lpad(part::text, 6, '0')"
    name = "replace(source.name, 'A-000000', " + code + ")"
    copy_rows(env, unit, n - 1, code=code, name=name, area_chargeable="50 + part %% 97")
    copy_rows(env, party, n - 1, unit_id="source.unit_id + part", partner_id="source.partner_id + part")
    for code, method, price in (("A", "area", AREA), ("B", "fixed", FIXED), ("C", "fixed", THIRD)):
        item = env["pm.fee.item"].create(
            {"code": code, "name": f"物业费 {code}", "legal_basis": "x", "contract_reference": "y"}
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
    _analyze(env)


def _analyze(env):
    """A database that has been in use knows how large its tables are."""
    env.cr._cnx.autocommit = True
    env.cr.execute("VACUUM ANALYZE")
    env.cr._cnx.autocommit = False


def run_ours(env, n):
    accountant, supervisor = _user(env, "accountant"), _user(env, "supervisor")
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
    """As its scheduled action does, and the button that posts what that has made."""
    from odoo import fields

    env["contract.contract"].cron_recurring_create_invoice(fields.Date.to_date(MONTH))
    moves = env["account.move"].search([("move_type", "=", "out_invoice"), ("state", "=", "draft")])
    moves.action_post()
    env.cr.commit()
    return moves.ids


TABLES = ("pm_charge", "account_move_line")


def prepare_floor(env, n, foreign_keys=False):
    """Bill the month once, keep its rows, and empty copies of the tables with their indexes."""
    from rows import prepare_copies

    prepare_ours(env, n)
    run_ours(env, n)
    prepare_copies(env, TABLES, foreign_keys)
    for table in TABLES:
        env.cr.execute(f"CREATE TABLE source_{table} AS SELECT * FROM {table}")
    env.cr.commit()


def prepare_floor_keys(env, n):
    prepare_floor(env, n, foreign_keys=True)


def run_floor(env, n):
    from rows import fill_copies

    fill_copies(env, TABLES, source="source_")


def check_floor(env, n, outcome):
    for table in TABLES:
        env.cr.execute(f"SELECT (SELECT count(*) FROM {table}), (SELECT count(*) FROM floor_{table})")
        before, after = env.cr.fetchone()
        assert before == after, (table, before, after)


# -- money at the counter ----------------------------------------------------------------------------------------------


def prepare_billed(env, n):
    prepare_ours(env, n)
    run_ours(env, n)
    env["pm.payment.method"]._ensure_methods(env.company)
    env.cr.commit()
    _analyze(env)


def _request(env):
    """What one click of a user begins with: an empty cache, the last transaction committed."""
    env.cr.commit()
    env.invalidate_all()


def run_counter(env, n):
    """Each household pays its three charges, by transfer: no cash session to count."""
    till = env["pm.payment"].with_user(_user(env, "cashier"))
    method = env["pm.payment.method"]._get(env.company, "transfer").id
    for unit_id in env["pm.unit"].search([]).ids:
        _request(env)
        charges = till.env["pm.charge"].search([("unit_id", "=", unit_id), ("paid_state", "in", ("unpaid", "partial"))])
        till.counter_pay(
            {
                "request_key": f"bench/{unit_id}",
                "unit_id": unit_id,
                "partner_id": charges.partner_id.id,
                "method_id": method,
                "amount": round(sum(charges.mapped("residual")), 2),
                "lines": [{"charge_id": charge.id, "amount": charge.residual} for charge in charges],
            }
        )
    env.cr.commit()


def check_paid(env, n, outcome):
    payments = env["pm.payment"].search([("state", "=", "posted")])
    assert len(payments) == n, len(payments)
    assert sorted(payments.mapped("receipt_number")) == list(range(1, n + 1))
    assert abs(sum(payments.mapped("amount")) - _expected(n)) < 0.005
    assert not env["pm.charge"].search_count([("paid_state", "!=", "paid")])


def _invoiced(env, n):
    prepare_account(env, n)
    run_account(env, n)
    # Else Odoo would book no entry for a payment, only mark the invoice.
    for journal in env["account.journal"].search([("type", "in", ("bank", "cash"))]):
        journal.inbound_payment_method_line_ids.payment_account_id = journal.default_account_id
    env.cr.commit()
    _analyze(env)


def run_register(env, n):
    for invoice in env["account.move"].search([("move_type", "=", "out_invoice")]):
        _request(env)
        env["account.payment.register"].with_context(active_model="account.move", active_ids=invoice.ids).create(
            {}
        ).action_create_payments()
    env.cr.commit()


def check_settled(env, n, outcome):
    lines = env["account.move.line"].search(
        [("move_id.move_type", "=", "out_invoice"), ("account_id.account_type", "=", "asset_receivable")]
    )
    assert len(lines) == n, len(lines)
    assert all(lines.mapped("reconciled"))


# -- bank lines --------------------------------------------------------------------------------------------------------

LOADED = 500  # rows of a statement that the importer loads in one go


def run_bank(env, n):
    """Load one transfer of each household, with its reference in the remark, and let the job match them."""
    env = env(user=_user(env, "accountant"))
    env.cr.execute("SELECT reference, sum(residual) FROM pm_charge GROUP BY reference ORDER BY reference")
    rows = env.cr.fetchall()
    lines = env["account.bank.statement.line"]
    journal = env["pm.payment.method"]._get(env.company, "transfer").journal_id.id
    for start in range(0, n, LOADED):
        lines.create(
            [
                {
                    "journal_id": journal,
                    "date": MONTH,
                    "amount": float(amount),
                    "payment_ref": f"fee {reference}",
                    "pm_transaction_ref": f"TX{reference}",
                    "pm_match_state": "todo",
                }
                for reference, amount in rows[start : start + LOADED]
            ]
        )
        _request(env)
    lines.sudo()._cron_pm_match()
    env.cr.commit()


def check_bank(env, n, outcome):
    check_paid(env, n, outcome)
    lines = env["account.bank.statement.line"].search([])
    assert len(lines) == n and all(lines.mapped("is_reconciled"))
    assert set(lines.mapped("pm_match_state")) == {"matched"}


def run_bank_core(env, n):
    """One by one, as the reconciliation of Odoo works: the line's suspense item gives way to one on the debt's account."""
    journal = env["account.journal"].search([("type", "=", "bank")], limit=1)
    invoices = env["account.move"].search([("move_type", "=", "out_invoice")])
    for name, amount in [(invoice.name, invoice.amount_total) for invoice in invoices]:
        _request(env)
        line = env["account.bank.statement.line"].create(
            {"journal_id": journal.id, "date": MONTH, "amount": amount, "payment_ref": f"fee {name}"}
        )
        invoice = env["account.move"].search([("name", "=", line.payment_ref.split()[-1]), ("state", "=", "posted")])
        debt = invoice.line_ids.filtered(lambda item: item.account_id.account_type == "asset_receivable")
        _liquidity, suspense, _other = line._seek_for_lines()
        line.move_id.with_context(skip_readonly_check=True, force_delete=True).write(
            {
                "line_ids": [
                    (2, suspense.id),
                    (
                        0,
                        0,
                        {
                            "account_id": debt.account_id.id,
                            "partner_id": invoice.partner_id.id,
                            "name": line.payment_ref,
                            "balance": -amount,
                        },
                    ),
                ]
            }
        )
        _liquidity, _suspense, other = line._seek_for_lines()
        (debt | other).reconcile()
    env.cr.commit()


def check_bank_core(env, n, outcome):
    check_settled(env, n, outcome)
    lines = env["account.bank.statement.line"].search([])
    assert len(lines) == n and all(lines.mapped("is_reconciled"))


# -- bills on paper ------------------------------------------------------------------------------------------------------


def run_bills(env, n):
    """The payment notices of the month, in one file as the button of the run prints them."""
    notices = env["pm.fee.notice"]._create_for_runs(env["pm.billing.run"].search([]))
    return env["report.pm_fees.fee_notice"]._render_pdf(notices)


def check_bills(env, n, outcome):
    import io

    from odoo.tools.pdf import PdfFileReader

    assert PdfFileReader(io.BytesIO(outcome)).getNumPages() == n


_QWEB = """
<t t-name="bench.bill"><html><head><meta charset="utf-8"/></head><body>
  <h2>缴费通知单 <t t-out="bill.name"/></h2>
  <p><t t-out="bill.partner_id.name"/>, <t t-out="bill.unit_id.name"/>,缴费期限 <t t-out="bill.due_date"/></p>
  <table border="1" width="100%"><tr><th>费用</th><th>期间</th><th>计算方法</th><th>金额</th></tr>
    <tr t-foreach="bill.charge_ids" t-as="charge"><td t-out="charge.item_id.name"/>
      <td><t t-out="charge.period_start"/> <t t-out="charge.period_end"/></td>
      <td t-out="charge.explanation"/><td t-out="charge.amount_total"/></tr></table>
  <p>合计 <t t-out="bill.amount_total"/>,应缴 <t t-out="bill.amount_due + bill.arrears"/>;
     转账备注：<t t-out="bill.reference"/></p>
  <img t-att-src="code" width="110"/></body></html></t>
"""


def run_bills_qweb(env, n):
    import base64

    from lxml import etree

    notices = env["pm.fee.notice"]._create_for_runs(env["pm.billing.run"].search([]))
    report, template = env["ir.actions.report"], etree.fromstring(_QWEB.strip())
    pages = 0
    # One at a time: wkhtmltopdf as Debian builds it refuses several documents at once.
    for bill in notices:
        code = report.barcode("QR", bill._payment_url(), width=110, height=110)
        html = env["ir.qweb"]._render(
            template, {"bill": bill, "code": "data:image/png;base64," + base64.b64encode(code).decode()}
        )
        pages += report._run_wkhtmltopdf([str(html)])[:4] == b"%PDF"
    return pages


def check_bills_qweb(env, n, outcome):
    assert outcome == n, outcome


def _runs(n):
    """Peers take minutes for ten thousand units."""
    return 3 if n <= 1000 else 1


def _affordable(n):
    """A hundred thousand units would take them an hour, and the cost of one does not change."""
    return min(n, 10_000)


def _few(most):
    """What one costs does not hang on how many there are."""
    return lambda n: min(n, most)


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
    {
        "work": "counter-payment",
        "case": "ours",
        "n": _few(200),
        "modules": ["pm_fees"],
        "prepare": prepare_billed,
        "run": run_counter,
        "check": check_paid,
    },
    {
        "work": "counter-payment",
        "case": "peer:account.payment.register",
        "n": _few(200),
        "modules": ["account"],
        "prepare": _invoiced,
        "run": run_register,
        "check": check_settled,
    },
    {
        "work": "bank-match",
        "case": "ours",
        "runs": _runs,
        "modules": ["pm_fees"],
        "prepare": prepare_billed,
        "run": run_bank,
        "check": check_bank,
    },
    {
        "work": "bank-match",
        "case": "peer:account, one by one",
        "n": _few(200),
        "modules": ["account"],
        "prepare": _invoiced,
        "run": run_bank_core,
        "check": check_bank_core,
    },
    {
        "work": "bill-pdf",
        "case": "ours",
        "runs": _runs,
        "modules": ["pm_fees"],
        "prepare": prepare_billed,
        "run": run_bills,
        "check": check_bills,
    },
    {
        "work": "bill-pdf",
        "case": "peer:qweb+wkhtmltopdf",
        "n": _few(20),
        "modules": ["pm_fees"],
        "programs": ["wkhtmltopdf"],
        "prepare": prepare_billed,
        "run": run_bills_qweb,
        "check": check_bills_qweb,
    },
]
