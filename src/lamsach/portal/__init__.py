"""The portal: units, people, campaigns, dispatches, mail, the public page, awareness and support, as a Django
site.

Nothing outside imports this package; the command line does so only inside the commands that need it.
"""
