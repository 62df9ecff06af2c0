"""From a public address back to the device: the authority's list "public address, port, time, threat" through
NAT, leases and inventory.

    result = trace(Request(reports=["list.xlsx"], logs=["logs/"]))     # `lamsach.trace.run`
    write(result, Path("trace.html"), "vi")                            # `lamsach.trace.output`
    write(result, Path("answer.docx"), letter=Letter(...))              # `lamsach.trace.letter`, an official
                                                                        letter

`reports/` reads the lists, `skew` finds by how much the clocks differ, `lookups` asks the NAT table,
`holders` the leases and the inventory, `explain` says of every row which device it was or why that is not
known.
"""

from lamsach.trace.model import Answer, Certainty, Reported, Request, Trace, TracedDevice, Why

__all__ = ["Answer", "Certainty", "Reported", "Request", "Trace", "TracedDevice", "Why"]
