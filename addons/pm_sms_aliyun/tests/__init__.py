from . import test_client
from . import test_aliyun
from . import test_generic
