"""Canvas that writes many records into one PDF, each with its own page x of y, in bounded memory."""

import zlib

from reportlab.pdfbase import pdfdoc
from reportlab.pdfgen.canvas import Canvas


class BatchCanvas(Canvas):
    """Hold back the pages of the record in work until their number is known, then write them compressed.

    A document template saves its canvas when its story ends; here that only ends the record:
    call :meth:`finish_record` after each story and :meth:`write_file` once at the end.
    """

    def __init__(self, stream, pagesize, font, lang=None):
        super().__init__(stream, pagesize=pagesize, pageCompression=1, initialFontName=font, lang=lang)
        self._pending = []
        # ReportLab keeps every page as uncompressed text until the file is written, some 30 kB a page.
        add_page = self._doc.addPage

        def add_compressed(page):
            content = page.stream
            stream = pdfdoc.PDFStream(content=zlib.compress(content.encode() if isinstance(content, str) else content))
            stream.dictionary["Filter"] = pdfdoc.PDFArray([pdfdoc.PDFName("FlateDecode")])
            page.Contents, page.stream = stream, None
            add_page(page)

        self._doc.addPage = add_compressed

    def showPage(self):
        self._pending.append(dict(self.__dict__))
        self._startPage()

    def save(self):
        """Do nothing: the template believes that the file ends with its record."""

    def finish_record(self, draw):
        """Write the pages held back; ``draw(canvas, page, pages)`` adds what depends on their number."""
        pages = len(self._pending)
        for number, state in enumerate(list(self._pending), 1):
            self.__dict__.update(state)
            draw(self, number, pages)
            super().showPage()
        self._pending.clear()

    def write_file(self):
        """Write the file."""
        self._doc.SaveToFile(self._filename, self)
