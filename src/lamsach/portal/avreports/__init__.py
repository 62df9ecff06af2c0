"""National malware reports of a unit: settings, previews, manual or scheduled sending, receipts."""
