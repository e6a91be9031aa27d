from . import permit
from . import portal
