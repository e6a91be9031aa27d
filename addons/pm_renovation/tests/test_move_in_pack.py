import io

from odoo import fields
from odoo.tests.common import tagged
from pypdf import PdfReader

from .common import RenovationCase


@tagged("post_install", "-at_install")
class TestMoveInPack(RenovationCase):
    def test_pack_of_a_move_in_holds_the_notice_that_applies(self):
        """S0-100: the clauses and the works of the catalogue, not a text of long ago; and the property's hours."""
        self.property.write({"renovation_noise_from": 10.5})
        self.work.name = "Quartz floors"
        move = (
            self.env["pm.occupancy"]
            .with_user(self.front_desk)
            .create({"kind": "move_in", "unit_id": self.units[0].id, "move_date": fields.Date.add(self.today, days=3)})
        )
        name, content = move._pack_document("renovation")
        text = "".join(page.extract_text() for page in PdfReader(io.BytesIO(content)).pages)
        self.assertTrue(name.startswith("Renovation Notice"), name)
        self.assertIn("Quartz floors", text)
        self.assertIn("10:30", text)
