"""Demo data of the portal: an invented ministry with cases, machines, lists and exchanged documents."""
