"""Services of the machine and of Python: signals, web, local pages, extras, plug-ins."""
