"""Measuring the service against what the same work costs without it.

Each operation runs against the service as it is in production, and against its limit: a bare ASGI
program with a hand-written driver (`bench.limit`) that gives the same answer with the same
guarantees. What counts is the ratio of the CPU time that each takes for a request, the database's
included: it barely depends on the machine or on who else uses it.
"""
