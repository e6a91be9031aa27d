"""The kit of a document: paragraphs, tables, money, QR codes, signature blocks in one look.

A document class (see ``pm.document``) gets a :class:`Kit` and returns ReportLab flowables made with it. All text is
plain text: what users typed is escaped, so that ``<b>`` or ``&`` in a name is printed and not obeyed.
"""

import base64
import io
import re
from functools import partial
from xml.sax.saxutils import escape

from odoo.exceptions import UserError
from odoo.tools.misc import format_date, format_datetime, formatLang
from reportlab.lib import colors
from reportlab.lib.enums import TA_CENTER, TA_RIGHT
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.lib.utils import ImageReader
from reportlab.pdfbase.pdfmetrics import stringWidth
from reportlab.platypus import Flowable, Image, KeepTogether, LongTable, PageBreak, Paragraph, Spacer, Table

from . import fonts
from .closing import SignatureBlock
from .flowables import BoldParagraph, Heading, QrFlowable, StampFlowable

INK = colors.HexColor("#1F2933")
SOFT = colors.HexColor("#616E7C")
LINE = colors.HexColor("#C3CCD5")
HEAD = colors.HexColor("#E8EDF2")
ZEBRA = colors.HexColor("#F6F8FA")

MISSING_GLYPH = "□"
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\ufffe\uffff\ud800-\udfff]")
_CJK = re.compile(r"[\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff\ufe30-\ufe4f\uff00-\uffef\U00020000-\U0003ffff]")
CELL_PADDING = 1.2 * mm
TALL = 110 * mm  # a cell higher than this is cut: no row may be higher than a landscape page
_ALIGN = {"l": "body", "r": "right", "c": "center"}


