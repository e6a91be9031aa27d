import base64
import io
import logging

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import split_every
from reportlab.lib.pagesizes import A4, landscape
from reportlab.lib.units import mm
from reportlab.platypus import BaseDocTemplate, Frame, NextPageTemplate, PageTemplate, Spacer
from reportlab.platypus.doctemplate import LayoutError

from ..report import fonts
from ..report.canvas import BatchCanvas
from ..report.closing import with_closing
from ..report.kit import INK, LINE, SOFT, Kit

_logger = logging.getLogger(__name__)

MARGIN = 18 * mm
TOP = 14 * mm
BOTTOM = 20 * mm
CHUNK = 100  # records read and laid out before their cache is given back


class PmDocument(models.AbstractModel):
    """Base of the printed documents: one letterhead, embedded fonts, page x of y, any number of records.

    A document is an abstract model named ``report.<report_name>`` that inherits ``pm.document`` and defines at least
    :meth:`_title` and :meth:`_story`; an ``ir.actions.report`` of type ``pm_pdf`` with that ``report_name`` makes it
    printable, mailable and attachable.
    """

    _name = "pm.document"
    _description = "Printed Document"

    _landscape = False

    # What a document defines

    def _title(self, record):
        """Return the document's title in the language of ``record``'s environment."""
        raise NotImplementedError(f"{self._name} needs a _title")

    def _story(self, record, kit):
        """Return the list of ReportLab flowables of ``record``; ``kit`` makes them (see ``report/kit.py``)."""
        raise NotImplementedError(f"{self._name} needs a _story")

    def _number(self, record):
        """Return the reference printed in the header."""
        return record.display_name

    def _property(self, record):
        """Return the ``pm.property`` of the letterhead, or None for the company's."""
        if record._name == "pm.property":
            return record
        return record["property_id"] if "property_id" in record._fields else None

    def _company(self, record):
        """Return the company of the letterhead."""
        prop = self._property(record)
        if prop:
            return prop.company_id
        return (record["company_id"] if "company_id" in record._fields else None) or self.env.company

    def _partner(self, record):
        """Return the addressee: his language is the document's. Empty: the language of the user."""
        return (
            record["partner_id"]
            if "partner_id" in record._fields and record._fields["partner_id"].comodel_name == "res.partner"
            else None
        )

    def _currency(self, record):
        """Return the currency that ``kit.money`` assumes."""
        return (record["currency_id"] if "currency_id" in record._fields else None) or self._company(record).currency_id

    def _lang(self, record):
        """Return the language code of the document."""
        # The code is no secret of the partner, while the reader may lack access to his contact.
        partner = self._partner(record)
        lang = partner.sudo().lang if partner else None
        installed = {code for code, _name in self.env["res.lang"].get_installed()}
        return lang if lang in installed else (self.env.lang or self.env.user.lang or "en_US")

    def _footer(self, record):
        """Return the text at the lower left of each page."""
        return self._company(record).name

    # Entry points

    @api.model
    def _pdf(self, report_xmlid, records):
        """Return the PDF (bytes) of ``records`` by the report, for controllers and attachments.

        :param str report_xmlid: XML id or report name of an ``ir.actions.report`` of type pm_pdf
        """
        return self.env["ir.actions.report"]._render(report_xmlid, records.ids)[0]

    def _render_pdf(self, records):
        """Return one PDF with all ``records``, in their order.

        :raises UserError: naming the record that cannot be printed; nothing is printed then
        """
        if not records:
            raise UserError(self.env._("To print you must select at least one record."))
        records.check_access("read")
        names = self._fonts()
        stream = io.BytesIO()
        canvas = None
        for ids in split_every(CHUNK, records.ids):
            for record in records.browse(ids):
                record = record.with_context(lang=self._lang(record))
                document = self.with_context(lang=record.env.lang)
                if canvas is None:
                    canvas = BatchCanvas(
                        stream, document._page_size(), names[0], lang=(record.env.lang or "").replace("_", "-")
                    )
                    canvas.setTitle(document._file_title(records, record))
                    canvas.setAuthor(document._company(record).name)
                    canvas.setCreator("pm")
                try:
                    document._draw(canvas, record, names)
                except AccessError:
                    raise
                except Exception as error:  # whatever is wrong with one record must name that record
                    if not isinstance(error, UserError):
                        _logger.exception("Document %s of %s failed", self._name, record)
                    raise UserError(document._explain(record, error)) from error
            if len(records) > CHUNK:
                # Thousands of letters would keep everything they read in memory.
                records.env.flush_all()
                records.env.invalidate_all(flush=False)
        canvas.write_file()
        return stream.getvalue()

    # Layout

    def _fonts(self):
        # A system parameter is readable by administrators only, its value here is a file name.
        configured = self.env["ir.config_parameter"].sudo().get_param("pm_base.pm_pdf_font") or ""
        try:
            return fonts.load(configured)
        except fonts.FontNotFound as error:
            raise UserError(
                self.env._(
                    "No TrueType font with Chinese characters was found, so no PDF can be made. Install wqy-microhei or uming"
                    " (packages fonts-wqy-microhei, fonts-arphic-uming), set PM_FONT_DIR to the folder of a font, or name"
                    " a font file in the settings. Folders searched: %(folders)s",
                    folders=error.args[0],
                )
            ) from error

    def _page_size(self):
        return landscape(A4) if self._landscape else A4

    def _file_title(self, records, record):
        title = self._title(record)
        return title if len(records) > 1 else f"{title} {self._number(record) or ''}".strip()

    def _explain(self, record, error):
        """Return what to tell the user about a record that cannot be printed."""
        try:
            name = record.display_name
        except Exception:
            name = f"{record._name} {record.id}"
        if isinstance(error, UserError):
            reason = error.args[0]
        elif isinstance(error, LayoutError):
            reason = self.env._("a part of it is larger than a page")
        else:
            reason = f"{type(error).__name__}: {error}"
        return self.env._("%(record)s cannot be printed: %(reason)s", record=name, reason=reason)

    def _draw(self, canvas, record, font_names):
        """Lay out one record and write its pages to the canvas."""
        width, height = self._page_size()
        inner = width - 2 * MARGIN
        kit = Kit(record.env, font_names, inner, currency=self._currency(record))
        title, number = self._title(record), self._number(record)
        letterhead = self._letterhead(record, kit, title, number)
        first_height = sum(part[1] for part in letterhead)
        later = kit.p(" · ".join(filter(None, [title, kit.plain(number)])), "small")
        later_height = later.wrap(inner, height)[1] + 3 * mm

        def draw_first(canv, _doc):
            y = height - TOP
            for draw, part_height in letterhead:
                draw(canv, MARGIN, y)
                y -= part_height

        def draw_later(canv, _doc):
            later.wrapOn(canv, inner, height)
            later.drawOn(canv, MARGIN, height - TOP - later_height + 3 * mm)
            self._rule(canv, MARGIN, height - TOP - later_height + 1.5 * mm, inner)

        def frame(header_height):
            return Frame(
                MARGIN,
                BOTTOM,
                inner,
                height - TOP - BOTTOM - header_height - 2 * mm,
                leftPadding=0,
                rightPadding=0,
                topPadding=0,
                bottomPadding=0,
            )

        template = BaseDocTemplate(
            None,
            pagesize=(width, height),
            initialFontName=kit.font,
            title=canvas._doc.info.title,
            author=canvas._doc.info.author,
            creator="pm",
        )
        template.addPageTemplates(
            [
                PageTemplate("first", [frame(first_height)], onPage=draw_first, autoNextPageTemplate="later"),
                PageTemplate("later", [frame(later_height)], onPage=draw_later),
            ]
        )
        story = [NextPageTemplate("later"), *with_closing(self._story(record, kit)), Spacer(0, 0)]
        template.build(story, canvasmaker=lambda *args, **kwargs: canvas)
        footer, printed = kit.plain(self._footer(record)), kit.datetime(fields.Datetime.now(), tz=self._tz(record))

        def draw_footer(canv, page, pages):
            self._rule(canv, MARGIN, BOTTOM - 4 * mm, inner)
            canv.setFont(kit.font, 7.5)
            canv.setFillColor(SOFT)
            note = record.env._("Page %(page)s of %(pages)s", page=page, pages=pages)
            canv.drawRightString(MARGIN + inner, BOTTOM - 8 * mm, note)
            canv.drawCentredString(
                MARGIN + inner / 2, BOTTOM - 8 * mm, record.env._("Printed %(moment)s", moment=printed)
            )
            room = inner / 2 - 25 * mm
            text = footer
            while text and canv.stringWidth(text, kit.font, 7.5) > room:
                text = text[:-1]
            canv.drawString(MARGIN, BOTTOM - 8 * mm, text if text == footer else text[:-1] + "…")

        canvas.finish_record(draw_footer)

    def _tz(self, record):
        prop = self._property(record)
        return prop.tz if prop else self.env.user.tz or "Asia/Shanghai"

    @staticmethod
    def _rule(canvas, x, y, width, color=LINE, thickness=0.5):
        canvas.saveState()
        canvas.setStrokeColor(color)
        canvas.setLineWidth(thickness)
        canvas.line(x, y, x + width, y)
        canvas.restoreState()

    def _letterhead(self, record, kit, title, number):
        """Return the header of the first page as ``[(draw(canvas, x, y), height), …]`` from the top down."""
        # Whoever may read the record may see the letterhead: company and property names are public.
        prop, company = self._property(record), self._company(record).sudo()
        prop = prop.sudo() if prop else None
        logo = self._logo(company, kit)
        logo_width = (logo.drawWidth + 4 * mm) if logo else 0
        name = prop.name if prop else company.name
        unit = (
            record["unit_id"] if "unit_id" in record._fields and record._fields["unit_id"].type == "many2one" else None
        )
        hotline = prop._hotline_text(unit) if prop else ""
        contact = " · ".join(
            filter(
                None,
                [
                    company.name if prop and company.name != name else None,
                    (prop.address if prop else None)
                    or company.partner_id._display_address(without_company=True).replace("\n", " ").strip(),
                    kit.env._("Hotline %(phone)s", phone=hotline) if hotline else company.phone,
                ],
            )
        )
        lines = [kit.p(name, "letterhead"), kit.p(contact, "small")]
        text_width = kit.width - logo_width
        heights = [line.wrap(text_width, 400)[1] for line in lines]
        head_height = max(sum(heights), logo.drawHeight if logo else 0) + 4 * mm

        def draw_head(canvas, x, y):
            if logo:
                logo.drawOn(canvas, x, y - logo.drawHeight)
            top = y
            for line, line_height in zip(lines, heights):
                line.wrapOn(canvas, text_width, 400)
                line.drawOn(canvas, x + logo_width, top - line_height)
                top -= line_height
            self._rule(canvas, x, y - head_height + 2 * mm, kit.width, color=INK, thickness=1)

        heading, reference = kit.p(title, "title"), kit.p(number, "number")
        title_height = heading.wrap(kit.width, 400)[1]
        reference_height = reference.wrap(kit.width, 400)[1] if number else 0

        def draw_title(canvas, x, y):
            heading.wrapOn(canvas, kit.width, 400)
            heading.drawOn(canvas, x, y - title_height - 2 * mm)
            if number:
                reference.wrapOn(canvas, kit.width, 400)
                reference.drawOn(canvas, x, y - title_height - reference_height - 3 * mm)

        return [(draw_head, head_height), (draw_title, title_height + reference_height + 5 * mm)]

    def _logo(self, company, kit):
        """Return the company's logo as a picture, or None when it has none that can be drawn (SVG)."""
        if company.uses_default_logo or not company.logo_web:
            return None
        try:
            return kit.image(base64.b64decode(company.with_context(bin_size=False).logo_web), 34, 15)
        except UserError:
            return None
