"""Two harder renovations: refused and handed in again; with a violation, a failed acceptance and a deduction."""

import base64
import io
import re
from datetime import date, timedelta

import pytest
from PIL import Image, ImageDraw
from webclient import call, fill, go, pdf_text, press, read, settle

# Portal accounts for owners of two units that nobody renovates; printed as "login|name|unit id".
ACCOUNTS = """
parties = env["pm.unit.party"].search([
    ("role", "=", "owner"), ("is_current", "=", True), ("unit_id.user_id.login", "=", "butler"),
    ("unit_id.unit_type", "=", "office"), ("partner_id.is_company", "=", False),
    ("partner_id.user_ids", "=", False),
], order="id")
busy = env["pm.renovation"].search([]).unit_id
chosen = parties.filtered(lambda p: p.unit_id not in busy and len(p.unit_id.owner_ids) == 1)[:2]
for number, party in enumerate(chosen, 1):
    env["res.users"].with_context(no_reset_password=True).create({
        "name": party.partner_id.name, "partner_id": party.partner_id.id, "login": f"renovator{number}",
        "password": "demo", "group_ids": [(6, 0, [env.ref("base.group_portal").id])],
        "lang": "zh_CN", "tz": "Asia/Shanghai",
    })
    print(f"account|renovator{number}|{party.partner_id.name}|{party.unit_id.id}")
env.cr.commit()
"""
PHONE = {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True}


@pytest.fixture(scope="module")
def households(odoo_shell):
    """Two owners with a portal account: [(login, name, unit id)]."""
    lines = [line.split("|")[1:] for line in odoo_shell(ACCOUNTS).splitlines() if line.startswith("account|")]
    assert len(lines) == 2, lines
    return lines


def test_refused_and_handed_in_again(households, page_as, shot):
    login, __, unit_id = households[0]
    owner = page_as(login, "demo")
    case_id = _apply(owner, unit_id)
    butler, supervisor = page_as("butler"), page_as("supervisor")
    _papers(butler, case_id)
    call(butler, "pm.renovation", "action_submit", [case_id])
    go(supervisor, f"pm-renovations/{case_id}")
    press(supervisor, "action_refuse")
    fill(supervisor, "reason", "图纸未标注卫生间防水做法，请补充后重新提交。", scope=".modal")
    shot(supervisor, "renovation-refuse")
    press(supervisor, "action_confirm")
    assert _state(supervisor, case_id) == "refused"
    owner.goto(f"/my/renovations/{case_id}")
    assert "图纸未标注卫生间防水做法" in owner.inner_text("body")
    shot(owner, "portal-renovation-refused", full_page=True)

    go(butler, f"pm-renovations/{case_id}")
    press(butler, "action_revise")
    press(butler, "action_submit")
    assert _state(butler, case_id) == "submitted"
    # The butler finds a defect, tells it on the day, and the application comes in a third time.
    paper = read(butler, "pm.renovation.paper", [["renovation_id", "=", case_id]], ["id"])[0]["id"]
    call(butler, "pm.renovation.paper", "write", [paper], {"defect": "缺少签字"})
    call(butler, "pm.renovation.paper", "action_reject", [paper])
    go(butler, f"pm-renovations/{case_id}")
    press(butler, "action_tell_defects")
    shot(butler, "renovation-defects")
    owner.goto(f"/my/renovations/{case_id}")
    assert "缺少签字" in owner.inner_text("body")
    call(butler, "pm.renovation.paper", "action_take_back", [paper])
    call(butler, "pm.renovation", "action_submit", [case_id])
    _review(page_as, butler, supervisor, case_id)
    assert _state(butler, case_id) == "approved"
    for page in (owner, butler, supervisor):
        assert not page.errors


