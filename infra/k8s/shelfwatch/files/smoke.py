"""Send the packaged sample shelf to /predict and check the count; only the standard library, so that any image runs it."""

import json
import os
import sys
import urllib.request
from pathlib import Path

import shelfwatch

photo = (Path(shelfwatch.__path__[0]) / "ui" / "samples" / "shelf.jpg").read_bytes()
# The first key that is no digest; digests cannot be sent.
keys = [key.partition("=")[2] or key for key in os.environ["SHELFWATCH_API_KEYS"].split(",") if "sha256:" not in key]
edge = "shelfwatch-smoke-test"
head = f'--{edge}\r\nContent-Disposition: form-data; name="image"; filename="shelf.jpg"\r\nContent-Type: image/jpeg\r\n\r\n'
request = urllib.request.Request(
    os.environ["SHELFWATCH_URL"] + "/predict",
    data=head.encode() + photo + f"\r\n--{edge}--\r\n".encode(),
    headers={
        "Content-Type": f"multipart/form-data; boundary={edge}",
        **({"Authorization": f"Bearer {keys[0]}"} if keys else {}),
    },
)
with urllib.request.urlopen(request, timeout=60) as response:
    count = json.load(response)["count"]
print(f"{count} products")
sys.exit(not int(os.environ["LEAST"]) <= count <= int(os.environ["MOST"]))
