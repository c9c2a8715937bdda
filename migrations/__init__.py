"""The schema, one revision per act; hand-written SQL, because the database is the second guard."""
