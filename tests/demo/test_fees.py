"""The month of the accountant and the cashier: bill, approve, post, collect, match, remind."""

import json
import os
import time
from pathlib import Path

import pytest
from webclient import download, fill, go, pdf_text, press, read, settle


@pytest.fixture(scope="module")
def run_id(odoo_shell):
    """The run of this month: the draft that the scheduler made, or a new one."""
    lines = odoo_shell("""
env['pm.billing.run']._cron_create_monthly()
prop = env['pm.property'].search([('code', '=', 'HY')])
run = env['pm.billing.run'].search([('property_id', '=', prop.id), ('date_from', '=', prop._today().replace(day=1))])
assert len(run) == 1 and run.state == 'draft', run
env.cr.commit()
print('RUN', run.id)
""").split()
    return int(lines[lines.index("RUN") + 1])


def test_month_is_billed_by_three_people(page_as, shot, run_id):
    """The accountant computes, a supervisor approves, the accountant posts; the notices explain themselves."""
    accountant = page_as("accountant")
    go(accountant, f"billing-runs/{run_id}")
    press(accountant, "action_compute")
    run = _wait_for(accountant, run_id, "computed")
    assert run["charge_count"] > 900
    assert run["refused_count"] == 2, "a meter was not read this month, and a use is unusual"
    settle(accountant)
    shot(accountant, "billing-run")
    press(accountant, "action_open_issues")
    settle(accountant)
    shot(accountant, "billing-issues")

    go(accountant, "missing-readings")
    shot(accountant, "missing-readings")
    go(accountant, "unusual-use")
    accountant.locator(".o_list_view tbody .o_list_record_selector input").first.click()
    press(accountant, "action_confirm_use")
    fill(accountant, "reason", "新租户入驻，现场复核无误", scope=".modal")
    shot(accountant, "unusual-use")
    press(accountant, "action_confirm")
    go(accountant, f"billing-runs/{run_id}")
    press(accountant, "action_compute")
    assert _wait_for(accountant, run_id, "computed")["refused_count"] == 1

    supervisor = page_as("supervisor")
    go(supervisor, f"billing-runs/{run_id}")
    press(supervisor, "action_approve")
    _wait_for(supervisor, run_id, "approved")

    go(accountant, f"billing-runs/{run_id}")
    press(accountant, "action_post", confirm=True)
    run = _wait_for(accountant, run_id, "posted")
    assert run["amount_residual"] == pytest.approx(run["amount_total"])
    settle(accountant)
    shot(accountant, "billing-run-posted")

    press(accountant, "action_create_notices")
    settle(accountant)
    shot(accountant, "payment-notices")
    notice = read(
        accountant,
        "pm.fee.notice",
        [["run_id", "=", run_id], ["unit_id.code", "=", "A-1203"]],
        ["amount_total", "reference"],
    )[0]
    content = accountant.request.get(f"/report/pm_pdf/pm_fees.fee_notice/{notice['id']}").body()
    text = pdf_text(content)
    for expected in ("A-1203", "物业服务费", "18.8", f"{notice['amount_total']:,.2f}", notice["reference"]):
        assert expected in text, expected
    _keep_picture(content, "payment-notice")
    assert not accountant.errors + supervisor.errors


def test_counter_takes_a_payment_and_prints_the_receipt(page_as, shot):
    cashier = page_as("cashier")
    cashier.goto("/odoo/pm-counter")
    cashier.wait_for_selector(".o_pm_counter")
    cashier.fill(".o_pm_counter input[type=search]", "A-1203")
    cashier.wait_for_selector(".o_pm_household_rows button")
    cashier.keyboard.press("Enter")
    cashier.wait_for_selector(".o_pm_counter_charges tbody tr")
    shot(cashier, "counter")
    cashier.click(".o_pm_counter_methods [data-code=wechat]")
    # Less or more than is chosen, or no amount at all, is not taken for the amount that is owed.
    for typed in ("1", "9999999", "12abc"):
        cashier.fill(".o_pm_counter_pay input[inputmode=decimal]", typed)
        cashier.wait_for_selector(".o_pm_counter_submit[disabled]")
        cashier.fill(".o_pm_counter_pay input[inputmode=decimal]", "")
        cashier.wait_for_selector(".o_pm_counter_submit:not([disabled])")
    content = download(cashier, lambda: cashier.click(".o_pm_counter_submit"))
    cashier.wait_for_selector(".o_pm_counter .alert-success")
    shot(cashier, "counter-paid")
    payment = read(
        cashier, "pm.payment", [["unit_id.code", "=", "A-1203"]], ["receipt_name", "amount", "state"], limit=1
    )[0]
    assert payment["state"] == "posted"
    text = pdf_text(content)
    for expected in ("收款收据", payment["receipt_name"], f"{payment['amount']:,.2f}", "A-1203"):
        assert expected in text, expected
    _keep_picture(content, "receipt")
    assert not cashier.errors


def test_bank_lines_are_matched_or_proposed(page_as, shot):
    accountant = page_as("accountant")
    go(accountant, "pm-bank-lines")
    states = lambda: {  # noqa: E731
        row["pm_transaction_ref"]: row["pm_match_state"]
        for row in read(
            accountant,
            "account.bank.statement.line",
            [["pm_transaction_ref", "!=", False]],
            ["pm_transaction_ref", "pm_match_state"],
        )
    }
    lines = states()
    assert len(lines) == 33, "the file has thirty rows, one of them twice; the bill of WeChat Pay two, with their fees"
    accountant.locator(".o_list_view thead .o_list_record_selector input").first.click()
    press(accountant, "action_pm_match")
    settle(accountant)
    found = list(states().values())
    assert found.count("matched") >= 20, found
    assert found.count("proposed") + found.count("unknown") >= 3, found
    go(accountant, "pm-bank-lines")
    shot(accountant, "bank-matching")
    assert not accountant.errors


