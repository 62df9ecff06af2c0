"""The demo of the portal: an invented ministry, its cases, machines, lists and exchanged documents."""
