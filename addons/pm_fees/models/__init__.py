# billing
from . import payment_reference
from . import pm_property
from . import pm_charge

# cashier
