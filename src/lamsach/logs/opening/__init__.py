"""Files, folders, archives, compression, encodings and damage: from what an officer names to
decoded bytes.
"""
