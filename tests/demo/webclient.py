"""Hands for the web client: open a screen, press a button, choose a record, call a method as the one who is logged in."""

import io
import re

from pypdf import PdfReader

CALL = """async ([model, method, args, kwargs]) => {
    const answer = await fetch(`/web/dataset/call_kw/${model}/${method}`, {
        method: "POST",
        headers: {"Content-Type": "application/json"},
        body: JSON.stringify({jsonrpc: "2.0", method: "call", params: {model, method, args, kwargs}}),
    });
    return await answer.json();
}"""


def go(page, path):
    """Open /odoo/PATH and wait until its view is there."""
    page.goto(f"/odoo/{path}")
    settle(page)


def settle(page):
    """Wait until a view is there and nothing is being loaded. (The network never idles: the web client keeps a bus open.)"""
    page.wait_for_selector(".o_action_manager .o_view_controller, .o_action_manager .o_action", state="visible")
    page.wait_for_timeout(300)
    page.wait_for_function(
        "() => !document.querySelector('.o_blockUI, .o_loading_indicator, .o_field_translate_pending') && document.readyState === 'complete'"
    )
    page.wait_for_timeout(300)


def press(page, name, confirm=False):
    """Press the button of that method name; with `confirm`, agree in the dialogue that asks."""
    scope = ".modal" if page.locator(".modal:visible").count() else ".o_action_manager"
    button = page.locator(f"{scope} button[name={name}]:visible").first
    with page.expect_response(
        lambda answer: f"/{name}" in answer.url and "call_" in answer.url, timeout=120_000
    ) as info:
        button.click()
        if confirm:
            page.locator(".modal:visible footer .btn-primary").first.click()
    problem = info.value.json().get("error")
    assert not problem, problem["data"]["message"]
    settle(page)


def choose(page, field, text, scope=".o_form_view"):
    """Choose the first record that a many2one offers for a text."""
    box = page.locator(f"{scope} .o_field_widget[name={field}] input").first
    box.click()
    box.fill(text)
    option = page.locator(".o-autocomplete--dropdown-item", has_text=text).first
    option.wait_for(state="visible")
    option.click()


def fill(page, field, text, scope=".o_form_view"):
    page.locator(
        f"{scope} .o_field_widget[name={field}] input, {scope} .o_field_widget[name={field}] textarea"
    ).first.fill(text)


def save(page):
    with page.expect_response(lambda answer: "/web_save" in answer.url) as info:
        page.locator(".o_form_button_save:visible").first.click()
    problem = info.value.json().get("error")
    assert not problem, problem["data"]["message"]
    settle(page)


def sign(page):
    """Draw a line on the pad for signatures that is in view."""
    pad = page.locator(".o_pm_signature canvas")
    pad.scroll_into_view_if_needed()
    box = pad.bounding_box()
    page.mouse.move(box["x"] + 30, box["y"] + 40)
    page.mouse.down()
    for step in range(8):
        page.mouse.move(box["x"] + 40 + 25 * step, box["y"] + (40 if step % 2 else 90))
    page.mouse.up()


def call(page, model, method, *args, **kwargs):
    """Call a method with the rights of who is logged in; an error of the server fails the test."""
    kwargs.setdefault("context", {"lang": "zh_CN", "tz": "Asia/Shanghai"})
    answer = page.evaluate(CALL, [model, method, list(args), kwargs])
    assert "error" not in answer, answer["error"]["data"]["message"]
    return answer.get("result")


def read(page, model, domain, fields, **options):
    return call(page, model, "search_read", domain, fields, **options)


def download(page, act):
    """Do `act` and return the bytes of the file that it brings."""
    with page.expect_download(timeout=180_000) as info:
        act()
    with open(info.value.path(), "rb") as file:
        return file.read()


def pdf_text(content):
    """Text of a PDF without blanks; fails when the file is none."""
    assert content.startswith(b"%PDF"), content[:200]
    return re.sub(r"\s", "", "".join(page.extract_text() for page in PdfReader(io.BytesIO(content)).pages))
