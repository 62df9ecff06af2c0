"""Data of earlier versions open in this one."""
