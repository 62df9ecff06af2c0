"""Files sealed for one receiver in the age format (version 1, https://c2sp.org/age).

Sealing hides what a file holds; who made it is proved by the signature inside. `keys`: recipients (`age1...`)
and identity files; `files`: sealing and opening; `passphrase`: the kind that a passphrase opens.
"""
