"""Decodes frames as Aruba's sample script does, and prints how many a second, by the clock and by CPU time.

The file that its argument names holds, for the envelope and for each topic, descriptors and the message's name, and
the frames.
"""

import base64
import json
import sys
import time

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from google.protobuf.json_format import MessageToDict

SECONDS = 0.3


def message_class(described):
    pool = descriptor_pool.DescriptorPool()
    files = descriptor_pb2.FileDescriptorSet.FromString(base64.b64decode(described["set"]))
    for file in files.file:
        pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName(described["message"]))


def main(path):
    with open(path, encoding="utf-8") as file:
        work = json.load(file)
    envelopes = message_class(work["envelope"])
    payloads = {topic: message_class(described) for topic, described in work["payloads"].items()}
    frames = [(payloads[frame["topic"]], base64.b64decode(frame["bytes"])) for frame in work["frames"]]
    count = 0
    start, start_cpu = time.perf_counter(), time.process_time()
    while time.perf_counter() - start < SECONDS:
        for payload, frame in frames:
            envelope = envelopes.FromString(frame)
            record = {
                "customer": "A",
                "topic": envelope.subject,
                "timestamp": str(envelope.timestamp),
                "customer_id": envelope.customer_id,
                "data": MessageToDict(payload.FromString(envelope.data), preserving_proto_field_name=True),
                "msp_ip": envelope.msp_id,
            }
            json.dumps(record)
        count += len(frames)
    clock, cpu = time.perf_counter() - start, time.process_time() - start_cpu
    print(json.dumps({"clock": count / clock, "cpu": count / cpu}))


main(sys.argv[1])
