"""The scoring API: predictions of the model in production, over HTTP."""
