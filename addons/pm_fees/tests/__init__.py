# billing
from . import test_billing_compute
from . import test_billing_meter
from . import test_meter_replacement
from . import test_billing_methods
from . import test_billing_pool
from . import test_billing_posting
from . import test_billing_access
from . import test_billing_documents
from . import test_billing_import
from . import test_fees_generic

# cashier
from . import test_bank_batch
from . import test_bank_match
from . import test_merchant_bill
from . import test_cash_session
from . import test_cashier_access
from . import test_dunning
from . import test_payment
from . import test_payment_split
from . import test_portal_bills
from . import test_portal_money
from . import test_bad_input
from . import test_receipt
from . import test_security
from . import test_unit_page
from . import test_credit
from . import test_correction
from . import test_write_off
from . import test_refund
from . import test_service_settlement
from . import test_balance_transfer
from . import test_collection

# reminders and law
from . import test_dunning_board
from . import test_dunning_ladder
from . import test_dunning_agreements
from . import test_dunning_calls
from . import test_legal
from . import test_late_fee
from . import test_dunning_papers
from . import test_dunning_law
from . import test_dunning_access
from . import test_random_histories
from . import test_parking
