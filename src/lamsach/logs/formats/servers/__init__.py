"""Other servers: log-ons, mail, files, voice."""
