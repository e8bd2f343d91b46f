"""How good is a model? Performance, calibration, segments, decisions by group, importance."""
