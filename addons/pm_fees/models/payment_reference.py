"""Payment references with check digits (ISO 7064 MOD 97-10).

A reference is twelve digits: one for what it names (1 = unit, 2 = charge), nine for its database id, two check
digits. Digits only, because payers type it into the remark field of a bank app; two check digits, because a
mistyped or swapped digit must never credit the neighbour.
"""

import re

from odoo.tools import SQL

KINDS = {"unit": "1", "charge": "2"}
_BY_DIGIT = {digit: kind for kind, digit in KINDS.items()}
_CANDIDATE = re.compile(r"(?<!\d)[12]\d{11}(?!\d)")
_FULL_WIDTH = str.maketrans("０１２３４５６７８９", "0123456789")


def make_reference(kind, number):
    """The reference of one record.

    :param str kind: "unit" or "charge"
    :param int number: database id
    """
    body = f"{KINDS[kind]}{number:09d}"
    return f"{body}{98 - int(body) * 100 % 97:02d}"


def find_references(text):
    """Valid references in a free text, e.g. the remark of a bank line.

    :return: list of (kind, id) in the order found; an invalid check digit is no reference
    """
    text = (text or "").translate(_FULL_WIDTH)
    # Payers group the digits, or write the month behind them: read as it stands, and with the gaps closed.
    joined = re.sub(r"(?<=\d)[ \-](?=\d)", "", text)
    found = []
    for candidate in (*_CANDIDATE.findall(text), *_CANDIDATE.findall(joined)):
        if int(candidate) % 97 == 1:
            pair = (_BY_DIGIT[candidate[0]], int(candidate[1:10]))
            if pair not in found:
                found.append(pair)
    return found


def reference_sql(kind, number):
    """`make_reference` as an SQL expression.

    :param SQL number: expression of type integer
    """
    body = SQL("(%s || lpad((%s)::text, 9, '0'))", KINDS[kind], number)
    return SQL("(%(body)s || lpad((98 - (%(body)s)::bigint * 100 %% 97)::text, 2, '0'))", body=body)
