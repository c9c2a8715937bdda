"""The candidate's case: from the first draft through admission to its end.

The lifecycle lives here; whatever a later feature does to a portfolio (submitting, assessing,
deciding) it does through `service.move`.
"""
