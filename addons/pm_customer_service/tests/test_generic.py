from odoo.tests import tagged
from odoo.tests.common import TransactionCase

from odoo.addons.pm_base.tests.generic import GenericModuleChecks


@tagged("post_install", "-at_install")
class TestGeneric(GenericModuleChecks, TransactionCase):
    _module = "pm_customer_service"
    _client_methods = frozenset(
        {
            *(f"pm.counter.counter_{name}" for name in ("household", "record", "search", "setup", "similar", "urge")),
            *(f"pm.ticket.job_{name}" for name in ("arrive", "check", "detail", "finish", "grab", "no_access", "plan")),
            *(
                f"pm.ticket.job_{name}"
                for name in ("material", "material_delete", "order_differs", "photo", "photo_delete")
            ),
            "pm.ticket.jobs_board",
        }
    )
