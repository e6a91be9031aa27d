from odoo.tests.common import TransactionCase, tagged

from odoo.addons.pm_base.tests.generic import GenericModuleChecks


@tagged("post_install", "-at_install")
class TestPmFeesGeneric(GenericModuleChecks, TransactionCase):
    _module = "pm_fees"
    _client_methods = frozenset(
        {
            *(f"pm.payment.counter_{name}" for name in ("household", "pay", "search", "setup", "use_credit")),
            *(f"pm.dunning.board.{name}" for name in ("load_curve", "load_today")),
        }
    )
