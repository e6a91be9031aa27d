"""A satisfaction survey of last month: distributed, answered by most, evaluated, with what is to become better."""

import random
from datetime import timedelta
from unittest.mock import patch

from odoo import fields

HOUSEHOLDS = 40
ANSWERED = 0.95
# Dimension -> (mean satisfaction, mean importance), from 1 to 5: one or two in each quarter of the chart.
OPINIONS = {
    "reception": (4.6, 4.4),
    "repair": (3.4, 4.7),
    "complaint": (3.6, 4.5),
    "security": (4.5, 4.8),
    "cleaning": (4.3, 4.1),
    "greenery": (4.2, 3.0),
    "facility": (3.9, 3.9),
    "information": (3.5, 3.1),
    "fees": (3.8, 3.4),
}
WORDS = (
    "保安和前台都很好。",
    "报修有时要等两天，希望快一点。",
    "投诉后没有人告诉我结果。",
    "大堂保洁不错，地下车库差一些。",
    "绿化比去年好。",
)
ACTIONS = {
    "repair": ("报修当天上门", "工程维修组增加晚班一人，超过四小时未上门由主管督办。"),
    "complaint": ("投诉三天内答复结果", "每天晨会过一遍未答复的投诉，回访时核对客户是否知道结果。"),
}


def load_survey(sample):
    env, prop, users = sample.env, sample.property, sample.users
    chance = random.Random(40_000)
    sent_on = sample.today - timedelta(days=18)
    survey = env["pm.survey.round"].create(
        {
            "name": f"{sent_on:%Y年%m月}客户满意度调查",
            "property_id": prop.id,
            "period_start": fields.Date.start_of(sent_on, "quarter"),
            "date_close": sample.today,
        }
    )
    survey._fill_list()
    survey.invitation_ids[HOUSEHOLDS:].unlink()
    # Long distributed: nobody hears of it today.
    with patch.object(type(env["pm.message"]), "_enqueue_template", lambda self, *_args, **_kwargs: self.browse()):
        survey.action_distribute()
    rows = survey.invitation_ids
    answered = rows[: round(len(rows) * ANSWERED)]
    env["survey.user_input.line"].create([line for row in answered for line in _lines(env, chance, row.user_input_id)])
    answered.user_input_id.write({"state": "done"})
    rows.write({"sent_at": prop._local_to_utc(sent_on, 10)})
    for row in answered:
        day = sent_on + timedelta(days=chance.randint(0, 12))
        row.write({"state": "returned", "returned_at": prop._local_to_utc(day, 9 + 10 * chance.random())})
    survey.write({"opened_on": sent_on, "date_close": sample.today - timedelta(days=4)})
    survey.action_close()
    for score in survey.score_ids.filtered(lambda score: score.quadrant == "improve_first"):
        name = next(
            key for key in OPINIONS if env.ref(f"pm_customer_service.survey_dimension_{key}") == score.dimension_id
        )
        title, words = ACTIONS.get(name, (f"改进{score.dimension_id.name}", "由责任部门提出措施。"))
        env["pm.improvement.action"].create(
            {
                "name": title,
                "description": words,
                "round_id": survey.id,
                "dimension_id": score.dimension_id.id,
                "property_id": prop.id,
                "user_id": users["technician" if name == "repair" else "supervisor"].id,
                "date_due": sample.today + timedelta(days=30),
            }
        )


def _lines(env, chance, answer):
    for question in (env.ref(f"pm_customer_service.survey_question_{name}") for name in ("satisfaction", "importance")):
        row_of = {row.pm_dimension_id: row.id for row in question.matrix_row_ids}
        column_of = {column.pm_points: column.id for column in question.suggested_answer_ids}
        for name, means in OPINIONS.items():
            mean = means[question.pm_measure == "importance"]
            yield {
                "user_input_id": answer.id,
                "question_id": question.id,
                "answer_type": "suggestion",
                "matrix_row_id": row_of[env.ref(f"pm_customer_service.survey_dimension_{name}")],
                "suggested_answer_id": column_of[min(max(round(chance.gauss(mean, 0.8)), 1), 5)],
            }
    if chance.random() < 0.2:
        yield {
            "user_input_id": answer.id,
            "question_id": env.ref("pm_customer_service.survey_question_words").id,
            "answer_type": "text_box",
            "value_text_box": chance.choice(WORDS),
        }
