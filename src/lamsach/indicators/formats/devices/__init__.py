"""Lists in the formats of devices, resolvers, sensors and scanners."""
