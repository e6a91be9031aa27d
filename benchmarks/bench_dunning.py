"""Reminders of n overdue payers: the daily run, its second run of the day, notices as PDF, e-mails and SMS.

The run and its repetition are measured against OCA's account_credit_control with its own three-step policy on the same
debts, and the run against copying the rows that it writes into copies of their tables (`floor, foreign keys`). Both are
measured twice: with one debt a payer, and with those of a household in arrears, three fees of two months (`run-6`,
`rerun-6`): credit control keeps a line for each debt, ours a case for each household. Notices are
measured against the same text by QWeb and wkhtmltopdf, e-mails and SMS against Odoo's own templates and queues.
E-mails go to a mail server and SMS to a gateway that this file starts on the machine itself.
"""

import contextlib
import functools
from datetime import date, timedelta

WORK = "reminders"
N = 10000
# Credit control takes minutes for so many debts already, and grows with them.
PEER_N = 10000
# So many payers are made by Odoo; those above are copies of theirs, made by PostgreSQL.
REAL = 1000
AGES = (45, 75, 130)  # days overdue of a payer's newest debts, by turns: the first, second and third step
ITEMS, MONTHS = 3, 2  # what a household in arrears owes: so many fees of so many months
LEVELS = ((0, 1), (2, 2), (3, 999))
PDF_PAGES, QWEB_PAGES, MESSAGES = 1000, 20, 1000
TEXT = "有费用 {amount} 元逾期未缴。请于 {day} 前到收费台、转账或在线缴纳。咨询：95000"


def _due(number, month=0):
    """Due date of the debts of a payer's newest month, or of one `month` months before."""
    return date.today() - timedelta(days=AGES[number % len(AGES)] + 30 * month)


def _amount(number):
    return 100.0 + number % 97


def _debts(debts):
    """(number of the fee, months before the newest) of each debt of a payer."""
    assert debts in (1, ITEMS * MONTHS), debts
    return [(0, 0)] if debts == 1 else [(item, month) for month in range(MONTHS) for item in range(ITEMS)]


def _numbered(values, number):
    """Nobody shares an address: Odoo would send to it once."""
    return {key: value.format(number) if isinstance(value, str) else value for key, value in values.items()}


def _partners(env, n, **values):
    for start in range(0, n, 2000):
        numbers = range(start, min(start + 2000, n))
        env["res.partner"].create([{"name": f"Payer {number:06d}", **_numbered(values, number)} for number in numbers])
        env.cr.commit()
    return env["res.partner"].search([("name", "like", "Payer %")], order="name")


