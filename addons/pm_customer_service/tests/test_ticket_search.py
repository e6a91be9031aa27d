"""What is typed above the list of tickets: words, people, or what a ticket is named by."""

from unittest.mock import patch

from odoo.tests import tagged

from odoo.addons.pm_base.tools import search

from .common import DeskCase


@tagged("post_install", "-at_install")
class TestTicketSearch(DeskCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.owners[0].write({"name": "王小明", "phone": "199 0000 0001"})
        cls.tap = cls.new_ticket("repair", name="厨房水龙头漏水", description="Drips since Sunday, 100 % sure")
        cls.lift = cls.new_ticket("repair", name="Lift", unit_id=False, partner_id=False, contact_name="路人甲")
        cls.lift.contact_phone = "0755-8888"
        cls.both = cls.tap | cls.lift

    def found(self, field, text, user=None):
        tickets = self.env["pm.ticket"].with_user(user or self.front_desk)
        return tickets.search([(field, "ilike", text), ("id", "in", self.both.ids)]).sudo(False).with_env(self.env)

    def test_words_are_looked_for_in_number_subject_and_description(self):
        for text in ("水龙头", "漏水", self.tap.number, self.tap.number[-4:].lower(), "since sunday", " 100 % "):
            with self.subTest(text=text):
                self.assertEqual(self.found("words", text.strip()), self.tap)
        for text in ("100%", "_rips", "\\", "' OR 1=1 --"):
            with self.subTest(text=text):
                self.assertFalse(self.found("words", text))
        rest = self.env["pm.ticket"].search([("words", "not ilike", "水龙头"), ("id", "in", self.both.ids)])
        self.assertEqual(rest, self.lift)

    def test_people_are_found_by_name_phone_and_as_callers(self):
        for text in ("王小明", "王小", "199 0000", "19900000001", "199-0000-0001"):
            with self.subTest(text=text):
                self.assertEqual(self.found("person", text), self.tap)
        for text in ("路人甲", "路人", "0755-8888"):
            with self.subTest(text=text):
                self.assertEqual(self.found("person", text), self.lift)
        self.assertFalse(self.found("person", "小明"), "two characters are the beginning of a name")
        self.assertFalse(self.found("person", "%%%"))

    def test_a_ticket_to_choose_is_named_by_any_of_them(self):
        names = lambda text: {row[0] for row in self.env["pm.ticket"].name_search(text, [("id", "in", self.both.ids)])}  # noqa: E731
        for text in ("水龙头", "王小明", self.units[0].code, self.tap.number):
            with self.subTest(text=text):
                self.assertEqual(names(text), {self.tap.id})
        self.assertEqual(names(""), set(self.both.ids))

    def test_a_usual_word_finds_the_same_as_a_rare_one(self):
        with patch.object(search, "FEW", 0):
            self.assertEqual(self.found("words", "水龙头"), self.tap)
            self.assertEqual(self.found("person", "王小明"), self.tap)
            self.assertEqual(self.found("person", "路人甲"), self.lift)
            self.assertFalse(self.found("words", "水龙头", self.outsider))

    def test_rules_and_the_archive_hold_for_what_is_found(self):
        self.assertFalse(self.found("words", "水龙头", self.outsider))
        self.assertFalse(self.found("person", "王小明", self.outsider))
        self.tap.sudo().active = False
        self.assertFalse(self.found("words", "水龙头"))
