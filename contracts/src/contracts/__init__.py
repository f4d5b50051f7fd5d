"""The events of the ateliers interactifs: what travels, on which topic, with which key.

A change here is a change for every portal, for the CRM and for four services: only optional fields may be added to a
version; anything else is a new `.vN` beside the old one.
"""
