#!/usr/bin/env python3
"""Makes a seed of a model file: its header, with long lists cut short.

    cut.py MODEL.gguf smollm2.header
"""

import struct
import sys

WIDTHS = {0: 1, 1: 1, 2: 2, 3: 2, 4: 4, 5: 4, 6: 4, 7: 1, 10: 8, 11: 8, 12: 8}
STRING, ARRAY = 8, 9
#: Lists with an item for each layer stay whole, lists of tokens do not.
MOST_ITEMS, KEPT_ITEMS = 512, 40
MOST_TEXT = 2000


class Reader:
    def __init__(self, data):
        self.data, self.at = data, 0

    def take(self, count):
        taken = self.data[self.at:self.at + count]
        assert len(taken) == count
        self.at += count
        return taken

    def number(self, form):
        return struct.unpack("<" + form, self.take(struct.calcsize("<" + form)))[0]

    def text(self):
        return self.take(self.number("Q"))


def text(data):
    return struct.pack("<Q", len(data)) + data


def value(reader, kind):
    if kind == STRING:
        data = reader.text()
        return text(data if len(data) <= MOST_TEXT else data[:MOST_TEXT].decode("utf-8", "ignore").encode())
    if kind != ARRAY:
        return reader.take(WIDTHS[kind])
    inner, count = reader.number("I"), reader.number("Q")
    kept = count if count <= MOST_ITEMS else KEPT_ITEMS
    items = [value(reader, inner) for _item in range(count)][:kept]
    return struct.pack("<IQ", inner, kept) + b"".join(items)


def cut(data):
    reader = Reader(data)
    start = reader.take(24)
    _magic, _version, tensors, entries = struct.unpack("<IIQQ", start)
    header = bytearray(start)
    for _entry in range(entries):
        key, kind = reader.text(), reader.number("I")
        header += text(key) + struct.pack("<I", kind) + value(reader, kind)
    begin = reader.at
    for _tensor in range(tensors):
        reader.text()
        reader.take(8 * reader.number("I") + 12)
    return bytes(header + data[begin:reader.at])


if __name__ == "__main__":
    model, target = sys.argv[1:]
    with open(model, "rb") as file:
        header = cut(file.read(64 << 20))
    with open(target, "wb") as file:
        file.write(header)
