"""Groupes and séances from a spreadsheet: two files in, four files out, no server.

Invariant: the input is read whole before anything is solved, and nothing is written unless everything can be.
"""
