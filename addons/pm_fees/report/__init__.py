# billing
from . import fee_notice
from . import price_notice

# cashier
from . import pm_cash_handover
from . import pm_dunning_notice
from . import pm_receipt
from . import collection_report
from . import unit_ledger
