"""Three renovations through their state machine: on site, waiting for acceptance, waiting for the refund."""

import base64
import io
from datetime import timedelta

from odoo import Command, fields
from odoo.tools import SQL
from PIL import Image, ImageDraw

from . import service

DEPOSIT = 3000.0
PATROLS = 6


SCHEMES = (
    (
        "work_air",
        "空调外机统一位置",
        "室外机只安装在各层设备平台，冷凝水接入雨水立管，支架用热镀锌钢，颜色与外墙一致。",
    ),
    (
        "work_sign",
        "店面招牌统一样式",
        "招牌高 600 mm，下沿与雨棚齐平，铝板深灰底白字，LED 内透光，电源自店内专用回路引出。",
    ),
)


def load_renovations(sample):
    sample.property.write({"renovation_deposit_method": "fixed", "renovation_deposit_amount": DEPOSIT})
    _load_schemes(sample)
    for row in sample.files.rows("demo_renovations.csv"):
        case = _apply(sample, row)
        _review(sample, case)
        _sign_and_pay(sample, case, row)
        end = _day(sample, row, "完工(天)")
        _work(sample, case, end)
        if row["目标状态"] != "in_progress":
            _inspect_concealed(case)
            case.with_user(sample.users["butler"]).action_notify_completion()
        if row["目标状态"] == "refund_requested":
            _accept(sample, case)
        sample.env.flush_all()
        _move_back(sample, case, end)


def _load_schemes(sample):
    """What was approved once for everybody: chosen in the portal, decided faster (S0-76)."""
    env = sample.as_user("manager")
    schemes = env["pm.renovation.scheme"].create(
        [
            {
                "name": name,
                "description": description,
                "property_id": sample.property.id,
                "work_type_id": env.ref(f"pm_renovation.{work}").id,
            }
            for work, name, description in SCHEMES
        ]
    )
    schemes.action_approve()


def _day(sample, row, column):
    return sample.today + timedelta(days=int(row[column]))


def _apply(sample, row):
    env = sample.as_user("butler")
    unit = env["pm.unit"].search([("property_id", "=", sample.property.id), ("code", "=", row["房号"])])
    applicant = (
        unit.party_ids.filtered(lambda p: p.is_current and p.role in ("tenant", "merchant") and p.is_payer).partner_id
        or unit.owner_ids[:1]
    )
    case = env["pm.renovation"].create(
        {
            "unit_id": unit.id,
            "applicant_id": applicant.id,
            "description": row["装修内容"],
            "contractor_id": env["res.partner"].create({"name": row["施工单位"], "is_company": True}).id,
            "site_manager": row["施工负责人"],
            "site_phone": row["负责人电话"],
            "date_start": _day(sample, row, "开工(天)"),
            # The steps are taken today, under a permit that is valid today; `_move_back` gives the true end.
            "date_end": max(_day(sample, row, "完工(天)"), sample.today),
            "work_ids": [
                Command.create({"type_id": env.ref(f"pm_renovation.work_{name}").id})
                for name in row["装修项目"].split()
            ],
        }
    )
    case.paper_ids.write({"on_paper": True})
    if case.owner_consent == "pending":
        case.action_owner_consents()
    case.action_submit()
    return case


def _review(sample, case):
    case.paper_ids.action_accept()
    who = {"butler": "butler", "engineering": "technician", "manager": "manager"}
    for review in case._current_reviews():
        theirs = review.with_user(sample.users[who[review.role]])
        theirs.action_all_ok()
        theirs.action_pass()
    case.with_user(sample.users["supervisor"]).action_approve()


def _sign_and_pay(sample, case, row):
    case.write({"agreement_signature": signature(), "agreement_signed_by": case.applicant_id.name, "rules_read": True})
    case.action_sign_agreement()
    env = sample.as_user("cashier")
    method = env["pm.payment.method"]._get(sample.property.company_id, "transfer")
    case.deposit_id.with_env(env)._receive(method, _day(sample, row, "开工(天)") - timedelta(days=4))
    case.action_issue_permit()
    case.write(
        {
            "worker_ids": [
                Command.create({"name": name, "trade": trade, "id_shown": True})
                for name, trade in (("罗大勇", "木工"), ("薛广军", "水电工"))
            ]
        }
    )
    if case._is_permit_valid():
        case.worker_ids.action_issue_pass()


