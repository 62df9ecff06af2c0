"""National channels: dispatches as edXML files, and signatures on XML and PDF."""
