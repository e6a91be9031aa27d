from odoo.tests.common import TransactionCase, tagged

from .generic import GenericModuleChecks


@tagged("post_install", "-at_install")
class TestPmBaseGeneric(GenericModuleChecks, TransactionCase):
    _module = "pm_base"
