"""The hunt over several machines: work on Dask distributed, with the result of one process, byte for byte."""
