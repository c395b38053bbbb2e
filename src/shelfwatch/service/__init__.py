"""The HTTP service: one module a resource."""
