from odoo import fields, models


class MailNotification(models.Model):
    _inherit = "mail.notification"

    failure_type = fields.Selection(
        selection_add=[
            ("aliyun_template", "Template or signature not approved at Aliyun"),
            ("aliyun_content", "Text forbidden by Aliyun"),
            ("aliyun_limit", "Too many SMS to this number"),
        ]
    )
