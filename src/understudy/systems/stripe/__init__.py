"""The mocked Stripe, API v1. In: form-encoded calls. Out: full Stripe objects and errors."""
