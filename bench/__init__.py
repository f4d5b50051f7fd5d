"""Measures of the platform against the obvious stack, on one machine and in one run: ratios, not promises."""
