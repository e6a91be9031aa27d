from freezegun import freeze_time
from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from .common import DeskCase, local


@tagged("post_install", "-at_install")
class TestCounter(DeskCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.owners[0].write({"name": "王小明", "pm_plate": "粤B12345"})
        cls.water = cls.env.ref("pm_customer_service.ticket_category_water")
        cls.lift = cls.env.ref("pm_customer_service.ticket_category_lift")

    @property
    def counter(self):
        return self.env["pm.counter"].with_user(self.front_desk)

    def values(self, **values):
        return {
            "unit_id": self.units[0].id,
            "partner_id": self.owners[0].id,
            "type_id": self.types["repair"].id,
            "name": "Tap drips",
            "channel": "phone",
            **values,
        }

    def test_one_box_finds_by_unit_name_phone_plate_and_mail(self):
        for text in (
            "A-101",
            "a-101",
            "a101",
            "A座101室",
            "A 101",
            "王小明",
            "王小",
            "王",
            "19900000001",
            "0000 0001",
            "粤B12345",
            "owner1@owners",
        ):
            with self.subTest(text=text):
                rows = self.counter.counter_search(text)
                self.assertIn(self.units[0].id, [row["id"] for row in rows])
        self.assertEqual(self.counter.counter_search("  "), [])
        self.assertEqual(self.counter.counter_search("nobody of that name"), [])
        self.assertEqual(self.counter.counter_search("%_'\\; DROP TABLE pm_unit"), [])

    def test_exact_unit_comes_first_and_shows_people_and_what_is_open(self):
        self.new_ticket()
        self.new_ticket("repair", unit_id=self.units[1].id, partner_id=self.owners[1].id)
        self.env["pm.unit"].create({"code": "A-10", "property_id": self.property.id, "building_id": self.building.id})
        rows = self.counter.counter_search("A-10")
        self.assertEqual(rows[0]["name"], "A-10")
        row = next(row for row in rows if row["id"] == self.units[0].id)
        self.assertEqual((row["people"][0]["name"], row["people"][0]["role"], row["open"]), ("王小明", "Owner", 1))

    def test_search_is_one_statement(self):
        self.counter.counter_search("A-10")  # warm: rules and fields
        with self.assertQueryCount(3):  # who may see what, then the search itself
            self.counter.counter_search("A-10")

    def test_ticket_number_leads_to_the_ticket(self):
        ticket = self.new_ticket()
        for text in (ticket.number, ticket.number[-5:]):
            with self.subTest(text=text):
                row = self.counter.counter_search(text)[0]
                self.assertEqual((row["ticket_id"], row["id"]), (ticket.id, self.units[0].id))

    def test_households_of_other_properties_are_not_found(self):
        foreign = self.property.copy({"code": "T2", "user_ids": False})
        block = self.building.copy({"property_id": foreign.id})
        unit = self.units[0].copy({"property_id": foreign.id, "building_id": block.id, "zone_id": False, "code": "Z-9"})
        self.assertEqual(self.counter.counter_search("Z-9"), [])
        with self.assertRaises(AccessError):
            self.counter.counter_household(unit.id)
        for user in (self.portal_user, self.outsider):
            with self.subTest(user=user.login):
                try:
                    self.assertEqual(self.env["pm.counter"].with_user(user).counter_search("A-102"), [])
                except AccessError:
                    continue

    def test_household_at_a_glance(self):
        with freeze_time(local("2026-11-02 10:00")):
            self.units[0].warranty_until = "2027-01-01"
            ticket = self.new_ticket(promised_date=local("2026-11-03 10:00"))
            home = self.counter.counter_household(self.units[0].id)
        self.assertEqual((home["caller_id"], home["butler"]), (self.owners[0].id, "Officer"))
        self.assertEqual([person["name"] for person in home["people"]], ["王小明"])
        row = home["tickets"][0]
        self.assertEqual((row["id"], row["promised"]), (ticket.id, "2026-11-03 02:00:00"))
        self.assertIn("2027-01-01", home["hints"][0]["text"])
        with self.assertRaises(UserError):
            self.counter.counter_household(999999999)

    def test_recorded_with_its_clocks(self):
        with freeze_time(local("2026-11-02 10:00")):
            done = self.counter.counter_record(self.values(category_id=self.water.id, description="Kitchen"))
        ticket = self.env["pm.ticket"].browse(done["id"])
        self.assertEqual(
            (ticket.first_receiver_id, ticket.channel, ticket.team_id, done["team"], done["needs_visit"]),
            (self.front_desk, "phone", self.team, "Engineering", True),
        )
        self.assertEqual(done["clocks"][0]["due"], "2026-11-02 02:30:00")

    def test_solved_at_the_counter(self):
        done = self.counter.counter_record(
            self.values(type_id=self.types["inquiry"].id, solution="Told him the opening hours.")
        )
        ticket = self.env["pm.ticket"].browse(done["id"])
        self.assertEqual((ticket.state, ticket.user_id, ticket.outcome), ("handled", self.front_desk, "solved_now"))

    def test_caller_without_a_unit(self):
        done = self.counter.counter_record(
            {
                "property_id": self.property.id,
                "contact_name": "Visitor",
                "contact_phone": "13800000000",
                "type_id": self.types["help"].id,
                "name": "Lost child",
                "channel": "counter",
            }
        )
        ticket = self.env["pm.ticket"].browse(done["id"])
        self.assertEqual(
            (ticket.contact_name, ticket.unit_id.id, ticket.property_id), ("Visitor", False, self.property)
        )

    def test_what_is_read_on_the_community_site_is_entered_as_such(self):
        """S0-27: whoever looks through the site records what he finds; the answer has its clock as any other."""
        self.assertIn("community", [channel["code"] for channel in self.counter.counter_setup()["channels"]])
        done = self.counter.counter_record(self.values(type_id=self.types["suggestion"].id, channel="community"))
        ticket = self.env["pm.ticket"].browse(done["id"])
        self.assertEqual((ticket.channel, ticket.first_receiver_id), ("community", self.front_desk))
        self.assertTrue(done["clocks"])

    def test_what_is_missing_or_forged_is_refused(self):
        for values, words in (
            ({"name": " "}, "few words"),
            ({"unit_id": False}, "property or the unit"),
            ({"channel": "email"}, "how it reached you"),
            ({"channel": None}, "how it reached you"),
        ):
            with self.subTest(values=values), self.assertRaisesRegex(UserError, words):
                self.counter.counter_record(self.values(**values))
        done = self.counter.counter_record(self.values(state="closed", first_receiver_id=self.manager.id, number="X"))
        ticket = self.env["pm.ticket"].browse(done["id"])
        self.assertEqual((ticket.state, ticket.first_receiver_id), ("new", self.front_desk))

    def test_likely_duplicates_while_typing(self):
        same = self.new_ticket("repair", name="Kitchen tap drips", category_id=self.water.id)
        neighbour = self.new_ticket(
            "repair", name="Lift does not stop", category_id=self.lift.id, unit_id=self.units[1].id
        )
        self.assertTrue(neighbour.is_common_part)
        other = self.new_ticket("repair", name="Window broken")
        find = lambda **values: [  # noqa: E731
            row["id"]
            for row in self.counter.counter_similar({"unit_id": self.units[0].id, "text": "", **values})["tickets"]
        ]
        self.assertEqual(find(text="tap in kitchen drips"), same.ids)
        self.assertEqual(find(category_id=self.lift.id, text="Stuck"), neighbour.ids, "a common part of the house")
        self.assertNotIn(other.id, find(text="tap in kitchen drips"))
        self.assertEqual(find(text="nothing of the kind"), [])
        self.handle(same)
        self.assertEqual(find(text="tap in kitchen drips"), [])

    def test_customer_who_asks_again_is_counted_and_the_handler_told(self):
        ticket = self.new_ticket(user_id=self.officer.id)
        self.counter.counter_urge(ticket.id, "When will somebody come?")
        self.counter.counter_urge(ticket.id)
        self.assertEqual(ticket.urge_count, 2)
        self.assertEqual(ticket.sudo().activity_ids.mapped("user_id"), self.officer)
        self.assertIn("When will somebody come?", "".join(ticket.sudo().message_ids.mapped("body")))
        nobody = self.new_ticket("help")
        self.counter.counter_urge(nobody.id)
        self.assertEqual(nobody.sudo().activity_ids.user_id, self.supervisor)
        self.handle(ticket)
        with self.assertRaises(UserError):
            self.counter.counter_urge(ticket.id)
        with self.assertRaises(UserError):
            ticket.with_user(self.officer).write({"urge_count": 0})
