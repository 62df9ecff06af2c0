"""Binary logs: captures, flow exports, event logs, column files."""
