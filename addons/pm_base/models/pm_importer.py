"""The contract between the import and those who know what a sheet means."""

from odoo import api, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from ..tools.columns import Column

# Rows of one load; each chunk is one savepoint and, in the background, one commit.
CHUNK_ROWS = 1000


class Report:
    """What became of the rows of one chunk.

    :ivar counts: ``{"created": …, "updated": …, "unchanged": …}``, filled by :meth:`PmImporter._upsert` or by hand
    :ivar errors: list of dicts ``row, column, value, message, remedy``
    """

    def __init__(self, importer, pm_import=None):
        self.importer = importer
        self.pm_import = pm_import
        self.counts = {"created": 0, "updated": 0, "unchanged": 0}
        self.errors = []
        self.bad_rows = set()
        self._labels = {column.name: column.label(importer.env.lang) for column in importer._columns()}

    def error(self, row, column, message, remedy="", value=None):
        """Refuse a row.

        :param row: the row as given to ``_load``, or its number
        :param column: name of the column at fault, ``None`` for the whole row
        :param message: what is wrong, translated
        :param remedy: what to do about it, translated
        :param value: what to show as the value; by default what stands in the cell
        """
        number = row if isinstance(row, int) else row["_row"]
        if value is None and column and not isinstance(row, int):
            value = row.get("_raw", {}).get(column, row.get(column))
        self.bad_rows.add(number)
        self.errors.append(
            {
                "row": number,
                "column": self._labels.get(column, column) or False,
                "value": "" if value is None else str(value)[:200],
                "message": str(message),
                "remedy": str(remedy or ""),
            }
        )

    def is_bad(self, row):
        """Whether the row has been refused."""
        return row["_row"] in self.bad_rows

    def good(self, rows):
        """The rows that have not been refused."""
        return [row for row in rows if row["_row"] not in self.bad_rows]

    def count_values(self):
        """The counts as values of the fields of ``pm.import.sheet``."""
        return {f"{name}_count": number for name, number in self.counts.items()}


