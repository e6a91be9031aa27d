from lxml import etree
from odoo import models
from odoo.tools import ormcache


class IrQweb(models.AbstractModel):
    """The text of a mail template is compiled once, not once per record.

    Odoo keeps the code of views, which have an id, and compiles everything else each time it is rendered; for a short
    e-mail that costs several times the rendering. With ``pm_keep_compiled`` in the context the code is kept under the
    text itself, so that a changed template is another entry and nothing can be stale.
    """

    _inherit = "ir.qweb"

    def _generate_code_uncached(self, template):
        if self.env.context.get("pm_keep_compiled") and isinstance(template, etree._Element):
            return self._generate_code_of_text(etree.tostring(template, encoding="unicode"), template)
        return super()._generate_code_uncached(template)

    @ormcache(
        "text",
        "tuple(self.env.context.get(key) or False for key in self._get_template_cache_keys())",
        cache="templates",
    )
    def _generate_code_of_text(self, text, element):
        """Return the code of ``element``, whose source is ``text``; compiling uses the element up."""
        return super()._generate_code_uncached(element)
