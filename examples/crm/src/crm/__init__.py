"""A CRM, as an outside team would write it: it knows nothing of the platform but its contracts."""
