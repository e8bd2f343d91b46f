"""Every page and record that a run leaves."""
