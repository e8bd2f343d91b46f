"""Models: the champion, its predecessors and its challengers."""
