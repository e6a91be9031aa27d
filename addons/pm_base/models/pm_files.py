from odoo import api, models


class PmFiles(models.AbstractModel):
    """A model with files in many2many fields, readable by whoever may read the record.

    A file that is uploaded into a form before its record is saved belongs to nobody but the uploader; saving the
    record gives it its owner.
    """

    _name = "pm.files"
    _description = "Record with Files"

    @api.model_create_multi
    def create(self, vals_list):
        records = super().create(vals_list)
        records._adopt_files()
        return records

    def write(self, vals):
        result = super().write(vals)
        if any(name in vals for name in self._file_fields()):
            self._adopt_files()
        return result

    @api.model
    def _file_fields(self):
        return [
            name
            for name, field in self._fields.items()
            if field.type == "many2many" and field.comodel_name == "ir.attachment"
        ]

    def _adopt_files(self):
        for record in self:
            for name in self._file_fields():
                # sudo: the uploader may be somebody else than who saves; access was checked when the link was written
                loose = record.sudo()[name].filtered(lambda file: not file.res_id)
                loose.write({"res_model": self._name, "res_id": record.id})
