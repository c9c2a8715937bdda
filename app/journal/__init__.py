"""What happened, in order: appended to, never changed. Also where later features learn of it."""
