from odoo import models


class ReportServicePriceList(models.AbstractModel):
    """Price list of the paid services of a property (特约服务收费价目表), to hang in the lobby. Source: S0-82, S1-71."""

    _name = "report.pm_customer_service.service_price_list"
    _inherit = "pm.document"
    _description = "Price List of Paid Services"

    def _title(self, record):
        return self.env._("Price List of Paid Services")

    def _number(self, record):
        return str(record._today())

    def _partner(self, record):
        return None

    def _story(self, record, kit):
        _ = record.env._
        items = record.env["pm.service.item"]._price_list(record)
        if not items:
            return [kit.p(_("No paid service is published."))]
        rows = [
            [item.name, item.description or "", item.unit_label or "", kit.money(item.price, item.currency_id)]
            for item in items
        ]
        return [
            kit.table(
                [_("Service"), _("What Is Done"), _("Charged Per"), _("Price")],
                rows,
                widths=[40, 76, 26, 32],
                align="lllr",
            ),
            kit.space(),
            kit.p(
                _(
                    "Prices contain tax. You are told the price before we begin, and again if the work changes. Please pay at"
                    " the cash desk only: our staff take neither payments nor gratuities."
                )
            ),
            kit.signatures([_("Service Centre"), _("Project Manager")]),
        ]
