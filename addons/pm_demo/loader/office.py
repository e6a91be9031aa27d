"""The company around the property: name, addresses, safe switches for a demonstration."""

import base64
import os

from odoo.tools import file_open

COMPANY = "禾悦物业服务有限公司（示例）"
TAX_NUMBER = "91440300MAXX99983B"  # right check digits, an organisation that nobody is (as in data/tools/generate.py)
BASE_URL = "http://127.0.0.1:8069"


def load_office(env):
    """Name the company, fix the sender and the address of the site, open the demo payment provider."""
    company = env.company
    with file_open("pm_demo/static/logo.png", "rb") as logo:
        company.logo = base64.b64encode(logo.read())
    company.write(
        {
            "name": COMPANY,
            "vat": TAX_NUMBER,
            "street": "龙岗区示例大道6009号",
            "city": "深圳市",
            "zip": "518000",
            "phone": "0755-00006009",
            "email": "service@heyue.example.com",
            "pm_sms_gateway": "sink",
        }
    )
    # Odoo writes the name of its calendar in English whatever the language.
    company.resource_calendar_id.name = "标准工时（每周40小时）"
    # Left free, these would follow whoever logs in first and break links in mails (see the add-on's README).
    parameters = env["ir.config_parameter"].sudo()
    parameters.set_param("web.base.url", os.environ.get("PM_BASE_URL") or BASE_URL)
    parameters.set_param("web.base.url.freeze", "True")
    parameters.set_param("mail.default.from", "service@heyue.example.com")
    provider = env["payment.provider"].search([("code", "=", "demo"), ("company_id", "=", company.id)], limit=1)
    provider.write({"state": "test", "is_published": True})
