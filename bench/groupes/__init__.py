"""Forming and planning groupes, from file to checked result, against a bound that another program computes."""
