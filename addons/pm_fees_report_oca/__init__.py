from . import report
from . import wizard
from .translations import lend_translations
