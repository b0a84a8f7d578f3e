"""Films and models with faults in them, for mutated_test.py: what comes out depends on the seed and the number alone.

A subject is mutated in one of several manners, since each gets to another place: what changes everywhere is mostly refused by
who reads the container, what changes in the payload alone reaches the decoder, and a model that stays a well-formed
message reaches what works on its graph.
"""
import random
import struct

NUMBERS = (0, 1, 2, 3, 7, 8, 16, 127, 128, 255, 256, 4096, 32767, 65535, 65536, 1 << 24, (1 << 31) - 1, 1 << 31, (1 << 32) - 1,
           1 << 32, (1 << 63) - 1, 1 << 63, (1 << 64) - 1)


def generator(seed, what, number):
    return random.Random(f"{seed} {what} {number}")


# --- bytes ---

def place_in(chance, ranges):
    """A place in one of the ranges (start, end), each byte as likely as any other."""
    at = chance.randrange(sum(end - start for start, end in ranges))
    for start, end in ranges:
        if at < end - start:
            return start + at
        at -= end - start
    return None


def flip_bits(chance, data, ranges):
    for _ in range(chance.choice((1, 1, 2, 4, 16, 64))):
        data[place_in(chance, ranges)] ^= 1 << chance.randrange(8)


def overwrite(chance, data, ranges):
    at, size = place_in(chance, ranges), chance.choice((1, 2, 4, 16, 100))
    size = min(size, len(data) - at)
    data[at:at + size] = chance.choice((bytes(size), b"\xff" * size, chance.randbytes(size)))


def set_number(chance, data, ranges):
    at, size = place_in(chance, ranges), chance.choice((1, 2, 4, 4, 8))
    if at + size <= len(data):
        data[at:at + size] = (chance.choice(NUMBERS) % (1 << 8 * size)).to_bytes(size, chance.choice(("big", "little")))


def cut(chance, data, ranges):
    at = place_in(chance, ranges)
    del data[at:at + chance.choice((1, 2, 4, 50, 500, 2000))]


def repeat(chance, data, ranges):
    at = place_in(chance, ranges)
    piece = bytes(data[at:at + chance.choice((1, 4, 50, 500, 2000))])
    to = chance.choice((at, place_in(chance, ranges)))
    data[to:to] = piece * chance.choice((1, 1, 2, 20))


def truncate(chance, data, ranges):
    del data[max(1, place_in(chance, ranges)):]


KEEPS_LENGTH = (flip_bits, flip_bits, overwrite, set_number)
ANY = KEEPS_LENGTH + (cut, repeat, truncate)


def some(chance, data, ranges, ways, most):
    for _ in range(chance.randint(1, most)):
        ranges = [(start, min(end, len(data))) for start, end in ranges if start < len(data)]
        if not ranges:
            break
        chance.choice(ways)(chance, data, ranges)


def splice(chance, data, other):
    """The beginning of one and the end of another."""
    at, to = chance.randrange(1, len(data)), chance.randrange(len(other))
    data[at:] = other[to:]


def others(ranges, size):
    """What the ranges leave out."""
    found, at = [], 0
    for start, end in sorted(ranges) + [(size, size)]:
        if start > at:
            found.append((at, start))
        at = max(at, end)
    return found or [(0, size)]


# --- films ---

BOXES = (b"moov", b"trak", b"mdia", b"minf", b"stbl", b"edts", b"dinf", b"udta")


def sizes_of_boxes(data, start, end):
    """Where the sizes of MP4's boxes are, and the numbers at the beginning of the innermost ones: how many entries follow."""
    found = []
    while start + 8 <= end:
        size, kind = struct.unpack(">I4s", data[start:start + 8])
        found.append((start, start + 4))
        if kind in BOXES:
            found += sizes_of_boxes(data, start + 8, min(start + size, end))
        elif kind != b"mdat":
            found.append((start + 8, min(start + 40, end)))
        if size < 8:
            break
        start += size
    return found


def sizes_of_chunks(data):
    """The same of AVI: after each of these words comes a size."""
    found = []
    for word in (b"RIFF", b"LIST", b"avih", b"strh", b"strf", b"idx1", b"00dc"):
        at = data.find(word)
        while at >= 0:
            found.append((at + 4, min(at + 8, len(data))))
            at = data.find(word, at + 1)
    return found


class Film:
    def __init__(self, name, data, payload):
        self.name, self.data = name, data
        self.payload = payload or [(0, len(data))]
        self.headers = others(self.payload, len(data))
        self.sizes = self.headers
        if data[4:8] == b"ftyp":
            self.sizes = sizes_of_boxes(data, 0, len(data))
        elif data[:4] == b"RIFF":
            self.sizes = sizes_of_chunks(data)


