# billing

# cashier
from . import test_bank_match
from . import test_cash_session
from . import test_dunning
from . import test_payment
from . import test_receipt
