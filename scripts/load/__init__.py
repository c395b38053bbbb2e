"""Load profiles for k6, against a service of their own or one that runs elsewhere."""
