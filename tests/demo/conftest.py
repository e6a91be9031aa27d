"""Fixtures of the journeys: a browser against a real server on a copy of the demo. Only `./pm test` starts them."""

import json
import os
import subprocess
from pathlib import Path

import pytest

# A page that navigates away drops requests on the floor; and Chromium has advice for password forms.
HARMLESS = (
    "websocket_worker",
    "/mail/data",
    "/web/image/",
    "[DOM]",
    "ERR_ABORTED",
    "Missing widget: res_partner_many2one",
)


def _setting(name):
    value = os.environ.get(name)
    if not value:
        pytest.fail(f"{name} is not set: run the tests of tests/demo by ./pm test", pytrace=False)
    return value


@pytest.fixture(scope="session")
def base_url():
    """Address of the server under test, without a slash at its end."""
    return _setting("PM_TEST_URL")


@pytest.fixture(scope="session")
def mail_dir():
    """Folder into which the SMTP sink writes one .eml file per message."""
    return Path(_setting("PM_TEST_MAIL_DIR"))


@pytest.fixture(scope="session")
def sms_dir():
    """Folder into which the demo's SMS gateway writes one .json file per message."""
    return Path(_setting("PM_TEST_SMS_DIR"))


@pytest.fixture(scope="session")
def odoo_shell():
    """odoo_shell(code) runs code in an Odoo shell on the database under test and returns what it printed.

    The code has `env`, must commit what it changes, and fails the test by raising.
    """
    command = json.loads(_setting("PM_TEST_SHELL"))

    def run(code):
        result = subprocess.run(
            command,
            input=code,
            text=True,
            capture_output=True,
            timeout=300,
            env={**os.environ, "PM_SMS_SINK": _setting("PM_TEST_SMS_DIR")},
        )
        assert result.returncode == 0, result.stderr[-4000:]
        return result.stdout

    return run


@pytest.fixture(scope="session")
def playwright_engine():
    from playwright.sync_api import sync_playwright

    with sync_playwright() as engine:
        yield engine


@pytest.fixture(scope="session")
def browser(playwright_engine):
    """Chromium, headless."""
    chromium = playwright_engine.chromium.launch(
        executable_path=_setting("PM_CHROMIUM"),
        args=["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"],
    )
    yield chromium
    chromium.close()


@pytest.fixture
def new_page(browser, base_url):
    """new_page() opens a page of a visitor of its own; its `errors` list holds what went wrong in the browser."""
    contexts = []

    def open_page(**options):
        settings = {
            "base_url": base_url,
            "locale": "zh-CN",
            "timezone_id": "Asia/Shanghai",
            "viewport": {"width": 1440, "height": 900},
            # Nothing slides or fades: drawing it costs more than the test, and a click may hit what is still moving.
            "reduced_motion": "reduce",
            **options,
        }
        context = browser.new_context(**settings)
        contexts.append(context)
        context.set_default_timeout(30_000)
        page = context.new_page()
        page.errors = []
        page.on("console", lambda message: _note(page, message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: _note(page, str(error)))
        return page

    yield open_page
    for context in contexts:
        context.close()


def _note(page, text):
    if not any(word in text for word in HARMLESS):
        page.errors.append(text)


@pytest.fixture
def page_as(new_page):
    """page_as(login, password=None) gives a page of that user, logged in; the password defaults to the demo's."""

    def log_in(login, password=None, **options):
        page = new_page(**options)
        page.goto("/web/login")
        page.fill("input[name=login]", login)
        page.fill("input[name=password]", password or demo_password(login))
        page.click(".oe_login_form button[type=submit]")
        page.wait_for_url(lambda url: "/web/login" not in url)
        return page

    return log_in


def demo_password(login):
    import csv

    path = Path(__file__).parents[2] / "addons" / "pm_demo" / "logins.csv"
    if path.exists():
        with open(path, newline="", encoding="utf-8-sig") as stream:
            for row in csv.DictReader(stream):
                if row["login"] == login:
                    return row["password"]
    return login


@pytest.fixture
def shot():
    """shot(page, name) keeps a screenshot as .odoo/screenshots/NAME.png and returns its path."""
    folder = Path(_setting("PM_TEST_SHOTS"))

    def take(page, name, **options):
        path = folder / f"{name}.png"
        page.screenshot(path=path, **options)
        return path

    return take
