from unittest.mock import patch

from odoo.tests.common import tagged
from odoo.tools import mute_logger

from .common import PmCase


@tagged("post_install", "-at_install")
class TestEachProperty(PmCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.properties = cls.property | cls.property.copy({"code": "T2"}) | cls.property.copy({"code": "T3"})
        cls.cron = cls.env["ir.cron"]

    def run_each(self, work, progress):
        with patch.object(type(self.cron), "_commit_progress", progress):
            return self.cron._each_property(work, "test", self.properties)

    def test_the_trouble_of_one_property_is_not_that_of_the_others(self):
        def work(prop):
            prop.hotline = "400-1"
            self.env.flush_all()
            if prop.code == "T2":
                self.env.cr.execute("SELECT 1 / 0")

        reported = []

        def progress(_cron, processed=0, remaining=None):
            reported.append((processed, remaining))
            return 60

        with mute_logger("odoo.addons.pm_base.models.ir_cron", "odoo.sql_db"):
            self.assertTrue(self.run_each(work, progress))
        self.env.invalidate_all()
        self.assertEqual(self.properties.mapped("hotline"), ["400-1", "0755-5550100", "400-1"])
        self.assertEqual(reported, [(0, 3), (1, None), (1, None), (1, None)])

    def test_it_stops_when_the_time_is_over_and_says_so(self):
        done = []
        self.assertFalse(self.run_each(lambda prop: done.append(prop.code), lambda *_args, **_kwargs: 0))
        self.assertEqual(done, ["T1"])
