import os
import threading

from odoo.exceptions import UserError
from odoo.tests import TransactionCase

from odoo.addons.pm_base.models import ir_attachment


class TestAttachment(TransactionCase):
    def setUp(self):
        super().setUp()
        self.content = b"handed in twice at the same moment " + os.urandom(16)
        attachments = self.env["ir.attachment"]
        __, self.path = attachments._get_path(self.content, attachments._compute_checksum(self.content))
        with open(self.path, "wb") as stream:
            stream.write(self.content[:10])
        self.addCleanup(lambda: os.path.exists(self.path) and os.unlink(self.path))

    def test_a_file_that_another_process_is_still_writing_is_waited_for(self):
        def finish():
            with open(self.path, "ab") as stream:
                stream.write(self.content[10:])

        writer = threading.Timer(0.1, finish)
        writer.start()
        self.addCleanup(writer.join)
        attachment = self.env["ir.attachment"].create({"name": "list.xlsx", "raw": self.content})
        self.assertEqual(attachment.raw, self.content)

    def test_a_file_that_stays_different_is_refused(self):
        self.patch(ir_attachment, "_PATIENCE", 0.05)
        with self.assertRaises(UserError):
            self.env["ir.attachment"].create({"name": "list.xlsx", "raw": self.content})