class Kit:
    """Everything a document needs to lay itself out.

    :param env: environment with the language of the reader
    :param font_names: names of registered fonts (see ``fonts.load``), the preferred one first
    :param float width: width of the text area in points
    :param currency: currency that :meth:`money` assumes
    """

    def __init__(self, env, font_names, width, currency=None):
        self.env = env
        self.fonts = font_names
        self.font = font_names[0]
        self.width = width
        self.currency = currency
        self._glyphs = [fonts.glyphs(name) for name in font_names]
        self._styles = {}

    # Text

    def _style(self, name, cjk=False):
        """Return the paragraph style; Chinese breaks between any two characters, other text at spaces."""
        key = (name, cjk)
        if key not in self._styles:
            size, leading, extra = {
                "body": (9.5, 14, {}),
                "bold": (9.5, 14, {}),
                "right": (9.5, 14, {"alignment": TA_RIGHT}),
                "center": (9.5, 14, {"alignment": TA_CENTER}),
                "small": (8, 11.5, {"textColor": SOFT}),
                "cell": (8.5, 12, {}),
                "cell_bold": (8.5, 12, {}),
                "cell_label": (8.5, 12, {"textColor": SOFT}),
                "h": (12, 17, {"spaceBefore": 6, "spaceAfter": 4}),
                "title": (16, 21, {"alignment": TA_CENTER}),
                "letterhead": (12.5, 16, {}),
                "number": (8.5, 12, {"alignment": TA_RIGHT, "textColor": SOFT}),
                "caption": (7.5, 10, {"alignment": TA_CENTER, "textColor": SOFT}),
            }[name]
            self._styles[key] = ParagraphStyle(
                name,
                **{
                    "fontName": self.font,
                    "bulletFontName": self.font,
                    "fontSize": size,
                    "leading": leading,
                    "textColor": INK,
                    "wordWrap": "CJK" if cjk else None,
                    "splitLongWords": 1,
                    **extra,
                },
            )
        return self._styles[key]

    def plain(self, text):
        """Return ``text`` as a string that can be drawn: no control characters."""
        return _CONTROL.sub("", "" if text is None or text is False else str(text))

    def escape(self, text):
        """Return plain ``text`` as ReportLab markup that prints exactly that text.

        Characters that the first font lacks come from the second one, or become □ so that nothing vanishes.
        """
        text = self.plain(text)
        if all(ord(char) in self._glyphs[0] for char in text if char not in "\n\t"):
            markup = escape(text)
        else:
            markup = "".join(self._char_markup(char) for char in text)
        return markup.replace("\t", "    ").replace("\n", "<br/>")

    def _char_markup(self, char):
        if char in "\n\t" or ord(char) in self._glyphs[0]:
            return escape(char)
        for name, known in zip(self.fonts[1:], self._glyphs[1:]):
            if ord(char) in known:
                return f'<font name="{name}">{escape(char)}</font>'
        return MISSING_GLYPH if ord(MISSING_GLYPH) in self._glyphs[0] else "?"

    def p(self, text, style="body"):
        """Return a paragraph of plain text; style: body, small, right, center or bold."""
        return self._paragraph(self.escape(text), style, cjk=bool(_CJK.search(self.plain(text))))

    def markup(self, safe_xml, style="body"):
        """Return a paragraph of ReportLab markup. Never pass user text: run it through :meth:`escape` first."""
        return self._paragraph(safe_xml, style, cjk=bool(_CJK.search(safe_xml)))

    def _paragraph(self, markup, style, cjk):
        bold = style in ("bold", "cell_bold", "title", "letterhead")
        paragraph = (BoldParagraph if bold else Paragraph)(markup, self._style(style, cjk))
        paragraph.pm_lines = partial(_estimate_lines, len(markup), markup.count("<br/>"), paragraph.style.fontSize)
        return paragraph

    def h(self, text):
        """Return a section heading; it stays on the page of what follows."""
        return Heading(self.escape(text), self._style("h", cjk=bool(_CJK.search(self.plain(text)))))

    # Values in the language of the reader

    def money(self, amount, currency=None):
        """Return ``amount`` with the currency's digits and symbol."""
        return formatLang(
            self.env, amount or 0.0, currency_obj=currency or self.currency or self.env.company.currency_id
        )

    def num(self, value, digits=2):
        """Return the number with grouped thousands and ``digits`` decimals."""
        return formatLang(self.env, value or 0.0, digits=digits)

    def date(self, value):
        """Return the date, or the empty string."""
        return format_date(self.env, value) if value else ""

    def datetime(self, value, tz=None):
        """Return the naive UTC moment in time zone ``tz`` (name), or the empty string."""
        return format_datetime(self.env, value, tz=tz, dt_format="short") if value else ""

    def money_words(self, amount, currency=None):
        """Return the amount in words; for yuan in Chinese the financial numerals (壹贰叁) of receipts."""
        currency = currency or self.currency or self.env.company.currency_id
        if currency.name == "CNY" and (self.env.lang or "").startswith("zh"):
            return yuan_words(currency.round(amount))
        return currency.amount_to_text(amount)

    # Blocks

    def pairs(self, pairs, columns=2):
        """Return a grid of labels and values, ``columns`` pairs a row."""
        cells = [(self.p(label, "cell_label"), self._cell(value)) for label, value in pairs]
        cells += [("", "")] * (-len(cells) % columns)
        rows = [
            [item for pair in cells[start : start + columns] for item in pair]
            for start in range(0, len(cells), columns)
        ]
        if not rows:
            return Spacer(0, 0)
        label = max(
            min(max(self._text_width(pair[0], 8.5) for pair in pairs) + 3 * CELL_PADDING, self.width / columns * 0.45),
            15 * mm,
        )
        widths = [label, self.width / columns - label] * columns
        table = Table(self._split_tall(rows, widths), colWidths=widths, spaceBefore=2, spaceAfter=6)
        style = [*self._grid_style(), ("GRID", (0, 0), (-1, -1), 0.4, LINE)]
        style += [("BACKGROUND", (2 * n, 0), (2 * n, -1), HEAD) for n in range(columns)]
        table.setStyle(style)
        return table

    def table(self, header, rows, widths=None, align=None, total=None, zebra=True):
        """Return a table that splits over pages and repeats its header.

        :param list header: column titles
        :param rows: iterable of rows; a cell is text, a number, None or a flowable
        :param widths: relative column widths (mm or any ratio), scaled to the page; measured when missing
        :param str align: one letter a column: l, r (never wrapped: for money) or c
        :param total: a last row in bold
        """
        align = (align or "").ljust(len(header), "l")
        rows = [list(row) for row in rows]
        widths = self._column_widths(header, [*rows, *([total] if total else [])], widths, align)

        def line(values, style):
            return [self._cell(value, letter, width, style) for value, letter, width in zip(values, align, widths)]

        data = [line(header, "cell_bold")] if header and any(header) else []
        head_rows = len(data)
        body = self._split_tall([line(row, "cell") for row in rows], widths)
        data += body
        if total:
            data.append(line(total, "cell_bold"))
        if not data:
            return Spacer(0, 0)
        # LongTable measures row by row: a bill of a thousand lines is laid out in linear time.
        table = LongTable(data, colWidths=widths, repeatRows=head_rows, spaceBefore=2, spaceAfter=6)
        style = [*self._grid_style(), ("LINEBELOW", (0, 0), (-1, -1), 0.4, LINE)]
        if head_rows:
            style += [
                ("BACKGROUND", (0, 0), (-1, 0), HEAD),
                ("LINEABOVE", (0, 0), (-1, 0), 0.8, INK),
                ("LINEBELOW", (0, 0), (-1, 0), 0.8, INK),
            ]
        if zebra and len(rows) > 3:
            style.append(("ROWBACKGROUNDS", (0, head_rows), (-1, head_rows + len(body) - 1), [None, ZEBRA]))
        if total:
            style += [("LINEABOVE", (0, -1), (-1, -1), 0.8, INK), ("BACKGROUND", (0, -1), (-1, -1), HEAD)]
        table.setStyle(style)
        return table

    def columns(self, parts, widths=None):
        """Return lists of flowables side by side (for example text and a QR code)."""
        weights = widths or [1] * len(parts)
        scale = self.width / sum(weights)
        table = Table([list(parts)], colWidths=[weight * scale for weight in weights])
        table.setStyle(
            [
                ("VALIGN", (0, 0), (-1, -1), "TOP"),
                ("LEFTPADDING", (0, 0), (-1, -1), 0),
                ("RIGHTPADDING", (0, 0), (-1, -1), 0),
            ]
        )
        return table

    def box(self, flowables):
        """Return the flowables in a frame, kept together when they fit on a page."""
        table = Table([[flowable] for flowable in flowables], colWidths=[self.width], spaceBefore=4, spaceAfter=6)
        table.setStyle(
            [
                ("BOX", (0, 0), (-1, -1), 0.8, INK),
                ("LEFTPADDING", (0, 0), (-1, -1), 3 * mm),
                ("RIGHTPADDING", (0, 0), (-1, -1), 3 * mm),
                ("TOPPADDING", (0, 0), (-1, 0), 2 * mm),
                ("BOTTOMPADDING", (0, -1), (-1, -1), 2 * mm),
            ]
        )
        return table

    def signatures(self, labels, drawn=()):
        """Return a block of signature and date lines, three a row, never torn apart and never alone on a page.

        :param list drawn: per label (signature as a binary field holds it, or nothing; when it was given)
        """
        _ = self.env._
        columns = min(len(labels), 3) or 1
        cells = []
        for index, label in enumerate(labels):
            signature, when = drawn[index] if index < len(drawn) else (None, "")
            cells.append(
                [
                    self.p(label, "cell_bold"),
                    self.image(base64.b64decode(signature), 40, 11) if signature else Spacer(0, 11 * mm),
                    self.p(_("Signature / seal:"), "cell_label"),
                    self.p(" ".join(filter(None, [_("Date:"), when if signature else ""])), "cell_label"),
                ]
            )
        cells += [""] * (-len(cells) % columns)
        table = Table(
            [cells[start : start + columns] for start in range(0, len(cells), columns)],
            colWidths=[self.width / columns] * columns,
        )
        table.setStyle([*self._grid_style(), ("GRID", (0, 0), (-1, -1), 0.4, LINE)])
        return SignatureBlock([Spacer(0, 4 * mm), table])

    def together(self, flowables):
        """Return the flowables as one block that moves to the next page whole, such as a total with what is signed for it."""
        parts = []
        for flowable in flowables:
            # A block within a block would claim to be taller than any page.
            parts += flowable._content if isinstance(flowable, KeepTogether) else [flowable]
        return KeepTogether(parts)

    def qr(self, text, size_mm=28, caption=None):
        """Return the QR code of ``text``, with a caption below."""
        code = QrFlowable(self.plain(text), size_mm * mm)
        if not caption:
            return code
        table = Table([[code], [self.p(caption, "caption")]], colWidths=[max(size_mm, 24) * mm], hAlign="LEFT")
        table.setStyle([("PADDING", (0, 0), (-1, -1), 0), ("ALIGN", (0, 0), (-1, -1), "CENTER")])
        return table

    def image(self, content, width_mm, height_mm=None):
        """Return the picture (bytes) at most ``width_mm`` wide and ``height_mm`` high, in its own proportions."""
        try:
            width, height = ImageReader(io.BytesIO(content)).getSize()
        except Exception as error:
            raise UserError(
                self.env._("A picture of this document cannot be read. Replace it by a PNG or JPEG file.")
            ) from error
        scale = min(width_mm * mm / width, (height_mm or 240) * mm / height)
        return Image(io.BytesIO(content), width * scale, height * scale, mask="auto", hAlign="LEFT")

    def stamp(self, text):
        """Return a word in a red frame, such as "PAID" or "COPY"."""
        return StampFlowable(self.plain(text), self.font)

    def space(self, height_mm=3):
        return Spacer(0, height_mm * mm)

    def page_break(self):
        return PageBreak()

    # Cells and widths

    def _grid_style(self):
        return [
            ("FONTNAME", (0, 0), (-1, -1), self.font),
            ("VALIGN", (0, 0), (-1, -1), "TOP"),
            ("LEFTPADDING", (0, 0), (-1, -1), CELL_PADDING),
            ("RIGHTPADDING", (0, 0), (-1, -1), CELL_PADDING),
            ("TOPPADDING", (0, 0), (-1, -1), 1 * mm),
            ("BOTTOMPADDING", (0, 0), (-1, -1), 1 * mm),
        ]

    def _cell(self, value, letter="l", width=None, style="cell"):
        """Return the cell's flowable. Right-aligned text shrinks instead of wrapping: a broken amount misleads."""
        if isinstance(value, (Flowable, list, tuple)):
            return value
        if isinstance(value, float):
            value = self.num(value)
        text = self.plain(value)
        paragraph = self.p(text, style)
        base = paragraph.style
        size = base.fontSize
        if letter == "r" and width:
            room = width - 2 * CELL_PADDING - 0.5
            natural = self._text_width(text, size)
            if natural > room:
                size = max(size * room / natural, 5)
        if letter == "l":
            return paragraph
        aligned = ParagraphStyle(
            base.name + letter,
            parent=base,
            alignment=TA_RIGHT if letter == "r" else TA_CENTER,
            fontSize=size,
            wordWrap=base.wordWrap if letter == "c" else None,
        )
        if letter == "r":
            text = text.replace(" ", "\u00a0")
        return type(paragraph)(self.escape(text), aligned)

    def _split_tall(self, rows, widths):
        """Return the rows, each cut into several where it would fill more than most of a page."""
        result = []
        for row in rows:
            while row:
                parts = [self._split_cell(cell, width - 2 * CELL_PADDING) for cell, width in zip(row, widths)]
                result.append([first for first, _rest in parts])
                rest = [rest for _first, rest in parts]
                row = rest if any(cell != "" for cell in rest) else None
        return result

    @staticmethod
    def _split_cell(cell, width):
        # Wrapping is the costly part of the layout: only texts that could be that high are measured here.
        lines = getattr(cell, "pm_lines", lambda width: TALL)(width)
        if isinstance(cell, Paragraph) and lines * cell.style.leading > TALL / 2 and cell.wrap(width, TALL)[1] > TALL:
            parts = cell.split(width, TALL)
            if len(parts) == 2:
                return parts
        return cell, ""

    def _text_width(self, value, size):
        return max((stringWidth(line, self.font, size) for line in self.plain(value).split("\n")), default=0)

    def _column_widths(self, header, rows, widths, align):
        if widths:
            scale = self.width / sum(widths)
            return [width * scale for width in widths]
        natural = []
        for index, title in enumerate(header):
            values = [title] + [row[index] for row in rows[:200] if index < len(row)]
            texts = [
                self.num(value) if isinstance(value, float) else value
                for value in values
                if not isinstance(value, (Flowable, list, tuple))
            ]
            width = max((self._text_width(text, 8.5) for text in texts), default=0) + 2 * CELL_PADDING + 2
            natural.append(min(max(width, 12 * mm), 45 * mm if align[index] == "r" else 70 * mm))
        # Amounts keep their width; the other columns share what is left.
        fixed = sum(width for width, letter in zip(natural, align) if letter == "r")
        flexible = sum(natural) - fixed
        if not flexible or fixed > self.width * 0.7:
            return [width * self.width / sum(natural) for width in natural]
        scale = (self.width - fixed) / flexible
        return [width if letter == "r" else width * scale for width, letter in zip(natural, align)]