def test_violation_failed_acceptance_and_deduction(households, page_as, new_page, shot):
    butler, supervisor, cashier = page_as("butler"), page_as("supervisor"), page_as("cashier")
    login, name, unit_id = households[1]
    owner = page_as(login, "demo")
    case_id = _apply(owner, unit_id)
    _papers(butler, case_id)
    call(butler, "pm.renovation", "action_submit", [case_id])
    _review(page_as, butler, supervisor, case_id)
    _sign(owner, case_id, name)

    # The owner pays the deposit online.
    owner.goto(f"/my/renovations/{case_id}")
    owner.click(f"a[href='/my/renovations/{case_id}/deposit']")
    owner.wait_for_selector("input[name=o_payment_radio]", state="attached")
    shot(owner, "portal-deposit-pay", full_page=True)
    owner.locator("button[name=o_payment_submit_button]:visible").first.click()
    owner.wait_for_url(re.compile(rf"/my/renovations/{case_id}$"), timeout=60_000)
    assert _state(butler, case_id) == "deposit_paid"
    go(butler, f"pm-renovations/{case_id}")
    press(butler, "action_issue_permit")
    press(butler, "action_start")
    press(butler, "action_site_link")

    # The contractor's page knows the site and nobody's name.
    url = read(butler, "pm.renovation", [["id", "=", case_id]], ["site_url"])[0]["site_url"]
    site = new_page(**PHONE)
    site.goto("/pm/site/" + url.rsplit("/", 1)[1])
    assert name not in site.inner_text("body")
    site.locator("input[name=name]").first.fill("罗师傅")
    site.locator("input[name=trade]").first.fill("水电工")
    site.locator("form[action$='/do/worker'] button").click()
    site.get_by_text("罗师傅").first.wait_for()

    # The patrol on a phone: one tap a point; a violation is found on it.
    call(butler, "pm.renovation.inspection", "create", [{"renovation_id": case_id, "date": str(date.today())}])
    patrol = read(butler, "pm.renovation.inspection", [["renovation_id", "=", case_id]], ["id"])[0]["id"]
    phone = page_as("butler", **PHONE)
    go(phone, f"pm-renovation-inspections/{patrol}")
    shot(phone, "patrol-phone", full_page=True)
    phone.locator(".o_kanban_record button[name=action_ok]").first.click()
    settle(phone)
    call(butler, "pm.renovation.inspection", "action_all_ok", [patrol])
    call(butler, "pm.renovation.inspection", "action_done", [patrol])
    violation = call(
        butler,
        "pm.renovation.violation",
        "create",
        [
            {
                "renovation_id": case_id,
                "inspection_id": patrol,
                "type_id": read(butler, "pm.renovation.violation.type", [["code", "=", "other"]], ["id"])[0]["id"],
                "description": "拆除物堆放在消防通道，电梯轿厢面板被刮花。",
                "place": "12 层电梯厅",
                "attachment_ids": [[6, 0, [_photo(butler)]]],
            }
        ],
    )[0]
    go(butler, f"pm-renovation-violations/{violation}")
    press(butler, "action_notify")
    shot(butler, "renovation-violation")
    site.reload()
    assert "消防通道" in site.inner_text("body")
    shot(site, "site-phone", full_page=True)
    site.locator("input[name=note]").first.fill("已清理")
    site.locator("form[action$='/do/rectified'] button").click()
    go(butler, f"pm-renovation-violations/{violation}")
    fill(butler, "recheck_note", "通道已清空。")
    press(butler, "action_recheck_ok")
    press(butler, "action_close")

    # The acceptance fails once, then passes.
    call(butler, "pm.renovation", "action_notify_completion", [case_id])
    _hold(page_as("technician"), case_id, bad="卫生间门套渗水")
    go(butler, f"pm-renovations/{case_id}")
    press(butler, "action_fail_acceptance")
    assert _state(butler, case_id) == "rectify"
    owner.goto(f"/my/renovations/{case_id}")
    owner.click("form[action$='/do/completion'] button")
    _hold(page_as("technician"), case_id)
    go(butler, f"pm-renovations/{case_id}")
    press(butler, "action_accept")

    # A deduction is proposed; the owner sees the evidence and agrees by his name.
    deposit = read(cashier, "pm.deposit", [["renovation_id", "=", case_id]], ["id", "amount"])[0]
    deduction = call(
        butler,
        "pm.deposit.deduction",
        "create",
        [
            {
                "deposit_id": deposit["id"],
                "name": "电梯轿厢面板刮花修复",
                "amount": 280.0,
                "attachment_ids": [[6, 0, [_photo(butler)]]],
            }
        ],
    )
    call(butler, "pm.deposit.deduction", "action_propose", deduction)
    owner.goto(f"/my/renovations/{case_id}")
    shot(owner, "portal-deduction", full_page=True)
    agree = owner.locator("form[action$='/agree']")
    agree.locator("input[name=name]").fill(name)
    agree.locator("button").click()
    go(butler, f"pm-renovations/{case_id}")
    press(butler, "action_request_refund")
    go(cashier, f"pm-deposits-cashier/{deposit['id']}")
    press(cashier, "action_pay")
    box = cashier.locator(".modal:visible .o_field_widget[name=method_id] input").first
    box.click()
    cashier.locator(".o-autocomplete--dropdown-item", has_text="微信").first.click()
    shot(cashier, "deposit-refund-less-deduction")
    press(cashier, "action_confirm")
    refund = read(cashier, "pm.payment", [["direction", "=", "out"], ["unit_id", "!=", False]], ["amount"], limit=1)[0]
    assert refund["amount"] == deposit["amount"] - 280.0
    go(butler, f"pm-renovations/{case_id}")
    press(butler, "action_close")
    assert _state(butler, case_id) == "closed"
    site.reload()
    assert "没有对应的许可证" in site.inner_text("body"), "the link ends with the case"

    go(supervisor, "pm-renovation-map")
    shot(supervisor, "renovation-map")
    go(supervisor, "pm-deposit-age")
    shot(supervisor, "deposit-age")
    go(butler, f"pm-renovations/{case_id}")
    butler.locator(".nav-link[name=history]").click()
    shot(butler, "renovation-history")
    for page in (owner, butler, supervisor, cashier, phone):
        assert not page.errors
    certificate = pdf_text(owner.request.get(f"/my/renovations/{case_id}/pdf/acceptance").body())
    assert "卫生间门套渗水" in certificate, "both acceptances stand on the certificate"


