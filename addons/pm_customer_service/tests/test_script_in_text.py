import io
import re
import threading
from unittest.mock import patch

from odoo import fields
from odoo.tests import HttpCase, tagged
from odoo.tools import SQL, html_sanitize
from pypdf import PdfReader

from .test_dispatch import picture
from .test_faq import FaqCase
from .test_occupancy import PIXEL, MoveCase
from .test_service_long import LongCase
from .test_survey import SurveyCase

MODULE = "pm_customer_service"
RUNS = re.compile(r"<script>pm_|<img src=x", re.I)
SHOWN = re.compile(r"(?:&lt;|<)script(?:&gt;|>)([a-z_]+\.[a-z_]+)")
# What the program itself reads: keys, names of models, domains, files; what stands in addresses; and a unit of
# measure, which the database holds to 30 characters.
READ_BY_PROGRAM = {
    "access_token",
    "alias_defaults",
    "content_hash",
    "domain",
    "filename",
    "icon",
    "kind",
    "model",
    "months",
    "parent_path",
    "res_model",
    "terms_hash",
    "unit",
}
# Texts of other add-ons that stand on our pages.
FOREIGN = {"res.partner": ("name",), "pm.property": ("name",), "pm.unit": ("name",), "pm.building": ("name",)}


def evil(model, field, record_id=0):
    return f"<script>{model.replace('.', '_')}.{field}</script>{record_id}<img src=x onerror=alert(1)>"


