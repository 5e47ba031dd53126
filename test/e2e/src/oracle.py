"""What each message becomes, worked out a second time, in another language, from the mapping rules alone.

Reads JSON lines {"kind": "collectd" | "ceilometer" | "logs", "body": "...", "hex": "..."} and writes one line for each: its records
as the file output writes them. It expects good messages: what is refused, and why, is tested elsewhere.
"""
import datetime
import json
import math
import re
import sys

import msgpack

EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)


def instant(text):
    """Milliseconds since the epoch and nanoseconds within the last; a time without a zone is UTC."""
    match = re.fullmatch(r"(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(?:\.(\d+))?(Z|[+-]\d\d:\d\d)?", text)
    day, clock, fraction, zone = match.groups()
    moment = datetime.datetime.fromisoformat(day + "T" + clock + ("+00:00" if zone in (None, "Z") else zone))
    nanoseconds = int((fraction or "0")[:9].ljust(9, "0"))
    seconds = (moment - EPOCH) // datetime.timedelta(seconds=1)
    return seconds * 1000 + nanoseconds // 1000000, nanoseconds % 1000000


def timed(text):
    ms, ns = instant(text)
    return {"timeMs": ms, "timeNs": ns}


def sample(name, labels, kind, value, time_ms):
    return {"signal": "metric", "name": name, "labels": labels, "type": kind, "value": float(value), "timeMs": time_ms}


# --- collectd


def collectd(body):
    for element in json.loads(body):
        yield from (notification(element) if "labels" in element else value_list(element))


def value_list(element):
    kinds = {"counter": "counter", "derive": "counter", "gauge": "gauge"}
    for value, kind, source in zip(element["values"], element["dstypes"], element["dsnames"]):
        if value is None:
            continue
        plugin, type_ = element["plugin"], element["type"]
        name = "collectd_" + (plugin if plugin == type_ else plugin + "_" + type_)
        name += "" if source == "value" else "_" + source
        name += "_total" if kind in ("counter", "derive") else ""
        labels = {"host": element["host"]}
        for key in ("plugin_instance", "type_instance"):
            labels[key] = element[key] or "base"
        yield sample(name, labels, kinds.get(kind, "untyped"), value, int(round(element["time"] * 1000)))


def notification(element):
    labels, annotations = element["labels"], dict(element["annotations"])
    if "ves" in annotations:
        annotations["ves"] = json.loads(annotations["ves"])
    name = labels["alertname"]
    cut = name.rfind("_")
    name = name[:cut] if cut > 9 else name
    name = name if name.startswith("collectd_") else "collectd_" + name
    yield {
        "signal": "event",
        "index": name.lower(),
        **timed(element["startsAt"]),
        "severity": {"OKAY": "info", "WARNING": "warning", "FAILURE": "critical"}[labels["severity"]],
        "publisher": labels["instance"] or "unknown",
        "labels": labels,
        "annotations": {**annotations, "source_type": "collectd", "processed_by": "sg"},
    }


# --- ceilometer


def ceilometer(body):
    if isinstance(body, bytes):
        one = msgpack.unpackb(body, raw=False)
        yield ceilometer_sample(one, one.get("publisher_id", "unknown"))
        return
    outer = json.loads(body)
    if isinstance(outer, list):
        around, payload = {}, outer
    else:
        around = json.loads(outer.get("request", outer)["oslo.message"])
        payload = around["payload"]
    for one in payload:
        if "traits" in one:
            yield ceilometer_event(one, around)
        else:
            yield ceilometer_sample(one, around.get("publisher_id", "unknown"))


def ceilometer_sample(one, publisher):
    if "name" in one and "volume" in one:
        one = {**one, "counter_name": one["name"], "counter_type": one["type"], "counter_unit": one["unit"],
               "counter_volume": one["volume"]}
    parts = one["counter_name"].split(".")
    metadata = one["resource_metadata"]
    labels = {parts[0]: parts[2] if len(parts) > 2 else one["resource_id"]}
    names = [metadata.get(key) for key in ("display_name", "name") if metadata.get(key)]
    fixed = {
        "publisher": publisher,
        "type": parts[1] if len(parts) > 1 else parts[0],
        "counter": one["counter_name"],
        "project": one["project_id"],
        "project_name": one.get("project_name"),
        "user": one["user_id"],
        "user_name": one.get("user_name"),
        "unit": one["counter_unit"],
        "resource": one["resource_id"],
        "vm_instance": metadata.get("host"),
        "resource_name": ":".join(names),
    }
    labels.update({key: value for key, value in fixed.items() if value})
    for key, value in (metadata.get("user_metadata") or {}).items():
        if isinstance(value, str) and value:
            labels["meta_" + key if key in labels else key] = value
    kind = {"cumulative": "counter", "gauge": "gauge"}.get(one["counter_type"], "untyped")
    return sample("ceilometer_" + "_".join(parts), labels, kind, one["counter_volume"], instant(one["timestamp"])[0])


def ceilometer_event(one, around):
    parts = one["event_type"].split(".")
    name = "_".join(parts[:-1] if len(parts) > 1 else parts).replace("-", "_")
    severities = {"audit": "info", "info": "info", "sample": "info", "warn": "warning", "warning": "warning",
                  "error": "critical", "critical": "critical"}
    return {
        "signal": "event",
        "index": name if name.startswith("ceilometer_") else "ceilometer_" + name,
        **timed(one["generated"]),
        "severity": severities.get(around.get("priority", "").lower(), "unknown"),
        "publisher": around.get("publisher_id", "unknown"),
        "labels": {name: value for name, _, value in one["traits"]},
        "annotations": {"source_type": "ceilometer", "processed_by": "sg", "event_type": one["event_type"]},
        "id": one["message_id"],
    }


# --- logs

GRADES = ["critical"] * 4 + ["warning"] + ["info"] * 2 + ["debug"]


def logs(body):
    text = body.decode("utf-8", "replace") if isinstance(body, bytes) else body
    for line in filter(str.strip, text.split("\n")):
        fields = json.loads(line)
        if "index" in fields:
            continue
        host = fields["host"]
        yield {
            "signal": "log",
            "index": "sglogs-%s.%s" % (host.replace("-", "_"), fields["@timestamp"][:10].replace("-", ".")),
            **timed(fields["@timestamp"]),
            "severity": GRADES[int(fields["severity"])],
            "publisher": host,
            "labels": {key: value for key, value in fields.items() if key not in ("message", "@timestamp")},
            "message": fields["message"],
        }


KINDS = {"collectd": collectd, "ceilometer": ceilometer, "logs": logs}

for line in sys.stdin:
    message = json.loads(line)
    content = bytes.fromhex(message["hex"]) if "hex" in message else message["body"]
    records = list(KINDS[message["kind"]](content))
    assert not any(isinstance(r.get("value"), float) and math.isnan(r["value"]) for r in records)
    print(json.dumps(records))
