from odoo.tests.common import TransactionCase, tagged

from odoo.addons.pm_base.tests.generic import GenericModuleChecks


@tagged("post_install", "-at_install")
class TestPmFeesBankOcaGeneric(GenericModuleChecks, TransactionCase):
    _module = "pm_fees_bank_oca"
