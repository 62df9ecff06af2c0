"""Files, folders, archives, compression and encodings: from path arguments to decoded bytes."""
