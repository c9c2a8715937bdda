"""Work to do later, queued in the transaction that needs it and done by the worker."""
