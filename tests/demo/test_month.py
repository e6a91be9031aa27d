"""What else belongs to the month: a drawer with change and a voided receipt, and the report."""

import os
from pathlib import Path

from webclient import call, download, fill, go, pdf_text, press, read, settle


def test_a_drawer_from_the_first_note_to_the_signature(page_as, shot):
    """Cash with change, a receipt voided and printed as void, the count, the hand-over sheet, the accountant's signature."""
    cashier, accountant = page_as("cashier"), page_as("accountant")
    _household(cashier, "B-1306")
    first = _take_cash(cashier, shot)

    accountant.goto(f"/odoo/pm-payments/{first['id']}")
    settle(accountant)
    press(accountant, "action_reverse")
    fill(accountant, "reason", "收款金额录错，当面重收", scope=".modal")
    press(accountant, "action_confirm")
    shot(accountant, "receipt-voided")
    void = pdf_text(accountant.request.get(f"/report/pm_pdf/pm_fees.receipt/{first['id']}").body())
    for expected in ("作废", "补打"):
        assert expected in void, expected

    _household(cashier, "B-1306")
    second = _take_cash(cashier)
    numbers = [row["receipt_name"] for row in (first, second)]
    assert int(numbers[1][-4:]) == int(numbers[0][-4:]) + 1, "the voided receipt keeps its number"

    session_id = second["session_id"][0]
    cashier.goto(f"/odoo/pm-cash-sessions/{session_id}")
    settle(cashier)
    [session] = read(cashier, "pm.cash.session", [["id", "=", session_id]], ["expected_amount", "cash_out"])
    fill(cashier, "counted_amount", str(session["expected_amount"]))
    press(cashier, "action_close")
    shot(cashier, "cash-session")
    accountant.goto(f"/odoo/pm-cash-sessions/{session_id}")
    settle(accountant)
    press(accountant, "action_hand_over")
    sheet = accountant.request.get(f"/report/pm_pdf/pm_fees.cash_handover/{session_id}").body()
    _keep(sheet, "cash-handover")
    for expected in (*numbers, f"{session['expected_amount']:,.2f}"):
        assert expected in pdf_text(sheet), expected
    [state] = read(accountant, "pm.cash.session", [["id", "=", session_id]], ["state"])
    assert state["state"] == "handed_over"
    assert not cashier.errors + accountant.errors


def test_the_report_of_the_month_names_its_rates(page_as, shot):
    accountant = page_as("accountant")
    [prop] = read(accountant, "pm.property", [["code", "=", "HY"]], ["name"])
    report = call(accountant, "pm.collection.report", "create", {"property_id": prop["id"]})
    content = accountant.request.get(f"/report/pm_pdf/pm_fees.collection/{report}").body()
    _keep(content, "collection-report")
    text = pdf_text(content)
    for expected in ("收缴率", "清欠率", prop["name"].replace(" ", "")):
        assert expected in text, expected
    go(accountant, "unanswered-payments")
    shot(accountant, "unanswered-payments")
    assert not accountant.errors


def _household(cashier, code):
    cashier.goto("/odoo/pm-counter")
    cashier.wait_for_selector(".o_pm_counter")
    cashier.fill(".o_pm_counter input[type=search]", code)
    cashier.wait_for_selector(".o_pm_household_rows button")
    cashier.keyboard.press("Enter")
    cashier.wait_for_selector(".o_pm_counter_charges tbody tr")


def _take_cash(cashier, shot=None):
    """Pay everything the household owes with more cash than needed; returns the payment."""
    cashier.click(".o_pm_counter_methods [data-code=cash]")
    cashier.fill(".o_pm_counter_pay input[inputmode=decimal]", "100000")
    cashier.wait_for_selector(".o_pm_counter_pay .fs-3")
    if shot:
        shot(cashier, "counter-change")
    download(cashier, lambda: cashier.click(".o_pm_counter_submit"))
    cashier.wait_for_selector(".o_pm_counter .alert-success")
    assert "找零" in cashier.inner_text(".o_pm_counter .alert-success")
    return read(cashier, "pm.payment", [], ["receipt_name", "session_id", "amount", "state"], limit=1, order="id desc")[
        0
    ]


def _keep(content, name):
    """A PDF beside the screenshots, for the eye."""
    (Path(os.environ["PM_TEST_SHOTS"]) / f"{name}.pdf").write_bytes(content)
