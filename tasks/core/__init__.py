"""The nouns that every stage speaks of: findings, windows, limits, and the words for them."""
