# billing
from . import fee_notice
from . import price_notice

# cashier
from . import pm_cash_handover
from . import pm_dunning_notice
from . import pm_invoice
from . import pm_receipt
from . import pm_refund
from . import collection_report
from . import unit_ledger

# reminders and law
from . import pm_dunning_statement
from . import pm_dunning_briefing
from . import pm_dunning_instalment
from . import pm_dunning_evidence
from . import pm_legal_mandate
from . import pm_parking
