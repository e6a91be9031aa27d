# billing
from . import pm_charge_reverse
from . import pm_fee_assign

# reports
from . import pm_collection_report
from . import pm_unit_ledger_print

# cashier
from . import pm_dunning_cancel
from . import pm_payment_reverse
