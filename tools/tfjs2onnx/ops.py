"""One small function per TensorFlow operation. OPS maps the operation's name to it.

Each takes the graph and the node, asks for its inputs in the layout it needs, and binds its result to the node's name.
"""
from . import onnxfile
from .errors import ConversionError
from .graph import AXIS_IN_NCHW, NCHW, PLAIN
from .tensors import Constant

OPS = {}


def operation(*names):
    def register(function):
        for name in names:
            OPS[name] = function
        return function
    return register


def refuse(node, what):
    raise ConversionError('%s: %s %s is not supported' % (node.name, node.op, what))


# ---- convolution, pooling, matrices

def padding(node):
    kind = node.string('padding')
    if kind == 'SAME':
        return {'auto_pad': 'SAME_UPPER'}
    if kind == 'VALID':
        return {'auto_pad': 'VALID'}
    if kind != 'EXPLICIT':
        refuse(node, 'padding %s' % kind)
    sides = node.ints('explicit_paddings')      # batch, rows, columns, channels: before and after
    return {'pads': [sides[2], sides[4], sides[3], sides[5]]}


def clip_to_6(graph, tensor):
    return graph.emit('Clip', [tensor, graph.scalar(0.0), graph.scalar(6.0)])


def activated(graph, node, tensor, fused, slopes, layout):
    """The operations fused behind a convolution or product, the bias (already added) left out."""
    for name in fused:
        if name in ('Relu', 'Elu', 'Sigmoid'):
            tensor = graph.emit(name, [tensor])
        elif name == 'Relu6':
            tensor = clip_to_6(graph, tensor)
        elif name == 'LeakyRelu':
            tensor = graph.emit('LeakyRelu', [tensor], alpha=node.float('leakyrelu_alpha', 0.2))
        elif name == 'Prelu':
            tensor = graph.emit('PRelu', [tensor, graph.operand(slopes[0], layout)])
        elif name != 'BiasAdd':
            refuse(node, 'fused with %s' % name)
    return tensor


def kernel(constant, depthwise):
    """A TensorFlow kernel (rows, columns, in, out) as ONNX wants it (out, in per group, rows, columns)."""
    rows, columns, channels, out = constant.dims
    if not depthwise:
        return constant.transposed((3, 2, 0, 1))
    return constant.transposed((2, 3, 0, 1)).reshaped([channels * out, 1, rows, columns])


@operation('Conv2D', '_FusedConv2D', 'DepthwiseConv2dNative', 'FusedDepthwiseConv2dNative')
def convolution(graph, node):
    weights, depthwise = graph.constant_of(node.inputs[1]), 'Depthwise' in node.op
    attributes = {'kernel_shape': weights.dims[:2], 'strides': node.ints('strides')[1:3],
                  'group': weights.dims[2] if depthwise else 1}
    if node.ints('dilations'):
        attributes['dilations'] = node.ints('dilations')[1:3]
    attributes.update(padding(node))
    fused, extra = node.strings('fused_ops'), node.inputs[2:]
    inputs = [graph.get(node.inputs[0], NCHW), graph.constant(kernel(weights, depthwise))]
    if 'BiasAdd' in fused:
        inputs.append(graph.get(extra[0]))
        extra = extra[1:]
    result = graph.emit('Conv', inputs, **attributes)
    graph.bind(node.name, activated(graph, node, result, fused, extra, NCHW), NCHW)


@operation('MaxPool', 'AvgPool')
def pool(graph, node):
    op = {'MaxPool': 'MaxPool', 'AvgPool': 'AveragePool'}[node.op]
    result = graph.emit(op, [graph.get(node.inputs[0], NCHW)], kernel_shape=node.ints('ksize')[1:3],
                        strides=node.ints('strides')[1:3], **padding(node))
    graph.bind(node.name, result, NCHW)


@operation('MatMul', '_FusedMatMul')
def product(graph, node):
    if node.flag('transpose_a') or node.flag('transpose_b'):
        refuse(node, 'with a transposed operand')
    result = graph.emit('MatMul', [graph.get(name) for name in node.inputs[:2]])
    fused = node.strings('fused_ops')
    if 'BiasAdd' in fused:
        result = graph.emit('Add', [result, graph.get(node.inputs[2])])
    graph.bind(node.name, activated(graph, node, result, fused, node.inputs[3:], PLAIN))


# ---- element by element

BINARY = {'Add': 'Add', 'AddV2': 'Add', 'BiasAdd': 'Add', 'Sub': 'Sub', 'Mul': 'Mul', 'RealDiv': 'Div', 'Pow': 'Pow',
          'Maximum': 'Max', 'Minimum': 'Min', 'Equal': 'Equal', 'Greater': 'Greater', 'Less': 'Less',
          'GreaterEqual': 'GreaterOrEqual', 'LogicalAnd': 'And', 'FloorMod': 'Mod', 'FloorDiv': 'Div',
          'SquaredDifference': 'Sub'}


