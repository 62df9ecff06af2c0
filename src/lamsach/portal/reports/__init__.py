"""Reports: the form filled from evidence, approved, sent up the tree, accepted, frozen."""
