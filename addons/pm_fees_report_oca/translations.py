from odoo.tools.misc import ReadonlyDict
from odoo.tools.translate import code_translations

OURS, THEIRS, LANG = "pm_fees_report_oca", "account_financial_report", "zh_CN"


def lend_translations():
    """Let the code of the OCA find the Chinese that stands here: headings of the XLSX files, choices, messages.

    Odoo looks for the terms of code in the add-on of that code only, and the OCA's has no Chinese. What it may get one day comes first.
    """
    ours, theirs = (code_translations.get_python_translations(module, LANG) for module in (OURS, THEIRS))
    code_translations.python_translations[THEIRS, LANG] = ReadonlyDict({**ours, **theirs})
    ours, theirs = (code_translations.get_web_translations(module, LANG)["messages"] for module in (OURS, THEIRS))
    code_translations.web_translations[THEIRS, LANG] = ReadonlyDict({"messages": (*ours, *theirs)})
