# billing
from . import pm_charge_reverse
from . import pm_fee_assign

# cashier
from . import pm_dunning_cancel
from . import pm_payment_reverse
