"""Lists as devices, resolvers, sensors and scanners take them."""
