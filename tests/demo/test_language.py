"""No English on a Chinese user's screens: each role opens every screen of its menu, its forms with all their tabs, and the portal.

A screen that an earlier role has walked through is not walked through again: each role adds the menus that are its own.
"""

import csv
import re
from pathlib import Path

import pytest

# Roles whose menus together hold every screen, the widest menu first.
ROLES = ("manager", "accountant", "supervisor", "cashier", "leadership", "butler", "frontdesk")
PORTAL = (
    "/my",
    "/my/units",
    "/my/bills",
    "/my/bills/refunds",
    "/my/fees",
    "/my/parking",
    "/my/surveys",
    "/my/tickets",
    "/my/tickets/new",
    "/my/renovations",
    "/my/renovations/new",
    "/my/account",
    "/my/security",
)

with open(Path(__file__).parents[2] / "addons" / "pm_demo" / "logins.csv", newline="", encoding="utf-8-sig") as logins:
    LOGINS = {row["login"] for row in csv.DictReader(logins)}
# Words in Latin letters that stand on a Chinese screen on purpose.
NAMES = LOGINS | {
    # products, formats, units of measure and trade terms that Chinese has no other word for
    *(
        "Odoo",
        "OdooBot",
        "WeChat",
        "PDF",
        "XLSX",
        "xlsx",
        "CSV",
        "CAMT",
        "TXT",
        "KPI",
        "SMS",
        "API",
        "GBK",
        "UTF",
        "VAT",
        "CNY",
        "RMB",
        "kWh",
        "Excel",
    ),
    # endings of the names of files
    *("pdf", "png"),
    # what a user reads of a key of the keyboard
    *("Enter", "Ctrl", "Esc", "Alt"),
}
# Not ours: (words, why).
CORE_GAPS = (
    ({"Back"}, "tooltip of the breadcrumb, not translated in Odoo"),
    ({"Add", "Remove", "Star"}, "tooltip of a message's star, not translated in Odoo"),
    ({"Download"}, "tooltip of an attached file, not translated in Odoo"),
    ({"Week"}, "number of the week above a calendar, not translated in Odoo"),
    ({"Copyright"}, "footer of every portal page"),
    ({"Republic", "DRC"}, "two countries of that name"),
    (
        {"Western", "Cyrillic", "Shift", "with"},
        "names of encodings in the map of a bank's table, not translated in the OCA's add-on",
    ),
)

# Not words of a language: addresses, mail, file names, codes (with a digit, an underscore, or of three capitals), and what a
# text holds a place for ({name}).
NOT_WORDS = re.compile(
    r"https?://\S+|[\w.+-]+@[\w.-]+|[\w\-./]+\.(?:pdf|xlsx|csv|png|jpg|jpeg|txt|com|cn)\b|"
    r"\{\w+\}|(?=[\w./-]*[\d_])[A-Za-z\d][\w./-]*|\b[A-Z]+(?:[-/][A-Z\d]+)+\b|\b[A-Z]{3}\b",
    re.ASCII,
)
WORD = re.compile(r"[A-Za-z]{3,}")

TEXTS = """() => {
    // The sketch behind the help of an empty list is Latin on purpose.
    document.querySelectorAll(".o_view_sample_data :is(.o_data_row, .o_kanban_record, .o_group_header, .o_pivot tbody, .o_pivot thead)").forEach((node) => { node.style.visibility = "hidden"; });
    const lines = document.body.innerText.split("\\n");
    for (const node of document.querySelectorAll("[placeholder], [title], [aria-label], [data-tooltip], option, img[alt]")) {
        if (!node.closest("svg, .o_view_sample_data, .o_web_client > .d-none") && node.checkVisibility?.() !== false) {
            lines.push(...["placeholder", "title", "data-tooltip"].map((name) => node.getAttribute(name) || ""), node.tagName === "OPTION" ? node.text : "");
        }
    }
    return [...new Set(lines.map((line) => line.trim()).filter((line) => /[A-Za-z]{3}/.test(line)))];
}"""
MENUS = """async () => {
    const menus = await (await fetch("/web/webclient/load_menus")).json();
    const found = [];
    const walk = (menu, path) => {
        path = [...path, menu.name];
        if (menu.actionID && !menu.children.length) found.push([menu.actionID, path.join(" ▸ ")]);
        menu.children.forEach((id) => walk(menus[id], path));
    };
    walk(Object.values(menus).find((menu) => menu.xmlid === "pm_base.pm_root_menu"), []);
    return found;
}"""
OPEN = "(id) => odoo.__WOWL_DEBUG__.root.env.services.action.doAction(id, {clearBreadcrumbs: true})"


def english(page):
    """Lines of the page that hold English words which nobody has allowed."""
    allowed = NAMES.union(*(words for words, _why in CORE_GAPS))
    found = []
    for line in page.evaluate(TEXTS):
        words = set(WORD.findall(NOT_WORDS.sub(" ", line))) - allowed
        if words:
            found.append(f"{line[:120]}  [{', '.join(sorted(words))}]")
    return found


