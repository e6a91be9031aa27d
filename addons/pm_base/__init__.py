from . import models
from . import controllers
from .report import key_customers, property_profile
from .hooks import post_init_hook, pre_init_hook
