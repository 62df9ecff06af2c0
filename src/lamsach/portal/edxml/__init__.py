"""Dispatches over the national document axis: edXML files in and out, statuses, and the connections that carry them."""
