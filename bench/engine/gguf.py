"""What the header of a GGUF file says, as far as the bench needs it: sizes and the template."""

import struct

SCALARS = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q",
           12: "d"}
STRING, ARRAY = 8, 9


def metadata(path):
    """Every key of the file; of lists only the length."""
    with open(path, "rb") as file:
        if file.read(4) != b"GGUF":
            raise SystemExit(f"{path} is no GGUF file")
        _version, _tensors, keys = struct.unpack("<IQQ", file.read(20))
        found = {}
        for _key in range(keys):
            name = text(file)
            found[name] = value(file, scalar(file, "I"))
        return found


def scalar(file, form):
    return struct.unpack("<" + form, file.read(struct.calcsize("<" + form)))[0]


def text(file):
    return file.read(scalar(file, "Q")).decode("utf-8", "replace")


def value(file, kind):
    if kind == STRING:
        return text(file)
    if kind != ARRAY:
        return scalar(file, SCALARS[kind])
    inner, count = scalar(file, "I"), scalar(file, "Q")
    if inner in SCALARS:
        file.seek(count * struct.calcsize("<" + SCALARS[inner]), 1)
    else:
        for _item in range(count):
            value(file, inner)
    return count
