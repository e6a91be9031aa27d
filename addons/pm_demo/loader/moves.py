"""Who moves in and out of the sample, the hotlines by zone and hour, and the service handbook."""

import base64
import io
from datetime import timedelta

from odoo import Command, fields
from odoo.tools.pdf import merge_pdf
from PIL import Image, ImageDraw

# name, number, zones, from, to
HOTLINES = (
    ("写字楼日间热线", "0755-55501001", ("OFF", "RET", "LOB"), 8.5, 21),
    ("酒店公寓日间热线", "0755-55501002", ("HOT", "APT"), 8.5, 21),
    ("公共区域日间热线", "0755-55501001", ("CAR", "COM"), 8.5, 21),
    ("夜间统一热线", "0755-55501009", (), 21, 8.5),
)
# Points of the pen when somebody signs.
STROKE = ((10, 50), (40, 15), (55, 62), (85, 20), (80, 55), (120, 30), (118, 58), (160, 28), (190, 48))


def load_moves(sample):
    """A move-in that was handled yesterday with a defect, one announced for the day after tomorrow, a move-out planned."""
    env, prop = sample.env, sample.property
    zones = {zone.code: zone.id for zone in prop.zone_ids}
    env["pm.hotline"].create(
        [
            {
                "name": name,
                "phone": phone,
                "zone_ids": [Command.set([zones[code] for code in codes if code in zones])],
                "hour_from": start,
                "hour_to": stop,
                "property_id": prop.id,
                "valid_from": sample.today - timedelta(days=300),
            }
            for name, phone, codes, start, stop in HOTLINES
        ]
    )
    desk = sample.as_user("frontdesk")
    units = env["pm.unit"].search(
        [("property_id", "=", prop.id), ("status", "in", ("let", "owner_occupied")), ("unit_type", "=", "office")],
        limit=3,
    )
    moves = desk["pm.occupancy"].create(
        [{"kind": kind, "unit_id": unit.id} for kind, unit in zip(("move_in", "move_in", "move_out"), units)]
    )
    _handbook(sample, moves[0])
    _held(sample, moves[0])
    moves[1].appointment_at = prop._local_to_utc(sample.today + timedelta(days=2), 10)
    moves[1].action_send_notice()
    moves[2].appointment_at = prop._local_to_utc(sample.today + timedelta(days=5), 15)


def _handbook(sample, move):
    """The handbook of the sample: the three documents of the pack in one file."""
    parts = [move._pack_document(code)[1] for code, _label in move._pack_codes()]
    sample.env["pm.handbook"].create(
        {
            "property_id": sample.property.id,
            "version": f"{sample.today.year}-01",
            "valid_from": f"{sample.today.year}-01-01",
            "content": base64.b64encode(merge_pdf(parts)),
            "filename": "客户服务手册.pdf",
        }
    )


def _held(sample, move):
    """Go through the formalities as at the counter, yesterday at ten; the times are set back afterwards."""
    prop = sample.property
    move.appointment_at = prop._local_to_utc(sample.today + timedelta(days=1), 10)
    move.action_send_notice()
    move.action_arrive()
    move.action_start()
    move.item_ids.filtered("mandatory").write({"done": True})
    move.item_ids.filtered(lambda item: "表底" in (item.type_id.name or "")).note = "水表 128，电表 4506"
    move.env["pm.acknowledgment"]._record(move.party_id, "screen", move.partner_id.name, signature())
    move.invalidate_recordset(["handbook_missing"])
    move.defect_ids = [Command.create({"place": "茶水间", "name": "水槽下水管渗水"})]
    move.action_finish()
    begun = prop._local_to_utc(sample.today - timedelta(days=1), 10)
    # sudo: a sample has a past; its times are the program's fields
    move.sudo().write(
        {
            "appointment_at": begun,
            "notice_sent_at": begun - timedelta(days=3),
            "arrived_at": begun,
            "started_at": begun + timedelta(minutes=7),
            "finished_at": begun + timedelta(minutes=31),
            "waiting_minutes": 7,
            "handling_minutes": 24,
            "move_date": fields.Date.subtract(sample.today, days=1),
        }
    )


def signature():
    """Return a picture of a signature, in base64."""
    image = Image.new("RGB", (200, 75), "white")
    ImageDraw.Draw(image).line(STROKE, fill="#1F2933", width=3, joint="curve")
    stream = io.BytesIO()
    image.save(stream, "PNG")
    return base64.b64encode(stream.getvalue())
