"""Constants of a model, and reading them from the .bin files beside model.json."""
import os
import struct

from . import onnxfile
from .errors import ConversionError

DTYPES = {'float32': onnxfile.FLOAT, 'int32': onnxfile.INT32, 'bool': onnxfile.BOOL, 'uint8': onnxfile.UINT8}
STORED = {'float16': ('e', 2), 'float32': ('f', 4), 'int32': ('i', 4), 'bool': ('?', 1), 'uint8': ('B', 1),
          'uint16': ('H', 2)}


def product(dims):
    result = 1
    for dim in dims:
        result *= dim
    return result


class Constant:
    """A tensor whose values are known: an ONNX type, dimensions, and the values in row-major order."""

    def __init__(self, dtype, dims, values):
        self.dtype, self.dims, self.values = dtype, tuple(dims), tuple(values)

    def transposed(self, order):
        """The same tensor with its dimensions reordered: new dimension i is old dimension order[i]."""
        strides = [product(self.dims[i + 1:]) for i in range(len(self.dims))]
        places = [0]
        for axis in order:
            places = [place + step * strides[axis] for place in places for step in range(self.dims[axis])]
        return Constant(self.dtype, [self.dims[axis] for axis in order], [self.values[place] for place in places])

    def reshaped(self, dims):
        return Constant(self.dtype, dims, self.values)

    def raw(self):
        return onnxfile.pack(self.dtype, self.values)


def read_weight(entry, blob, start):
    """The constant that one entry of weightsManifest describes, and the place behind it in the blob."""
    quantization = entry.get('quantization')
    stored_as = quantization['dtype'] if quantization else entry['dtype']
    if stored_as not in STORED or entry['dtype'] not in DTYPES:
        raise ConversionError('weight %s: type %s is not supported' % (entry['name'], stored_as))
    code, size = STORED[stored_as]
    count = product(entry['shape'])
    end = start + count * size
    if end > len(blob):
        raise ConversionError('weight %s: the weight files are too short' % entry['name'])
    values = struct.unpack_from('<%d%s' % (count, code), blob, start)
    if quantization and 'scale' in quantization:
        values = [value * quantization['scale'] + quantization['min'] for value in values]
    return Constant(DTYPES[entry['dtype']], entry['shape'], values), end


def load_weights(model, folder):
    """All constants of the model by name."""
    constants = {}
    for group in model['weightsManifest']:
        blob = b''
        for path in group['paths']:
            with open(os.path.join(folder, path), 'rb') as part:
                blob += part.read()
        place = 0
        for entry in group['weights']:
            constants[entry['name']], place = read_weight(entry, blob, place)
        if place != len(blob):
            raise ConversionError('%s: %d bytes expected, %d found' % (group['paths'], place, len(blob)))
    return constants
