from odoo.tests.common import HttpCase

from .cashier_common import CashierCase


class PortalCase(CashierCase, HttpCase):
    """Two households that log in to the portal, in English."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        for user in (cls.portal_user, cls.other_portal):
            user.password = user.login

    def setUp(self):
        super().setUp()
        self.opener.cookies["frontend_lang"] = "en_US"

    def login(self, user):
        self.authenticate(user.login, user.login)
