"""The public campaign page and the tools."""
