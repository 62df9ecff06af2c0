"""Exchange of dispatches and statuses over the national document axis, as edXML files by connections."""