def _property(env, n, debts=1, **partner):
    """A property with n units, each with so many debts in the ledger."""
    env = env(context=dict(env.context, tracking_disable=True))
    n, wanted = min(n, REAL), n
    partners = _partners(env, n, **partner)
    prop = env["pm.property"].create({"name": "Bench", "code": "BENCH", "tz": "UTC", "large_customer_permille": 1000})
    prop._ensure_accounts()
    building = env["pm.building"].create({"name": "A", "code": "A", "property_id": prop.id})
    units = env["pm.unit"]
    for start in range(0, n, 2000):
        units += env["pm.unit"].create(
            [
                {"code": f"A-{number:06d}", "property_id": prop.id, "building_id": building.id, "area_chargeable": 80}
                for number in range(start, min(start + 2000, n))
            ]
        )
        env.cr.commit()
    items = env["pm.fee.item"].create(
        [
            {"code": f"B{number}", "name": f"Fee {number}", "legal_basis": "x", "contract_reference": "y"}
            for number in range(ITEMS)
        ]
    )
    for start in range(0, n, 1000):
        charges = env["pm.charge"]._create_charges(
            [
                {
                    "property_id": prop.id,
                    "unit_id": units[number].id,
                    "partner_id": partners[number].id,
                    "item_id": items[item].id,
                    "kind": "opening",
                    "origin": "bench",
                    "period_start": _due(number, month).replace(day=1),
                    "period_end": _due(number, month),
                    "due_date": _due(number, month),
                    "amount": _amount(number),
                }
                for number in range(start, min(start + 1000, n))
                for item, month in _debts(debts)
            ]
        )
        charges._approve()
        charges._post()
        env.cr.commit()
    if wanted > n:
        assert not wanted % n, f"choose a multiple of {n}"
        _multiply(env, prop, wanted // n)
    return prop


def _multiply(env, prop, factor):
    """Copy the units of a property, their payers and debts, until there are `factor` times as many.

    The copies stand on the ledger lines of their originals, which the run does not read.
    """
    shifted = {}
    env.flush_all()
    for table, key, members, changed in (
        ("res_partner", "partner_id", "SELECT partner_id FROM pm_charge WHERE property_id = %s", {}),
        (
            "pm_unit",
            "unit_id",
            "SELECT id FROM pm_unit WHERE property_id = %s",
            {"code": "source.code || '-' || part", "name": "source.name || '-' || part"},
        ),
        ("pm_charge", "", "SELECT id FROM pm_charge WHERE property_id = %s", {}),
    ):
        env.cr.execute(f"SELECT min(id), max(id) - min(id) + 1 FROM {table} WHERE id IN ({members})", [prop.id])
        first, span = env.cr.fetchone()
        env.cr.execute(f"SELECT max(id) FROM {table}")
        base = env.cr.fetchone()[0] + 1 - first
        shifted[key] = f"source.{key or 'id'} + {base} + (part - 1) * {span}"
        if table == "res_partner":
            changed["commercial_partner_id"] = shifted[key].replace(f"source.{key}", "source.id")
        env.cr.execute(
            "SELECT column_name FROM information_schema.columns WHERE table_name = %s AND column_name <> 'id'", [table]
        )
        names = [name for (name,) in env.cr.fetchall()]
        changed = {**{name: shifted[name] for name in names if name in shifted}, **changed}
        values = ", ".join(changed.get(name, f'source."{name}"') for name in names)
        env.cr.execute(
            f"""INSERT INTO {table} (id, {", ".join(f'"{name}"' for name in names)})
                SELECT source.id + {base} + (part - 1) * {span}, {values}
                  FROM {table} source, generate_series(1, {factor - 1}) part WHERE source.id IN ({members})""",
            [prop.id],
        )
        env.cr.execute(f"SELECT setval('{table}_id_seq', (SELECT max(id) FROM {table}))")
    env.cr.commit()
    env.cr._cnx.autocommit = True
    env.cr.execute("VACUUM ANALYZE res_partner, pm_unit, pm_charge")
    env.cr._cnx.autocommit = False


def _levels(env, kind, **values):
    """Three levels of one kind in place of the handbook's."""
    policy = env.ref("pm_fees.dunning_policy_general")
    policy.level_ids.active = False
    env["pm.dunning.level"].create(
        [
            {
                "policy_id": policy.id,
                "name": f"Step {step}",
                "kind": kind,
                "from_month": first,
                "to_month": last,
                "repeat": "once",
                **values,
            }
            for step, (first, last) in enumerate(LEVELS, 1)
        ]
    )


def _run(env):
    return env["pm.dunning.case"]._run_property(env["pm.property"].search([("code", "=", "BENCH")]))


def prepare_run(env, n, debts=1):
    _property(env, n, debts)
    _levels(env, "notice", by_email=False, by_sms=False)


def run_ours(env, n):
    made = len(_run(env))
    env.cr.commit()
    return made


def check_run(env, n, outcome):
    assert outcome == n, outcome
    assert env["pm.dunning.case"].search_count([("state", "=", "open")]) == n
    env.cr.execute("SELECT (SELECT sum(amount_due) FROM pm_dunning_action), (SELECT sum(residual) FROM pm_charge)")
    asked, owed = env.cr.fetchone()
    assert asked == owed, (asked, owed)


TABLES = ("pm_dunning_case", "pm_dunning_action")


def prepare_floor(env, n, debts=1):
    """Run once, keep the rows, and empty copies of their tables with the same indexes and references."""
    from rows import prepare_copies

    prepare_run(env, n, debts)
    _run(env)
    env.flush_all()
    prepare_copies(env, TABLES, foreign_keys=True)


def run_floor(env, n):
    from rows import fill_copies

    fill_copies(env, TABLES)


def check_floor(env, n, outcome):
    for table in TABLES:
        env.cr.execute(f"SELECT count(*) FROM floor_{table}")
        assert env.cr.fetchone()[0] == n


def prepare_rerun(env, n, debts=1):
    prepare_run(env, n, debts)
    _run(env)


def check_rerun(env, n, outcome):
    assert outcome == 0, outcome
    assert env["pm.dunning.action"].search_count([]) == n


# -- OCA account_credit_control -----------------------------------------------------------------------------------------


def prepare_peer(env, n, debts=1):
    env = env(context=dict(env.context, tracking_disable=True))
    company = env.company
    partners = _partners(env, n)
    receivable = env["account.account"].search([("account_type", "=", "asset_receivable")], limit=1)
    income = env["account.account"].search([("account_type", "=", "income")], limit=1)
    journal = env["account.journal"].search([("type", "=", "general")], limit=1)
    owed = [(number, month) for number in range(n) for _item, month in _debts(debts)]
    for start in range(0, len(owed), 200):
        part = owed[start : start + 200]
        move = env["account.move"].create(
            {
                "move_type": "entry",
                "journal_id": journal.id,
                "date": _due(AGES.index(max(AGES)), MONTHS),
                "line_ids": [
                    (
                        0,
                        0,
                        {
                            "account_id": receivable.id,
                            "partner_id": partners[number].id,
                            "date_maturity": _due(number, month),
                            "debit": _amount(number),
                        },
                    )
                    for number, month in part
                ]
                + [(0, 0, {"account_id": income.id, "credit": sum(_amount(number) for number, _month in part)})],
            }
        )
        move.action_post()
    policy = env.ref("account_credit_control.credit_control_3_time")
    policy.account_ids = receivable
    company.credit_policy_id = policy
    env.cr.commit()


def _peer_run(env):
    run = env["credit.control.run"].create(
        {
            "date": date.today(),
            "policy_ids": [(6, 0, env.ref("account_credit_control.credit_control_3_time").ids)],
        }
    )
    run.generate_credit_lines()
    return run


def run_peer(env, n):
    run = _peer_run(env)
    env.cr.commit()
    return run.id


def check_peer(env, n, outcome, debts=1):
    lines = env["credit.control.line"].search([("run_id", "=", outcome)])
    assert len(lines.partner_id) == n and len(lines) == n * debts, (len(lines), len(lines.partner_id))


def prepare_peer_rerun(env, n, debts=1):
    prepare_peer(env, n, debts)
    _peer_run(env)


def check_peer_rerun(env, n, outcome):
    assert len(env["credit.control.line"].search([]).partner_id) == n


# -- notices ---------------------------------------------------------------------------------------------------------------


def pdf_pages(n):
    return min(n, PDF_PAGES)


def qweb_pages(n):
    return min(n, QWEB_PAGES)


def run_pdf(env, n):
    notices = env["pm.dunning.action"].search([("kind", "=", "notice")], limit=n)
    notices._freeze()
    return env["report.pm_fees.dunning_notice"]._render_pdf(notices)


def check_pdf(env, n, outcome):
    import io

    from odoo.tools.pdf import PdfFileReader

    assert PdfFileReader(io.BytesIO(outcome)).getNumPages() == n


_QWEB = """
<t t-name="bench.notice"><html><head><meta charset="utf-8"/></head><body>
  <h2>Notice to Pay Overdue Fees</h2>
  <p>Dear <t t-out="action.partner_id.name"/>, according to our records the following fees for unit
     <t t-out="action.unit_id.display_name"/> are not paid.</p>
  <table border="1" width="100%"><tr><th>Item</th><th>Due</th><th>Days</th><th>Owed</th></tr>
    <tr t-foreach="demands" t-as="row"><td t-out="row.charge_id.item_id.name"/><td t-out="row.charge_id.due_date"/>
      <td t-out="row.days"/><td t-out="row.amount"/></tr></table>
  <p>Please pay until <t t-out="action.deadline"/>: bank transfer, at the counter, or online.</p>
  <img t-att-src="code" width="110"/>
  <p>Management office ______ Delivered by ______ Received by ______</p></body></html></t>
"""


def run_qweb(env, n):
    import base64

    from lxml import etree

    notices = env["pm.dunning.action"].search([("kind", "=", "notice")], limit=n)
    report, template = env["ir.actions.report"], etree.fromstring(_QWEB.strip())
    pages = 0
    # One at a time: wkhtmltopdf as Debian builds it refuses several documents at once.
    for action, demands in ((action, action._demands()[action.id]) for action in notices):
        code = report.barcode("QR", action.payment_url, width=110, height=110)
        html = env["ir.qweb"]._render(
            template,
            {
                "action": action,
                "demands": demands,
                "code": "data:image/png;base64," + base64.b64encode(code).decode(),
            },
        )
        pages += report._run_wkhtmltopdf([str(html)])[:4] == b"%PDF"
    return pages


def check_qweb(env, n, outcome):
    assert outcome == n, outcome


# -- e-mails and SMS -------------------------------------------------------------------------------------------------------


def messages(n):
    return min(n, MESSAGES)


def _awake(env):
    """Reminders go out at any hour: the quiet hours are not what is measured."""
    env["pm.message.purpose"].search([]).write({"quiet_from": 0, "quiet_to": 0})


def prepare_email(env, n):
    _property(env, n, email="payer{:06d}@owners.example")
    template = env.ref("pm_fees.mail_template_dunning_friendly")
    _levels(env, "message", by_sms=False, mail_template_id=template.id)
    _awake(env)


def prepare_sms(env, n):
    _property(env, n, phone="+86138{:08d}", country_id=env.ref("base.cn").id)
    template = env.ref("pm_fees.sms_template_dunning_friendly")
    _levels(env, "message", by_email=False, sms_template_id=template.id)
    _awake(env)
    env["pm.property"].search([("code", "=", "BENCH")]).hotline = "95000"
    # The Chinese text of the reminder, with its words as variables, as the vendor wants it.
    text = "${unit} 有费用 ${amount} 元逾期未缴。请于 ${day} 前到收费台、转账或在线缴纳。咨询：${hotline}"
    env["pm.sms.aliyun.template"].create({"name": "Reminder", "code": "SMS_1001", "text": text})


def _hand_over(env):
    _run(env)
    env["pm.dunning.action"]._cron_dispatch()
    env["pm.message"]._cron_dispatch()


@contextlib.contextmanager
def _mail_server(env):
    """A mail server on this machine that counts what it takes; the only one that Odoo knows."""
    import socket

    from aiosmtpd.controller import Controller
    from aiosmtpd.handlers import Sink

    taken = []

    class Counter(Sink):
        async def handle_DATA(self, server, session, envelope):
            taken.append(envelope.rcpt_tos)
            return "250 OK"

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    controller = Controller(Counter(), hostname="127.0.0.1", port=port)
    controller.start()
    env["ir.mail_server"].search([]).active = False
    env["ir.mail_server"].create(
        {"name": "sink", "smtp_host": "127.0.0.1", "smtp_port": port, "smtp_encryption": "none", "from_filter": False}
    )
    env.cr.commit()
    try:
        yield taken
    finally:
        controller.stop()


@contextlib.contextmanager
def _gateway(answer):
    """An HTTP server on this machine; `answer(body)` returns how many SMS a request holds and the reply."""
    import json
    import threading
    from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

    taken = []

    class Gateway(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = 65536  # head and body in one packet: the caller would wait for the second

        def do_POST(self):
            count, reply = answer(self.rfile.read(int(self.headers.get("Content-Length") or 0)))
            taken.extend([self.path] * count)
            body = json.dumps(reply).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_arguments):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Gateway)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", taken
    finally:
        server.shutdown()


