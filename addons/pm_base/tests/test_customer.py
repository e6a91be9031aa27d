from unittest.mock import patch

from odoo.tests.common import tagged

from .common import PmCase


@tagged("post_install", "-at_install")
class TestCustomer(PmCase):
    """Classes and categories: what a search finds is what the contact shows (S1-21, S3-32)."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.wife, cls.firm, cls.visitor = cls.env["res.partner"].create(
            [{"name": "Wife"}, {"name": "Firm", "is_company": True}, {"name": "Visitor"}]
        )
        cls.env["pm.unit.party"].create(
            [
                {"unit_id": cls.units[0].id, "partner_id": cls.wife.id, "role": "household", "date_from": "2024-01-01"},
                {"unit_id": cls.units[1].id, "partner_id": cls.firm.id, "role": "merchant", "date_from": "2024-01-01"},
            ]
        )
        cls.everybody = cls.owners | cls.wife | cls.firm | cls.visitor | cls.officer.partner_id
        cls.counts = {cls.owners[0].id: 6, cls.owners[1].id: 5, cls.firm.id: 7}
        cls.parties[2].write({"is_key_customer": True, "key_reason": "Anchor"})

    def assertSearchFindsWhatIsShown(self, field, values):
        for value in values:
            shown = self.everybody.filtered(lambda partner, value=value: partner[field] == value)
            found = self.everybody.search([("id", "in", self.everybody.ids), (field, "=", value)])
            self.assertEqual(found, shown.sorted(), value)
            others = self.everybody.search([("id", "in", self.everybody.ids), (field, "!=", value)])
            self.assertEqual(others, (self.everybody - shown).sorted(), f"not {value}")

    def test_customer_classes_are_searched_as_they_are_shown(self):
        with patch.object(
            type(self.env["res.partner"]),
            "_pm_contact_counts",
            lambda partners, since: {p.id: self.counts[p.id] for p in partners if p.id in self.counts},
        ):
            self.assertEqual(self.owners.mapped("pm_customer_class"), ["frequent", "ordinary", "key"])
            self.assertEqual(self.wife.pm_customer_class, "silent")
            self.assertSearchFindsWhatIsShown("pm_customer_class", ("key", "frequent", "ordinary", "silent", False))
            self.company.pm_frequent_ticket_count = 8
            self.env.invalidate_all()
            self.assertEqual(self.firm.pm_customer_class, "ordinary", "the number is the company's setting")
            self.assertSearchFindsWhatIsShown("pm_customer_class", ("frequent", "ordinary"))
            parties = self.env["pm.unit.party"].search(
                [("property_id", "=", self.property.id), ("customer_class", "=", "key")]
            )
            self.assertEqual(parties, self.parties[2])

    def test_categories_are_searched_as_they_are_shown(self):
        self.assertEqual(
            self.everybody.mapped("pm_category"),
            ["owner", "owner", "owner", "household", "merchant", "other", "staff"],
        )
        self.assertSearchFindsWhatIsShown("pm_category", ("owner", "merchant", "tenant", "household", "other", "staff"))

    def test_front_desk_searches_classes_and_categories(self):
        Partner = self.env["res.partner"].with_user(self.front_desk)
        own = [("id", "in", self.everybody.ids)]
        self.assertEqual(Partner.search([*own, ("pm_category", "=", "staff")]), self.officer.partner_id)
        self.assertEqual(Partner.search([*own, ("pm_customer_class", "=", "key")]), self.owners[2])

    def test_a_number_of_contacts_of_zero_is_refused(self):
        with self.assertRaisesRegex(Exception, "above zero|pm_thresholds_positive"), self.cr.savepoint():
            self.company.pm_frequent_ticket_count = 0
            self.company.flush_recordset()
