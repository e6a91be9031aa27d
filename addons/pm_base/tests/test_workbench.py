from odoo.exceptions import AccessError, ValidationError
from odoo.tests.common import tagged
from odoo.tools import mute_logger

from .common import PmCase


@tagged("post_install", "-at_install")
class TestWorkbench(PmCase):
    """The first screen after login: each role sees its own tiles, counted with its own rights."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.tile = cls.env["pm.workbench.tile"].create(
            {
                "name": "Big units",
                "group_ids": [(6, 0, cls.env.ref("pm_base.group_officer").ids)],
                "action_id": cls.env.ref("pm_base.pm_unit_action").id,
                "domain": "[('area_chargeable', '>', 90), ('property_id.code', '=', 'T1')]",
                "late_domain": "[('area_chargeable', '>', 110)]",
            }
        )

    def _mine(self, user):
        return self.env["pm.workbench.tile"].with_user(user).search([("is_mine", "=", True)])

    def test_a_tile_counts_what_waits_and_what_is_late(self):
        tile = self.tile.with_user(self.officer)
        self.assertEqual((tile.count, tile.late_count), (2, 1))

    def test_a_tile_counts_with_the_rights_of_who_looks(self):
        self.property.user_ids -= self.officer
        self.assertEqual(self.tile.with_user(self.officer).count, 0, "another property's units are not counted")

    def test_only_roles_given_directly_have_the_tile(self):
        self.assertIn(self.tile, self._mine(self.officer))
        self.assertNotIn(self.tile, self._mine(self.cashier))
        # A project manager is an officer by implication; his own screen stays short.
        self.assertIn(self.env.ref("pm_base.group_officer"), self.manager.all_group_ids)
        self.assertNotIn(self.tile, self._mine(self.manager))
        self.manager.group_ids += self.env.ref("pm_base.group_officer")
        self.assertIn(self.tile, self._mine(self.manager))

    def test_a_tile_without_roles_is_everybodys(self):
        self.tile.group_ids = False
        self.assertIn(self.tile, self._mine(self.cashier))

    def test_a_tile_to_records_that_one_may_not_read_is_not_shown(self):
        consents = self.env.ref("pm_base.pm_consent_action")
        self.tile.write({"group_ids": False, "action_id": consents.id, "domain": False, "late_domain": False})
        self.assertIn(self.tile, self._mine(self.front_desk))
        self.assertNotIn(self.tile, self._mine(self.cashier))

    def test_opening_a_tile_shows_exactly_what_it_counts(self):
        tile = self.tile.with_user(self.officer)
        action = tile.action_open()
        self.assertEqual(action["res_model"], "pm.unit")
        self.assertEqual(self.env["pm.unit"].with_user(self.officer).search_count(action["domain"]), tile.count)
        self.assertFalse([key for key in action["context"] if key.startswith("search_default_")])

    def test_uid_is_the_one_who_looks(self):
        self.tile.write({"domain": "[('user_id', '=', uid)]", "late_domain": False})
        self.units[0].user_id = self.officer
        self.assertEqual(
            self.tile.with_user(self.officer).count, len(self.units.filtered(lambda u: u.user_id == self.officer))
        )
        self.assertEqual(self.tile.with_user(self.assistant).count, 0)

    def test_a_shortcut_has_no_count(self):
        self.tile.write({"domain": False, "late_domain": False})
        self.assertEqual(self.tile.count, 0)
        self.assertFalse(self.tile.is_broken)
        self.assertEqual(self.tile.action_open()["res_model"], "pm.unit")

    def test_a_wrong_condition_is_refused(self):
        for condition in (
            "[('no_such_field', '=', 1)]",
            "[('name', '=', ",
            "__import__('os')",
            "[('name', 'like?', 1)]",
        ):
            with (
                self.subTest(condition=condition),
                self.assertRaises(ValidationError),
                mute_logger("odoo.tools.safe_eval"),
            ):
                self.tile.domain = condition

    def test_a_tile_does_not_run_code(self):
        server_action = self.env["ir.actions.server"].create(
            {"name": "x", "model_id": self.env["ir.model"]._get_id("pm.unit"), "state": "code", "code": "pass"}
        )
        with self.assertRaises(ValidationError):
            self.tile.write({"action_id": server_action.id, "domain": False})

    def test_a_broken_tile_does_not_break_the_screen(self):
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE pm_workbench_tile SET domain = '[(''gone'', ''='', 1)]' WHERE id = %s", [self.tile.id]
        )
        self.tile.invalidate_recordset()
        with mute_logger("odoo.addons.pm_base.models.pm_workbench_tile"):
            tiles = self._mine(self.officer)
            self.assertTrue(self.tile.with_user(self.officer).is_broken)
            self.assertTrue(tiles.mapped("count"))

    def test_managers_change_words_and_roles_only_administrators_make_tiles(self):
        self.tile.with_user(self.manager).write({"hint": "Look here", "sequence": 1})
        with self.assertRaises(AccessError):
            self.tile.with_user(self.officer).write({"hint": "x"})
        with self.assertRaises(AccessError):
            self.tile.with_user(self.manager).unlink()
