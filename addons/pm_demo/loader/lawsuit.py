"""Two debtors of more than a year and a half: one is sued and waits for the hearing, the other has had both letters."""

import base64
import io
from contextlib import contextmanager
from datetime import timedelta
from unittest.mock import patch

from dateutil.relativedelta import relativedelta
from odoo import Command
from odoo.tools import SQL
from PIL import Image, ImageDraw

from .renovation import signature

SUED, WARNED = "A-0801", "B-2010"
# Debtor: express numbers of the two letters.
LETTERS = {SUED: ("EMS1182046300CN", "EMS1197350218CN"), WARNED: ("EMS1183120977CN", "EMS1198446105CN")}
SILENT = {"mail_activity_quick_update": True}


def load_lawsuits(sample):
    """Notice, letters at six and twelve months, and a suit at eighteen: each step by the one whose it is, on its day."""
    cases = sample.env["pm.dunning.case"]
    for code, numbers in LETTERS.items():
        case = cases.search(
            [("property_id", "=", sample.property.id), ("unit_id.code", "=", code), ("state", "=", "open")]
        )
        start = case.oldest_due_date
        case.opened_on = start + timedelta(days=1)
        _notice(sample, case, 1)
        for number, (months, tracking) in enumerate(zip((6, 12), numbers)):
            _letter(sample, case, months, number, tracking)
        if code == SUED:
            _suit(sample, case, 18)
    cases._refresh(sample.property, sample.today)


@contextmanager
def _on(sample, day):
    """What is done inside happened on `day`.

    Only here, for the sample: see ``service._move_back``. The property's date is turned back; what was said and sent is
    dated afterwards, and nothing of it is mailed today.
    """
    env = sample.env
    env.cr.flush()
    [[last_line, last_message]] = env.execute_query(
        SQL("SELECT (SELECT max(id) FROM mail_message), (SELECT coalesce(max(id), 0) FROM pm_message)")
    )
    with patch.object(type(env["pm.property"]), "_today", lambda self: day):
        yield
        env.cr.flush()
    moment = sample.property._local_to_utc(day, 10.0)
    env.cr.execute(SQL("UPDATE mail_message SET date = %s WHERE id > %s AND model LIKE 'pm.%%'", moment, last_line))
    # sudo: what was sent is written by the program only
    for message in env["pm.message"].sudo().search([("id", ">", last_message)]):
        message.write(
            {
                "state": "sent",
                "channel": "email",
                "address": message.partner_id.email_formatted,
                "handed_at": moment,
                "sent_at": moment,
                "content_hash": message._hash(message.subject, message.body),
            }
        )
    env.invalidate_all()


def _step(sample, case, months, kind, number=0):
    """Make a step by hand, as the supervisor, when the debt was so many months old."""
    case.stage = months
    case._refresh_amounts()
    levels = case.policy_id.level_ids.filtered(lambda level: level.kind == kind and level.repeat != "campaign")
    levels = levels.sorted("from_month")
    wizard = (
        sample.as_user("supervisor")["pm.dunning.step"]
        .with_context(**SILENT)
        .create({"case_id": case.id, "level_id": levels[min(number, len(levels) - 1)].id})
    )
    return sample.env["pm.dunning.action"].with_context(**SILENT).browse(wizard.action_confirm()["res_id"])


def _notice(sample, case, months):
    """The butler brings the notice and comes back with a signature."""
    day = case.oldest_due_date + relativedelta(months=months)
    butler = case.unit_id.user_id
    with _on(sample, day):
        paper = _step(sample, case, months, "notice").with_user(butler)
        paper._freeze()
    with _on(sample, day + timedelta(days=1)):
        paper.write(
            {"delivery_method": "hand", "signed": True, "proof_ids": [Command.link(_scan(sample, butler, "签收联").id)]}
        )
        paper.action_delivered()


def _letter(sample, case, months, number, tracking):
    """A supervisor approves; the counsel sends the letter by express, which is signed for two days later."""
    day = case.oldest_due_date + relativedelta(months=months)
    with _on(sample, day):
        letter = _step(sample, case, months, "letter", number)
    with _on(sample, day + timedelta(days=1)):
        _approve(sample, letter, "supervisor", "已核对服务记录，无未结投诉。")
    counsel = sample.users["counsel"]
    theirs = letter.with_user(counsel)
    with _on(sample, day + timedelta(days=3)):
        theirs.write(
            {
                "tracking_no": tracking,
                "carrier_id": sample.env.ref("pm_fees.dunning_carrier_ems").id,
                "letter_ids": [Command.link(_scan(sample, counsel, "律师函").id)],
            }
        )
        theirs.action_letter_sent()
    with _on(sample, day + timedelta(days=5)):
        theirs.action_delivered()


def _approve(sample, step, login, note):
    env = sample.as_user(login)["pm.dunning.decision"].with_context(**SILENT, default_action_id=step.id)
    values = env.default_get(["action_id", "line_ids"])
    env.create({**values, "service_checked": True, "note": note}).action_approve()


def _suit(sample, case, months):
    """The manager mandates the counsel, who files the suit; the hearing is next week."""
    day = case.oldest_due_date + relativedelta(months=months)
    with _on(sample, day):
        mandate = _step(sample, case, months, "mandate")
    with _on(sample, day + timedelta(days=1)):
        _approve(sample, mandate, "manager", "两次律师函均已签收，仍未付款，同意起诉。")
    counsel = sample.users["counsel"]
    theirs = mandate.legal_case_id.with_user(counsel)
    with _on(sample, day + timedelta(days=4)):
        theirs.mandate_ids = [Command.link(_scan(sample, counsel, "授权委托书").id)]
        theirs.action_accept_mandate()
    filed = day + timedelta(days=9)
    with _on(sample, filed):
        theirs.write(
            {
                "court": "深圳市南山区人民法院",
                "court_number": f"({filed.year})粤0305民初20417号",
                "filed_on": filed,
                "document_ids": [Command.link(_scan(sample, counsel, "民事起诉状").id)],
                "cost_ids": [
                    Command.create(
                        {"kind": "court", "amount": 905, "date": filed, "note": "案件受理费（简易程序减半）"}
                    ),
                    Command.create({"kind": "express", "amount": 44, "date": filed, "note": "两次律师函邮寄费"}),
                ],
            }
        )
        theirs.action_filed()
    with _on(sample, filed + timedelta(days=12)):
        theirs.write(
            {
                "date_ids": [
                    Command.create(
                        {
                            "kind": "hearing",
                            "name": "开庭",
                            "date": sample.today + timedelta(days=6),
                            "place": "第七法庭 09:30",
                        }
                    )
                ]
            }
        )
    # sudo: the daily job warns
    theirs.date_ids.sudo().with_context(**SILENT)._warn(sample.today)


def _scan(sample, user, name):
    """A page that stands for a scanned paper with a signature and a seal."""
    page = Image.new("RGB", (620, 877), (252, 252, 250))
    pen = ImageDraw.Draw(page)
    pen.rectangle((210, 60, 410, 78), fill=(60, 60, 64))
    for row in range(16):
        pen.line((70, 140 + row * 30, 550 - 130 * (row % 4 == 3), 140 + row * 30), fill=(170, 172, 176), width=5)
    pen.ellipse((400, 690, 530, 820), outline=(196, 44, 40), width=6)
    scrawl = Image.open(io.BytesIO(base64.b64decode(signature())))
    page.paste(scrawl, (90, 700), scrawl)
    buffer = io.BytesIO()
    page.save(buffer, "PNG")
    return sample.env["ir.attachment"].with_user(user).create({"name": f"{name}.png", "raw": buffer.getvalue()})