def _process_sms(env):
    """The queue's own job, again and again until nothing waits."""
    while env["sms.sms"].search_count([("state", "=", "outgoing"), ("to_delete", "!=", True)]):
        env["sms.sms"]._process_queue()
        env.cr.commit()


def run_email(env, n):
    with _mail_server(env) as taken:
        _hand_over(env)
        env["mail.mail"].process_email_queue(batch_size=n)
    return len(taken)


def check_sent(env, n, outcome):
    assert outcome == n, outcome
    states = env["pm.message"]._read_group([], ["state"], ["__count"])
    assert dict(states) == {"sent": n}, states


def run_sms(env, n):
    with _gateway(lambda _body: (1, {"Code": "OK", "Message": "OK", "BizId": "1^0"})) as (url, taken):
        env.company.write(
            {
                "pm_sms_gateway": "aliyun",
                "pm_aliyun_key_id": "id",
                "pm_aliyun_key_secret": "secret",
                "pm_aliyun_sign_name": "x",
                "pm_aliyun_endpoint": url,
                "pm_aliyun_rate": 0,
            }
        )
        env.cr.commit()
        _hand_over(env)
        _process_sms(env)
    return len(taken)


def check_sms(env, n, outcome):
    assert outcome == n, env["pm.message"].search([], limit=1).read(["state", "reason", "reason_text", "text"])
    states = env["pm.sms.aliyun.send"]._read_group([], ["state"], ["__count"])
    assert dict(states) == {"accepted": n}, states


