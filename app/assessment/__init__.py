"""Assessing a portfolio: from the candidate's submission to a recommendation.

Referent mentors rate every indicator of a sealed snapshot, blind to one another; an interview and
an internal verification follow. Whether a certificate follows is decided elsewhere, by someone who
did not assess (see `app.certification`).
"""
