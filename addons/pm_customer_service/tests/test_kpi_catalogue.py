"""The catalogue of key figures (Appendix 2): each is there, with the handbook's target, and opens just what it counts."""

from datetime import date

from freezegun import freeze_time
from odoo.tests import tagged

from .common import DeskCase, local

PERIOD = (date(2026, 11, 1), date(2026, 11, 30))
# Code -> (operator, target); None where the handbook names none.
CATALOGUE = {
    "KPI-01": (">=", 95),
    "KPI-03": (">=", 100),
    "KPI-04": (">=", 95),
    "KPI-05": (">=", 25),
    "KPI-06": (">=", 100),
    "KPI-07": (">=", 100),
    "KPI-08": (">=", 100),
    "KPI-09a": (">=", 100),
    "KPI-09b": (">=", 100),
    "KPI-10": (">=", 100),
    "KPI-11": (">=", 100),
    "KPI-12": (">=", 100),
    "KPI-13": (">=", 100),
    "KPI-14": (">=", 100),
    "KPI-15": (">=", 100),
    "KPI-16": (">=", 100),
    "KPI-17": ("<=", 5),
    "KPI-18": ("<=", 5),
    "KPI-19": (">=", 80),
    "KPI-20": (">=", 100),
    "KPI-21": (">=", 100),
    "KPI-25": (">=", 100),
    "KPI-25B": (">=", 100),
    "KPI-31": None,
    "KPI-33": (">=", 100),
    "KPI-34": (">=", 100),
}


@tagged("post_install", "-at_install")
class TestKpiCatalogue(DeskCase):
    def test_each_figure_has_the_target_of_the_handbook_and_names_its_source(self):
        figures = {kpi.code: kpi for kpi in self.env["pm.kpi"].search([("code", "in", list(CATALOGUE))])}
        self.assertEqual(set(figures), set(CATALOGUE))
        targets = self.env["pm.kpi.target"]
        for code, wanted in CATALOGUE.items():
            with self.subTest(kpi=code):
                self.assertTrue(figures[code].formula and figures[code].source)
                found = targets._lookup(figures[code], self.property, 2026)
                self.assertEqual((found.operator, found.value) if found else None, wanted)

    def test_what_a_figure_opens_is_what_it_counts(self):
        with freeze_time(local("2026-11-02 10:00")):
            for code in ("complaint", "repair", "inquiry", "suggestion"):
                values = {"decision": "adopted"} if code == "suggestion" else {}
                ticket = self.handle(self.new_ticket(code, severity="major"), **values)
                ticket.action_feedback()
            ticket.action_reply_by_phone()
        with freeze_time(local("2026-11-03 10:00")):
            for kpi in self.env["pm.kpi"].search([("code", "in", list(CATALOGUE))]):
                with self.subTest(kpi=kpi.code):
                    spec = kpi._specification(self.property, *PERIOD)
                    result = kpi._evaluate(self.property, *PERIOD)
                    for part in ("numerator", "denominator"):
                        model, domain, measure = spec[part]
                        found = self.env[model].with_user(self.supervisor).search(domain)
                        counted = sum(found.mapped(measure)) if measure else len(found)
                        self.assertEqual(counted, result[part])

    def test_the_talks_with_the_committee_and_key_customers_by_hand(self):
        """Committee: two months, one with a talk: 50 %. Key customers of the quarter: three, one talked to: 33 %."""
        duties = self.env["pm.contact.duty"].sudo()
        committee = self.env["pm.contact.rule"].search([("audience", "=", "committee")], limit=1)
        key = self.env["pm.contact.rule"].search([("audience", "=", "key_customer")], limit=1)
        common = {"property_id": self.property.id}
        for month, state in (("2026-10", "met"), ("2026-11", "missed")):
            duties.create(
                {
                    **common,
                    "rule_id": committee.id,
                    "audience": "committee",
                    "period_start": f"{month}-01",
                    "period_end": f"{month}-30",
                    "state": state,
                }
            )
        for owner, state in zip(self.owners[:3], ("met", "open", "missed"), strict=True):
            duties.create(
                {
                    **common,
                    "rule_id": key.id,
                    "audience": "key_customer",
                    "partner_id": owner.id,
                    "period_start": "2026-10-01",
                    "period_end": "2026-12-31",
                    "state": state,
                }
            )
        period = (date(2026, 10, 1), date(2026, 11, 30))
        value = lambda name: self.env.ref(f"pm_customer_service.kpi_{name}")._evaluate(self.property, *period)  # noqa: E731
        self.assertEqual(value("committee_contact"), {"numerator": 1, "denominator": 2, "value": 50})
        result = value("key_customer_contact")
        self.assertEqual((result["numerator"], result["denominator"]), (1, 3))
        self.assertAlmostEqual(result["value"], 100 / 3, 6)
