"""The Chinese a user reads: complete in every add-on, and the same word for the same thing everywhere."""

import csv
import re
from pathlib import Path

import polib
import pytest

ROOT = Path(__file__).parents[1]
CATALOGUES = sorted(ROOT.glob("addons/*/i18n/zh_CN.po"))
GLOSSARY = {
    row["english"]: row["chinese"]
    for row in csv.DictReader((ROOT / "i18n" / "glossary.csv").read_text(encoding="utf-8").splitlines())
}


def test_every_addon_with_strings_has_a_chinese_catalogue():
    assert {path.parents[1].name for path in CATALOGUES} >= {
        "pm_base",
        "pm_customer_service",
        "pm_fees",
        "pm_renovation",
    }


@pytest.mark.parametrize("path", CATALOGUES, ids=lambda path: path.parents[1].name)
def test_catalogue_is_complete(path):
    open_terms = [
        entry.msgid for entry in polib.pofile(str(path)) if not entry.obsolete and (not entry.msgstr or entry.fuzzy)
    ]
    assert not open_terms


@pytest.mark.parametrize("path", CATALOGUES, ids=lambda path: path.parents[1].name)
def test_catalogue_keeps_to_the_glossary(path):
    wrong = {
        entry.msgid: (entry.msgstr, GLOSSARY[entry.msgid])
        for entry in polib.pofile(str(path))
        if not entry.obsolete and entry.msgid in GLOSSARY and entry.msgstr != GLOSSARY[entry.msgid]
    }
    assert not wrong


@pytest.mark.parametrize("path", CATALOGUES, ids=lambda path: path.parents[1].name)
def test_placeholders_survive_translation(path):
    """A lost ``%(unit)s`` would break the message just when it is needed."""
    holder = re.compile(r"%\([a-z_]+\)[sdf]|%[sd]|\$\{[^}]+\}|\{[a-z_]+\}")
    wrong = [
        entry.msgid
        for entry in polib.pofile(str(path))
        if not entry.obsolete and sorted(holder.findall(entry.msgid)) != sorted(holder.findall(entry.msgstr))
    ]
    assert not wrong
