"""Every query of notification: `projection` on what the others said, `envois` on the messages."""
