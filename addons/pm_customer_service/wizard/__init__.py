from . import pm_ticket_step
