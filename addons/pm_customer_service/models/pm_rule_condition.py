from ast import literal_eval
from functools import lru_cache

from odoo import api, models
from odoo.exceptions import ValidationError
from odoo.fields import Domain


class Condition:
    """The condition of a rule: read once, asked for every record that something happens to.

    The answer is that of ``filtered_domain``. What compares a field with texts, or asks where a category lies in its tree,
    is answered without it, because most rules fall out by the kind of the record, and a domain is dear to prepare.
    """

    def __init__(self, text):
        terms = literal_eval(text or "[]")
        self.domain = Domain(terms)
        plain = not any(isinstance(term, str) for term in terms)  # no |, & or !: every term must hold
        self._terms = terms if plain else []
        self._rest = Domain.TRUE if plain else self.domain

    def filter(self, records):
        """Return those of ``records``, of one model, that satisfy the condition."""
        rest = self._rest
        for term in self._terms:
            test = self._get_test(records, *term)
            if test:
                records = records.filtered(test)
            else:
                rest &= Domain(*term)
        return records if rest.is_true() else records.filtered_domain(rest)

    @staticmethod
    def _get_test(records, name, operator, value):
        """Return the function that says whether a record satisfies a term, or None for a term left to the domain."""
        field = records._fields.get(name)
        if not field or not value:
            return None
        if field.type in ("char", "selection"):
            if operator == "=" and isinstance(value, str):
                return lambda record: record[name] == value
            if operator == "in" and all(isinstance(one, str) and one for one in value):
                return lambda record: record[name] in value
        elif field.type == "many2one" and operator == "child_of" and isinstance(value, int):
            if records[:0][name]._parent_store:
                # sudo: a rule sees every category
                return lambda record: str(value) in (record[name].sudo().parent_path or "").split("/")
        return None


@lru_cache(maxsize=1024)
def condition(text):
    """Return the ``Condition`` that the text of a rule stands for.

    :raises Exception: the text is no domain
    """
    return Condition(text)


class PmRuleCondition(models.AbstractModel):
    """A rule for records of the model ``model_id`` that satisfy its ``domain``."""

    _name = "pm.rule.condition"
    _inherit = ["pm.cached"]
    _description = "Rule with a Condition"

    @api.constrains("domain", "model_id")
    def _check_domain(self):
        for rule in self:
            try:
                # sudo: tried as the program will use it
                self.env[rule.model_id.model].sudo().search_count(condition(rule.domain).domain, limit=1)
            except Exception as error:
                raise ValidationError(
                    self.env._("Rule %(rule)s: the condition cannot be read (%(error)s).", rule=rule.name, error=error)
                ) from error
