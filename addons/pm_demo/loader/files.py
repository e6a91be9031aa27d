"""Finds the sample files and moves their dates next to today."""

import calendar
import csv
import io
import os
import re
from datetime import date
from pathlib import Path

from odoo.exceptions import UserError

_DAY = re.compile(r"(?<![\d-])(\d{4})-(\d{2})-(\d{2})(?![\d-])")
_REPOSITORY = Path(__file__).resolve().parents[3]


def data_dir(env):
    """The folder with the sample files: ``$PM_DATA_DIR``, else ``data/`` beside ``addons/``.

    :raise UserError: no such folder, or not the sample files in it
    """
    given = os.environ.get("PM_DATA_DIR")
    folder = Path(given) if given else _REPOSITORY / "data"
    if not (folder / "as_of.txt").is_file():
        raise UserError(
            env._(
                "The sample files are not in %(folder)s. Set the environment variable PM_DATA_DIR to the folder data/ of the project "
                "and install the sample property again.",
                folder=folder,
            )
        )
    return folder


class SampleFiles:
    """The sample files with every date moved by whole months, so that the month they were written for is this month.

    A day that ends its month still ends it after the move (31 August becomes 30 September, not 1 October).

    :param today: the property's today
    """

    def __init__(self, env, today):
        self.folder = data_dir(env)
        year, month = (self.folder / "as_of.txt").read_text().strip().split("-")
        self.shift = (today.year - int(year)) * 12 + today.month - int(month)

    def move(self, day):
        index = day.year * 12 + day.month - 1 + self.shift
        year, month = index // 12, index % 12 + 1
        last = calendar.monthrange(year, month)[1]
        ends = day.day == calendar.monthrange(day.year, day.month)[1]
        return date(year, month, last if ends else min(day.day, last))

    def text(self, name):
        raw = (self.folder / name).read_bytes()
        try:
            text = raw.decode("utf-8-sig")
        except UnicodeDecodeError:
            text = raw.decode("gb18030")  # a bank's export
        return _DAY.sub(lambda match: self.move(date(*map(int, match.groups()))).isoformat(), text)

    def rows(self, name):
        return list(csv.DictReader(io.StringIO(self.text(name))))
