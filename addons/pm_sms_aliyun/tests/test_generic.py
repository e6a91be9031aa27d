from odoo.tests.common import TransactionCase

from odoo.addons.pm_base.tests.generic import GenericModuleChecks


class TestSmsAliyun(GenericModuleChecks, TransactionCase):
    _module = "pm_sms_aliyun"
