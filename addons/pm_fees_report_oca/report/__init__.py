from . import report_dates
