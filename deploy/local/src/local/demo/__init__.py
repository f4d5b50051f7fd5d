"""The demonstration: a whole season played through the platform by people, a portal, a team and a CRM."""
