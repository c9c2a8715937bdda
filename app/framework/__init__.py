"""Frameworks, schemes and charters: the versioned reference data that everything else is judged by.

A version is loaded as a draft, published once, and never changes afterwards; a portfolio stays with
the versions it was opened under. Reference data belongs to the installation, not to a tenant.
"""
