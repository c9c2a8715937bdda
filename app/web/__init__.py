"""Pages for people: they show what the features know and hold no rule of their own."""
