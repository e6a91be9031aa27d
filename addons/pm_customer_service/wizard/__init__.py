from . import pm_ticket_step
from . import pm_visit_cancel
from . import pm_visit_plan
from . import pm_register
