"""Which model is, was or may become the champion."""
