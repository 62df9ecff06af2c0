"""Commands that write and read official documents: reports and edXML dispatches."""
