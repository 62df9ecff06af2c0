"""The malware report to the national centre (official letter 2290/BTTTT-CATTT): gathered from findings and
scans, written as signed XML, sent.
"""
