"""What earlier versions wrote opens in this one."""
