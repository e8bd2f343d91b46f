"""What is kept of the reference that a model was fitted on."""