def _work(sample, case, end):
    case.action_start()
    last = min(sample.today - timedelta(days=1), end)
    days = [last - timedelta(days=back) for back in range(PATROLS) if last - timedelta(days=back) >= case.date_start]
    patrols = case.env["pm.renovation.inspection"].create(
        [{"renovation_id": case.id, "kind": "patrol", "date": day, "user_id": case.user_id.id} for day in sorted(days)]
    )
    for patrol in patrols:
        patrol.action_all_ok()
        patrol.action_done()
    violation = case.env["pm.renovation.violation"].create(
        {
            "renovation_id": case.id,
            "inspection_id": patrols[:1].id,
            "type_id": case.env.ref("pm_renovation.violation_waste").id,
            "description": "装修材料临时堆放在公共走廊，占用疏散通道。",
            "place": "走廊",
        }
    )
    violation.action_notify()
    violation.recheck_note = "材料已全部移入室内，走廊清理干净。"
    violation.action_recheck_ok()
    violation.action_close()
    _clear(sample, violation)


def _clear(sample, violation):
    """The ticket that asked to clear the corridor was taken, done and closed in those days."""
    # sudo: who looks after the site does not see the ticket of the service centre
    ticket = sample.env["pm.ticket"].browse(violation.sudo().ticket_id.id)
    row = {"目标状态": "closed", "处理说明": "装修负责人已将材料移入室内，走廊清扫完毕。", "满意度": ""}
    for step in service.STEPS[1:]:
        getattr(service, f"_{step}")(sample, ticket, "butler", row)
    sample.env.flush_all()
    service._move_back(sample, ticket, sample.today - violation.inspection_id.date + timedelta(hours=12))


def _accept(sample, case):
    _hold(case._acceptance_inspection())
    case.action_accept()
    case.action_request_refund()
    # The works are over: the passes came back.
    case.worker_ids.filtered("is_out").action_return_pass()


def _hold(visit):
    """Fill in a visit with a photo, and finish it."""
    visit.action_all_ok()
    visit.attachment_ids = [Command.create({"name": "现场照片.png", "raw": base64.b64decode(signature())})]
    visit.action_done()


def _inspect_concealed(case):
    """Pipes and wires before they are covered, where the works have such."""
    if case.concealed_state == "open":
        case.action_request_concealed()
        _hold(case.inspection_ids.filtered(lambda visit: visit.kind == "concealed"))


def signature():
    """A scrawl that stands for a signature."""
    image = Image.new("RGBA", (360, 110), (255, 255, 255, 0))
    pen = ImageDraw.Draw(image)
    strokes = (
        [(20, 70), (60, 25), (75, 90), (110, 35), (125, 85)],
        [(140, 60), (175, 30), (200, 80), (240, 45)],
        [(230, 80), (290, 55), (340, 60)],
    )
    for stroke in strokes:
        pen.line(stroke, fill=(25, 35, 90, 255), width=4, joint="curve")
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return base64.b64encode(buffer.getvalue())


