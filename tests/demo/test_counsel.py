"""A suit from the proposal to its end: who proposes, who decides, and the counsel who sees his own cases only."""

import base64
import hashlib
import io
import zipfile
from datetime import date, timedelta

from webclient import CALL, call, choose, download, fill, go, pdf_text, press, read, save, settle

# The smallest true picture stands for a scan.
SCAN = {
    "name": "授权委托书.png",
    "mimeType": "image/png",
    "buffer": base64.b64decode(
        "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
    ),
}
DEBTOR = "B-2010"  # the sample: both letters delivered, not sued yet


def test_suit_from_proposal_to_closing(page_as, shot):
    supervisor, manager, counsel = page_as("supervisor"), page_as("manager"), page_as("counsel")
    [debtor] = read(supervisor, "pm.dunning.case", [["unit_id.code", "=", DEBTOR], ["state", "=", "open"]], ["stage"])

    # The supervisor proposes; deciding is not his.
    go(supervisor, f"pm-arrears/{debtor['id']}")
    supervisor.get_by_role("button", name="追加措施").click()
    choose(supervisor, "level_id", "诉讼委托", scope=".modal")
    press(supervisor, "action_confirm")
    proposed = [["case_id", "=", debtor["id"]], ["kind", "=", "mandate"], ["state", "=", "to_approve"]]
    [step] = read(supervisor, "pm.dunning.action", proposed, ["level_id"])
    shot(supervisor, "suit-proposed")

    # The manager looks at the evidence and decides.
    go(manager, f"pm-reminders/{step['id']}")
    press(manager, "action_decide")
    checklist = manager.locator(".modal .o_field_widget[name=line_ids]").inner_text()
    assert "律师函已送达" in checklist and "第2次" in checklist, checklist
    manager.locator(".modal .o_field_widget[name=service_checked] input").check()
    fill(manager, "note", "服务记录已核对，两次律师函均已送达，同意起诉。", scope=".modal")
    shot(manager, "suit-decision")
    press(manager, "action_approve")

    # The counsel finds two suits on his list, and nobody else's account.
    go(counsel, "pm-legal-cases")
    rows = counsel.locator(".o_data_row")
    assert rows.count() == 2
    shot(counsel, "suits")
    units = {row["unit_id"][1] for row in read(counsel, "pm.charge", [], ["unit_id"])}
    assert len(units) == 2, units
    assert counsel.evaluate(CALL, ["pm.write.off", "search_read", [[], ["name"]], {}]).get("error")
    mine = [["dunning_case_id", "=", debtor["id"]], ["state", "=", "approved"]]
    [suit] = read(counsel, "pm.legal.case", mine, ["name", "amount_claimed"])

    # He takes the signed mandate and files.
    go(counsel, f"pm-legal-cases/{suit['id']}")
    with counsel.expect_response(lambda answer: "/web/binary/upload_attachment" in answer.url):
        counsel.locator(".o_field_widget[name=mandate_ids] input[type=file]").set_input_files(SCAN)
    press(counsel, "action_accept_mandate")
    day = lambda offset: str(date.today() + timedelta(days=offset))  # noqa: E731
    fill(counsel, "court", "深圳市南山区人民法院")
    save(counsel)
    call(counsel, "pm.legal.case", "write", [suit["id"]], {"filed_on": day(0), "court_number": "粤0305民初31188号"})
    counsel.reload()
    settle(counsel)
    press(counsel, "action_filed")
    hearing = {"kind": "hearing", "name": "开庭", "date": day(30), "place": "第三法庭 14:30"}
    cost = {"kind": "court", "amount": 115}
    call(counsel, "pm.legal.case", "write", [suit["id"]], {"date_ids": [[0, 0, hearing]], "cost_ids": [[0, 0, cost]]})
    go(counsel, "pm-legal-dates")
    assert "第三法庭" in counsel.inner_text(".o_list_view")

    # Judgment, performance, preservation, enforcement: the law's dates follow from the days entered.
    case = lambda method, *args: call(counsel, "pm.legal.case", method, [suit["id"]], *args)  # noqa: E731
    case("write", {"judgment_date": day(0), "outcome": "won", "amount_awarded": suit["amount_claimed"]})
    case("action_judged")
    case("write", {"effective_date": day(0), "performance_deadline": day(10), "preservation": "not_needed"})
    case("action_effective")
    go(counsel, f"pm-legal-cases/{suit['id']}")
    kinds = {row["kind"] for row in read(counsel, "pm.legal.date", [["case_id", "=", suit["id"]]], ["kind"])}
    assert kinds >= {"hearing", "appeal", "performance", "preservation", "enforcement"}
    counsel.locator(".nav-link[name=dates]").click()
    shot(counsel, "suit", full_page=True)

    # Evidence for the court: every file with its hash.
    content = download(counsel, lambda: _agree(counsel, "action_evidence"))
    with zipfile.ZipFile(io.BytesIO(content)) as bundle:
        names = bundle.namelist()
        hashes = dict(reversed(line.split("  ", 1)) for line in bundle.read("SHA256SUMS").decode().splitlines())
        assert set(hashes) == set(names) - {"SHA256SUMS"}
        for name, digest in hashes.items():
            assert hashlib.sha256(bundle.read(name)).hexdigest() == digest, name
        text = pdf_text(bundle.read("00-证据目录.pdf"))
    assert "EMS1183120977CN" in text and suit["name"] in text and "已签收" in text
    assert sum(name.startswith("催缴步骤/") for name in names) >= 4 and any(name.startswith("诉讼/") for name in names)

    # Execution is applied for, and the case ends.
    case("write", {"enforcement_applied_on": day(10)})
    case("action_enforcement")
    go(counsel, f"pm-legal-cases/{suit['id']}")
    fill(counsel, "closing_note", "被执行人账户无余额，终结本次执行。")
    save(counsel)
    press(counsel, "action_close")
    assert read(manager, "pm.legal.case", [["id", "=", suit["id"]]], ["state"])[0]["state"] == "closed"
    assert not supervisor.errors + manager.errors + counsel.errors


def test_a_hearing_that_draws_near_is_on_the_counsels_list(page_as, shot):
    counsel = page_as("counsel")
    [suit] = read(counsel, "pm.legal.case", [["unit_id.code", "=", "A-0801"]], ["next_date", "activity_summary"])
    assert "开庭" in suit["activity_summary"]
    go(counsel, f"pm-legal-cases/{suit['id']}")
    shot(counsel, "suit-hearing", full_page=True)
    go(counsel, "pm-legal-dates")
    counsel.locator(".o_switch_view.o_calendar").click()
    settle(counsel)
    shot(counsel, "legal-calendar")
    assert not counsel.errors


def _agree(page, name):
    page.locator(f".o_form_view button[name={name}]:visible").first.click()
    page.locator(".modal:visible footer .btn-primary").first.click()
