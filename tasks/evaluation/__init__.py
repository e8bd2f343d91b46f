"""How good is a model? Performance, calibration, segments, approval by group, importance."""
