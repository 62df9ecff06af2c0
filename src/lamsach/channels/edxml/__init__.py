"""Dispatches and their statuses as edXML files (QCVN 102:2016/BTTTT): `reader.read`, `writer.write`."""
