"""The supervisor's day: what is late and whose, down to the records; a link of the digest; the phone; and who is not shown it."""

from webclient import CALL, call, go, settle


def test_supervisor_sees_whose_work_is_late_and_opens_it(page_as, shot):
    supervisor = page_as("supervisor")
    go(supervisor, "supervisor-day")
    board = supervisor.locator(".o_pm_desk_board")
    shot(supervisor, "supervisor-day", full_page=True)
    row = board.locator("[data-block=user] tr").first
    name, count = row.locator("td").first.inner_text().split("\n")[0], int(row.locator("td").nth(2).inner_text())
    assert count > 0
    row.click()
    supervisor.wait_for_selector(".o_list_view")
    settle(supervisor)
    assert name in supervisor.locator(".o_breadcrumb").inner_text()
    assert int(supervisor.locator(".o_pager_limit").first.inner_text().rstrip("+").replace(",", "")) == count
    shot(supervisor, "supervisor-day-late")

    # A link of the daily digest leads to the same records.
    key = "calls"
    calls = next(row for row in call(supervisor, "pm.desk.board", "load")["head"] if row["key"] == key)
    assert calls["count"] > 0
    go(supervisor, f"supervisor-day?drill={key}")
    supervisor.wait_for_selector(".o_list_view")
    settle(supervisor)
    assert int(supervisor.locator(".o_pager_limit").first.inner_text()) == calls["count"]
    assert not supervisor.errors

    phone = page_as("supervisor", viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    go(phone, "supervisor-day")
    shot(phone, "supervisor-day-phone")
    wide = phone.evaluate("() => document.querySelector('.o_pm_desk_board').scrollWidth > window.innerWidth")
    assert not wide, "the page fits the phone"


def test_a_butler_is_not_shown_it(page_as):
    butler = page_as("butler")
    go(butler, "my-tickets")
    answer = butler.evaluate(CALL, ["pm.desk.board", "load", [], {}])
    assert answer["error"]["data"]["name"].endswith("AccessError")
