"""A complaint from the portal and one from the counter, from the first word to the supervisor who closes."""

from webclient import call, choose, fill, go, press, read, save, settle


def test_owner_complains_in_the_portal(page_as, shot):
    owner = page_as("owner")
    owner.goto("/my/tickets/new")
    owner.select_option("#type_id", label="投诉")
    owner.fill("#name", "楼道照明不亮")
    owner.fill("#description", "13层电梯厅三盏灯都不亮，晚上进出不安全。")
    shot(owner, "portal-new-ticket")
    owner.click("button[type=submit].btn-lg")
    owner.wait_for_selector(".alert-success")
    shot(owner, "portal-ticket")
    number = owner.inner_text(".alert-success strong")
    owner.goto("/my/tickets")
    assert "楼道照明不亮" in owner.inner_text("#wrap, main")
    assert not owner.errors

    supervisor = page_as("supervisor")
    ticket = read(
        supervisor,
        "pm.ticket",
        [["number", "=", number]],
        ["state", "channel", "type_code", "first_receiver_id", "deadline_ids"],
    )[0]
    assert (ticket["state"], ticket["channel"], ticket["type_code"]) == ("new", "portal", "complaint")
    assert ticket["deadline_ids"], "its clocks run"
    assert not supervisor.errors


def test_complaint_at_the_counter_is_handled_followed_up_and_closed(page_as, shot):
    """Five people: front desk takes it, supervisor assigns, butler handles, assistant asks, supervisor closes."""
    desk = page_as("frontdesk")
    go(desk, "tickets")
    shot(desk, "tickets")
    go(desk, "new-ticket")
    desk.locator(".o_field_widget[name=type_id] label", has_text="投诉").first.click()
    fill(desk, "name", "会议室空调噪声大")
    choose(desk, "unit_id", "A-1606")
    save(desk)
    shot(desk, "ticket-form")
    ticket = read(
        desk, "pm.ticket", [["name", "=", "会议室空调噪声大"]], ["id", "first_receiver_id", "butler_id", "state"]
    )[0]
    ticket_id = ticket["id"]
    assert ticket["first_receiver_id"][1].startswith("林晓芸")

    butler = page_as("butler")
    go(butler, f"tickets/{ticket_id}")
    press(butler, "action_take")
    assert _state(butler, ticket_id) == "in_progress"
    call(
        butler,
        "pm.ticket",
        "write",
        [ticket_id],
        {"outcome": "solved_now", "solution": "紧固风机并更换减震垫，现场复测无异响。"},
    )
    go(butler, f"tickets/{ticket_id}")
    press(butler, "action_handle")
    assert _state(butler, ticket_id) == "handled"

    assistant = page_as("assistant")
    go(assistant, "tickets-to-follow-up")
    shot(assistant, "to-follow-up")
    go(assistant, f"tickets/{ticket_id}")
    press(assistant, "action_followup")
    dialogue = assistant.locator(".modal:visible")
    dialogue.locator(".o_field_widget[name=satisfied] input[type=radio]").first.check()
    fill(assistant, "words", "已经不响了，满意。", scope=".modal")
    shot(assistant, "follow-up")
    with assistant.expect_response(lambda answer: "/web_save" in answer.url):
        dialogue.locator(".o_form_button_save, footer .btn-primary").first.click()
    settle(assistant)
    assert _state(assistant, ticket_id) == "followed_up"

    supervisor = page_as("supervisor")
    go(supervisor, f"tickets/{ticket_id}")
    press(supervisor, "action_close")
    assert _state(supervisor, ticket_id) == "closed"
    settle(supervisor)
    shot(supervisor, "ticket-closed")
    for page in (desk, butler, assistant, supervisor):
        assert not page.errors


def _state(page, ticket_id):
    return read(page, "pm.ticket", [["id", "=", ticket_id]], ["state"])[0]["state"]
