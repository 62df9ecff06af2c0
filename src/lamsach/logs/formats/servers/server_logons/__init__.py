"""Log-ons at servers and applications (PAM, databases, NAS, web applications)."""
