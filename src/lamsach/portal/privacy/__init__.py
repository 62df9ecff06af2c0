"""Privacy and retention: grants of names, scheduled erasure, legal holds, one person's data.

Units above get counts. A unit grants the names of a case to a unit above for a limited time
(`cases.models.Grant`, created and ended here). Raw evidence and personal data are purged some days after a
case is closed (`retention`), unless a legal hold (`holds`) prevents it; counts remain.
"""
