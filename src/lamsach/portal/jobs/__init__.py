"""Background work: jobs, periodic tasks, and the claims and leases of workers."""
