"""Send the packaged sample shelf to /predict and check the count. It runs in the image of the service."""

import json
import os
import sys
import urllib.request

from shelfwatch.service.page import ui_folder

BOUNDARY = "shelfwatch-smoke-test"
PART = (
    f"--{BOUNDARY}\r\n"
    'Content-Disposition: form-data; name="image"; filename="shelf.jpg"\r\n'
    "Content-Type: image/jpeg\r\n\r\n"
)


def plain_key() -> str | None:
    """The first key that can be sent: a digest cannot."""
    entries = [os.environ.get("SHELFWATCH_METRICS_KEY", ""), *os.environ.get("SHELFWATCH_API_KEYS", "").split(",")]
    for entry in entries:
        key = entry.strip().rpartition("=")[2]
        if key and not key.startswith("sha256:"):
            return key
    return None


photo = (ui_folder() / "samples" / "shelf.jpg").read_bytes()
headers = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}
if key := plain_key():
    headers["Authorization"] = f"Bearer {key}"
request = urllib.request.Request(
    os.environ["SHELFWATCH_URL"] + "/predict",
    data=PART.encode() + photo + f"\r\n--{BOUNDARY}--\r\n".encode(),
    headers=headers,
)
with urllib.request.urlopen(request, timeout=60) as response:
    count = json.load(response)["count"]
least, most = int(os.environ["LEAST"]), int(os.environ["MOST"])
print(f"{count} products; {least} to {most} are right")
sys.exit(not least <= count <= most)
