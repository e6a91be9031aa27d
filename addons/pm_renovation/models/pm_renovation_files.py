from odoo import api, models
from odoo.exceptions import UserError
from odoo.tools.mimetypes import guess_mimetype

# What an applicant hands in, judged by content: the name of a file proves nothing.
UPLOAD_TYPES = {"application/pdf": "PDF", "image/png": "PNG", "image/jpeg": "JPEG"}


class PmRenovationFiles(models.AbstractModel):
    """Records of a renovation with files.

    Fields for which ``_upload_types`` names types take nothing else, and nothing larger than the setting, whoever
    uploads and from which screen.
    """

    _name = "pm.renovation.files"
    _inherit = ["pm.files"]
    _description = "Files of a Renovation Record"

    @api.model
    def _file_fields(self):
        # What is computed shows the files of others.
        return [name for name in super()._file_fields() if self._fields[name].store]

    def _adopt_files(self):
        for record in self:
            for name in self._file_fields():
                types = self._upload_types(name)
                if not types:
                    continue
                # sudo: the uploader may be somebody else than who saves; access was checked when the link was written
                for file in record.sudo()[name].filtered(lambda file: not file.res_id):
                    self._check_upload(file.name, file.raw or b"", types)
        return super()._adopt_files()

    def _upload_types(self, name):
        """Content types that a file field takes, as ``{mimetype: label}``; empty for any."""
        return {}

    @api.model
    def _upload_mb(self):
        """Largest file in MB that is taken."""
        # sudo: a number from the settings
        return int(self.env["ir.config_parameter"].sudo().get_param("pm_renovation.upload_mb", 10))

    @api.model
    def _check_upload(self, name, content, types=None):
        """Refuse a file that is too large or not what its content must be.

        :param name: name of the file, for the message
        :param content: its bytes
        :param types: as from ``_upload_types``
        :return: the type its content shows
        :raise UserError: naming the file and what is taken instead
        """
        types = types or UPLOAD_TYPES
        limit = self._upload_mb()
        if len(content) > limit * 1024 * 1024:
            raise UserError(self.env._("%(name)s is larger than %(limit)s MB.", name=name, limit=limit))
        mimetype = guess_mimetype(content)
        if mimetype not in types:
            raise UserError(
                self.env._("%(name)s is not one of: %(types)s.", name=name, types=", ".join(types.values()))
            )
        return mimetype
