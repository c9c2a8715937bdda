"""MENTORCERT: certifying the competence of business mentors.

The packages form one chain in the order a candidate lives through them; see `docs/structure.md`.
"""
