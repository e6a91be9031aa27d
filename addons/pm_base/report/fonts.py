"""Find and register the embedded CJK fonts of the documents.

ReportLab embeds TrueType outlines only: the OpenType/CFF files of fonts-noto-cjk cannot be used, and a
document that names a font of the viewer's machine (Helvetica, STSong) prints differently elsewhere.
So the first usable TrueType font of the list is embedded, the second one lends the characters that the first lacks.
"""

import logging
import os
import threading

from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFError, TTFont

_logger = logging.getLogger(__name__)

# File names in order of preference; all hold both Latin and Chinese TrueType outlines.
KNOWN_FONTS = (
    "wqy-microhei.ttc",
    "uming.ttc",
    "wqy-zenhei.ttc",
    "LXGWWenKai-Regular.ttf",
    "LXGWWenKaiLite-Regular.ttf",
    "ukai.ttc",
    "gbsn00lp.ttf",
    "gkai00mp.ttf",
    "msyh.ttc",
    "simsun.ttc",
    "simhei.ttf",
)
SYSTEM_FOLDERS = ("/usr/share/fonts", "/usr/local/share/fonts", "~/.local/share/fonts", "~/.fonts")
# A font is usable when it draws plain text as well as Chinese.
PROBE = "Aa09,¥中物业"
MAX_FONTS = 2

_lock = threading.Lock()
_cache = {}


class FontNotFound(Exception):
    """No usable TrueType font with Chinese glyphs; ``args[0]`` lists the folders searched."""


def search_folders():
    """Return the folders to search: those of the environment variable PM_FONT_DIR, then the system's."""
    own = [part for part in os.environ.get("PM_FONT_DIR", "").split(os.pathsep) if part]
    return [os.path.expanduser(folder) for folder in (*own, *SYSTEM_FOLDERS)]


def _find(names):
    """Yield the paths of the wanted files, in the order of ``names``, then of the folders."""
    wanted = {name.lower() for name in names}
    found = {}
    for folder in search_folders():
        for root, dirs, files in os.walk(folder):
            dirs.sort()
            for file in sorted(files):
                if file.lower() in wanted:
                    found.setdefault(file.lower(), os.path.join(root, file))
    for name in names:
        if os.path.isabs(name) and os.path.isfile(name):
            yield name
        elif name.lower() in found:
            yield found[name.lower()]


def load(configured=""):
    """Register the document fonts once per process and return their names, the preferred one first.

    :param str configured: file names or absolute paths, comma separated, tried before the known ones
    :raises FontNotFound: no font of the list is there or can be embedded
    """
    key = (configured, os.environ.get("PM_FONT_DIR", ""))
    with _lock:
        if key not in _cache:
            _cache[key] = _register(configured)
        return _cache[key]


def _register(configured):
    names = [name.strip() for name in configured.split(",") if name.strip()]
    names += [name for name in KNOWN_FONTS if name not in names]
    loaded = []
    for path in _find(names):
        # The font name is part of the PDF and of ReportLab's global registry: derive it from the path.
        name = "pm-" + os.path.splitext(os.path.basename(path))[0].lower()
        try:
            font = TTFont(name, path, subfontIndex=0)
        except (TTFError, OSError, ValueError) as error:
            _logger.info("Font %s cannot be embedded: %s", path, error)
            continue
        if any(ord(char) not in font.face.charToGlyph for char in PROBE):
            _logger.info("Font %s lacks Latin or Chinese characters", path)
            continue
        pdfmetrics.registerFont(font)
        pdfmetrics.registerFontFamily(name, normal=name, bold=name, italic=name, boldItalic=name)
        loaded.append(name)
        if len(loaded) == MAX_FONTS:
            break
    if not loaded:
        raise FontNotFound(", ".join(search_folders()))
    return tuple(loaded)


def glyphs(name):
    """Return the characters (code points) that the registered font ``name`` can draw."""
    return pdfmetrics.getFont(name).face.charToGlyph
