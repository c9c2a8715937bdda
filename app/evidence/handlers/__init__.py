"""What the worker does with evidence, by story."""
