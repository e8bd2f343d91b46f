"""Data, label, concept and model drift: the four questions that every run asks."""
