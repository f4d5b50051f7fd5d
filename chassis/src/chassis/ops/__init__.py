"""What operators do from the command line, the same in every service."""
