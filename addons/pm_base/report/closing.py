"""What is signed stands on the page of what it is signed for: a page with nothing but signatures proves nothing."""

from itertools import accumulate

from reportlab.platypus import Flowable, KeepTogether, Paragraph, Spacer, Table
from reportlab.platypus.flowables import _listWrapOn

from .flowables import Heading

AT_MOST = 4  # paragraphs between the table and its signatures that move with them


class SignatureBlock(KeepTogether):
    """Lines for signatures, as ``kit.signatures`` makes them."""


class SignedTable(Flowable):
    """A table with what closes it: a closing that does not fit takes the last rows along to the next page."""

    ROWS = 3

    def __init__(self, table, closing, heading=None):
        super().__init__()
        self._table, self._closing, self._heading = table, closing, heading

    def getSpaceBefore(self):
        return (self._heading or self._table).getSpaceBefore()

    def wrap(self, available_width, available_height):
        return available_width, 0xFFFFFF  # larger than any page: ReportLab asks to split, where all is decided

    def split(self, available_width, available_height):
        table, closing = self._table, self._closing
        heading = [self._heading] if self._heading else []
        _width, height = _listWrapOn([*heading, table, *closing], available_width, self.canv)
        if height <= available_height:
            return [*heading, table, *closing]
        if heading:
            _width, above = self._heading.wrapOn(self.canv, available_width, available_height)
            if above > available_height:
                return []  # too little room for a heading: the next page
            available_height -= above + max(self._heading.getSpaceAfter(), table.getSpaceBefore())
        table.wrapOn(self.canv, available_width, 0xFFFFFF)
        # ReportLab has no public name for the heights of the rows.
        header, rows = table._rowHeights[: table.repeatRows], table._rowHeights[table.repeatRows :]
        fitting = [used for used in accumulate([sum(header), *rows]) if used <= available_height]
        if len(rows) <= self.ROWS:
            return [KeepTogether.NullActionFlowable(), KeepTogether([*heading, table, *closing])]
        stay = min(len(fitting) - 1, len(rows) - self.ROWS)
        parts = table.splitOn(self.canv, available_width, fitting[stay] + 0.1) if stay > 0 else []
        # Not a row fits here: all of it is decided on the next page.
        return [*heading, parts[0], SignedTable(parts[1], closing)] if len(parts) == 2 else []


def with_closing(story):
    """Return the story with each block of signatures tied to the table, or the paragraphs, before it."""
    result = []
    for flowable in story:
        if isinstance(flowable, SignatureBlock):
            between = []
            while result and len(between) < AT_MOST and isinstance(result[-1], (Paragraph, Spacer)):
                between.insert(0, result.pop())
            if result and isinstance(result[-1], Table):
                table = result.pop()
                heading = result.pop() if result and isinstance(result[-1], Heading) else None
                flowable = SignedTable(table, [*between, *flowable._content], heading)
            elif any(isinstance(part, Paragraph) and not isinstance(part, Heading) for part in between):
                flowable = KeepTogether([*between, *flowable._content])
            else:
                result += between
        result.append(flowable)
    return result