@tagged("post_install", "-at_install")
class TestScriptInText(FaqCase, MoveCase, LongCase, SurveyCase, HttpCase):
    """Whatever text holds a script: no page, document, message or computed HTML of the add-on gives it back as one.

    The texts are written into the tables, past every check: the last door must hold when the first ones fail.
    """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.records = cls._live_through()
        cls.texts = cls._poison()

    @classmethod
    def _live_through(cls):
        """One of everything that a customer, a caller or a reader of papers gets to see."""
        env = cls.env
        repair = cls.new_ticket("repair", category_id=env.ref("pm_customer_service.ticket_category_water").id)
        repair.write({"user_id": cls.technician.id, "agreed_action": "A new washer tomorrow at ten"})
        job = repair.with_user(cls.technician)
        job.job_plan("2030-01-02 02:00:00")
        job.job_arrive()
        job.job_photo("after", picture())
        job.job_material("Washer", "1", "piece")
        job.job_finish({"result": "Replaced", "signature": picture(), "signed_by": "Owner 1"})
        env["pm.followup"].with_user(cls.front_desk).create({"ticket_id": repair.id, "satisfied": "unreachable"})
        cls.new_ticket()
        env["pm.incident"].create({"name": "Water off", "property_id": cls.property.id, "public_text": "A pipe burst."})
        env["pm.hotline"].create(
            {"name": "Day", "phone": "111", "property_id": cls.property.id, "valid_from": "2024-01-01"}
        )
        faq = cls.faq(portal_ok=True)
        order = cls.order("quoted")
        cls.order("done")
        cls.sheet("approved")
        agreement = env["pm.service.agreement"].create(
            {
                "unit_id": cls.units[0].id,
                "team_id": cls.team.id,
                "date_start": "2026-01-31",
                "date_end": "2026-12-30",
                "line_ids": [(0, 0, {"item_id": cls.cleaning.id, "quantity": 3})],
            }
        )
        move = cls.move(move_date="2030-01-03", appointment_at="2030-01-03 02:00:00")
        env["pm.occupancy.defect"].create({"occupancy_id": move.id, "place": "Kitchen", "name": "Scratch"})
        move.action_send_notice()
        env["pm.acknowledgment"].with_user(cls.front_desk)._record(move.party_id, "screen", "Owner 1", PIXEL)
        visit = env["pm.visit"].with_user(cls.officer).create({"unit_id": cls.units[0].id, "talk": "Fine"})
        env["pm.visit.topic"].create({"visit_id": visit.id, "words": "Why?", "answer": "Because."})
        survey = env["pm.survey.round"].create(
            {"name": "Autumn", "property_id": cls.property.id, "date_close": "2099-01-01"}
        )
        survey.action_fill()
        survey.action_distribute()
        result = survey.copy({"name": "Summer", "date_close": "2099-01-01"})
        result.action_fill()
        result.action_distribute()
        for row in result.invitation_ids:
            cls.answer(cls, row, {"repair": 2, "cleaning": 4}, {"repair": 5, "cleaning": 4}, "Well")
        result.action_close()
        env["pm.improvement.action"].create(
            {
                "name": "Better taps",
                "round_id": result.id,
                "property_id": cls.property.id,
                "dimension_id": env.ref("pm_customer_service.survey_dimension_repair").id,
                "user_id": cls.officer.id,
                "date_due": "2030-01-01",
            }
        )
        result.summary = "Taps are mended sooner."
        result.action_publish()
        return {
            "ticket_id": repair.ids,
            "photo_id": repair.photo_ids.ids,
            "faq_id": faq.ids,
            "order_id": order.ids,
            "move_id": move.ids,
            "agreement": agreement.ids,
            "survey": survey.ids,
        }

    @classmethod
    def _poison(cls):
        """Write a script into every text of every table of the add-on; returns the names of the fields."""
        env = cls.env
        env.flush_all()
        written = set()
        own = {
            name: [field.name for field in model._fields.values() if cls._is_text(field)]
            for name, model in env.registry.items()
            if model._original_module == MODULE and not model._abstract and not model._transient
        }
        for model, names in (own | FOREIGN).items():
            for name in names:
                field = env[model]._fields[name]
                text = evil(model, name)
                value = SQL("%s || id", text)  # some are unique
                if field.type == "html":
                    value = SQL("%s::text", str(html_sanitize(text)))
                if field.translate:
                    value = SQL("jsonb_build_object('en_US', %s)", value)
                env.cr.execute(
                    SQL(
                        "UPDATE %s SET %s = %s WHERE %s IS NOT NULL",
                        SQL.identifier(env[model]._table),
                        SQL.identifier(name),
                        value,
                        SQL.identifier(name),
                    )
                )
                if env.cr.rowcount:
                    written.add(f"{model.replace('.', '_')}.{name}")
        env.invalidate_all()
        env.registry.clear_cache()
        return written

    @staticmethod
    def _is_text(field):
        return field.store and field.type in ("char", "text", "html") and field.name not in READ_BY_PROGRAM

    def assert_dead(self, text, where):
        """Fails where a script of ours stands in the text as a script."""
        found = RUNS.search(text)
        self.assertFalse(found, f"{where}: …{text[max(found.start() - 100, 0) : found.end() + 150]}…" if found else "")

    def seen(self, text):
        return set(SHOWN.findall(text))

    def test_the_net_catches_a_script(self):
        for text in (evil("pm.ticket", "name"), f"<p>{evil('pm.ticket', 'name')}</p>", "<IMG SRC=x onerror=alert(1)>"):
            with self.assertRaises(AssertionError):
                self.assert_dead(text, "here")
        self.assertEqual(self.seen("&lt;script&gt;pm_ticket.name&lt;/script&gt;"), {"pm_ticket.name"})
        texts = {f"{model.replace('.', '_')}.{name}" for model, name in (("pm.ticket", "name"), ("pm.faq", "answer"))}
        self.assertLessEqual(texts, self.texts)
        self.assertGreater(len(self.texts), 60, "the tables hold texts to write into")

    def test_no_page_of_the_portal_runs_a_script_out_of_a_text(self):
        seen = set()
        for url in self.pages():
            # The screen in the hall is a colleague's page.
            self.login(self.front_desk if url.startswith("/pm/queue/") else self.portal_user)
            answer = self.url_open(url)
            if answer.status_code != 200:
                self.fail(f"{url}: {answer.status_code}")
            if answer.headers["Content-Type"].startswith("text/html"):
                self.assertTrue(answer.url.split("?")[0].endswith(url.split("?")[0]), f"{url} went to {answer.url}")
                self.assert_dead(answer.text, url)
                seen |= self.seen(answer.text)
        for text in (
            *("pm_ticket.name", "pm_ticket.agreed_action", "pm_ticket.solution", "pm_ticket_type.name"),
            *("pm_incident.name", "pm_incident.public_text", "pm_hotline.name", "pm_faq.name"),
            *("pm_service_item.name", "pm_service_order_line.name", "pm_occupancy_item_type.name"),
            *("pm_survey_round.name", "pm_survey_round.summary", "pm_improvement_action.name", "res_partner.name"),
        ):
            self.assertIn(text, seen, "it stands on a page, as text")

    def login(self, user):
        if self.session and self.session.uid == user.id:
            return
        user.sudo().password = user.login
        self.authenticate(user.login, user.login)

    def pages(self):
        """Every page of the add-on that is opened by GET, for each record of the household; a new route joins by itself."""
        ids = self.records
        move = self.env["pm.occupancy"].browse(ids["move_id"])
        codes = ["notice", *(code for code, _label in move._pack_codes())]
        values = {"page": [1], "code": codes, "book_id": self.book.ids, "property_id": self.property.ids, **ids}
        # The answer of the one who looks: another's is refused with a page that shows nothing.
        answers = self.env["survey.user_input"].search([("state", "=", "new")])
        own = answers.filtered(lambda answer: answer.partner_id == self.portal_user.partner_id)[:1]
        self.assertTrue(own, "a questionnaire of the household waits")
        urls = [f"/survey/{own.survey_id.access_token}/{own.access_token}"]
        # The map is made for the database of the thread, and only the server's threads have one.
        with patch.object(threading.current_thread(), "dbname", self.env.cr.dbname, create=True):
            routes = self.env["ir.http"].routing_map()
        for rule in routes.iter_rules():
            module = getattr(rule.endpoint.func, "__module__", "")
            methods = rule.endpoint.routing.get("methods") or ["GET"]
            if f".{MODULE}." not in f"{module}." or "GET" not in methods or rule.endpoint.routing["type"] != "http":
                continue
            combinations = [{}]
            for name in sorted(rule.arguments):
                combinations = [{**known, name: value} for known in combinations for value in values[name]]
            urls += [rule.build(values)[1] for values in combinations]
        return urls

    def test_no_document_takes_a_text_for_markup(self):
        reports = self.env["ir.actions.report"].search([("report_name", "like", f"{MODULE}.")])
        self.assertGreater(len(reports), 10)
        seen = set()
        register = self.env["pm.register"]
        for report in reports:
            records = self.env[report.model].search([], limit=3, order="id desc")
            if report.model == "pm.register":
                year = fields.Date.today().year
                kinds = [code for code, _label in register._fields["kind"].selection]
                period = {"property_id": self.property.id, "date_from": f"{year}-01-01", "date_to": f"{year}-12-31"}
                records = register.create([{"kind": kind, **period} for kind in kinds])
            elif report.model == "pm.property":
                records = self.property
            self.assertTrue(records, report.report_name)
            for record in records:
                content, _kind = self.env["ir.actions.report"]._render(report, record.ids)
                text = "".join(page.extract_text() for page in PdfReader(io.BytesIO(content)).pages)
                found = self.seen(re.sub(r"\s", "", text))
                if record == records[:1] and report.model != "pm.register":
                    self.assertTrue(found, f"{report.report_name} shows texts")
                seen |= found
        for text in ("pm_ticket.name", "pm_service_order_line.name", "pm_occupancy_defect.name"):
            self.assertIn(text, seen)

    def test_no_message_carries_a_script(self):
        seen = set()
        for template in self._of_module("mail.template"):
            record = self.env[template.model].search([], limit=1, order="id desc")
            self.assertTrue(record, template.name)
            body = str(template._render_field("body_html", record.ids)[record.id])
            self.assert_dead(body, template.name)
            seen |= self.seen(body)
        self.assertIn("res_partner.name", seen)
        self.assertIn("pm_ticket.name", seen)

    def test_what_is_said_at_a_step_stays_text_in_the_log(self):
        said = evil("pm.ticket", "words")
        ticket = self.new_ticket()
        ticket.action_urge(said)
        self.handle(ticket)
        ticket.with_user(self.supervisor).action_reopen(said)
        ticket.with_user(self.front_desk).write({"description": said})
        bodies = " ".join(map(str, ticket.message_ids.mapped("body")))
        self.assert_dead(bodies, "the log of a ticket")
        self.assertIn("pm_ticket.words", self.seen(bodies))

    def test_what_is_computed_as_html_is_escaped_or_cleaned(self):
        seen = set()
        for name, model in self.env.registry.items():
            if model._original_module != MODULE or model._abstract or model._transient:
                continue
            for field in model._fields.values():
                if field.type != "html":
                    continue
                self.assertTrue(field.sanitize or not field.store, f"{name}.{field.name}: typed HTML is cleaned")
                for record in self.env[name].search([], limit=5, order="id desc"):
                    self.assert_dead(str(record[field.name] or ""), f"{name}.{field.name}")
                    seen |= self.seen(str(record[field.name] or ""))
        self.assertIn("res_partner.name", seen, "the household beside a ticket names its people")

    def _of_module(self, model):
        data = self.env["ir.model.data"].search([("module", "=", MODULE), ("model", "=", model)])
        return self.env[model].browse(data.mapped("res_id"))
