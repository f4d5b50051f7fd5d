"""An SMTP server that keeps every mail instead of delivering it, and the page where people read them."""
