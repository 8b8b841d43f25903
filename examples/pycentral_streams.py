"""Aruba's own Python SDK against the simulator: prints one line for each of its streams.

    pip install pycentral==2.0a25
    python3 pycentral_streams.py https://127.0.0.1:8765 CLIENT_ID CLIENT_SECRET

docs/simulator.md says how the simulator is started for it.
"""

import json
import sys
import threading

from pycentral import NewCentralBase
from pycentral.streaming import Streaming
from pycentral.streaming.streaming import SUPPORTED_EVENTS

EVENTS_OF_EACH = 3

url, client_id, client_secret = sys.argv[1:4]
central = NewCentralBase(
    token_info={
        "new_central": {
            "base_url": url,
            "client_id": client_id,
            "client_secret": client_secret,
            "token_endpoint": f"{url}/as/token.oauth2",
        }
    },
    log_level="ERROR",
)


def stream(name):
    events = []

    def receive(event):
        events.append(event)
        if len(events) == EVENTS_OF_EACH:
            # In one call: print() writes the end of the line by itself, and another thread may come between.
            sys.stdout.write(json.dumps({"stream": name, "events": events}) + "\n")
            sys.stdout.flush()
            streaming.stop()

    streaming = Streaming(central, name)
    streaming.stream(receive)


names = [
    name
    for versions in SUPPORTED_EVENTS.values()
    for events in versions.values()
    for name in events
]
threads = [threading.Thread(target=stream, args=(name,)) for name in names]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