class PmImporter(models.AbstractModel):
    """Base of all importers: one importer loads one kind of sheet.

    An importer ``pm.importer.<kind>`` names its columns and loads rows in sets. The import takes care of
    reading, cell values, double rows, chunks, savepoints, errors and progress.

    ``_load`` gets rows as dicts: every column name with a Python value (``None`` = empty cell), ``_row`` = row
    number in the sheet, ``_raw`` = what stood in the cells. It must be set-based and repeatable: found by natural
    key, an existing record is updated where it differs, and an empty cell never overwrites anything.
    """

    _name = "pm.importer"
    _description = "Importer"

    _sequence = 100  # order in which the sheets of a workbook load
    _sheet = ()  # (English, Chinese, other names) of the sheet or file
    _group = "pm_base.group_assistant"  # who may load this kind
    _chunk = CHUNK_ROWS

    @api.model
    def _importers(self):
        """Return ``{kind: importer}`` of every importer there is, in loading order."""
        prefix = "pm.importer."
        found = [self.env[name] for name in self.env.registry if name.startswith(prefix)]
        return {
            importer._name[len(prefix) :]: importer for importer in sorted(found, key=lambda i: (i._sequence, i._name))
        }

    @api.model
    def _columns(self):
        """Return the list of :class:`Column` of the sheet."""
        raise NotImplementedError

    @api.model
    def _load(self, rows, report):
        """Load rows; record what happened in ``report``.

        :param rows: list of dicts, see the class
        :param report: :class:`Report`
        :return: ``None``, or a dict of counts to add to ``report.counts``
        """
        raise NotImplementedError

    @api.model
    def _label(self):
        """The name of what this importer loads, in the user's language."""
        english, chinese = self._sheet[:2]
        return chinese if (self.env.lang or "").startswith("zh") else english

    # Helpers for importers

    @api.model
    def _property_column(self, **options):
        """The column that names the property. A load into one chosen property does without it."""
        return Column(
            "property",
            "Property code",
            "项目编码",
            "code",
            required=True,
            key=True,
            aliases=("项目", "项目代码", "项目编号", "小区编码", "Property"),
            hint_en="Code of the property. May be left out when the property is chosen on the import.",
            hint_zh="物业项目的编码；导入时已选择项目的，可省略此列。",
            **options,
        )

    @api.model
    def _properties(self, rows, report):
        """The properties named by ``rows``; rows with an unknown one are refused.

        :return: ``{code: pm.property}``
        """
        codes = {row["property"] for row in rows}
        domain = [("code", "in", list(codes)), ("company_id", "=", self.env.company.id)]
        found = {prop.code: prop for prop in self.env["pm.property"].with_context(active_test=False).search(domain)}
        for row in rows:
            if row["property"] not in found:
                report.error(
                    row,
                    "property",
                    self.env._("Property “%s” is unknown or not one of yours.", row["property"]),
                    self.env._(
                        "Check the code, or ask the project manager to enter the property and to list you among its staff."
                    ),
                )
        return found

    @api.model
    def _present(self, model, rows, properties):
        """The records that ``rows`` name by property and code and that are there already, archived ones included.

        :return: ``{(property id, code): record}``
        """
        domain = [
            ("property_id", "in", [prop.id for prop in properties.values()]),
            ("code", "in", [row["code"] for row in rows]),
        ]
        records = self.env[model].with_context(active_test=False).search(domain)
        found = {(record.property_id.id, record.code): record for record in records}
        missing = {(properties[row["property"]].id, row["code"]) for row in rows} - found.keys()
        return {**found, **self._by_spelling(model, missing)}

    @api.model
    def _by_spelling(self, model, missing):
        """Units named with other capital and small letters than on record: A-101 and a-101 are one door.

        :param missing: set of ``(property id, code)`` that were not found as they are written
        :return: ``{(property id, code as written): pm.unit}``
        """
        if model != "pm.unit" or not missing:
            return {}
        written = {}
        for property_id, code in missing:
            written.setdefault((property_id, code.lower()), []).append((property_id, code))
        self.env[model].flush_model(["property_id", "code"])
        rows = self.env.execute_query(
            SQL(
                "SELECT id FROM pm_unit WHERE (property_id, lower(code)) IN %s",
                tuple(written),
            )
        )
        units = self.env[model].with_context(active_test=False).search([("id", "in", [unit_id for (unit_id,) in rows])])
        return {key: unit for unit in units for key in written[unit.property_id.id, unit.code.lower()]}

    @api.model
    def _by_property(self, model, rows, column, properties, report, message, remedy, by_name=True):
        """Records named by a column, within the property of the row; rows naming an unknown one are refused.

        :param str model: a model with ``property_id`` and ``code``
        :param column: name of the column that holds the code (or, with ``by_name``, the name)
        :param properties: result of :meth:`_properties`
        :param message: function from the value to the translated message
        :param remedy: translated remedy
        :return: ``{(property id, value): record}``
        """
        wanted = {}
        for row in rows:
            if row.get(column) and not report.is_bad(row):
                wanted.setdefault(properties[row["property"]].id, set()).add(row[column])
        found = {}
        Model = self.env[model].with_context(active_test=False)
        if wanted:
            values = list(set().union(*wanted.values()))
            domain = [("property_id", "in", list(wanted))]
            fields = ("name", "code") if by_name else ("code",)  # the code wins over the name, hence last
            for field in fields:
                for record in Model.search([*domain, (field, "in", values)]):
                    found[record.property_id.id, record[field]] = record
            missing = {(prop, value) for prop, values in wanted.items() for value in values} - found.keys()
            found.update(self._by_spelling(model, missing))
        for row in rows:
            value = row.get(column)
            if value and not report.is_bad(row) and (properties[row["property"]].id, value) not in found:
                report.error(row, column, message(value), remedy)
        return found

    @api.model
    def _users(self, rows, column, report):
        """Users named by login, e-mail or name; rows naming nobody are refused.

        :return: ``{value: res.users}``
        """
        values = {row[column] for row in rows if row.get(column)}
        found = {}
        if values:
            for field in ("name", "email", "login"):
                for user in self.env["res.users"].search([(field, "in", list(values)), ("share", "=", False)]):
                    found[user[field]] = user
        for row in rows:
            if row.get(column) and row[column] not in found:
                report.error(
                    row,
                    column,
                    self.env._("No user has this login, e-mail or name."),
                    self.env._("Write the login of an internal user, or leave the cell empty."),
                )
        return found

    @api.model
    def _upsert(self, model, items, report, found=None):
        """Create what is new, write what differs, count the rest: a fixed number of queries for any number of rows.

        :param str model: model name
        :param items: list of ``(row, key, vals)``; ``None`` in ``vals`` means "leave as it is"
        :param found: ``{key: record}`` of what is there
        :param report: gets the counts
        :return: ``{key: record}`` including the new ones
        """
        records = dict(found or {})
        Model = self.env[model]
        new, new_keys, changes = [], [], {}
        for _row, key, vals in items:
            vals = {name: value for name, value in vals.items() if value is not None}
            record = records.get(key)
            if record is None:
                new.append(vals)
                new_keys.append(key)
                continue
            differing = {name: value for name, value in vals.items() if self._differs(record, name, value)}
            if differing:
                report.counts["updated"] += 1
                signature = tuple(sorted((name, repr(value)) for name, value in differing.items()))
                changes.setdefault(signature, [differing, []])[1].append(record.id)
            else:
                report.counts["unchanged"] += 1
        for differing, ids in changes.values():
            Model.browse(ids).write(differing)
        if new:
            records.update(zip(new_keys, Model.create(new), strict=True))
            report.counts["created"] += len(new)
        return records

    @api.model
    def _differs(self, record, name, value):
        """Whether a field of a record holds something else than ``value``, as the database would round it."""
        field = record._fields[name]
        current = record[name]
        if field.relational:
            if field.type == "many2one":
                return current.id != value
            raise UserError(self.env._("Field %s cannot be imported.", name))
        if field.type in ("float", "monetary"):
            digits = field.get_digits(self.env) if field.type == "float" else None
            return round(current - value, digits[1] if digits else 6) != 0
        return (current or False) != (value or False)