def test_debtors_are_reminded_by_mail_and_sms(page_as, shot, odoo_shell, mail_dir, sms_dir):
    """The daily job makes the reminders; a second run makes none. Mail and SMS arrive in the sink, nowhere else."""
    mails, texts = len(list(mail_dir.rglob("*.eml"))), len(list(sms_dir.rglob("*.json")))
    numbers = json.loads(
        odoo_shell("""
import json
# The test may run at night: the quiet hours of reminders are not what it is about.
env['pm.message.purpose'].search([]).write({'quiet_from': 0, 'quiet_to': 0}); env.cr.commit()
env.ref('pm_fees.ir_cron_dunning').method_direct_trigger(); env.cr.commit()
first = env['pm.dunning.action'].search_count([])
env.ref('pm_fees.ir_cron_dunning').method_direct_trigger(); env.cr.commit()
second = env['pm.dunning.action'].search_count([])
print('NUMBERS' + json.dumps([first, second]))
""")
        .split("NUMBERS")[1]
        .splitlines()[0]
    )
    assert numbers[0] == numbers[1] > 40
    # The server's own jobs hand over and send: they were triggered by what was recorded.
    for _ in range(150):
        if len(list(mail_dir.rglob("*.eml"))) > mails and len(list(sms_dir.rglob("*.json"))) > texts:
            break
        time.sleep(1)
    assert len(list(mail_dir.rglob("*.eml"))) > mails
    assert len(list(sms_dir.rglob("*.json"))) > texts
    accountant = page_as("accountant")
    go(accountant, "pm-arrears")
    shot(accountant, "arrears")
    go(accountant, "pm-reminders")
    shot(accountant, "reminders")
    assert not accountant.errors


def test_a_refund_is_approved_by_one_and_paid_by_another(page_as, shot):
    """The sample's application waits; supervisor, cashier, voucher: money goes back the way it came."""
    supervisor, cashier = page_as("supervisor"), page_as("cashier")
    [waiting] = read(
        supervisor,
        "pm.refund",
        [["state", "=", "submitted"], ["from_portal", "=", False]],
        ["name", "amount", "method_id"],
    )
    supervisor.goto(f"/odoo/refunds/{waiting['id']}")
    press(supervisor, "action_approve")
    settle(supervisor)
    shot(supervisor, "refund")
    cashier.goto(f"/odoo/refunds/{waiting['id']}")
    cashier.click("button[name=action_pay]")
    content = download(cashier, lambda: cashier.click(".modal .btn-primary"))
    text = pdf_text(content)
    for expected in ("退款凭证", waiting["name"], f"{waiting['amount']:,.2f}", "微信支付"):
        assert expected in text, expected
    _keep_picture(content, "refund-voucher")
    assert read(cashier, "pm.refund", [["id", "=", waiting["id"]]], ["state"])[0]["state"] == "paid"
    assert not supervisor.errors + cashier.errors


def test_a_company_asks_for_an_invoice_and_gets_it(page_as, shot):
    tenant, accountant = page_as("tenant"), page_as("accountant")
    tenant.goto("/my/bills/invoices")
    tenant.locator("input[name=charge_id]").first.check()
    tenant.click("form button[type=submit]:has-text('申请开票')")
    tenant.wait_for_selector("text=待开具")
    [asked] = read(accountant, "pm.invoice.request", [["state", "=", "requested"]], ["amount_total"])
    accountant.goto(f"/odoo/invoice-requests/{asked['id']}")
    press(accountant, "action_issue")
    settle(accountant)
    shot(accountant, "invoice-request")
    invoice = read(accountant, "pm.invoice.request", [["id", "=", asked["id"]]], ["state", "invoice_id"])[0]
    assert invoice["state"] == "issued"
    tenant.reload()
    tenant.wait_for_selector("text=已开具")
    shot(tenant, "portal-invoices")
    assert not tenant.errors + accountant.errors


def test_owner_sees_and_pays_online(page_as, shot):
    """The portal shows the own bills only."""
    owner = page_as("owner")
    owner.goto("/my")
    owner.wait_for_load_state("load")
    owner.wait_for_timeout(1000)
    shot(owner, "portal")
    owner.goto("/my/bills")
    owner.wait_for_load_state("load")
    owner.wait_for_timeout(1000)
    shot(owner, "portal-bills")
    text = owner.inner_text("main, #wrap")
    assert "B-1305" in text
    assert "A-1502" not in text
    assert not owner.errors


def _wait_for(page, run_id, state, seconds=120):
    for _ in range(seconds * 2):
        run = read(
            page,
            "pm.billing.run",
            [["id", "=", run_id]],
            ["state", "charge_count", "refused_count", "amount_total", "amount_residual"],
        )[0]
        if run["state"] == state:
            return run
        time.sleep(0.5)
    raise AssertionError(f"the run stays {run['state']}, expected {state}")


def _keep_picture(content, name):
    """The first page of a PDF beside the screenshots, for the eye."""
    (Path(os.environ["PM_TEST_SHOTS"]) / f"{name}.pdf").write_bytes(content)
