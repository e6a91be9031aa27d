import io
import json
import os
from unittest.mock import patch

from odoo import http
from odoo.exceptions import AccessError, UserError
from odoo.tests.common import HttpCase, tagged
from odoo.tools import mute_logger
from pypdf import PdfReader

from ..models.pm_document import PmDocument
from ..report import fonts
from ..report.kit import Kit, yuan_words
from ..report.property_profile import ReportPropertyProfile
from .common import PmCase

LONG_NAME = "科技谷国际商务中心（含A座写字楼、B座酒店式公寓及裙楼商业街）" * 3
LONG_WORD = "ABCDEFGHIJKLMNOPQRSTUVWXYZ" * 8


def read(pdf):
    """Return the reader and the text of each page."""
    reader = PdfReader(io.BytesIO(pdf))
    return reader, [page.extract_text() for page in reader.pages]


@tagged("post_install", "-at_install")
class TestDocument(PmCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # The test database may speak Chinese only.
        cls.env["res.lang"]._activate_lang("en_US")

    def _pdf(self, records=None, **context):
        records = records or self.property
        context = {"lang": "en_US", **context}
        return (
            self.env["pm.document"]
            .with_context(**context)
            ._pdf("pm_base.property_profile_report", records.with_context(**context))
        )

    def _with_story(self, story):
        """Replace the story of the profile sheet by ``story(record, kit)``."""
        return patch.object(ReportPropertyProfile, "_story", lambda document, record, kit: story(record, kit))

    def test_letterhead_title_number_and_pages(self):
        self.property.write({"address": "科技路 1 号"})
        with self._with_story(lambda record, kit: [kit.p("甲"), kit.page_break(), kit.p("乙")]):
            _reader, pages = read(self._pdf())
        self.assertEqual(len(pages), 2)
        for expected in ("Test Tower", "科技路 1 号", "0755-5550100", "Property Profile", "T1", "Page 1 of 2"):
            self.assertIn(expected, pages[0])
        self.assertIn("Page 2 of 2", pages[1])
        self.assertNotIn("0755-5550100", pages[1])

    def test_every_font_is_embedded(self):
        self.property.write({"name": LONG_NAME, "address": "𠮷祥路 ① ㎡ 龘 😀"})
        reader, _pages = read(self._pdf())
        seen = 0
        for page in reader.pages:
            for font in page["/Resources"]["/Font"].values():
                font = font.get_object()
                descriptor = font.get("/FontDescriptor") or font["/DescendantFonts"][0].get_object()["/FontDescriptor"]
                self.assertIn("/FontFile2", descriptor.get_object(), font["/BaseFont"])
                self.assertIn("/ToUnicode", font)
                seen += 1
        self.assertTrue(seen)

    def test_what_users_typed_is_printed_not_obeyed(self):
        hostile = '<b>bold</b> & <img src="/etc/passwd"/> <para> ]]> &lt; \x00\x0b<br'
        self.property.write({"name": hostile.replace("\x00", ""), "address": hostile.replace("\x00", "")})
        _reader, pages = read(self._pdf())
        text = "".join("".join(pages).split())
        self.assertIn('<b>bold</b>&<imgsrc="/etc/passwd"/><para>]]>&lt;<br', text)

    def test_long_names_and_words_stay_on_the_page(self):
        self.property.write({"name": LONG_NAME, "address": LONG_WORD})
        reader, pages = read(self._pdf())
        self.assertIn("科技谷国际商务中心", pages[0])
        self.assertLess(len(reader.pages), 4)

    def test_a_table_repeats_its_header_and_keeps_its_rows(self):
        rows = [[f"Row {number}", LONG_NAME if number == 5 else "x", 1234567.891] for number in range(120)]
        with self._with_story(
            lambda record, kit: [
                kit.table(["Head A", "Head B", "Head C"], rows, align="llr", total=["Total", "", 99.0])
            ]
        ):
            _reader, pages = read(self._pdf())
        self.assertGreater(len(pages), 2)
        for page in pages:
            self.assertEqual(page.count("Head A"), 1)
        text = "\n".join(pages)
        for number in range(120):
            self.assertIn(f"Row {number}", text)
        self.assertEqual(text.count("1,234,567.89"), 120)

    def test_signatures_never_stand_alone_on_a_page(self):
        """However long the table is: the page of the signatures shows rows of it, and no page is empty or short of a row."""
        for count in (1, 2, *range(26, 46)):
            rows = [[f"Row {number}.", "x"] for number in range(count)]
            for between in ([], [" between "]):
                with (
                    self.subTest(rows=count, between=between),
                    self._with_story(
                        lambda record, kit, rows=rows, between=between: [
                            kit.h("Above"),
                            kit.table(["Head A", "Head B"], rows, total=["Sum", "1"]),
                            *(kit.p(text) for text in between),
                            kit.signatures(["Cashier", "Accountant"]),
                        ]
                    ),
                ):
                    _reader, pages = read(self._pdf())
                self.assertIn("Cashier", pages[-1])
                self.assertIn("Sum", pages[-1])
                self.assertTrue(all("Row" in page for page in pages if "Above" in page), "nor does a heading")
                self.assertTrue(all("Row" in page for page in pages), "rows move along, and no page is left without")
                text = "".join(pages)
                self.assertEqual([text.count(row[0]) for row in rows], [1] * count)

    def test_a_cell_higher_than_a_page_is_cut_into_rows(self):
        words = " ".join(f"w{number}" for number in range(4000))
        with self._with_story(
            lambda record, kit: [kit.table(["A", "B"], [["first", words]], widths=[1, 1]), kit.pairs([("L", words)])]
        ):
            _reader, pages = read(self._pdf())
        text = "".join(pages)
        self.assertGreater(len(pages), 3)
        self.assertEqual((text.count("w3999"), text.count("first")), (2, 1))

    def test_every_block_of_the_kit(self):
        pixel = self.env["ir.actions.report"].barcode("QR", "x", width=40, height=40)

        def story(record, kit):
            return [
                kit.h("Heading"),
                *(kit.p("Text 文字", style) for style in ("body", "small", "right", "center", "bold")),
                kit.markup("<i>" + kit.escape("<safe>") + "</i>"),
                kit.pairs([("A", 1), ("B", None), ("C", False)], columns=3),
                kit.table(["A"], []),
                kit.columns([[kit.p("left")], kit.qr("https://example.com/中文", caption="Scan 扫码")], widths=[3, 1]),
                kit.box([kit.p("boxed"), kit.image(pixel, 20)]),
                kit.stamp("PAID 已付"),
                kit.signatures(["One", "Two", "Three", "Four"]),
                kit.space(5),
            ]

        with self._with_story(story):
            _reader, pages = read(self._pdf())
        for expected in ("Heading", "<safe>", "boxed", "PAID 已付", "Four", "Scan 扫码"):
            self.assertIn(expected, "".join(pages))

    def test_values_follow_the_language(self):
        self.env["res.lang"]._activate_lang("zh_CN")
        cny = self.env.ref("base.CNY")
        for lang, money in (("en_US", "1,234.50"), ("zh_CN", "1,234.50")):
            kit = Kit(self.env(context={"lang": lang}), self.env["pm.document"]._fonts(), 500, currency=cny)
            self.assertIn(money, kit.money(1234.5))
            self.assertIn("¥", kit.money(1234.5))
            self.assertTrue(kit.date(self.property.create_date.date()))
            self.assertEqual((kit.date(False), kit.num(1234567.891, 1)), ("", "1,234,567.9"))
        self.assertEqual(kit.money_words(1005.5), "人民币壹仟零伍元伍角整")

    def test_yuan_in_words(self):
        for amount, words in (
            (0, "零元整"),
            (0.05, "伍分"),
            (10.01, "壹拾元零壹分"),
            (10005, "壹万零伍元整"),
            (100000005, "壹亿零伍元整"),
            (1234567.89, "壹佰贰拾叁万肆仟伍佰陆拾柒元捌角玖分"),
            (-3.2, "负叁元贰角整"),
        ):
            self.assertEqual(yuan_words(amount), "人民币" + words)

    def test_many_records_in_one_file_with_their_own_pages(self):
        properties = self.env["pm.property"].create(
            [{"name": f"Property {number}", "code": f"P{number}"} for number in range(120)]
        )
        with self._with_story(lambda record, kit: [kit.p(record.name), kit.page_break(), kit.p("end")]):
            _reader, pages = read(self._pdf(properties))
        self.assertEqual(len(pages), 240)
        for number in (0, 99, 100, 119):
            self.assertIn(f"Property {number}\n", pages[2 * number])
            self.assertIn("Page 1 of 2", pages[2 * number])
            self.assertIn("Page 2 of 2", pages[2 * number + 1])

    def test_a_broken_record_is_named(self):
        broken = self.env["pm.property"].create({"name": "Broken Tower", "code": "B1"})

        def story(record, kit):
            if record == broken:
                raise ZeroDivisionError("boom")
            return [kit.p("fine")]

        with (
            self._with_story(story),
            self.assertRaisesRegex(UserError, "Broken Tower.*boom"),
            mute_logger("odoo.addons.pm_base.models.pm_document"),
        ):
            self._pdf(self.property | broken)

    def test_nothing_selected(self):
        with self.assertRaises(UserError):
            self.env["pm.document"]._pdf("pm_base.property_profile_report", self.env["pm.property"])

    def test_language_of_the_addressee_else_of_the_user(self):
        self.env["res.lang"]._activate_lang("zh_CN")
        self.owners[0].lang = "zh_CN"
        document = self.env["report.pm_base.property_profile"].with_context(lang="en_US")
        self.assertEqual(PmDocument._lang(document, self.property), "en_US")
        with patch.object(type(document), "_partner", lambda self, record: record.partner_id):
            self.property.partner_id = self.owners[0]
            self.assertEqual(document._lang(self.property), "zh_CN")
            self.owners[0].flush_recordset()
            self.env.cr.execute("UPDATE res_partner SET lang = 'fr_FR' WHERE id = %s", [self.owners[0].id])
            self.owners[0].invalidate_recordset(["lang"])
            self.assertEqual(
                document._lang(self.property), "en_US", "a language that is not installed cannot be printed"
            )

    def test_missing_font_is_explained(self):
        with (
            patch.object(fonts, "SYSTEM_FOLDERS", ()),
            patch.dict(os.environ, {"PM_FONT_DIR": "/nowhere"}),
            self.assertRaisesRegex(UserError, "/nowhere"),
        ):
            self._pdf()

    def test_configured_font(self):
        self.env["ir.config_parameter"].set_param("pm_base.pm_pdf_font", "uming.ttc")
        self.assertEqual(self.env["pm.document"]._fonts()[0], "pm-uming")

    def test_rights(self):
        elsewhere = self.env["pm.property"].create({"name": "Elsewhere", "code": "E1"})
        with self.assertRaises(AccessError):
            self.env["pm.document"].with_user(self.officer)._pdf("pm_base.property_profile_report", elsewhere)
        with self.assertRaises(AccessError):
            self.env["pm.document"].with_user(self.technician)._pdf("pm_base.key_customers_report", self.property)

    def test_key_customer_list(self):
        self.parties[0].write({"is_key_customer": True, "key_reason": "Whole floor"})
        _reader, pages = read(self.env["pm.document"]._pdf("pm_base.key_customers_report", self.property))
        self.assertIn("Owner 1", pages[0])
        self.assertIn("Whole floor", pages[0])
        self.assertNotIn("Owner 2", pages[0])

    def test_saved_as_attachment_and_printed_from_it_again(self):
        report = self.env.ref("pm_base.property_profile_report")
        report.write({"attachment": "'%s.pdf' % object.code", "attachment_use": True})
        first = self._pdf()
        attachment = self.env["ir.attachment"].search(
            [("res_model", "=", "pm.property"), ("res_id", "=", self.property.id), ("name", "=", "T1.pdf")]
        )
        self.assertEqual(attachment.raw, first)
        self.property.name = "Renamed"
        self.assertEqual(self._pdf(), first)

    def test_entries_of_core_lead_here(self):
        report = self.env.ref("pm_base.property_profile_report")
        for content, kind in (
            self.env["ir.actions.report"]._render(report, self.property.ids),
            self.env["ir.actions.report"]._render_qweb_pdf("pm_base.property_profile", self.property.ids),
        ):
            self.assertEqual((content[:4], kind), (b"%PDF", "pdf"))
        self.assertEqual(
            report.report_action(self.property)["report_type"], "pm_pdf", "no question about QWeb's layout in between"
        )


@tagged("post_install", "-at_install")
class TestDocumentRoutes(PmCase, HttpCase):
    def _download(self, ids):
        return self.url_open(
            "/report/download",
            data={
                "data": json.dumps([f"/report/pm_pdf/pm_base.property_profile/{ids}", "pm_pdf"]),
                "context": json.dumps({"lang": "en_US"}),
                "csrf_token": http.Request.csrf_token(self),
            },
        )

    def test_download_and_inline(self):
        self.authenticate("pm_officer", "pm_officer")
        response = self._download(self.property.id)
        self.assertEqual(response.status_code, 200)
        self.assertEqual(response.headers["Content-Type"], "application/pdf")
        self.assertIn("T1", response.headers["Content-Disposition"])
        self.assertTrue(response.content.startswith(b"%PDF"))
        inline = self.url_open(f"/report/pm_pdf/pm_base.property_profile/{self.property.id}")
        self.assertTrue(inline.headers["Content-Disposition"].startswith("inline"))

    @mute_logger("odoo.http")
    def test_errors_reach_the_dialog(self):
        self.authenticate("pm_officer", "pm_officer")
        elsewhere = self.env["pm.property"].create({"name": "Elsewhere", "code": "E1"})
        response = self._download(elsewhere.id)
        # As core's own reports answer: the web client takes an HTML body for the error to show.
        self.assertTrue(response.headers["Content-Type"].startswith("text/html"))
        self.assertIn("AccessError", response.text)

    @mute_logger("odoo.http")
    def test_not_for_strangers(self):
        response = self.url_open(f"/report/pm_pdf/pm_base.property_profile/{self.property.id}", allow_redirects=False)
        self.assertIn(response.status_code, (303, 403))
        self.authenticate("pm_portal_1", "pm_portal_1")
        self.assertEqual(self.url_open(f"/report/pm_pdf/pm_base.property_profile/{self.property.id}").status_code, 403)

    def test_the_print_menu_of_the_web_client(self):
        admin = self.env.ref("base.user_admin")
        self.property.user_ids |= admin
        name = self.env.ref("pm_base.property_profile_report").with_context(lang=admin.lang).name
        self.browser_js(
            f"/odoo/action-pm_base.pm_property_action/{self.property.id}",
            """
            (async () => {
                const wait = (ms) => new Promise((r) => setTimeout(r, ms));
                const until = async (find) => {
                    for (let i = 0; i < 100; i++) { const found = find(); if (found) return found; await wait(100); }
                    throw new Error("not found: " + find);
                };
                let sent = null;
                const original = XMLHttpRequest.prototype.open;
                XMLHttpRequest.prototype.open = function (method, url) {
                    if (String(url).includes("/report/download")) {
                        this.addEventListener("load", () => { sent = this.status + " " + this.getResponseHeader("Content-Type"); });
                    }
                    return original.apply(this, arguments);
                };
                (await until(() => document.querySelector(".o_cp_action_menus .fa-cog"))).closest("button").click();
                const print = (await until(() => document.querySelector(".o-dropdown--menu .fa-print"))).closest("button, .dropdown-item");
                print.click();
                const named = (text) => [...document.querySelectorAll(".o-dropdown--menu .o_menu_item")].find((e) => e.textContent.includes(text));
                (await until(() => named("REPORT"))).click();
                await until(() => sent);
                if (sent === "200 application/pdf") { console.log("test successful"); } else { console.error("download answered " + sent); }
            })().catch((error) => console.error(error.message));
            """.replace("REPORT", name),
            login="admin",
        )
