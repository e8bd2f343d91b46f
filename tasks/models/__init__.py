"""Making a model and using it."""
