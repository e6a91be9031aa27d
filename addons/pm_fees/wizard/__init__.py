# billing
from . import pm_charge_reverse
from . import pm_fee_assign
from . import pm_meter_confirm
from . import pm_meter_estimate
from . import pm_meter_replace

# reports
from . import pm_collection_report
from . import pm_unit_ledger_print

# cashier
from . import pm_dunning_cancel
from . import pm_merchant_bill
from . import pm_payment_reverse

# reminders and law
from . import pm_dunning_preview
from . import pm_dunning_undo
from . import pm_dunning_decision
from . import pm_dunning_step
from . import base_partner_merge
from . import pm_refusal
