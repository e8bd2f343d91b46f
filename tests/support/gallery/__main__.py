"""Print the gallery's page."""

from tests.support.gallery.page import draft_shapes, write_page

print(write_page(draft_shapes()), end="")
