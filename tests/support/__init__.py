"""What several tests use: servers, stand-ins, a browser, small models and frames."""

from pathlib import Path

ROOT = Path(__file__).parents[2]
