"""Files sealed for one receiver in the age format (version 1, https://c2sp.org/age).

Sealing hides the content; the signature inside proves its author. `keys`: recipients (`age1...`) and identity
files; `files`: sealing and opening; `passphrase`: files that a passphrase opens.
"""
