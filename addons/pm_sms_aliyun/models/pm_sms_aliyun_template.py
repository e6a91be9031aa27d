import json
import re

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError

from ..tools.client import Refused, Unknown, Unreachable

_VARIABLE = re.compile(r"\$\{(\w{1,40})\}")
# A sender name in front of the text, as people write it; the gateway adds its own.
_SIGNATURE = re.compile(r"^【[^】]{1,60}】\s*")


class PmSmsAliyunTemplate(models.Model):
    """A text that Aliyun has approved, with its variables: ``您的${unit}欠费${amount}元``.

    The gateway sends no free text. An SMS of the property is compared with the approved texts; the one that fits gives
    the code, and what stands in the place of its variables is sent with it. So the text on record is the text sent.
    """

    _name = "pm.sms.aliyun.template"
    _description = "Aliyun SMS Template"
    _order = "company_id, name, id"

    _code_once = models.UniqueIndex("(company_id, code)", "This template code exists already.")

    company_id = fields.Many2one("res.company", required=True, index=True, default=lambda self: self.env.company)
    name = fields.Char(required=True)
    code = fields.Char("Template Code", required=True, help="As Aliyun names it: SMS_ and a number.")
    sign_name = fields.Char(
        "Signature", help="Approved signature under which this template is sent. Empty: that of the settings."
    )
    text = fields.Text(
        help="The approved text, with variables such as ${amount}. Press “Fetch” to take it from Aliyun."
    )
    variables = fields.Char(compute="_compute_variables")
    active = fields.Boolean(default=True)
    audit = fields.Selection(
        [("0", "In review"), ("1", "Approved"), ("2", "Rejected")], "At Aliyun", readonly=True, copy=False
    )
    audit_note = fields.Char(readonly=True, copy=False)

    @api.depends("text")
    def _compute_variables(self):
        for template in self:
            template.variables = ", ".join(dict.fromkeys(_VARIABLE.findall(template.text or "")))

    @api.constrains("code")
    def _check_code(self):
        for template in self:
            if not re.fullmatch(r"[A-Za-z0-9_]{4,40}", template.code or ""):
                raise ValidationError(self.env._("A template code looks like SMS_123456789, not “%s”.", template.code))

    @api.constrains("text")
    def _check_text(self):
        for template in self:
            if re.search(r"\}\s*\$\{", template.text or ""):
                raise ValidationError(
                    self.env._("%s: two variables without text between them cannot be told apart.", template.code)
                )

    # -- comparing -----------------------------------------------------------------------------------------------------

    @api.model
    def _find(self, company, content):
        """The template that an SMS is an instance of, and the values of its variables.

        :return: (template, {variable: value}), or (empty, {}) when no text fits
        """
        content = _SIGNATURE.sub("", (content or "").strip())
        templates = self.search([("company_id", "=", company.id), ("text", "!=", False), ("audit", "!=", "2")])
        # The most literal one first: it says most about the text.
        for template in templates.sorted(lambda one: -len(_VARIABLE.sub("", one.text))):
            values = template._values_in(content)
            if values is not None:
                return template, values
        return self.browse(), {}

    def _values_in(self, content):
        """The values of the variables if ``content`` is an instance of this text, else None."""
        self.ensure_one()
        seen, pattern, last = set(), "", 0
        text = _SIGNATURE.sub("", self.text.strip())
        for found in _VARIABLE.finditer(text):
            pattern += re.escape(text[last : found.start()])
            name = found.group(1)
            # A name that comes twice stands for the same value.
            pattern += f"(?P=v_{name})" if name in seen else f"(?P<v_{name}>.+?)"
            seen.add(name)
            last = found.end()
        pattern += re.escape(text[last:])
        match = re.fullmatch(pattern, content, re.DOTALL)
        return {name: match.group(f"v_{name}") for name in seen} if match else None

    @api.model
    def _as_json(self, values):
        return json.dumps(values, ensure_ascii=False, separators=(",", ":"), sort_keys=True)

    # -- fetching ------------------------------------------------------------------------------------------------------

    def action_fetch(self):
        """Take text and state of these templates from Aliyun.

        :raise UserError: the gateway cannot be reached or refuses; it says why
        """
        self.check_access("write")
        for template in self:
            # sudo: the account's keys are for administrators
            client = template.company_id.sudo()._pm_aliyun_client()
            if not client:
                raise UserError(self.env._("Enter the AccessKey of Aliyun in the settings."))
            try:
                answer = client.call("QuerySmsTemplate", TemplateCode=template.code)
            except Refused as error:
                raise UserError(
                    self.env._("Aliyun: %(message)s (%(code)s)", message=error.message, code=error.code)
                ) from error
            except (Unreachable, Unknown) as error:
                raise UserError(self.env._("The gateway cannot be reached: %s", error)) from error
            status = str(answer.get("TemplateStatus", ""))
            template.write(
                {
                    "text": answer.get("TemplateContent") or template.text,
                    "audit": status if status in ("0", "1", "2") else False,
                    "audit_note": answer.get("Reason") or False,
                }
            )
