from lxml import etree
from odoo.tests.common import tagged

from odoo.addons.pm_base.tests.common import ROLES

from .cashier_common import CashierCase


@tagged("post_install", "-at_install")
class TestUnitPage(CashierCase):
    """The household page collects pages of every module: it must open for every role that may see units."""

    def _spec(self, model, node):
        """What the web client reads for a view: fields, and those of embedded lists."""
        spec = {}
        for field in node.iterfind(".//field"):
            # Only fields of this level; embedded views bring their own.
            parents = [parent for parent in field.iterancestors("field") if parent in node.iterdescendants()]
            if parents:
                continue
            name = field.get("name")
            relation = model._fields[name].comodel_name if model._fields[name].relational else None
            embedded = field.find("./list")
            if embedded is not None and relation:
                spec[name] = {"fields": self._spec(self.env[relation], embedded), "limit": 40}
            else:
                spec[name] = {"fields": {"display_name": {}}} if relation else {}
        return spec

    def test_opens_for_every_role(self):
        self.pay((self.charge(amount=50), 20), date="2026-01-20")
        self.env.flush_all()
        for role in ROLES:
            user = getattr(self, role)
            unit = self.units[0].with_user(user).with_context(allowed_company_ids=self.company.ids)
            with self.subTest(role=role):
                arch = etree.fromstring(unit.get_view(self.env.ref("pm_base.pm_unit_view_form").id, "form")["arch"])
                unit.env.invalidate_all()
                [values] = unit.web_read(self._spec(unit, arch))
                self.assertEqual(values["code"], "A-101")
