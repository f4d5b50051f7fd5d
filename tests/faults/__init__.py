"""The proof of what the platform promises: the product's own processes under faults, and a checker of what is left."""
