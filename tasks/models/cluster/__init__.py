"""Cluster: the parts of a window, each read and measured by a worker of a Dask cluster."""
