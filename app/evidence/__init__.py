"""What a candidate offers in proof: items, files, client cases, claims, and the sealed snapshot."""
