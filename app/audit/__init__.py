"""Reading the journal, and showing that nobody has altered it.

The journal's entries are chained stream by stream (see `app.journal.chain`). Here the heads of all
streams are anchored from time to time, so that whoever rewrites a stream would have to rewrite
every anchor since; and everything is computed again, on request.
"""
