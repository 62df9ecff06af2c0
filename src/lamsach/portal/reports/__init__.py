"""Unit reports: filled from evidence, approved, sent up the tree, accepted, frozen."""
