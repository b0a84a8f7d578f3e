"""model.json in, the bytes of an ONNX file out."""
import json
import os

from . import onnxfile
from .errors import ConversionError
from .graph import NCHW, TO_NCHW, Graph
from .node import Node
from .ops import OPS
from .tensors import load_weights

PRODUCER = 'tfjs2onnx'


def signature(model):
    """The model's inputs and outputs; converters have put them in three different places."""
    found = model.get('signature') or (model.get('userDefinedMetadata') or {}).get('signature') or {}
    return found.get('signature', found)


def dims_of(shape):
    return [int(dim['size']) for dim in (shape or {}).get('dim', [])]


def short_name(name):
    return name.split(':')[0].split('/')[-1]


def in_order(nodes, wanted):
    """The nodes that the wanted ones need, each after its own inputs."""
    by_name = {node.name: node for node in nodes}
    ordered, seen = [], set()
    stack = [(name.split(':')[0], False) for name in reversed(wanted)]
    while stack:
        name, inputs_done = stack.pop()
        if name not in by_name:
            raise ConversionError('the model has no node %s' % name)
        if inputs_done:
            ordered.append(by_name[name])
        elif name not in seen:
            seen.add(name)
            stack.append((name, True))
            stack.extend((source.split(':')[0], False) for source in reversed(by_name[name].inputs))
    return ordered


def input_dims(node, model):
    """Dimensions of an input, from its own node or else from the signature; an open batch size becomes 1."""
    dims = dims_of(node.attributes.get('shape', {}).get('shape'))
    if not dims or min(dims) < 0:
        for entry in signature(model).get('inputs', {}).values():
            if entry['name'].split(':')[0] == node.name:
                dims = dims_of(entry.get('tensorShape'))
    if dims and dims[0] < 0:
        dims[0] = 1
    return dims


def add_input(graph, node, model, nchw):
    """Declares an input; a picture is taken as NCHW float planes if that is what the caller wants."""
    name, dtype, dims = short_name(node.name), node.dtype('dtype'), input_dims(node, model)
    if not (nchw and len(dims) == 4):
        graph.bind(node.name, name)
        return onnxfile.value_info(name, dtype, dims)
    tensor = name if dtype == onnxfile.FLOAT else graph.emit('Cast', [name], to=dtype)
    graph.bind(node.name, tensor, NCHW)
    return onnxfile.value_info(name, onnxfile.FLOAT, [dims[axis] for axis in TO_NCHW])


def add_output(graph, name, model):
    source = name[:-2] if name.endswith(':0') else name
    dims = []
    for entry in signature(model).get('outputs', {}).values():
        if entry['name'] == name:
            dims = dims_of(entry.get('tensorShape'))
    public = short_name(name)
    graph.nodes.append(onnxfile.node('Identity', [graph.get(source)], [public], 'output_' + public, {}))
    return onnxfile.value_info(public, onnxfile.FLOAT, dims)


def convert_model(model, folder, outputs=None, nchw=False):
    if model.get('format', 'graph-model') != 'graph-model':
        raise ConversionError('this is a %s, only a graph-model can be converted' % model['format'])
    weights = load_weights(model, folder)
    wanted = outputs or [entry['name'] for entry in signature(model).get('outputs', {}).values()]
    if not wanted:
        raise ConversionError('the model names no outputs: name them with --output')
    graph, inputs = Graph(), []
    for node in in_order([Node(entry) for entry in model['modelTopology']['node']], wanted):
        if node.op == 'Placeholder':
            inputs.append(add_input(graph, node, model, nchw))
        elif node.op == 'Const':
            graph.bind_constant(node.name, weights[node.name])
        elif node.op in OPS:
            OPS[node.op](graph, node)
        else:
            raise ConversionError('%s: operation %s is not supported' % (node.name, node.op))
    outputs = [add_output(graph, name, model) for name in wanted]
    return onnxfile.model(PRODUCER, 'graph', graph.nodes, graph.initializers(), inputs, outputs)


def convert(path, outputs=None, nchw=False):
    with open(path, encoding='utf-8') as file:
        model = json.load(file)
    return convert_model(model, os.path.dirname(path), outputs, nchw)
