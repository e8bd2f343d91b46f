"""Many past windows: their queue, and who works on it."""
