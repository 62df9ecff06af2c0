"""Dispatches over the national document axis: edXML files and statuses, in and out, by connections."""
