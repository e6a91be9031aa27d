# billing
from . import pm_charge_reverse
from . import pm_fee_assign

# cashier
