from odoo.tests.common import HttpCase, tagged

from ..hooks import post_init_hook
from .common import PmCase


@tagged("post_install", "-at_install")
class TestPortalUnits(PmCase, HttpCase):
    def test_owner_sees_the_own_unit_and_the_numbers_to_call(self):
        self.env["pm.emergency.contact"].create(
            {"name": "Fire <b>brigade</b>", "contact_type": "fire", "phone": "119", "property_id": self.property.id}
        )
        self.authenticate("pm_portal_1", "pm_portal_1")
        page = self.url_open("/my/units").text
        self.assertIn("A-101", page)
        self.assertNotIn("A-102", page)
        self.assertIn("0755-5550100", page)
        self.assertIn("Fire &lt;b&gt;brigade&lt;/b&gt;", page)

    def test_pages_say_how_to_reach_the_company_and_advertise_nobody(self):
        self.company.write(
            {"phone": "0755-5550199", "email": "house@example.com", "street": "<i>Lane</i> 8", "city": "Shenzhen"}
        )
        self.authenticate(None, None)
        login = self.url_open("/web/login").text
        self.authenticate("pm_portal_1", "pm_portal_1")
        home, units = self.url_open("/my").text, self.url_open("/my/units").text
        for page in (login, home, units):
            self.assertNotIn("odoo.com", page)
        for page in (home, units):
            self.assertIn("tel:0755-5550199", page)
            self.assertIn("mailto:house@example.com", page)
            self.assertIn("Shenzhen&lt;i&gt;Lane&lt;/i&gt; 8", page)
        self.company.write({"phone": False, "email": False, "street": False})
        self.assertNotIn("fa-envelope", self.url_open("/my/units").text)

    def test_installing_closes_the_sign_up_that_odoo_leaves_open(self):
        self.env["ir.config_parameter"].set_param("auth_signup.invitation_scope", "b2c")
        self.assertEqual(self.url_open("/web/signup").status_code, 200)
        post_init_hook(self.env)
        self.assertEqual(self.url_open("/web/signup").status_code, 404)

    def test_visitors_must_log_in(self):
        self.authenticate(None, None)
        self.assertIn("/web/login", self.url_open("/my/units").url)
