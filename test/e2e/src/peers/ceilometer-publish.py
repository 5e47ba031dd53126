"""Publishes samples and events with ceilometer's own publisher code: one JSON order on standard input, one line out when all was sent.

{"samples": N, "events": N, "host": "controller-0", "publishers": ["notifier://...", "udp://...", "http://...", "tcp://..."]}
"""
import datetime
import json
import socket
import sys
import tempfile

import msgpack
from oslo_utils import netutils

from ceilometer import publisher, sample, service
from ceilometer.event import models
from ceilometer.publisher import http, messaging, udp, utils


class TCPPublisher(publisher.ConfigPublisherBase):
    """ceilometer has one since 2023.1, Debian's does not yet: the length as 8 bytes, little-endian, then the same map as over UDP."""

    def __init__(self, conf, parsed_url):
        super().__init__(conf, parsed_url)
        self.socket = socket.create_connection(netutils.parse_host_port(parsed_url.netloc))

    def publish_samples(self, samples):
        for one in samples:
            message = utils.meter_message_from_counter(one, self.conf.publisher.telemetry_secret)
            message["publisher_id"] = self.conf.host
            data = msgpack.dumps(message, use_bin_type=True)
            self.socket.sendall(len(data).to_bytes(8, "little") + data)

    def publish_events(self, events):
        pass


SAMPLES = {"notifier": messaging.SampleNotifierPublisher, "udp": udp.UDPPublisher, "http": http.HttpPublisher, "tcp": TCPPublisher}
EVENTS = {"notifier": messaging.EventNotifierPublisher, "http": http.HttpPublisher}


def samples(count):
    now = datetime.datetime.now(datetime.timezone.utc).replace(tzinfo=None).isoformat()
    for i in range(count):
        yield sample.Sample(
            name="cpu", type="cumulative", unit="ns", volume=1000 + i, user_id="user-1", project_id="project-1",
            resource_id="vm-%d" % i, timestamp=now,
            resource_metadata={"display_name": 'my "vm" %d' % i, "name": "instance-%08d" % i, "host": "compute-0"},
        )


def events(count):
    for i in range(count):
        yield models.Event(
            message_id="event-%d" % i, event_type="image.delete",
            generated=datetime.datetime(2026, 1, 2, 3, 4, 5, 678000),
            traits=[
                models.Trait("name", models.Trait.TEXT_TYPE, "cirros"),
                models.Trait("size", models.Trait.INT_TYPE, 9007199254740993),
                models.Trait("ratio", models.Trait.FLOAT_TYPE, 0.5),
                models.Trait("deleted_at", models.Trait.DATETIME_TYPE, datetime.datetime(2026, 1, 2, 3, 4, 5)),
            ], raw={},
        )


def main():
    order = json.load(sys.stdin)
    with tempfile.NamedTemporaryFile("w", suffix=".conf") as file:
        file.write("[DEFAULT]\nhost = %s\ntransport_url = %s\n[publisher]\ntelemetry_secret = secret\n" % (
            order["host"], order.get("transport", "fake://")))
        file.flush()
        conf = service.prepare_service([], config_files=[file.name])
    for address in order["publishers"]:
        url = netutils.urlsplit(address)
        if order.get("samples"):
            SAMPLES[url.scheme](conf, url).publish_samples(list(samples(order["samples"])))
        if order.get("events") and url.scheme in EVENTS:
            EVENTS[url.scheme](conf, url).publish_events(list(events(order["events"])))
    print("published", flush=True)


main()