@operation(*BINARY)
def binary(graph, node):
    if node.op in ('FloorDiv', 'FloorMod') and node.dtype('T') == onnxfile.FLOAT:
        refuse(node, 'of floats')       # on integers from 0 up, which is what models count with, both agree
    operands = node.inputs[:2]
    layouts = {graph.layout(name) for name in operands if not graph.is_constant(name)}
    layout = NCHW if layouts == {NCHW} else PLAIN
    result = graph.emit(BINARY[node.op], [graph.operand(name, layout) for name in operands])
    if node.op == 'SquaredDifference':
        result = graph.emit('Mul', [result, result])
    graph.bind(node.name, result, layout)


UNARY = ('Relu', 'Sigmoid', 'Tanh', 'Exp', 'Sqrt', 'Floor', 'Elu', 'Neg', 'Reciprocal', 'Abs', 'Log', 'Softplus')


@operation(*UNARY)
def unary(graph, node):
    layout = graph.layout(node.inputs[0])
    graph.bind(node.name, graph.emit(node.op, [graph.get(node.inputs[0], layout)]), layout)


@operation('Relu6')
def relu6(graph, node):
    layout = graph.layout(node.inputs[0])
    graph.bind(node.name, clip_to_6(graph, graph.get(node.inputs[0], layout)), layout)


@operation('Prelu')
def prelu(graph, node):
    layout = graph.layout(node.inputs[0])
    inputs = [graph.get(node.inputs[0], layout), graph.operand(node.inputs[1], layout)]
    graph.bind(node.name, graph.emit('PRelu', inputs), layout)


@operation('LeakyRelu')
def leaky_relu(graph, node):
    layout = graph.layout(node.inputs[0])
    result = graph.emit('LeakyRelu', [graph.get(node.inputs[0], layout)], alpha=node.float('alpha', 0.2))
    graph.bind(node.name, result, layout)


@operation('Softmax')
def softmax(graph, node):
    graph.bind(node.name, graph.emit('Softmax', [graph.get(node.inputs[0])], axis=-1))


@operation('Cast')
def cast(graph, node):
    layout = graph.layout(node.inputs[0])
    graph.bind(node.name, graph.emit('Cast', [graph.get(node.inputs[0], layout)], to=node.dtype('DstT')), layout)


@operation('Identity', 'StopGradient')
def identity(graph, node):
    graph.same(node.name, node.inputs[0])


# ---- along axes

@operation('Mean', 'Max', 'Min', 'Sum')
def reduce(graph, node):
    axes, keep = graph.values(node.inputs[1]), node.flag('keep_dims')
    layout = graph.layout(node.inputs[0]) if keep else PLAIN
    if layout == NCHW:
        axes = [AXIS_IN_NCHW[axis % 4] for axis in axes]
    tensor = graph.get(node.inputs[0], layout)
    if node.op == 'Sum':        # the only one that takes its axes as an input in opset 13
        result = graph.emit('ReduceSum', [tensor, graph.int64s(axes)], keepdims=int(keep))
    else:
        result = graph.emit('Reduce' + node.op, [tensor], axes=axes, keepdims=int(keep))
    graph.bind(node.name, result, layout)


@operation('ArgMax')
def arg_max(graph, node):
    axis = graph.values(node.inputs[1])[0]
    result = graph.emit('ArgMax', [graph.get(node.inputs[0])], axis=axis, keepdims=0)
    graph.bind(node.name, graph.emit('Cast', [result], to=onnxfile.INT32))


@operation('TopKV2')
def top_k(graph, node):
    count = graph.int64s(graph.values(node.inputs[1]))
    values, places = graph.emit('TopK', [graph.get(node.inputs[0]), count], outputs=2, axis=-1)
    graph.bind(node.name, values)
    graph.bind(node.name + ':1', graph.emit('Cast', [places], to=onnxfile.INT32))


@operation('ConcatV2')
def concat(graph, node):
    parts, axis = node.inputs[:-1], graph.values(node.inputs[-1])[0]
    pictures = all(len(graph.constant_of(name).dims) == 4 if graph.is_constant(name) else graph.layout(name) == NCHW
                   for name in parts)
    layout = NCHW if pictures else PLAIN
    if pictures:
        axis = AXIS_IN_NCHW[axis % 4]
    graph.bind(node.name, graph.emit('Concat', [graph.get(name, layout) for name in parts], axis=axis), layout)


@operation('Pack')
def pack(graph, node):
    axis = node.int('axis')
    parts = [graph.emit('Unsqueeze', [graph.get(name), graph.int64s([axis])]) for name in node.inputs]
    graph.bind(node.name, graph.emit('Concat', parts, axis=axis))


@operation('Unpack')
def unpack(graph, node):
    tensor, axis = graph.get(node.inputs[0]), node.int('axis')
    for place in range(node.int('num')):
        index = graph.constant(Constant(onnxfile.INT64, [], [place]))
        name = '%s:%d' % (node.name, place) if place else node.name
        graph.bind(name, graph.emit('Gather', [tensor, index], axis=axis))


