"""Every query of scheduling; each function takes a connection and returns domain objects."""
