from . import report_defaults
