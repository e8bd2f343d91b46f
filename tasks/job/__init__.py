"""One run: what every stage has to know of it, its stages, and its journal."""
