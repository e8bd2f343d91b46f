"""The stages of a run, one module per stage: pure functions first, a thin Prefect task over them last."""
