from odoo.tests.common import TransactionCase, tagged

from odoo.addons.pm_base.tests.generic import GenericModuleChecks


@tagged("post_install", "-at_install")
class TestGeneric(GenericModuleChecks, TransactionCase):
    _module = "pm_renovation"
    _client_methods = frozenset({"pm.renovation.get_floor_map"})
