"""Flowables that ReportLab does not have, drawn without fonts of its own (those would not be embedded)."""

from functools import lru_cache
from itertools import groupby

from reportlab.graphics.barcode.qrencoder import QRCode, QRErrorCorrectLevel
from reportlab.lib import colors
from reportlab.lib.units import mm
from reportlab.pdfbase.pdfmetrics import stringWidth
from reportlab.platypus import Flowable, Paragraph


class BoldParagraph(Paragraph):
    """Paragraph with strengthened strokes: the CJK fonts at hand have a single weight."""

    def draw(self):
        canvas = self.canv
        canvas.saveState()
        canvas.setLineWidth(0.025 * self.style.fontSize)
        canvas.setStrokeColor(self.style.textColor)
        canvas.addLiteral("2 Tr")  # fill, then stroke
        super().draw()
        canvas.restoreState()


class Heading(BoldParagraph):
    """Heading that moves to the next page when too little of what follows would fit below it.

    ReportLab's keepWithNext would move the whole following table along and leave half a page empty.
    """

    ROOM = 28 * mm

    def wrap(self, available_width, available_height):
        width, height = super().wrap(available_width, available_height)
        self._crowded = height + self.ROOM > available_height
        return width, available_height + 1 if self._crowded else height

    def split(self, available_width, available_height):
        return [] if self._crowded else super().split(available_width, available_height)


@lru_cache(maxsize=16)
def _qr_rows(text):
    """The modules of a QR code by row. Kept: the bills of a run all carry the same one, and it costs more than their text."""
    code = QRCode(None, QRErrorCorrectLevel.M)
    code.addData(text)
    code.make()
    return tuple(tuple(bool(module) for module in row) for row in code.modules)


class QrFlowable(Flowable):
    """QR code of ``text``, drawn as rectangles, with the quiet zone of four modules (ISO 18004)."""

    QUIET = 4

    def __init__(self, text, size):
        super().__init__()
        self._rows = _qr_rows(text)
        self.width = self.height = size
        self.hAlign = "LEFT"

    def wrap(self, available_width, available_height):
        return self.width, self.height

    def draw(self):
        canvas = self.canv
        box = self.width / (len(self._rows) + 2 * self.QUIET)
        canvas.setFillColor(colors.black)
        for row_number, row in enumerate(self._rows):
            y = self.height - (row_number + 1 + self.QUIET) * box
            column = self.QUIET
            for dark, run in groupby(row):
                count = len(list(run))
                if dark:
                    canvas.rect(column * box, y, count * box, box, stroke=0, fill=1)
                column += count


class StampFlowable(Flowable):
    """A word in a slightly turned red frame, as a rubber stamp leaves it."""

    def __init__(self, text, font, size=16):
        super().__init__()
        self._text, self._font, self._size = text, font, size
        self.hAlign = "RIGHT"

    def wrap(self, available_width, available_height):
        self._text_width = stringWidth(self._text, self._font, self._size)
        self.width, self.height = self._text_width + 20, self._size * 2.4
        return self.width, self.height

    def draw(self):
        canvas = self.canv
        canvas.saveState()
        canvas.setStrokeColor(colors.HexColor("#C0392B"))
        canvas.setFillColor(colors.HexColor("#C0392B"))
        canvas.setLineWidth(1.6)
        canvas.translate(self.width / 2, self.height / 2)
        canvas.rotate(6)
        canvas.roundRect(-self._text_width / 2 - 7, -self._size * 0.85, self._text_width + 14, self._size * 1.7, 4)
        canvas.setFont(self._font, self._size)
        canvas.drawCentredString(0, -self._size * 0.35, self._text)
        canvas.restoreState()