class Walk:
    """What one role meets on its way: English lines and errors by screen."""

    def __init__(self, page):
        self.page = page
        self.findings = {}
        self.waiting = set()
        page.on("request", lambda request: self.waiting.add(request) if "/web/" in request.url else None)
        page.on("requestfinished", lambda request: self.waiting.discard(request))
        page.on("requestfailed", lambda request: self.waiting.discard(request))

    def settle(self):
        """Until nothing has been asked of the server for a tenth of a second (faster than the fixed waits of webclient.settle)."""
        still = 0
        for _turn in range(300):
            self.page.wait_for_timeout(35)
            still = 0 if self.waiting else still + 1
            if still == 3:
                return
        raise AssertionError(f"{[request.url for request in self.waiting]} have not been answered")

    def note(self, screen):
        wrong = english(self.page) + [f"ERROR {error[:300]}" for error in self.page.errors]
        if self.page.locator(".o_error_dialog").count():
            wrong.append("ERROR dialogue: " + self.page.locator(".o_error_dialog").first.inner_text()[:300])
        self.page.errors.clear()
        if wrong:
            self.findings.setdefault(screen, []).extend(wrong)

    def open(self, action, screen):
        if self.page.locator(".o_datetime_picker").count():
            # Opened with a row of dates; where no click leaves the screen, it would stay over the next one.
            self.page.keyboard.press("Escape")
        self.page.evaluate(OPEN, action)
        self.settle()
        self.note(screen)

    def views(self, screen):
        """The other views of the open action, and the form of the first record; a dialogue has neither and is closed."""
        if self.page.locator(".modal:visible").count():
            self.page.keyboard.press("Escape")
            self.settle()
            return
        names = self.page.evaluate(
            "() => [...document.querySelectorAll('.o_control_panel .o_switch_view:not(.active)')].map((b) => b.className.match(/o_(list|kanban|pivot)\\b/)?.[1]).filter(Boolean)"
        )
        self.form(screen)
        for name in names:
            switch = self.page.locator(f".o_control_panel .o_switch_view.o_{name}")
            if not switch.count():
                self.page.go_back()
                self.settle()
            switch.first.click()
            self.settle()
            self.note(f"{screen} ({name})")

    def form(self, screen):
        if self.page.locator(".o_view_sample_data").count():
            return  # an empty list shows a sketch behind its help text
        row = self.page.locator(".o_data_row td.o_data_cell:not(.o_field_cell_button)").first
        card = self.page.locator(".o_kanban_record:not(.o_kanban_ghost)").first
        group = self.page.locator(".o_group_header").first
        if group.count() and not row.count():
            group.click()
            self.settle()
        first = row if row.count() else card
        if first.count():
            first.click()
            self.settle()
        if self.page.locator(".modal:visible").count():
            # The row of a list within the screen, as a proposal of the bank's matching, opens over it.
            self.note(f"{screen} (row)")
            self.page.keyboard.press("Escape")
            self.settle()
        if not self.page.locator(".o_form_view").count():
            return
        self.note(f"{screen} (form)")
        for tab in self.page.locator(".o_form_view .o_notebook_headers .nav-link:visible:not(.active)").all():
            tab.click()
            self.settle()
            self.note(f"{screen} (form, {tab.inner_text().strip()})")


def report(findings):
    return "\n".join(f"{screen}\n    " + "\n    ".join(dict.fromkeys(lines)) for screen, lines in findings.items())


@pytest.fixture(scope="module")
def walked():
    """Actions that a role has been through with all their views."""
    return set()


@pytest.mark.parametrize("login", ROLES)
def test_every_screen_of_a_role_speaks_chinese(page_as, walked, login):
    page = page_as(login)
    page.goto("/odoo/properties")
    page.wait_for_function("() => window.odoo?.__WOWL_DEBUG__?.root?.env?.services?.action")
    walk = Walk(page)
    menus = page.evaluate(MENUS)
    assert menus, "a role has its menu"
    for action, screen in menus:
        if action not in walked:
            walked.add(action)
            walk.open(action, screen)
            walk.views(screen)
    assert not walk.findings, report(walk.findings)


@pytest.mark.parametrize("login", ["owner", "tenant"])
def test_the_portal_speaks_chinese(page_as, login):
    page = page_as(login, viewport={"width": 390, "height": 844})
    walk = Walk(page)
    for path in PORTAL:
        page.goto(path)
        walk.note(path)
        # (what opens in a window of its own is a PDF)
        first = page.locator(
            "#wrap table tbody a[href*='/my/']:not([target]), #wrap .list-group a[href*='/my/']:not([target])"
        ).first
        if path.count("/") > 1 and first.count():
            target = first.get_attribute("href")
            page.goto(target)
            walk.note(target)
    assert not walk.findings, report(walk.findings)
