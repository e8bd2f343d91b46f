"""The scoring API: what the model in production says of an application, over HTTP."""
