"""Deciding on what was assessed, and the certificate that anyone can check.

The decision is made by someone who did not assess; the certificate follows from a decision that
as many have signed as the scheme asks.
"""
