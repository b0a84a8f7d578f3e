"""A node of a TensorFlow.js graph: its name, its inputs, and its attributes as Python values."""
import base64

from . import onnxfile
from .errors import ConversionError

TYPES = {'DT_FLOAT': onnxfile.FLOAT, 'DT_INT32': onnxfile.INT32, 'DT_UINT8': onnxfile.UINT8,
         'DT_INT64': onnxfile.INT64, 'DT_BOOL': onnxfile.BOOL,
         1: onnxfile.FLOAT, 3: onnxfile.INT32, 4: onnxfile.UINT8, 9: onnxfile.INT64, 10: onnxfile.BOOL}


def text(encoded):
    return base64.b64decode(encoded).decode()


class Node:
    """Control inputs (^name) are left out; `name:0` is the same tensor as `name`."""

    def __init__(self, entry):
        self.op, self.name, self.attributes = entry['op'], entry['name'], entry.get('attr') or {}
        data_inputs = [name for name in entry.get('input') or [] if not name.startswith('^')]
        self.inputs = [name[:-2] if name.endswith(':0') else name for name in data_inputs]

    def _list(self, key, kind):
        return (self.attributes.get(key, {}).get('list') or {}).get(kind) or []

    def string(self, key):
        return text(self.attributes[key]['s']) if key in self.attributes else ''

    def strings(self, key):
        return [text(item) for item in self._list(key, 's')]

    def int(self, key, default=0):
        return int(self.attributes.get(key, {}).get('i', default))

    def ints(self, key):
        return [int(item) for item in self._list(key, 'i')]

    def float(self, key, default):
        return float(self.attributes.get(key, {}).get('f', default))

    def flag(self, key):
        return bool(self.attributes.get(key, {}).get('b', False))

    def dtype(self, key):
        named = self.attributes[key]['type']
        if named not in TYPES:
            raise ConversionError('%s: type %s is not supported' % (self.name, named))
        return TYPES[named]
