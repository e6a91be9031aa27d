from . import pm_ticket_slip
