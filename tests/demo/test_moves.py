"""A temporary service from the departments' signatures to the price on the order; and a resident who signs for the handbook."""

from webclient import go, press, read


def test_a_cost_sheet_goes_from_the_departments_to_the_order(page_as, shot):
    supervisor = page_as("supervisor")
    sheet = read(supervisor, "pm.service.estimate", [["state", "=", "signing"]], ["order_id", "amount_total"])[0]
    go(supervisor, f"cost-sheets/{sheet['id']}")
    press(supervisor, "action_sign")
    press(supervisor, "action_submit")
    assert not supervisor.errors

    manager = page_as("manager")
    go(manager, f"cost-sheets/{sheet['id']}")
    press(manager, "action_approve")
    shot(manager, "cost-sheet")
    order = read(manager, "pm.service.order", [["id", "=", sheet["order_id"][0]]], ["amount_total", "state"])[0]
    assert order["amount_total"] == sheet["amount_total"] > 0
    assert order["state"] == "draft", "the customer has not been told the price yet"
    assert not manager.errors


def test_a_resident_signs_for_the_handbook_on_the_phone(page_as, shot):
    owner = page_as("owner", viewport={"width": 390, "height": 844})
    owner.goto("/my/moves")
    shot(owner, "portal-moves")
    owner.goto("/my/handbook")
    submit = owner.locator(".o_portal_sign_submit")
    owner.wait_for_selector(".o_portal_sign_submit:not([disabled])")
    submit.first.click()
    owner.wait_for_selector(".alert-success")
    shot(owner, "portal-handbook")
    assert "姜芳琛" in owner.inner_text(".alert-success >> nth=0")
    assert not submit.count(), "one signature for all units of the property"
    assert not owner.errors
