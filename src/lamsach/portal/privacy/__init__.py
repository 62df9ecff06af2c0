"""Privacy and retention: who above may see one machine's name and until when, what is erased and when, what a
legal hold keeps, what is known of one person.

Upwards go counts. A unit grants names of one case to a unit above for a limited time (`cases.models.Grant`,
given and ended here). Raw evidence and data of persons are purged some days after a case is closed
(`retention`); its numbers stay. A legal hold (`holds`) stops that.
"""
