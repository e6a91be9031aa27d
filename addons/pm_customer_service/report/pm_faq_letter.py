from odoo import models


class ReportFaqLetter(models.AbstractModel):
    """Letter that puts a question to the developer in writing (征求建设单位意见函). Source: S0-89."""

    _name = "report.pm_customer_service.faq_developer_letter"
    _inherit = "pm.document"
    _description = "Question to the Developer"

    def _title(self, record):
        return self.env._("Question to the Developer")

    def _number(self, record):
        return record.ticket_id.number or ""

    def _partner(self, record):
        return record.developer_id

    def _story(self, record, kit):
        _ = record.env._
        # sudo: the letter names its addressee, whoever may read his contact
        return [
            kit.p(_("To: %s", record.developer_id.sudo().name or ""), "bold"),
            kit.space(),
            kit.p(
                _(
                    "A customer has asked us a question that is yours to answer. Please let us have your answer in writing,"
                    " signed and sealed, so that we can pass it on and keep it."
                )
            ),
            kit.h(_("Question")),
            kit.p(record.name, "bold"),
            kit.p(record.ticket_id.sudo().description or ""),  # the customer's words, without his name
            kit.h(_("Your Answer")),
            kit.box([kit.space(70)]),
            kit.signatures([_("Service Centre"), _("Developer")]),
        ]
