"""Brings the sample property to life, step by step in the order in which a company would."""

import logging
import time

from .sample import STEPS, Sample

_logger = logging.getLogger(__name__)


def load(env):
    """Load the sample property as the superuser; every step says when it begins and how long it took."""
    sample = Sample(env)
    for number, step in enumerate(STEPS, 1):
        _logger.info("sample property: %s (%s of %s)", step, number, len(STEPS))
        began = time.monotonic()
        getattr(sample, step)()
        env.flush_all()
        _logger.info("sample property: %s in %.1f s", step, time.monotonic() - began)