# -- Odoo's own templates and queues ---------------------------------------------------------------------------------------


def prepare_mail(env, n):
    _partners(env, n, email="payer{:06d}@owners.example")


def run_mail(env, n):
    template = env["mail.template"].create(
        {
            "name": "Reminder",
            "model_id": env.ref("base.model_res_partner").id,
            "subject": "Overdue fees of {{ object.name }}",
            "body_html": f"<p>Dear <t t-out='object.name'/>,</p><p>{TEXT.format(amount=100, day=_due(0))}</p>",
            "email_to": "{{ object.email_formatted }}",
            "auto_delete": False,
        }
    )
    with _mail_server(env) as taken:
        partners = env["res.partner"].search([("name", "like", "Payer %")])
        template.send_mail_batch(partners.ids)
        env.cr.commit()
        env["mail.mail"].process_email_queue(batch_size=n)
    return len(taken)


def check_count(env, n, outcome):
    assert outcome == n, outcome


def prepare_odoo_sms(env, n):
    _partners(env, n, phone="+86138{:08d}", country_id=env.ref("base.cn").id)


def run_odoo_sms(env, n):
    import json

    def answer(body):
        numbers = [number for one in json.loads(body)["params"]["messages"] for number in one["numbers"]]
        result = [{"uuid": number["uuid"], "state": "success", "credit": 1} for number in numbers]
        return len(numbers), {"jsonrpc": "2.0", "id": 1, "result": result}

    with _gateway(answer) as (url, taken):
        env["ir.config_parameter"].set_param("sms.endpoint", url)
        partners = env["res.partner"].search([("name", "like", "Payer %")])
        composer = env["sms.composer"].create(
            {
                "composition_mode": "mass",
                "res_model": "res.partner",
                "res_ids": repr(partners.ids),
                "body": "{{ object.name }}: " + TEXT.format(amount=100, day=_due(0)),
                "mass_keep_log": True,
                "mass_force_send": False,
            }
        )
        composer.action_send_sms()
        env.cr.commit()
        _process_sms(env)
    return len(taken)


