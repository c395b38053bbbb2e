"""`make bench-serve`: the service at saturation beside a bare loop and LitServe, overloaded, and its memory."""
