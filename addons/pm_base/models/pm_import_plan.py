"""Which sheet of a file goes to which importer, and where its columns stand."""

from ..tools import columns as sheet_columns
from ..tools.cells import word_key
from . import pm_import_messages as messages


class Refused(Exception):
    """The whole file is refused, with message and remedy in the user's language."""

    def __init__(self, message, remedy):
        super().__init__(message)
        self.message = message
        self.remedy = remedy


def refusal(env, code, **args):
    return Refused(*messages.words(env, messages.FILE_MESSAGES, code, **args))


class Part:
    """A sheet, its importer, and where its columns stand."""

    def __init__(self, sheet, kind, importer, columns, layout, defaults):
        self.sheet = sheet
        self.kind = kind
        self.importer = importer
        self.columns = columns
        self.layout = layout
        self.defaults = defaults

    def rows(self):
        return sheet_columns.read_rows(self.sheet, self.layout, self.columns, self.defaults)

    def chunks(self, after=0):
        """Lists of rows below row ``after``. Rows above are read too: a double row names the first one."""
        chunk = []
        for row in self.rows():
            if row.number <= after:
                continue
            chunk.append(row)
            if len(chunk) == self.importer._chunk:
                yield chunk
                chunk = []
        if chunk:
            yield chunk

    def notes(self, env):
        """What the user should know about columns that were not taken as they stand."""
        layout, name = self.layout, self.sheet.name
        notes = []
        if layout.ignored:
            notes.append(
                env._(
                    "Sheet “%(sheet)s”: columns not known and ignored: %(columns)s.",
                    sheet=name,
                    columns=", ".join(layout.ignored),
                )
            )
        if layout.hidden:
            notes.append(
                env._(
                    "Sheet “%(sheet)s”: hidden columns ignored: %(columns)s.",
                    sheet=name,
                    columns=", ".join(layout.hidden),
                )
            )
        if layout.hidden_used:
            notes.append(
                env._(
                    "Sheet “%(sheet)s”: hidden columns read because they are required: %(columns)s.",
                    sheet=name,
                    columns=", ".join(layout.hidden_used),
                )
            )
        if layout.doubled:
            notes.append(
                env._(
                    "Sheet “%(sheet)s”: columns that appear twice, the first was taken: %(columns)s.",
                    sheet=name,
                    columns=", ".join(layout.doubled),
                )
            )
        positions = {position: column for column, position in layout.positions.items()}
        merged = [
            layout.headers[position]
            for position in sorted(self.sheet.merges)
            if position in positions and any(last > layout.header_row for _first, last in self.sheet.merges[position])
        ]
        if merged:
            notes.append(
                env._(
                    "Sheet “%(sheet)s”: merged cells were filled down in: %(columns)s.",
                    sheet=name,
                    columns=", ".join(merged),
                )
            )
        return notes


def head_of(sheet):
    """The first rows of a sheet that hold something."""
    head = []
    for row in sheet.rows():
        head.append(row)
        if len(head) == sheet_columns.HEADER_SEARCH_ROWS:
            break
    return head


def names_of(importer):
    kind = importer._name.rsplit(".", 1)[-1]
    return {word_key(name) for name in (kind, *importer._sheet)}


def sheet_keys(name):
    """How a sheet or file may be called: also without a number in front and a date or count behind."""
    key = word_key(name)
    bare = key.strip("0123456789.()_- ")
    return {key, bare, *(word_key(part) for part in name.split("/"))} - {""}
