"""A bank's file through the web client: loaded, matched, the rest settled in the two panes."""

import json
from pathlib import Path

import pytest
from webclient import go, press, read, settle

SAMPLE = Path(__file__).parents[2] / "addons" / "pm_fees_bank_oca" / "tests" / "files" / "camt053.xml"
ACCOUNT = "755912345678901"


@pytest.fixture(scope="module")
def sample(odoo_shell):
    """The sample file for households of the demo: one that gives its reference, one by hand, one unknown."""
    lines = odoo_shell(f"""
import json
if not env['ir.module.module'].search_count([('name', '=', 'pm_fees_bank_oca'), ('state', '=', 'installed')]):
    print('SAMPLE null')
else:
    from odoo.addons.pm_fees.models.payment_reference import make_reference
    prop = env['pm.property'].search([('code', '=', 'HY')])
    journal = env['pm.payment.method']._get(prop.company_id, 'transfer').journal_id
    journal.bank_account_id = journal.bank_account_id or env['res.partner.bank'].create(
        {{'acc_number': '{ACCOUNT}', 'partner_id': prop.company_id.partner_id.id, 'company_id': prop.company_id.id}})
    owing = env['pm.charge']._read_group(
        [('property_id', '=', prop.id), ('state', '=', 'posted'), ('residual', '>', 100)], ['unit_id', 'partner_id'], ['residual:sum'],
        order='unit_id')
    first, second = owing[0], next(row for row in owing if row[1] != owing[0][1])
    env.cr.commit()
    print('SAMPLE', json.dumps({{'reference': make_reference('unit', first[0].id), 'first': first[2], 'name': second[1].name}}))
""").splitlines()
    found = next(json.loads(line.removeprefix("SAMPLE ")) for line in lines if line.startswith("SAMPLE "))
    if not found:
        pytest.skip("the OCA add-ons are not there")
    text = SAMPLE.read_text().replace("{account}", ACCOUNT).replace("{reference}", found["reference"])
    # Less than the first household owes, so that its reference is certain; the second pays 280 of what it owes.
    text = text.replace("欧阳喆", found["name"]).replace(">331.80<", ">88.80<").replace(">11081.50<", ">10838.50<")
    return {**found, "text": text.encode()}


def choose_menu(page, section, item):
    page.locator(".o_menu_sections .dropdown-toggle", has_text=section).first.click()
    page.locator(".o-dropdown--menu .dropdown-item", has_text=item).first.click()


def test_a_bank_file_is_loaded_and_the_rest_is_settled_in_two_panes(page_as, shot, sample):
    accountant = page_as("accountant")
    go(accountant, "pm-bank-lines")
    choose_menu(accountant, "收费", "导入银行对账单")
    accountant.wait_for_selector(".modal input[type=file]", state="attached")
    accountant.set_input_files(
        ".modal input[type=file]", {"name": "CMB-20260115.xml", "mimeType": "text/xml", "buffer": sample["text"]}
    )
    accountant.wait_for_timeout(500)
    shot(accountant, "bank-file")
    press(accountant, "import_file_button")
    accountant.wait_for_selector(".o_list_view .o_data_row")
    settle(accountant)
    shot(accountant, "bank-file-lines")
    fields = ["pm_match_state", "amount", "pm_payment_ids"]
    lines = {
        line["amount"]: line
        for line in read(
            accountant, "account.bank.statement.line", [["pm_transaction_ref", "like", "C01000000"]], fields
        )
    }
    assert lines[88.8]["pm_match_state"] == "matched" and lines[88.8]["pm_payment_ids"]
    assert lines[280]["pm_match_state"] == "proposed"
    assert lines[-30.3]["pm_match_state"] == "ignored"

    go(accountant, "pm-bank-reconcile")
    accountant.locator(".o_kanban_record", has_text="一月物业管理费").first.click()
    accountant.wait_for_selector(".o_account_reconcile_oca_info .o_form_view")
    settle(accountant)
    shot(accountant, "bank-panes")
    accountant.locator(
        ".o_account_reconcile_oca_info .o_data_row:has(button[name=action_open_business_doc])"
    ).first.click()
    accountant.wait_for_selector("button[name=reconcile_bank_line]:not(.disabled)")
    settle(accountant)
    shot(accountant, "bank-panes-picked")
    with accountant.expect_response(lambda answer: "/reconcile_bank_line" in answer.url) as info:
        accountant.locator("button[name=reconcile_bank_line]:visible:not(.disabled)").click()
    assert "error" not in info.value.json()
    settle(accountant)
    shot(accountant, "bank-panes-done")
    [line] = read(
        accountant,
        "account.bank.statement.line",
        [["pm_transaction_ref", "=", "C0100000002"]],
        ["pm_match_state", "pm_payment_ids"],
    )
    assert line["pm_match_state"] == "matched" and line["pm_payment_ids"], "a person's choice is receipted as well"
    assert not accountant.errors
