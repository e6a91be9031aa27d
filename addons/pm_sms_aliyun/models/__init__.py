from . import pm_sms_aliyun_template
from . import pm_sms_aliyun_send
from . import res_company
from . import res_config_settings
from . import sms_sms
from . import mail_notification
