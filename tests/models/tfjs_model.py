"""Builds small TensorFlow.js graph models for tests, as the JSON and the weight file would hold them."""
import base64
import json
import os
import struct

TFJS_TYPES = {'float32': 'f', 'int32': 'i'}


def string(text):
    return {'s': base64.b64encode(text.encode()).decode()}


def strings(*texts):
    return {'list': {'s': [base64.b64encode(text.encode()).decode() for text in texts]}}


def ints(*numbers):
    return {'list': {'i': [str(number) for number in numbers]}}


class ModelBuilder:
    def __init__(self):
        self.nodes, self.weights, self.blob = [], [], b''

    def input(self, name, *dims):
        shape = {'shape': {'dim': [{'size': str(dim)} for dim in dims]}}
        self.nodes.append({'op': 'Placeholder', 'name': name, 'attr': {'dtype': {'type': 'DT_FLOAT'}, 'shape': shape}})
        return name

    def constant(self, name, dims, values, dtype='float32'):
        self.nodes.append({'op': 'Const', 'name': name})
        self.weights.append({'name': name, 'shape': list(dims), 'dtype': dtype})
        self.blob += struct.pack('<%d%s' % (len(values), TFJS_TYPES[dtype]), *values)
        return name

    def ints(self, name, *values):
        return self.constant(name, [len(values)], values, 'int32')

    def node(self, op, name, *inputs, **attributes):
        self.nodes.append({'op': op, 'name': name, 'input': list(inputs), 'attr': attributes})
        return name

    def json(self):
        return {'format': 'graph-model', 'modelTopology': {'node': self.nodes},
                'weightsManifest': [{'paths': ['weights.bin'], 'weights': self.weights}]}

    def save(self, folder):
        with open(os.path.join(folder, 'weights.bin'), 'wb') as file:
            file.write(self.blob)
        path = os.path.join(folder, 'model.json')
        with open(path, 'w', encoding='utf-8') as file:
            json.dump(self.json(), file)
        return path
