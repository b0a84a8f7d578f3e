"""Writes ONNX messages (protobuf) as bytes. Field numbers are those of onnx.proto."""
import struct

FLOAT, UINT8, INT32, INT64, BOOL = 1, 2, 6, 7, 9
PACK_CODE = {FLOAT: 'f', UINT8: 'B', INT32: 'i', INT64: 'q', BOOL: '?'}

IR_VERSION, OPSET = 8, 13
ATTRIBUTE_FLOAT, ATTRIBUTE_INT, ATTRIBUTE_STRING, ATTRIBUTE_INTS = 1, 2, 3, 7


def varint(number):
    """A protobuf varint; negative numbers become ten bytes, as protobuf says."""
    number &= (1 << 64) - 1
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def int_field(field, value):
    return varint(field << 3) + varint(value)


def float_field(field, value):
    return varint(field << 3 | 5) + struct.pack('<f', value)


def bytes_field(field, value):
    data = value.encode() if isinstance(value, str) else bytes(value)
    return varint(field << 3 | 2) + varint(len(data)) + data


def repeated(field, values):
    return b''.join(bytes_field(field, value) for value in values)


def pack(dtype, values):
    return struct.pack('<%d%s' % (len(values), PACK_CODE[dtype]), *values)


def tensor(name, dtype, dims, raw):
    """TensorProto: a named constant."""
    return (b''.join(int_field(1, dim) for dim in dims) + int_field(2, dtype)
            + bytes_field(8, name) + bytes_field(9, raw))


def attribute(name, value):
    """AttributeProto; the type is that of the Python value (float, int, str, or a sequence of int)."""
    head = bytes_field(1, name)
    if isinstance(value, float):
        return head + float_field(2, value) + int_field(20, ATTRIBUTE_FLOAT)
    if isinstance(value, int):
        return head + int_field(3, value) + int_field(20, ATTRIBUTE_INT)
    if isinstance(value, str):
        return head + bytes_field(4, value) + int_field(20, ATTRIBUTE_STRING)
    return head + b''.join(int_field(8, item) for item in value) + int_field(20, ATTRIBUTE_INTS)


def node(op, inputs, outputs, name, attributes):
    """NodeProto; attributes are written in the order given."""
    return (repeated(1, inputs) + repeated(2, outputs) + bytes_field(3, name) + bytes_field(4, op)
            + repeated(5, [attribute(key, value) for key, value in attributes.items()]))


def value_info(name, dtype, dims):
    """ValueInfoProto: an input or output of the graph. A dimension below 1 is left open."""
    shape = repeated(1, [int_field(1, dim) if dim > 0 else bytes_field(2, 'd%d' % place)
                         for place, dim in enumerate(dims)])
    tensor_type = int_field(1, dtype) + bytes_field(2, shape)
    return bytes_field(1, name) + bytes_field(2, bytes_field(1, tensor_type))


def model(producer, name, nodes, initializers, inputs, outputs):
    """ModelProto: the whole file, from parts that the functions above wrote."""
    graph = (repeated(1, nodes) + bytes_field(2, name) + repeated(5, initializers)
             + repeated(11, inputs) + repeated(12, outputs))
    opset = bytes_field(1, '') + int_field(2, OPSET)
    return int_field(1, IR_VERSION) + bytes_field(2, producer) + bytes_field(7, graph) + bytes_field(8, opset)
