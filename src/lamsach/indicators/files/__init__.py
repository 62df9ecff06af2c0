"""Files as lists come in them: packing, containers of several lists, compound files, JSON."""
