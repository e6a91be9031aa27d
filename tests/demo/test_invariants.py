"""What must hold on the sample property: the books, the deposits, the screens of every role, the language."""

import json
import textwrap

import pytest

ROLES = (
    "frontdesk",
    "butler",
    "assistant",
    "supervisor",
    "manager",
    "technician",
    "cashier",
    "accountant",
    "counsel",
    "leadership",
    "admin",
)


@pytest.fixture(scope="module")
def ask(odoo_shell):
    """ask(code) runs code that sets `answer` and returns it."""

    def run(code):
        script = textwrap.dedent(code) + "\nimport json as _json\nprint('ANSWER' + _json.dumps(answer, default=str))\n"
        lines = [line for line in odoo_shell(script).splitlines() if "ANSWER" in line]
        return json.loads(lines[-1].split("ANSWER", 1)[1])

    return run


def test_every_entry_balances(ask):
    assert (
        ask("""
        env.cr.execute('''
            SELECT move_id, sum(balance) FROM account_move_line WHERE parent_state = 'posted' AND display_type NOT IN ('line_section', 'line_note')
             GROUP BY move_id HAVING abs(sum(balance)) > 0.004''')
        answer = env.cr.fetchall()
    """)
        == []
    )


def test_property_is_alive(ask):
    """Not an empty demo: units, a year of charges, arrears of every age, tickets of every type, three renovations."""
    found = ask("""
        env.cr.execute("SELECT count(*) FROM pm_unit")
        units = env.cr.fetchone()[0]
        env.cr.execute("SELECT count(*), count(DISTINCT period_start) FROM pm_charge WHERE state = 'posted' AND kind = 'regular'")
        charges, months = env.cr.fetchone()
        # Whole calendar months since the month in which the oldest unpaid bill of a unit was due.
        env.cr.execute('''
            SELECT DISTINCT (date_part('year', CURRENT_DATE) * 12 + date_part('month', CURRENT_DATE)
                             - date_part('year', oldest) * 12 - date_part('month', oldest) - 1)::int
              FROM (SELECT min(due_date) AS oldest FROM pm_charge
                     WHERE state = 'posted' AND residual > 0 AND due_date < CURRENT_DATE GROUP BY unit_id) unit''')
        ages = sorted(row[0] for row in env.cr.fetchall())
        answer = {
            'units': units, 'charges': charges, 'months': months, 'ages': ages,
            'types': sorted(set(env['pm.ticket'].search([]).mapped('type_id.code'))),
            'renovations': sorted(env['pm.renovation'].search([]).mapped('state')),
        }
    """)
    assert found["units"] == 402, "four hundred in the register, and two spaces on common ground"
    assert found["months"] >= 12, "a journey may have billed this month as well"
    assert found["charges"] > 10_000
    assert set(range(20)) <= set(found["ages"])
    assert set(found["types"]) >= {"complaint", "repair", "inquiry", "suggestion", "help", "emergency"}
    assert len(found["renovations"]) >= 3


def test_charges_equal_receivables(ask):
    """What charges owe is what the ledger says, in sum and one by one (credits of payers stand apart)."""
    found = ask("""
        env.cr.execute('''
            SELECT c.id, c.residual, l.amount_residual FROM pm_charge c JOIN account_move_line l ON l.id = c.move_line_id
             WHERE c.state = 'posted' AND abs(c.residual - l.amount_residual) > 0.004''')
        differing = env.cr.fetchall()
        env.cr.execute("SELECT coalesce(sum(residual), 0) FROM pm_charge WHERE state = 'posted'")
        charges = float(env.cr.fetchone()[0])
        accounts = env['pm.property'].search([]).receivable_account_id
        env.cr.execute('''
            SELECT coalesce(sum(l.amount_residual), 0) FROM account_move_line l
             WHERE l.account_id IN %s AND l.parent_state = 'posted' AND l.amount_residual > 0''', [tuple(accounts.ids)])
        owed = float(env.cr.fetchone()[0])
        answer = {'differing': differing, 'charges': round(charges, 2), 'owed': round(owed, 2)}
    """)
    assert found["differing"] == []
    assert found["charges"] == found["owed"]
    assert found["charges"] > 0


def test_deposits_held_equal_the_liability(ask):
    found = ask("""
        accounts = env['pm.property'].search([]).deposit_account_id
        env.cr.execute(
            "SELECT coalesce(-sum(balance), 0) FROM account_move_line WHERE parent_state = 'posted' AND account_id IN %s", [tuple(accounts.ids)])
        liability = round(float(env.cr.fetchone()[0]), 2)
        held = round(sum(env['pm.deposit'].search([]).mapped('amount_held')), 2)
        answer = {'liability': liability, 'held': held}
    """)
    assert found["held"] == found["liability"]
    assert found["held"] > 0


@pytest.mark.parametrize("login", ROLES)
def test_every_menu_of_a_role_opens(ask, login):
    """Each action that the role's menus lead to: its views load, and records read with the fields that they show."""
    problems = ask(f"""
        import ast
        from lxml import etree
        from odoo.exceptions import AccessError, UserError, ValidationError, MissingError
        user = env['res.users'].search([('login', '=', '{login}')])
        assert user, 'no such login'
        them = env(user=user.id, context={{'lang': 'zh_CN', 'tz': 'Asia/Shanghai', 'uid': user.id}})
        answer, seen = [], set()
        for menu in them['ir.ui.menu'].load_web_menus(False).values():
            if menu.get('actionModel') != 'ir.actions.act_window' or not menu.get('actionID') or menu['actionID'] in seen:
                continue
            seen.add(menu['actionID'])
            action = them['ir.actions.act_window'].browse(menu['actionID']).sudo().read()[0]
            model = action['res_model']
            if not model.startswith('pm.'):
                continue
            try:
                views = them[model].get_views([(False, kind if kind != 'tree' else 'list') for kind in action['view_mode'].split(',')] + [(False, 'search')])
                # The fields that this role's screens ask for; those hidden from it are no longer in the arch.
                names = sorted({{
                    node.get('name') for kind, view in views['views'].items() if kind != 'search'
                    for node in etree.fromstring(view['arch']).xpath('//field[not(ancestor::field)]')
                }} & set(them[model]._fields))
                if not them[model]._transient:
                    try:
                        domain = ast.literal_eval(action['domain'] or '[]')
                    except ValueError:
                        domain = []
                    them[model].search(domain, limit=5).read(names)
            except Exception as error:
                answer.append([menu.get('name'), model, type(error).__name__, str(error)[:300]])
    """)
    assert problems == []
