"""A renovation from the tenant's application in the portal to the deposit that goes back."""

import re
from datetime import date, timedelta

from webclient import call, go, pdf_text, press, read, settle

# A one-pixel PNG: the smallest true picture.
PHOTO = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="


def test_renovation_from_application_to_refund(page_as, shot):
    tenant = page_as("tenant")
    case_id = _apply(tenant, shot)

    butler = page_as("butler")
    go(butler, f"pm-renovations/{case_id}")
    papers = read(butler, "pm.renovation.paper", [["renovation_id", "=", case_id]], ["id"])
    call(butler, "pm.renovation.paper", "write", [paper["id"] for paper in papers], {"on_paper": True})
    go(butler, f"pm-renovations/{case_id}")
    press(butler, "action_owner_consents")
    press(butler, "action_submit")
    assert _state(butler, case_id) == "submitted"
    settle(butler)
    shot(butler, "renovation-submitted")
    call(butler, "pm.renovation.paper", "action_accept", [paper["id"] for paper in papers])

    # Each reviewer answers the checklist of the own step.
    pages = {"butler": butler, "engineering": page_as("technician"), "manager": page_as("manager")}
    for review in read(
        butler, "pm.renovation.review", [["renovation_id", "=", case_id], ["state", "=", "pending"]], ["id", "role"]
    ):
        page = pages[review["role"]]
        call(page, "pm.renovation.review", "action_all_ok", [review["id"]])
        call(page, "pm.renovation.review", "action_pass", [review["id"]])
    supervisor = page_as("supervisor")
    go(supervisor, f"pm-renovations/{case_id}")
    press(supervisor, "action_approve")
    assert _state(supervisor, case_id) == "approved"

    _sign(tenant, case_id)
    assert _state(butler, case_id) == "agreement_signed"

    cashier = page_as("cashier")
    deposit = read(cashier, "pm.deposit", [["renovation_id", "=", case_id]], ["id", "amount", "state"])[0]
    assert deposit["state"] == "due"
    _pay(cashier, deposit["id"], shot, "deposit-receive")
    assert _deposit(cashier, deposit["id"]) == "held"

    go(butler, f"pm-renovations/{case_id}")
    press(butler, "action_issue_permit")
    assert _state(butler, case_id) == "permit_issued"
    settle(butler)
    shot(butler, "renovation-permit")
    permit = tenant.request.get(f"/my/renovations/{case_id}/pdf/permit")
    text = pdf_text(permit.body())
    number = read(butler, "pm.renovation", [["id", "=", case_id]], ["permit_number"])[0]["permit_number"]
    assert number in text and "A-1502" in text and "许可证" in text
    _public_page_shows_validity_only(butler, tenant, case_id, number, shot)

    press(butler, "action_start")
    press(butler, "action_notify_completion")
    assert _state(butler, case_id) == "completion_notified"
    acceptance = read(
        butler, "pm.renovation.inspection", [["renovation_id", "=", case_id], ["kind", "=", "acceptance"]], ["id"]
    )[0]["id"]
    go(butler, f"pm-renovation-inspections/{acceptance}")
    press(butler, "action_all_ok")
    photo = call(butler, "ir.attachment", "create", [{"name": "photo.png", "datas": PHOTO}])
    call(butler, "pm.renovation.inspection", "write", [acceptance], {"attachment_ids": [[4, photo[0]]]})
    go(butler, f"pm-renovation-inspections/{acceptance}")
    press(butler, "action_done")
    shot(butler, "renovation-acceptance")
    go(butler, f"pm-renovations/{case_id}")
    press(butler, "action_accept")
    press(butler, "action_request_refund")
    assert _deposit(cashier, deposit["id"]) == "refund_requested"

    _pay(cashier, deposit["id"], shot, "deposit-refund")
    assert _deposit(cashier, deposit["id"]) == "refunded"
    go(butler, f"pm-renovations/{case_id}")
    press(butler, "action_close")
    assert _state(butler, case_id) == "closed"
    for page in (tenant, butler, supervisor, cashier, *pages.values()):
        assert not page.errors


def test_board(page_as, shot):
    butler = page_as("butler")
    go(butler, "pm-renovations")
    shot(butler, "renovations")
    assert not butler.errors


def _apply(tenant, shot):
    tenant.goto("/my/renovations/new")
    tenant.select_option("#unit_id", value=tenant.locator("#unit_id option", has_text="A-1502").get_attribute("value"))
    tenant.locator("input[name=work]").first.check()
    tenant.fill("#date_start", str(date.today()))
    tenant.fill("#date_end", str(date.today() + timedelta(days=20)))
    tenant.fill("#contractor_name", "澜棣黎装饰工程部")
    tenant.fill("#site_manager", "田海岩")
    tenant.fill("#site_phone", "17200008801")
    tenant.fill("#description", "会议室重新粉刷，更换地毯。")
    tenant.check("#read_notice")
    shot(tenant, "portal-renovation-new", full_page=True)
    tenant.click("button[type=submit].btn-primary")
    tenant.wait_for_url(re.compile(r"/my/renovations/\d+"))
    shot(tenant, "portal-renovation")
    return int(re.search(r"/my/renovations/(\d+)", tenant.url).group(1))


def _sign(tenant, case_id):
    tenant.goto(f"/my/renovations/{case_id}")
    tenant.click("button[data-bs-target='#sign_agreement']")
    dialogue = tenant.locator("#sign_agreement")
    dialogue.locator("input.o_web_sign_name_input, input[type=text]").first.fill("苏雅彤")
    tenant.wait_for_timeout(1500)
    dialogue.locator("button.o_portal_sign_submit").click()
    tenant.wait_for_function("() => !document.querySelector('#sign_agreement')")


def _pay(cashier, deposit_id, shot, name):
    go(cashier, f"pm-deposits-cashier/{deposit_id}")
    press(cashier, "action_pay")
    dialogue = cashier.locator(".modal:visible")
    box = dialogue.locator(".o_field_widget[name=method_id] input").first
    if not box.input_value():
        box.click()
        cashier.locator(".o-autocomplete--dropdown-item", has_text="微信").first.click()
    shot(cashier, name)
    press(cashier, "action_confirm")


def _public_page_shows_validity_only(butler, tenant, case_id, number, shot):
    """What a guard sees who scans the code: the permit and whether it is valid; no phone, no name of a person."""
    token = read(butler, "pm.renovation", [["id", "=", case_id]], ["permit_token"])[0]["permit_token"]
    guard = tenant.context.browser.new_context(viewport={"width": 420, "height": 760}, locale="zh-CN").new_page()
    guard.goto(tenant.url.split("/my/")[0] + f"/pm/permit/{token}")
    guard.wait_for_load_state("load")
    text = guard.inner_text("body")
    assert number in text
    assert "苏雅彤" not in text and "1720000" not in text
    shot(guard, "permit-public")
    guard.context.close()


def _state(page, case_id):
    return read(page, "pm.renovation", [["id", "=", case_id]], ["state"])[0]["state"]


def _deposit(page, deposit_id):
    return read(page, "pm.deposit", [["id", "=", deposit_id]], ["state"])[0]["state"]
