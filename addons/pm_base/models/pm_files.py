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

    @api.model
    def _files_held_elsewhere(self, files, but):
        """Tell which of ``files`` a record other than ``but`` owns or shows.

        A paper that goes from a procedure into the file of the unit is one attachment in two places.

        :param files: ``ir.attachment`` in sudo
        :param but: records of this model that do not count
        :return: ``{file: record}``, one record for each file held elsewhere
        """
        held = {}

        def counts(record):
            return record._name != but._name or record not in but

        for file in files.filtered(lambda file: file.res_model in self.env and file.res_id):
            owner = self.env[file.res_model].sudo().browse(file.res_id)  # sudo: who holds a file counts, seen or not
            if counts(owner) and owner.exists():
                held[file] = owner
        for model in self.env.registry.values():
            if not model._name.startswith("pm.") or model._abstract or model._transient or not model._auto:
                continue
            holders = self.env[model._name].sudo().with_context(active_test=False)  # sudo: as above
            for name, field in model._fields.items():
                if field.store and field.type in ("many2one", "many2many") and field.comodel_name == "ir.attachment":
                    for holder in holders.search([(name, "in", files.ids)]).filtered(counts):
                        for file in holder[name] & files:
                            held.setdefault(file, holder)
        return held
