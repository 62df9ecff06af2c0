"""The portal, a Django site: units, people, campaigns, dispatches, mail, awareness, support.

Nothing outside imports this package; the command line does so only inside the commands that need it.
"""