def _apply(owner, unit_id):
    owner.goto("/my/renovations/new")
    owner.select_option("#unit_id", value=unit_id)
    owner.locator("input[name=work]").first.check()
    owner.fill("#date_start", str(date.today()))
    owner.fill("#date_end", str(date.today() + timedelta(days=20)))
    owner.fill("#contractor_name", "澜棣黎装饰工程部")
    owner.check("#read_notice")
    owner.click("button[type=submit].btn-primary")
    owner.wait_for_url(re.compile(r"/my/renovations/\d+"))
    return int(re.search(r"/my/renovations/(\d+)", owner.url).group(1))


def _papers(butler, case_id):
    papers = read(butler, "pm.renovation.paper", [["renovation_id", "=", case_id]], ["id"])
    call(butler, "pm.renovation.paper", "write", [paper["id"] for paper in papers], {"on_paper": True})


def _review(page_as, butler, supervisor, case_id):
    papers = read(butler, "pm.renovation.paper", [["renovation_id", "=", case_id], ["required", "=", True]], ["id"])
    call(butler, "pm.renovation.paper", "action_accept", [paper["id"] for paper in papers])
    pages = {"butler": butler, "engineering": page_as("technician"), "manager": page_as("manager")}
    pending = [["renovation_id", "=", case_id], ["state", "=", "pending"]]
    for review in read(butler, "pm.renovation.review", pending, ["id", "role"], order="sequence"):
        call(pages[review["role"]], "pm.renovation.review", "action_all_ok", [review["id"]])
        call(pages[review["role"]], "pm.renovation.review", "action_pass", [review["id"]])
    go(supervisor, f"pm-renovations/{case_id}")
    press(supervisor, "action_approve")


def _sign(owner, case_id, name):
    owner.goto(f"/my/renovations/{case_id}")
    owner.click("button[data-bs-target='#sign_agreement']")
    dialogue = owner.locator("#sign_agreement")
    dialogue.locator("input.o_web_sign_name_input").first.fill(name)
    owner.wait_for_timeout(1500)
    dialogue.locator("button.o_portal_sign_submit").click()
    owner.wait_for_function("() => !document.querySelector('#sign_agreement')")


def _photo(page):
    image = Image.new("RGB", (480, 320), (208, 212, 216))
    ImageDraw.Draw(image).line([(40, 260), (200, 90), (420, 210)], fill=(150, 60, 50), width=9)
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    vals = {"name": "现场照片.png", "datas": base64.b64encode(buffer.getvalue()).decode()}
    return call(page, "ir.attachment", "create", [vals])[0]


def _hold(page, case_id, bad=None):
    """The engineer holds the planned acceptance; `bad` fails its first point."""
    visit = read(
        page,
        "pm.renovation.inspection",
        [["renovation_id", "=", case_id], ["kind", "=", "acceptance"], ["state", "=", "planned"]],
        ["id", "check_ids"],
    )[0]
    if bad:
        call(page, "pm.renovation.check", "write", visit["check_ids"][:1], {"result": "not_ok", "remark": bad})
    call(page, "pm.renovation.inspection", "action_all_ok", [visit["id"]])
    call(page, "pm.renovation.inspection", "write", [visit["id"]], {"attachment_ids": [[4, _photo(page)]]})
    call(page, "pm.renovation.inspection", "action_done", [visit["id"]])


def _state(page, case_id):
    return read(page, "pm.renovation", [["id", "=", case_id]], ["state"])[0]["state"]
