"""Works on .po files with polib; runs in the virtual environment, called by translations.py and lint.py.

po.py merge --pot FILE --po FILE --core FOLDER... [--check]
po.py check FILE...
"""

import argparse
import re
import sys
from pathlib import Path

import polib

# Values that printf-like formatting fills in: they must be the same on both sides.
_PLACEHOLDER = re.compile(r"%\([A-Za-z_]\w*\)[#0\- +]*\d*(?:\.\d+)?[a-z]|%(?![%\s])[#0\-+]*\d*(?:\.\d+)?[sdfgi]")
# "model:ir.model.fields,help:pm_base.field_pm_unit__message_ids" -> kind and field, whatever the model
_INHERITED = re.compile(r"model:(ir\.model\.fields(?:\.selection)?,\w+):\w+\.(?:field|selection)__?\w*?__(\w+)$")


def _keys(entry):
    """What makes a term the same as one of core: the kind of text, the field's name and the text."""
    for place, _line in entry.occurrences:
        match = _INHERITED.match(place)
        if match:
            yield match.group(1), match.group(2), entry.msgid


def core_index(folders):
    """{(kind, field, msgid): msgstr} of the modules that own models inherit from."""
    index = {}
    for folder in folders:
        path = Path(folder) / "i18n" / "zh_CN.po"
        if path.exists():
            for entry in polib.pofile(str(path)):
                if entry.msgstr and not entry.obsolete and "fuzzy" not in entry.flags:
                    for key in _keys(entry):
                        index.setdefault(key, entry.msgstr)
    return index


def _from_core(entry, index):
    found = {index[key] for key in _keys(entry) if key in index}
    return found.pop() if len(found) == 1 else ""


def merge(pot_path, po_path, index, check):
    """Bring a .po up to date with its .pot; returns (terms, filled from core, dropped, untranslated entries, missing)."""
    pot = polib.pofile(str(pot_path))
    old_file = polib.pofile(str(po_path)) if po_path.exists() else polib.POFile()
    old = {entry.msgid: entry for entry in old_file if not entry.obsolete}
    new, filled, missing = polib.POFile(), 0, []
    module = po_path.parent.parent.name
    new.metadata = {
        "Project-Id-Version": "Odoo Server 19.0",
        "Language": "zh_CN",
        "MIME-Version": "1.0",
        "Content-Type": "text/plain; charset=UTF-8",
        "Content-Transfer-Encoding": "8bit",
        "Plural-Forms": "nplurals=1; plural=0;",
    }
    new.header = f"Translation of the add-on {module} into simplified Chinese."
    for entry in pot:
        kept = old.get(entry.msgid)
        if kept is None:
            missing.append(entry)
        entry.msgstr = kept.msgstr if kept else ""
        if kept and kept.tcomment:
            entry.tcomment = kept.tcomment
        if not entry.msgstr:
            entry.msgstr = _from_core(entry, index)
            filled += bool(entry.msgstr)
        new.append(entry)
    dropped = sorted(set(old) - {entry.msgid for entry in pot})
    untranslated = [entry for entry in new if not entry.msgstr]
    if not check and (new or po_path.exists()):
        po_path.parent.mkdir(exist_ok=True)
        new.save(str(po_path))
        pot.metadata = {key: value for key, value in pot.metadata.items() if not key.endswith("-Date")}
        for entry in pot:
            entry.msgstr = ""
        pot.save(str(po_path.with_name(f"{module}.pot")))
    return len(new), filled, dropped, untranslated, missing


def check(path):
    """Faults of one .po: unreadable, a term twice, other placeholders than the source."""
    try:
        entries = polib.pofile(str(path), check_for_duplicates=False)
    except (OSError, ValueError, UnicodeDecodeError) as error:
        return [f"{path}: {error}"]
    faults, seen = [], {}
    for entry in entries:
        if entry.obsolete:
            continue
        key = (entry.msgctxt, entry.msgid)
        if key in seen:
            faults.append(f"{path}:{entry.linenum}: term twice (first in line {seen[key]}): {entry.msgid[:60]!r}")
        seen[key] = entry.linenum
        if "fuzzy" in entry.flags:
            faults.append(f"{path}:{entry.linenum}: fuzzy: {entry.msgid[:60]!r}")
        if entry.msgstr and any(
            "odoo-python" in comment or "odoo-javascript" in comment for comment in [entry.comment]
        ):
            wanted, have = (sorted(_PLACEHOLDER.findall(text)) for text in (entry.msgid, entry.msgstr))
            if wanted != have:
                faults.append(f"{path}:{entry.linenum}: placeholders differ, {wanted} and {have}: {entry.msgid[:60]!r}")
    return faults


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    one = commands.add_parser("merge")
    one.add_argument("--core", nargs="*", default=[])
    one.add_argument("--check", action="store_true")
    one.add_argument("--pair", nargs=2, action="append", type=Path, metavar=("POT", "PO"), required=True)
    two = commands.add_parser("check")
    two.add_argument("files", nargs="+")
    options = parser.parse_args()
    if options.command == "check":
        faults = [fault for file in options.files for fault in check(file)]
        print("\n".join(faults))
        return bool(faults)
    index, bad = core_index(options.core), 0
    for pot, po in options.pair:
        terms, filled, dropped, untranslated, missing = merge(pot, po, index, options.check)
        line = f"{po.parent.parent.name}: {terms} terms, {len(untranslated)} untranslated"
        line += f", {filled} filled from Odoo's own translations" if filled else ""
        line += f", {len(dropped)} no longer used" if dropped else ""
        line += f", {len(missing)} not in the file" if missing and options.check else ""
        print(line)
        shown = untranslated or (missing if options.check else [])
        for entry in shown[:20] if not options.check else shown[:60]:
            place = entry.occurrences[0][0] if entry.occurrences else ""
            print(f"    {entry.msgid[:80]!r}  ({place})")
        bad += len(untranslated) + (len(missing) if options.check else 0)
    return 1 if options.check and bad else 0


if __name__ == "__main__":
    sys.exit(main())