OURS, ALIYUN = ["pm_fees"], ["pm_fees", "pm_sms_aliyun"]
PEER = {
    "case": "peer:odoo-addon-account_credit_control",
    "requires": ["odoo-addon-account_credit_control==19.0.*"],
    "modules": ["account_credit_control"],
    "runs": 1,
}


def _runs(debts):
    """The cases of the run and its repetition with so many debts a payer."""
    name = "" if debts == 1 else f"-{debts}"

    def with_debts(function):
        return functools.partial(function, debts=debts)

    ours = {"case": "ours", "modules": OURS, "run": run_ours}
    peer = {**PEER, "n": lambda n: min(n, PEER_N // debts), "run": run_peer}
    return [
        {"work": "run" + name, **ours, "prepare": with_debts(prepare_run), "check": check_run},
        {"work": "run" + name, **peer, "prepare": with_debts(prepare_peer), "check": with_debts(check_peer)},
        {
            "work": "run" + name,
            "case": "floor, foreign keys",
            "modules": OURS,
            "prepare": with_debts(prepare_floor),
            "run": run_floor,
            "check": check_floor,
        },
        {"work": "rerun" + name, **ours, "prepare": with_debts(prepare_rerun), "check": check_rerun},
        {"work": "rerun" + name, **peer, "prepare": with_debts(prepare_peer_rerun), "check": check_peer_rerun},
    ]


CASES = [
    *_runs(1),
    *_runs(ITEMS * MONTHS),
    {
        "work": "notice-pdf",
        "case": "ours",
        "n": pdf_pages,
        "modules": OURS,
        "prepare": prepare_rerun,
        "run": run_pdf,
        "check": check_pdf,
    },
    {
        "work": "notice-pdf",
        "case": "peer:qweb+wkhtmltopdf",
        "n": qweb_pages,
        "modules": OURS,
        "programs": ["wkhtmltopdf"],
        "prepare": prepare_rerun,
        "run": run_qweb,
        "check": check_qweb,
    },
    {
        "work": "email",
        "case": "ours",
        "n": messages,
        "modules": OURS,
        "prepare": prepare_email,
        "run": run_email,
        "check": check_sent,
    },
    {
        "work": "email",
        "case": "peer:mail",
        "n": messages,
        "modules": ["mail"],
        "prepare": prepare_mail,
        "run": run_mail,
        "check": check_count,
    },
    {
        "work": "sms",
        "case": "ours",
        "n": messages,
        "modules": ALIYUN,
        "prepare": prepare_sms,
        "run": run_sms,
        "check": check_sms,
    },
    {
        "work": "sms",
        "case": "peer:sms",
        "n": messages,
        "modules": ["sms"],
        "prepare": prepare_odoo_sms,
        "run": run_odoo_sms,
        "check": check_count,
    },
]
