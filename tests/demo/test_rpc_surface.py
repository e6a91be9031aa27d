"""Whatever a client may call over RPC does nothing for those who may not: tried on the sample, every method of ours."""

import json
from pathlib import Path


def test_no_public_method_changes_what_the_caller_may_not_write(odoo_shell):
    """Found by their names, so that a new method is tried from its first day.

    A finding is mended in the method: ``self.check_access("write")`` (or the check of a role) before the first ``sudo()``;
    or by an underscore before its name, if neither a button nor the web client calls it.
    """
    probe = Path(__file__).with_name("rpc_probe.py").read_text()
    printed = odoo_shell(f"{probe}\nimport json\nprint('PROBED' + json.dumps(probe(env)))\n")
    tried, findings = json.loads(printed.split("PROBED", 1)[1].splitlines()[0])
    assert tried > 1000, "the sample property holds too few records to try methods on"
    assert findings == [], "\n".join(findings)