def _estimate_lines(length, breaks, size, width):
    """Return at least the number of lines that the text can take: every character as wide as a Chinese one."""
    return breaks + 1 + length * size / max(width, size)


_DIGITS = "零壹贰叁肆伍陆柒捌玖"
_PLACES = ("", "拾", "佰", "仟")
_GROUPS = ("", "万", "亿", "万亿")


def yuan_words(amount):
    """Return the amount in yuan in financial numerals (中文大写金额), as receipts and cheques require.

    >>> yuan_words(1234.5)
    '人民币壹仟贰佰叁拾肆元伍角整'
    """
    fen = round(abs(amount) * 100)
    yuan, jiao, cent = fen // 100, fen // 10 % 10, fen % 10
    words = _yuan_integer(yuan) + "元" if yuan else ""
    if jiao:
        words += _DIGITS[jiao] + "角"
    elif cent and yuan:
        words += "零"
    if cent:
        words += _DIGITS[cent] + "分"
    else:
        words = (words or "零元") + "整"
    return "人民币" + ("负" if amount < 0 else "") + words


def _yuan_integer(number):
    text, group = "", 0
    zero = False  # a gap below this group that has to be spoken as one 零
    while number:
        part = number % 10000
        if part:
            spoken = ""
            gap = False
            for place in range(4):
                digit = part // 10**place % 10
                if digit:
                    spoken = _DIGITS[digit] + _PLACES[place] + ("零" if gap and spoken else "") + spoken
                    gap = False
                else:
                    gap = True
            text = spoken + _GROUPS[group] + ("零" if zero and text else "") + text
            zero = part < 1000
        elif text:
            zero = True
        number //= 10000
        group += 1
    return text
