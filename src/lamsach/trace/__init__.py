"""Trace of a public address back to the device, through NAT, leases and inventory.

    result = trace(Request(reports=["list.xlsx"], logs=["logs/"]))  # `run`
    write(result, Path("trace.html"), "vi")                         # `output`
    write(result, Path("answer.docx"), letter=Letter(...))          # `letter`: an official letter

`reports/` reads the lists "public address, port, time, threat", `skew` finds how much the clocks differ,
`lookups` queries the NAT table, `holders` the leases and the inventory, `explain` names the device of every
row, or the reason why it is unknown.
"""

from lamsach.trace.model import Answer, Certainty, Reported, Request, Trace, TracedDevice, Why

__all__ = ["Answer", "Certainty", "Reported", "Request", "Trace", "TracedDevice", "Why"]
