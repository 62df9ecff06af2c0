"""Home page of the work area, unit pages, search and the API."""
