from . import pm_deposit_pay
from . import pm_renovation_reason