def _move_back(sample, case, last_day):
    """Date the steps by the dates of the works.

    Only here, for the sample: the steps stamp the present moment, as they must; see ``service._move_back``.
    """
    cr, tz = sample.env.cr, sample.property
    begin = tz._local_to_utc(case.date_start, 9.0)
    end = min(tz._local_to_utc(last_day, 16.0), fields.Datetime.now())
    stamps = {
        "create_date": begin - timedelta(days=11),
        "submitted_at": begin - timedelta(days=10),
        "decided_at": begin - timedelta(days=8),
        "agreement_signed_at": begin - timedelta(days=6),
        "owner_consent_at": begin - timedelta(days=10),
        "completion_notified_at": end + timedelta(days=1) if end + timedelta(days=1) < fields.Datetime.now() else end,
        "accepted_at": end + timedelta(days=3),
    }
    cr.execute(
        SQL(
            "UPDATE pm_renovation SET date_end = %s, permit_valid_until = %s, started_on = %s, permit_issued_on = %s, %s WHERE id = %s",
            last_day,
            last_day,
            case.date_start,
            case.date_start - timedelta(days=3),
            SQL(", ").join(
                SQL(
                    "%(name)s = CASE WHEN %(name)s IS NULL THEN NULL ELSE %(moment)s END",
                    name=SQL.identifier(name),
                    moment=moment,
                )
                for name, moment in stamps.items()
            ),
            case.id,
        )
    )
    cr.execute(
        SQL(
            """UPDATE pm_deadline SET start = %(start)s, due = %(start)s + (due - start),
                  met_at = CASE WHEN met_at IS NULL THEN NULL ELSE %(start)s + (due - start) / 2 END
            WHERE res_model = 'pm.renovation' AND res_id = %(id)s AND kind IN ('review', 'defects')""",
            start=stamps["submitted_at"],
            id=case.id,
        )
    )
    cr.execute(
        SQL("UPDATE pm_renovation_review SET done_at = %s WHERE renovation_id = %s", stamps["decided_at"], case.id)
    )
    cr.execute(
        SQL(
            "UPDATE pm_renovation_inspection SET done_at = date + time '08:30' WHERE renovation_id = %s AND kind = 'patrol'",
            case.id,
        )
    )
    cr.execute(
        SQL(
            """UPDATE pm_renovation_violation SET found_at = i.done_at, notified_at = i.done_at, rechecked_at = i.done_at + interval '1 day',
                      rectify_by = i.date + (rectify_by - %s)
             FROM pm_renovation_inspection i WHERE i.id = inspection_id AND pm_renovation_violation.renovation_id = %s""",
            sample.today,
            case.id,
        )
    )
    for kind, moment in (("concealed", end), ("acceptance", stamps["accepted_at"])):
        cr.execute(
            SQL(
                "UPDATE pm_renovation_inspection SET date = %s, done_at = %s WHERE renovation_id = %s AND kind = %s AND state = 'done'",
                moment.date(),
                moment,
                case.id,
                kind,
            )
        )
    _move_history_back(cr, case, begin, stamps)
    sample.env.invalidate_all()


def _move_history_back(cr, case, begin, stamps):
    """Date the lines of the history by the steps; whatever happened between two steps stands at the earlier one."""
    moments = {
        "draft": stamps["create_date"],
        "submitted": stamps["submitted_at"],
        "approved": stamps["decided_at"],
        "agreement_signed": stamps["agreement_signed_at"],
        "deposit_paid": begin - timedelta(days=4),
        "permit_issued": begin - timedelta(days=3),
        "in_progress": begin,
        "completion_notified": stamps["completion_notified_at"],
        "accepted": stamps["accepted_at"],
    }
    cr.execute(
        SQL(
            """WITH step (state, moment) AS (VALUES %(moments)s),
                    found AS (SELECT min(found_at) AS moment FROM pm_renovation_violation WHERE renovation_id = %(id)s),
                    line AS (
                        SELECT l.id, max(COALESCE(step.moment, CASE WHEN l.kind = 'violation' THEN found.moment END))
                                     OVER (ORDER BY l.id) AS moment
                          FROM pm_renovation_log l CROSS JOIN found LEFT JOIN step ON step.state = l.to_state
                         WHERE l.renovation_id = %(id)s AND (l.to_state IS NULL OR step.state IS NOT NULL)
                    )
               UPDATE pm_renovation_log SET at = line.moment FROM line
                WHERE line.id = pm_renovation_log.id AND line.moment IS NOT NULL""",
            moments=SQL(", ").join(SQL("(%s, %s::timestamp)", state, moment) for state, moment in moments.items()),
            id=case.id,
        )
    )
