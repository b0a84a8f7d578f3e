"""Reads protobuf messages back, so that tests need not trust the writer: fields(data) -> [(number, value), ...]."""


def varint(data, place):
    number = shift = 0
    while True:
        byte = data[place]
        place += 1
        number |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            return number, place


def fields(data):
    """Length-delimited values come as bytes, fixed 32-bit values as 4 bytes, varints as int."""
    found, place = [], 0
    while place < len(data):
        key, place = varint(data, place)
        kind = key & 7
        if kind == 0:
            value, place = varint(data, place)
        else:
            size = 4
            if kind == 2:
                size, place = varint(data, place)
            value, place = data[place:place + size], place + size
        found.append((key >> 3, value))
    return found


def all_of(data, number):
    return [value for field, value in fields(data) if field == number]


def one(data, number):
    values = all_of(data, number)
    assert len(values) == 1, 'field %d occurs %d times' % (number, len(values))
    return values[0]


def nodes(model):
    """The nodes of an ONNX file as (operation, inputs, outputs), names as text."""
    graph = one(model, 7)
    return [(one(node, 4).decode(), [name.decode() for name in all_of(node, 1)],
             [name.decode() for name in all_of(node, 2)]) for node in all_of(graph, 1)]
