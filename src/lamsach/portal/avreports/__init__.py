"""The national malware report of a unit: whether and how, previews, sending by hand or by plan, receipts."""
