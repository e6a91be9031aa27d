# billing
from . import payment_reference
from . import pm_property
from . import pm_unit
from . import pm_fee_item
from . import pm_fee_tariff
from . import pm_fee_assignment
from . import pm_fee_pool
from . import pm_meter
from . import pm_charge
from . import pm_meter_reading
from . import pm_billing_run
from . import pm_billing_issue
from . import pm_billing_difference
from . import pm_fee_notice
from . import charge_compute
from . import charge_posting
from . import pm_charge_movement
from . import account_move
from . import pm_approval_level
from . import pm_charge_correction
from . import pm_kpi
from . import pm_importer_fees
from . import res_config_settings

# cashier
from . import pm_property_cash
from . import pm_payment_method
from . import pm_receipt_book
from . import pm_cash_session
from . import pm_payment
from . import pm_payment_line
from . import pm_credit
from . import pm_charge_settlement
from . import pm_write_off
from . import pm_balance_transfer
from . import pm_unit_transfer_balance
from . import pm_counter
from . import account_move_payment
from . import pm_payer_account
from . import pm_bank_proposal
from . import account_bank_statement_line
from . import payment_transaction
from . import pm_dunning_policy
from . import pm_dunning_level
from . import pm_dunning_case
from . import pm_dunning_action
from . import pm_unit_watch
from . import pm_importer_bank_line

# reports
from . import pm_age_band
from . import pm_collection_analysis
from . import pm_collection_figures
from . import pm_collection_plan
from . import pm_unit_ledger
