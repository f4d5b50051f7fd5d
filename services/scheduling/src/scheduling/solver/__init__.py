"""The solver of scheduling: who, in which groupe, with which animateur, on which dates.

Invariant: pure functions of their arguments. No I/O, no clock, no randomness but the seed in the problem, and nothing
leaves without having passed the rules.
"""
