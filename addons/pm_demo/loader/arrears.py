"""What was agreed with debtors, and the collection before the end of the year that somebody has to start."""

from datetime import date, timedelta

INSTALMENTS, HARDSHIP, DISPUTE = "A-1605", "B-1601", "A-1806"


def load_agreements(sample):
    """One pays by instalments, one rests for illness, one objects to the bill and is looked into."""
    cases = {
        case.unit_id.code: case
        for case in sample.env["pm.dunning.case"].search(
            [
                ("property_id", "=", sample.property.id),
                ("state", "=", "open"),
                ("unit_id.code", "in", (INSTALMENTS, HARDSHIP, DISPUTE)),
            ]
        )
    }
    plan = sample.as_user("supervisor")["pm.dunning.instalment"].create(
        {
            "case_id": cases[INSTALMENTS].id,
            "count": 6,
            "start_date": sample.today + timedelta(days=7),
            "note": "租户来函说明资金周转困难，承诺分六期缴清，当期物业费照常缴纳。",
        }
    )
    plan.action_propose()
    plan.action_agree()
    sample.as_user("manager")["pm.dunning.hold"].create(
        {
            "case_id": cases[HARDSHIP].id,
            "kind": "hardship",
            "until": sample.today + timedelta(days=60),
            "reason": "业主住院治疗，家属申请暂缓催缴，已出示住院证明。",
        }
    )
    call = sample.as_user("supervisor")["pm.dunning.call"].create(
        {
            "case_id": cases[DISPUTE].id,
            "channel": "phone",
            "result": "disputed",
            "reason_id": sample.env.ref("pm_fees.dunning_reason_repair").id,
            "note": "窗框渗水报修后未彻底修好，要求先修复再缴纳物业费。",
        }
    )
    call.action_record()


def load_campaign(sample):
    """The collection before the end of this year is planned and waits for its start (S0-65)."""
    year = sample.today.year
    sample.as_user("manager")["pm.dunning.campaign"].create(
        {
            "name": f"{year}年年终专项催缴",
            "property_id": sample.property.id,
            "year": year,
            "date_from": max(sample.today, date(year, 12, 1)),
            "date_to": date(year, 12, 31),
            "min_stage": 3,
        }
    )
