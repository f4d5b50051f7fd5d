"""A registration portal, as an outside team would write it: it knows nothing of the platform but its contracts.

>>> from portal import follow, generate, publish
"""

from portal.generator import generate
from portal.kafka import campagnes, follow, publish

__all__ = ["campagnes", "follow", "generate", "publish"]
