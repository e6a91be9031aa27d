from odoo import http
from odoo.addons.portal.controllers.portal import CustomerPortal
from odoo.fields import Domain
from odoo.http import request
from odoo.tools import html2plaintext

from odoo.addons.pm_base.tools.typed import typed_int

MAX_QUERY = 100
LIMIT = 50
SUGGESTIONS = 4
TEASER = 120


class FaqPortal(CustomerPortal):
    """Answers in the portal: what is approved and ticked for it, of the user's own properties, and nothing else."""

    def _prepare_home_portal_values(self, counters):
        values = super()._prepare_home_portal_values(counters)
        if "pm_faq_count" in counters:
            # sudo: residents have no right on the model, and the domain holds what is published for them
            values["pm_faq_count"] = request.env["pm.faq"].sudo().search_count(self._published())
        return values

    def _published(self):
        # The record rules of units decide whose property it is; answers themselves have no portal rights.
        return request.env["pm.faq"].sudo()._published(request.env["pm.unit"].search([]).property_id)

    def _find(self, text, category_id=None, limit=LIMIT):
        """Return the published answers for the words ``text``: those that hold each word, then those that sound alike."""
        # sudo: see _published
        faqs = request.env["pm.faq"].sudo()
        domain = self._published()
        if category_id:
            domain &= Domain("category_id", "child_of", category_id)
        words = (text or "").strip()[:MAX_QUERY].split()
        if not words:
            return faqs.search(domain, limit=limit, order="category_id, name")
        exact = domain & Domain.AND(
            Domain("name", "ilike", word) | Domain("keywords", "ilike", word) | Domain("answer", "ilike", word)
            for word in words
        )
        found = faqs.search(exact, limit=limit)
        return found | faqs._suggest(" ".join(words), domain & Domain("id", "not in", found.ids), limit=SUGGESTIONS)

    @http.route("/my/answers", type="http", auth="user", website=True, readonly=True)
    def portal_answers(self, search=None, category=None, **kwargs):
        """Search box and list."""
        category_id = typed_int(category, None)
        faqs = self._find(search, category_id)
        # sudo: as in _prepare_home_portal_values, within what is published
        everything = request.env["pm.faq"].sudo()._read_group(self._published(), ["category_id"], ["__count"])
        values = self._prepare_portal_layout_values() | {
            "page_name": "pm_faq",
            "faqs": faqs,
            "search": (search or "")[:MAX_QUERY],
            "category_id": category_id,
            "categories": [(group, count) for group, count in everything if group],
        }
        return request.render("pm_customer_service.portal_answers", values)

    @http.route("/my/answers/<int:faq_id>", type="http", auth="user", website=True, readonly=True)
    def portal_answer_page(self, faq_id, **kwargs):
        # sudo: as in _prepare_home_portal_values, within what is published
        faq = request.env["pm.faq"].sudo().search(self._published() & Domain("id", "=", faq_id))
        if not faq:
            return request.redirect("/my/answers")
        values = self._prepare_portal_layout_values() | {"page_name": "pm_faq", "faq": faq}
        return request.render("pm_customer_service.portal_answer_page", values)

    @http.route("/my/answers/suggest", type="jsonrpc", auth="user", readonly=True)
    def portal_answers_suggest(self, text=""):
        """Return the answers nearest to what is being typed into the form of a new request."""
        if not isinstance(text, str) or not text.strip():
            return []
        # sudo: as in _prepare_home_portal_values, within what is published
        faqs = request.env["pm.faq"].sudo()._suggest(text[:MAX_QUERY], self._published(), limit=SUGGESTIONS)
        return [
            {
                "name": faq.name,
                "url": f"/my/answers/{faq.id}",
                "teaser": html2plaintext(faq.answer or "").strip().replace("\n", " ")[:TEASER],
            }
            for faq in faqs
        ]