def mutated_film(chance, films):
    """(manner, name of the film, bytes)"""
    film = chance.choice(films)
    data = bytearray(film.data)
    manner = chance.choice(("payload", "payload", "payload", "headers", "sizes", "anywhere", "spliced"))
    if manner == "payload":
        some(chance, data, film.payload, KEEPS_LENGTH, 20)
    elif manner == "headers":
        some(chance, data, film.headers, KEEPS_LENGTH, 3)
    elif manner == "sizes":
        some(chance, data, film.sizes, (set_number, flip_bits), 2)
    elif manner == "spliced":
        splice(chance, data, chance.choice(films).data)
    else:
        some(chance, data, [(0, len(data))], ANY, 4)
    return manner, film.name, bytes(data)


# --- models ---

# Which fields of which message are messages themselves.
HOLDS = {
    "model": {7: "graph", 8: "opset"},
    "graph": {1: "node", 5: "tensor", 11: "value", 12: "value", 13: "value"},
    "node": {5: "attribute"},
    "attribute": {5: "tensor"},
    "value": {2: "type"},
    "type": {1: "tensor type"},
    "tensor type": {2: "shape"},
    "shape": {1: "dimension"},
}


def varint(number):
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes(out) + bytes((number,))


def read_varint(data, at):
    number = shift = 0
    while True:
        byte = data[at]
        number |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            return number, at


def parse(data, kind="model"):
    """A message as a list of fields [number, wire type, value]; the value of what is a message itself is such a list."""
    fields, at = [], 0
    while at < len(data):
        key, at = read_varint(data, at)
        if key & 7 == 0:
            value, at = read_varint(data, at)
        else:
            size = {1: 8, 5: 4}.get(key & 7)
            if size is None:
                size, at = read_varint(data, at)
            value, at = data[at:at + size], at + size
            inside = HOLDS.get(kind, {}).get(key >> 3)
            value = parse(value, inside) if inside else value
        fields.append([key >> 3, key & 7, value])
    return fields


def write(fields):
    out = bytearray()
    for number, wire, value in fields:
        value = write(value) if isinstance(value, list) else value
        out += varint(number << 3 | wire)
        out += varint(value) if wire == 0 else varint(len(value)) + value if wire == 2 else value
    return bytes(out)


def messages(fields):
    """It and all messages in it."""
    found = [fields]
    for _, _, value in fields:
        if isinstance(value, list):
            found += messages(value)
    return found


WORDS = (b"Conv", b"ConvTranspose", b"MaxPool", b"AveragePool", b"Resize", b"Reshape", b"Transpose", b"Concat", b"Slice",
         b"Gather", b"TopK", b"Cast", b"Pad", b"Tile", b"Expand", b"Split", b"Loop", b"If", b"LSTM", b"Einsum",
         b"NonMaxSuppression", b"", b"kernel_shape", b"pads", b"strides", b"dilations", b"group", b"axis", b"auto_pad",
         b"ai.onnx.ml", b"com.microsoft")


def change_bytes(chance, value, words):
    if len(value) < 64 and chance.random() < 0.7:
        return chance.choice(words)
    data = bytearray(value or b"\0")
    some(chance, data, [(0, len(data))], ANY, 2)
    return bytes(data)


def change_field(chance, field, words):
    if field[1] == 0:
        near = (field[2] + chance.choice((-1, 1))) % (1 << 64)
        field[2] = chance.choice((chance.choice(NUMBERS), near, chance.randrange(100)))
    elif field[1] == 2 and not isinstance(field[2], list):
        field[2] = change_bytes(chance, field[2], words)
    elif field[1] == 5:
        field[2] = struct.pack("<f", chance.choice((0, -1, 1e38, float("nan"), float("inf"), 3.7)))


def change_message(chance, fields, words):
    """A field of it is changed, left out, there twice, or in another's place."""
    at, way = chance.randrange(len(fields)), chance.random()
    if way < 0.6 and not isinstance(fields[at][2], list):
        change_field(chance, fields[at], words)
    elif way < 0.75:
        del fields[at]
    elif way < 0.9:
        fields.insert(chance.randrange(len(fields)), fields[at])
    else:
        to = chance.randrange(len(fields))
        fields[at], fields[to] = fields[to], fields[at]


def change_graph(chance, data):
    model = parse(data)
    names = [value for message in messages(model) for _, wire, value in message
             if wire == 2 and isinstance(value, bytes) and len(value) < 64]
    for _ in range(chance.choice((1, 1, 1, 2, 4))):
        full = [message for message in messages(model) if message]
        change_message(chance, chance.choice(full), names + list(WORDS))
    return write(model)


def mutated_model(chance, models):
    """(manner, name of the model, bytes); models: {name: bytes}"""
    name = chance.choice(sorted(models))
    manner = chance.choice(("graph", "graph", "graph", "anywhere", "flipped"))
    if manner == "graph":
        return manner, name, change_graph(chance, models[name])
    data = bytearray(models[name])
    if manner == "flipped":
        flip_bits(chance, data, [(0, len(data))])
    else:
        some(chance, data, [(0, len(data))], ANY, 3)
    return manner, name, bytes(data)
