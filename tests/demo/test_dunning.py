"""The arrears at a glance, as a manager reads them; and who does not."""

from webclient import CALL, go, settle


def test_manager_reads_the_arrears_and_opens_what_is_behind_a_figure(page_as, shot):
    manager = page_as("manager")
    go(manager, "pm-arrears-board")
    board = manager.locator(".o_pm_dunning_board")
    board.locator("[data-block=today] h4").first.wait_for(state="visible")
    board.locator("[data-block=curve] canvas").wait_for(state="visible")
    shot(manager, "arrears-board")
    row = board.locator("[data-block=butler] tr").first
    count = int(row.locator("td").nth(1).inner_text())
    assert count > 0
    row.click()
    manager.wait_for_selector(".o_list_view")
    settle(manager)
    pager = manager.locator(".o_pager_limit").first.inner_text()
    assert int(pager.rstrip("+").replace(",", "")) == count
    assert not manager.errors


def test_a_butler_is_not_shown_it(page_as):
    butler = page_as("butler")
    go(butler, "pm-arrears")
    answer = butler.evaluate(CALL, ["pm.dunning.board", "load", [], {}])
    assert answer["error"]["data"]["name"].endswith("AccessError")
