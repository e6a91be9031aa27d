from . import pm_ticket_slip
from . import pm_followup_form
from . import pm_register
from . import pm_visit_record
from . import pm_faq_letter
from . import pm_service_price_list
from . import pm_service_slip
