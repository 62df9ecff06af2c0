"""What every app of the portal uses: page frame, forms, languages, security headers, who may open a page, rate limits."""
