"""Sophos Firewall (XG, SFOS), Sophos UTM."""
