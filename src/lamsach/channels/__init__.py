"""The country's own channels: dispatches as edXML files, and signatures on XML and PDF."""
