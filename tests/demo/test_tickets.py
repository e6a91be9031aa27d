"""A complaint from the portal and one from the counter, from the first word to the supervisor who closes."""

from webclient import call, choose, fill, go, press, read, save, settle, sign


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


def test_caller_is_recorded_by_keyboard_and_the_technician_signs_off_on_a_telephone(page_as, shot):
    """Front desk without a mouse, the dispatcher's window, then the technician up to the customer's signature."""
    desk = page_as("frontdesk")
    go(desk, "service-counter")
    desk.keyboard.type("A-0702")
    desk.keyboard.press("Enter")
    desk.wait_for_selector(".o_pm_subject")
    kinds = [button.inner_text() for button in desk.locator(".o_pm_types button").all()]
    assert len({kind[:2] for kind in kinds}) == len(kinds), "each button names its own kind"
    desk.keyboard.press("Alt+2")
    assert "投诉" in desk.locator(".o_pm_types .btn-primary").inner_text()
    desk.keyboard.press("Alt+1")
    desk.keyboard.type("茶水间龙头漏水")
    shot(desk, "service-counter")
    desk.keyboard.press("Control+Enter")
    desk.wait_for_selector(".o_pm_recorded")
    assert not desk.locator(".o_pm_household_rows").count(), "the list stays shut over the household"
    shot(desk, "service-counter-recorded")
    ticket = read(
        desk, "pm.ticket", [["name", "=", "茶水间龙头漏水"]], ["id", "type_code", "first_receiver_id", "channel"]
    )[0]
    assert (ticket["type_code"], ticket["channel"]) == ("repair", "counter")
    desk.locator(".o_pm_recorded .btn-primary").click()
    settle(desk)
    choose(desk, "user_id", "郭建军", scope=".modal")
    shot(desk, "send-technician")
    press(desk, "action_confirm")

    technician = page_as("technician", viewport={"width": 390, "height": 844}, has_touch=True)
    go(technician, "my-jobs")
    shot(technician, "my-jobs")
    technician.locator(".o_pm_job", has_text="茶水间龙头漏水").click()
    technician.locator(".o_pm_arrive").click()
    technician.wait_for_selector(".o_pm_result")
    technician.fill(".o_pm_result", "更换阀芯，试水无渗漏。")
    technician.fill(".o_pm_signed_by", "邓先生")
    assert technician.locator(".o_pm_finish").is_disabled(), "the customer has not signed"
    sign(technician)
    shot(technician, "my-job")
    technician.locator(".o_pm_finish").click()
    technician.wait_for_selector(".o_pm_jobs .list-group, .o_pm_jobs .fa-check-circle")
    assert _state(desk, ticket["id"]) == "handled"
    visit = read(desk, "pm.appointment", [["ticket_id", "=", ticket["id"]]], ["state", "signed_by", "signed_at"])[0]
    assert (visit["state"], visit["signed_by"], bool(visit["signed_at"])) == ("done", "邓先生", True)
    assert not desk.errors
    assert not technician.errors


def _state(page, ticket_id):
    return read(page, "pm.ticket", [["id", "=", ticket_id]], ["state"])[0]["state"]
