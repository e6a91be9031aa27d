from odoo import api, fields, models

KEPT_IDS = 1000


class PmExportLog(models.Model):
    """Who took a list of customers or of the suite's records out of the program, and what was in it.

    Handing on customers' data is forbidden (S0-159, S1-37, S1-45): few have the right to export, and each use is kept.
    Written by the program only.
    """

    _name = "pm.export.log"
    _description = "Export Log"
    _order = "id desc"
    _rec_name = "model_name"

    user_id = fields.Many2one("res.users", required=True, index=True, ondelete="restrict")
    company_id = fields.Many2one("res.company", required=True, index=True, ondelete="cascade")
    date = fields.Datetime(required=True, default=fields.Datetime.now)
    model = fields.Char(string="Technical Name", required=True)
    model_name = fields.Char(string="List", required=True)
    record_count = fields.Integer(string="Records")
    column_names = fields.Text(string="Columns")
    record_numbers = fields.Text(help="Database numbers of the records, the first thousand of them.")

    @api.model
    def _note(self, records, names):
        """Record that the present user exports the fields ``names`` of ``records``."""
        roots = [name.split("/")[0] for name in names]
        labels = records.fields_get(roots, attributes=["string"])
        # sudo: everybody's exports are noted, nobody may write the notes
        self.sudo().create(
            {
                "user_id": self.env.uid,
                "company_id": self.env.company.id,
                "model": records._name,
                "model_name": self.env["ir.model"]._get(records._name).name,
                "record_count": len(records),
                "column_names": ", ".join(
                    labels[root]["string"] if root in labels else name for root, name in zip(roots, names, strict=True)
                ),
                "record_numbers": ", ".join(map(str, records.ids[:KEPT_IDS])),
            }
        )
