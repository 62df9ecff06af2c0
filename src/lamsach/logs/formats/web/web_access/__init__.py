"""Web servers (IIS, nginx, Apache, HAProxy and others)."""
