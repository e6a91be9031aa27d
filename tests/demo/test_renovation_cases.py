"""A harder renovation: refused, handed in again, defects told, and approved at last."""

import re
from datetime import date, timedelta

import pytest
from webclient import call, fill, go, press, read

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


def _state(page, case_id):
    return read(page, "pm.renovation", [["id", "=", case_id]], ["state"])[0]["state"]
