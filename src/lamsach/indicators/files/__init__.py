"""List files: packing, containers of several lists, compound files, JSON."""
