#!/usr/bin/env python3
"""Calls libproducer from Python through ctypes: creates a producer, sends, flushes, prints its
figures as JSON, closes.

usage: ctypes_demo.py LIBRARY [MESSAGES [SIZE]]
"""

import ctypes
import json
import os
import sys

STAGES = 7
SPANS = 7
FINISHED = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_void_p)


class Span(ctypes.Structure):
    _fields_ = [(name, ctypes.c_uint64) for name in ("count", "mean_ns", "p50_ns", "p99_ns", "max_ns")]


class Stats(ctypes.Structure):
    _fields_ = (
        [("size", ctypes.c_uint32), ("last_error", ctypes.c_int32)]
        + [
            (name, ctypes.c_uint64)
            for name in (
                "sends enqueued rejected dropped_newest dropped_oldest delivered delivered_bytes "
                "failed batches blocked_sends blocked_ns blocked_now queue_messages queue_bytes "
                "deepest_messages deepest_bytes"
            ).split()
        ]
        + [("spans", Span * SPANS)]
    )


class Options(ctypes.Structure):
    _fields_ = [
        ("size", ctypes.c_uint32),
        ("policy", ctypes.c_uint32),
        ("queue_messages", ctypes.c_uint64),
        ("queue_bytes", ctypes.c_uint64),
        ("block_timeout_ns", ctypes.c_uint64),
        ("receive_limit", ctypes.c_uint32),
        ("reserved", ctypes.c_uint32),
        ("finished", FINISHED),
        ("context", ctypes.c_void_p),
    ]


def load(path):
    library = ctypes.CDLL(path)
    u64, size = ctypes.c_uint64, ctypes.c_size_t
    library.producer_runtime_create.argtypes = [ctypes.c_void_p, ctypes.POINTER(u64)]
    library.producer_runtime_shutdown.argtypes = [u64, u64]
    library.producer_create.argtypes = [u64, ctypes.POINTER(Options), ctypes.POINTER(u64)]
    library.producer_send_message.argtypes = [u64, ctypes.c_char_p, size]
    library.producer_flush.argtypes = [u64, u64]
    library.producer_stats.argtypes = [u64, ctypes.POINTER(Stats)]
    library.producer_close.argtypes = [u64, u64, ctypes.POINTER(Stats)]
    library.producer_span_name.restype = ctypes.c_char_p
    return library


def check(result):
    if result < 0:
        raise OSError(-result, os.strerror(-result))


def main():
    library = load(sys.argv[1])
    messages = int(sys.argv[2]) if len(sys.argv) > 2 else 200
    size = int(sys.argv[3]) if len(sys.argv) > 3 else 1000
    minute = 60 * 10**9

    finished = []
    options = Options(size=ctypes.sizeof(Options))
    options.finished = FINISHED(lambda context, delivery: finished.append(1))
    runtime, producer = ctypes.c_uint64(), ctypes.c_uint64()
    check(library.producer_runtime_create(None, ctypes.byref(runtime)))
    check(library.producer_create(runtime, ctypes.byref(options), ctypes.byref(producer)))
    for i in range(messages):
        check(library.producer_send_message(producer, bytes([i % 256]) * size, size))
    check(library.producer_flush(producer, minute))
    stats = Stats(size=ctypes.sizeof(Stats))
    check(library.producer_stats(producer, ctypes.byref(stats)))
    print(
        json.dumps(
            {
                "sends": stats.sends,
                "delivered": stats.delivered,
                "delivered_bytes": stats.delivered_bytes,
                "failed": stats.failed,
                "finished": len(finished),
                "stages": {
                    library.producer_span_name(i).decode(): stats.spans[i].count for i in range(SPANS)
                },
            }
        )
    )
    check(library.producer_close(producer, minute, None))
    check(library.producer_runtime_shutdown(runtime, minute))
    if library.producer_send_message(producer, b"", 0) >= 0:
        raise SystemExit("a closed producer took a message")


main()
