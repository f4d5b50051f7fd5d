"""Every query of the service, by subject; they return domain objects and small frozen views, never rows."""
