"""Malware report to the national centre (2290/BTTTT-CATTT): signed XML of findings and scans."""
