"""Privacy and retention: grants of names, erasure by the calendar, legal holds, one person's data.

Upwards go counts. A unit grants names of one case to a unit above for a limited time (`cases.models.Grant`,
given and ended here). Raw evidence and data of persons are purged some days after a case is closed
(`retention`); its numbers stay. A legal hold (`holds`) stops that.
"""
