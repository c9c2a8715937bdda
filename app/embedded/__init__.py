"""The embedded PostgreSQL and SeaweedFS: real ones on loopback, their data under `var/`."""
