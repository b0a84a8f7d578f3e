"""The ONNX graph while it is built.

A TensorFlow tensor is known here by its TensorFlow name and is either a Constant or a Tensor: an ONNX name and the
layout it really has. Operations ask for their inputs in the layout they need and bind their result to their own name.
"""
from collections import namedtuple

from . import onnxfile
from .errors import ConversionError
from .tensors import Constant, product

PLAIN = 'plain'     # dimensions in TensorFlow's order (NHWC for pictures)
NCHW = 'nchw'       # a picture with its channels moved to the front
TO_NCHW, TO_PLAIN = (0, 3, 1, 2), (0, 2, 3, 1)
AXIS_IN_NCHW = {0: 0, 1: 2, 2: 3, 3: 1}

Tensor = namedtuple('Tensor', 'name layout')


class Graph:
    def __init__(self):
        self.nodes = []
        self._initializers = {}     # (type, dims, bytes) -> name
        self._bound = {}            # TensorFlow name -> Constant or Tensor
        self._relaid = {}           # (ONNX name, layout) -> ONNX name
        self._names_given = 0

    def new_name(self, hint):
        self._names_given += 1
        return '%s_%d' % (hint, self._names_given)

    def emit(self, op, inputs, outputs=1, **attributes):
        """Adds a node and returns the name of its result, or a list of names where outputs > 1."""
        results = [self.new_name(op) for _ in range(outputs)]
        self.nodes.append(onnxfile.node(op, inputs, results, self.new_name('node'), attributes))
        return results[0] if outputs == 1 else results

    def constant(self, constant):
        """The ONNX name of a constant; equal constants are stored once."""
        key = (constant.dtype, constant.dims, constant.raw())
        if key not in self._initializers:
            self._initializers[key] = self.new_name('constant')
        return self._initializers[key]

    def int64s(self, values):
        values = list(values)
        return self.constant(Constant(onnxfile.INT64, [len(values)], values))

    def scalar(self, value):
        return self.constant(Constant(onnxfile.FLOAT, [], [value]))

    def initializers(self):
        return [onnxfile.tensor(name, dtype, dims, raw)
                for (dtype, dims, raw), name in self._initializers.items()]

    def bind(self, name, tensor, layout=PLAIN):
        """From now on the TensorFlow name stands for this ONNX tensor."""
        self._bound[name] = Tensor(tensor, layout)

    def bind_constant(self, name, constant):
        self._bound[name] = constant

    def same(self, name, other):
        self._bound[name] = self._find(other)

    def _find(self, name):
        if name not in self._bound:
            raise ConversionError('%s is used before it is made' % name)
        return self._bound[name]

    def is_constant(self, name):
        return isinstance(self._find(name), Constant)

    def constant_of(self, name):
        found = self._find(name)
        if not isinstance(found, Constant):
            raise ConversionError('%s must be a constant' % name)
        return found

    def values(self, name):
        return list(self.constant_of(name).values)

    def layout(self, name):
        """The layout that the tensor has now; a constant has none of its own and counts as plain."""
        found = self._find(name)
        return PLAIN if isinstance(found, Constant) else found.layout

    def get(self, name, layout=PLAIN):
        """The ONNX name of a tensor in the wanted layout, transposed at most once."""
        found = self._find(name)
        if isinstance(found, Constant):
            return self.constant(found.transposed(TO_NCHW) if layout == NCHW else found)
        if found.layout == layout:
            return found.name
        key = (found.name, layout)
        if key not in self._relaid:
            order = TO_NCHW if layout == NCHW else TO_PLAIN
            self._relaid[key] = self.emit('Transpose', [found.name], perm=order)
        return self._relaid[key]

    def operand(self, name, layout):
        """Like get, for something that is broadcast against a tensor of that layout."""
        if layout == PLAIN or not self.is_constant(name):
            return self.get(name, layout)
        constant = self.constant_of(name)
        rank = len(constant.dims)
        if product(constant.dims) == 1:
            return self.constant(constant.reshaped([]))
        if rank == 4:
            return self.constant(constant.transposed(TO_NCHW))
        if rank == 3:
            return self.constant(constant.transposed((2, 0, 1)))
        if rank == 1:
            return self.constant(constant.reshaped([constant.dims[0], 1, 1]))
        raise ConversionError('%s: a constant of rank %d against a picture' % (name, rank))
