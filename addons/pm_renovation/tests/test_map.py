from odoo.tests.common import tagged

from .common import RenovationCase, at


@tagged("post_install", "-at_install")
class TestMap(RenovationCase):
    def test_map_shows_every_unit_and_the_state_of_its_site(self):
        self.units[0].floor, self.units[1].floor, self.units[2].floor = "2F", "1F", "B1"
        with at("2026-11-20 10:00"):
            case = self.bring_to("in_progress")
            self.env["pm.renovation"]._plan_patrols(self.property)
            self.env["pm.renovation.violation"].create(
                {
                    "renovation_id": case.id,
                    "type_id": self.env.ref("pm_renovation.violation_noise").id,
                    "description": "Drilling",
                }
            )
            waiting = self.bring_to("submitted", self.make_case(self.units[1]))
        with at("2026-11-25 10:00"):
            self.env["pm.renovation"]._plan_patrols(self.property)
            self.env.invalidate_all()
            data = self.env["pm.renovation"].with_user(self.supervisor).get_floor_map(self.building.id)
        self.assertEqual([floor["name"] for floor in data["floors"]], ["2F", "1F", "B1"])
        tiles = {unit["code"]: unit for floor in data["floors"] for unit in floor["units"]}
        site = tiles["A-101"]["case"]
        self.assertEqual((site["id"], site["group"], site["violations"], site["missed"]), (case.id, "site", 1, 1))
        self.assertEqual((tiles["A-102"]["case"]["id"], tiles["A-102"]["case"]["overdue"]), (waiting.id, True))
        self.assertFalse(tiles["A-103"]["case"])
        self.assertTrue(tiles["A-103"]["status_label"])
        self.assertEqual(data["counts"], {"site": 1, "applying": 1})

    def test_map_shows_only_ones_own_properties(self):
        other = self.officer.copy({"login": "pm_map_officer", "pm_property_ids": [(5,)]})
        data = self.env["pm.renovation"].with_user(other).get_floor_map(self.building.id)
        self.assertNotIn(self.building.id, [building["id"] for building in data["buildings"]])
        self.assertFalse(data["floors"])

    def test_deposits_by_age_and_days_to_refund(self):
        with at("2026-03-01 10:00"):
            old = self.bring_to("deposit_paid")
        with at("2026-11-01 10:00"):
            paid = self.bring_to("accepted", self.make_case(self.units[1]))
        with at("2026-11-04 10:00"):
            self.bring_to("refunded", paid)
            self.env.flush_all()
            Report = self.env["pm.deposit.report"].with_user(self.accountant)
            rows = {row.deposit_id: row for row in Report.search([("property_id", "=", self.property.id)])}
            self.assertEqual(paid.deposit_id.refund_days, 3)
            row = rows[old.deposit_id]
            self.assertEqual((row.age_days, row.age, row.amount_held), (248, "3", 3000.0))
            row = rows[paid.deposit_id]
            self.assertEqual((row.state, row.refund_days, row.amount_held), ("refunded", 3, 0.0))
            self.assertEqual(row.action_open_deposit()["res_id"], paid.deposit_id.id)
            groups = Report._read_group(
                [("property_id", "=", self.property.id)], ["age"], ["amount_held:sum", "refund_days:avg"]
            )
            self.assertIn(("3", 3000.0, None), [(age, held, days or None) for age, held, days in groups])