@operation('GatherV2')
def gather(graph, node):
    axis = graph.values(node.inputs[2])[0]
    graph.bind(node.name, graph.emit('Gather', [graph.get(name) for name in node.inputs[:2]], axis=axis))


@operation('GatherNd')
def gather_nd(graph, node):
    graph.bind(node.name, graph.emit('GatherND', [graph.get(node.inputs[0]), as_int64(graph, node.inputs[1])]))


# ---- shape

def as_int64(graph, name):
    """ONNX wants int64 where TensorFlow has int32."""
    if graph.is_constant(name):
        constant = graph.constant_of(name)
        return graph.constant(Constant(onnxfile.INT64, constant.dims, constant.values))
    return graph.emit('Cast', [graph.get(name)], to=onnxfile.INT64)


@operation('Reshape')
def reshape(graph, node):
    graph.bind(node.name, graph.emit('Reshape', [graph.get(node.inputs[0]), as_int64(graph, node.inputs[1])]))


@operation('Squeeze')
def squeeze(graph, node):
    axes = node.ints('squeeze_dims')
    inputs = [graph.get(node.inputs[0])] + ([graph.int64s(axes)] if axes else [])
    graph.bind(node.name, graph.emit('Squeeze', inputs))


@operation('ExpandDims')
def expand_dims(graph, node):
    axes = graph.int64s(graph.values(node.inputs[1]))
    graph.bind(node.name, graph.emit('Unsqueeze', [graph.get(node.inputs[0]), axes]))


@operation('Transpose')
def transpose(graph, node):
    order = graph.values(node.inputs[1])
    graph.bind(node.name, graph.emit('Transpose', [graph.get(node.inputs[0])], perm=order))


@operation('Shape')
def shape(graph, node):
    result = graph.emit('Shape', [graph.get(node.inputs[0])])
    graph.bind(node.name, graph.emit('Cast', [result], to=onnxfile.INT32))


@operation('Pad', 'PadV2')
def pad(graph, node):
    if node.op == 'PadV2' and graph.values(node.inputs[2]) != [0]:
        refuse(node, 'with anything but zeros')
    layout, sides = graph.layout(node.inputs[0]), graph.values(node.inputs[1])
    pairs = [sides[i:i + 2] for i in range(0, len(sides), 2)]
    if layout == NCHW:
        pairs = [pairs[0], pairs[3], pairs[1], pairs[2]]
    amounts = graph.int64s([before for before, _ in pairs] + [after for _, after in pairs])
    graph.bind(node.name, graph.emit('Pad', [graph.get(node.inputs[0], layout), amounts]), layout)


@operation('ResizeBilinear', 'ResizeNearestNeighbor')
def resize(graph, node):
    picture = graph.get(node.inputs[0], NCHW)
    unchanged = graph.emit('Slice', [graph.emit('Shape', [picture]), graph.int64s([0]), graph.int64s([2])])
    size = graph.emit('Concat', [unchanged, graph.int64s(graph.values(node.inputs[1]))], axis=0)
    if node.flag('align_corners'):
        pixels = 'align_corners'
    else:
        pixels = 'half_pixel' if node.flag('half_pixel_centers') else 'asymmetric'
    mode = {'mode': 'linear'} if node.op == 'ResizeBilinear' else {'mode': 'nearest', 'nearest_mode': 'floor'}
    result = graph.emit('Resize', [picture, '', '', size], coordinate_transformation_mode=pixels, **mode)
    graph.bind(node.name, result, NCHW)


def slice_bounds(begin, end, step, masks):
    """TensorFlow's masks written out as plain bounds; a bound of `far` means 'to the end'."""
    far = (1 << 31) - 1
    begin, end = list(begin), list(end)
    for axis in range(len(begin)):
        if masks['shrink'] >> axis & 1:
            end[axis] = begin[axis] + 1 if begin[axis] != -1 else far
            continue
        if masks['begin'] >> axis & 1:
            begin[axis] = 0 if step[axis] > 0 else far
        if masks['end'] >> axis & 1:
            end[axis] = far if step[axis] > 0 else -far
    return begin, end


@operation('StridedSlice')
def strided_slice(graph, node):
    if node.int('ellipsis_mask') or node.int('new_axis_mask'):
        refuse(node, 'with an ellipsis or a new axis')
    begin, end, step = (graph.values(name) for name in node.inputs[1:4])
    masks = {kind: node.int(kind + '_mask') for kind in ('begin', 'end')}
    masks['shrink'] = node.int('shrink_axis_mask')
    begin, end = slice_bounds(begin, end, step, masks)
    bounds = [graph.int64s(values) for values in (begin, end, range(len(begin)), step)]
    result = graph.emit('Slice', [graph.get(node.inputs[0])] + bounds)
    dropped = [axis for axis in range(len(begin)) if masks['shrink'] >> axis & 1]
    if dropped:
        result = graph.emit('Squeeze', [result, graph.int64s(dropped)])
    graph.bind(node.name, result)
