# billing

# cashier
from . import test_payment
