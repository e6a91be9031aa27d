from . import pm_report_month
from . import report_defaults
