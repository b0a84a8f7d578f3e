"""python3 -m tfjs2onnx MODEL.json OUT.onnx [--nchw] [--output NAME]..."""
import argparse
import os
import sys

from .convert import convert
from .errors import ConversionError


def write_whole(path, data):
    """The file appears complete or not at all."""
    partial = path + '.part'
    with open(partial, 'wb') as file:
        file.write(data)
    os.replace(partial, path)


def main():
    parser = argparse.ArgumentParser(prog='tfjs2onnx', description='Converts a TensorFlow.js graph model to ONNX.')
    parser.add_argument('model', help='model.json; its weight files lie beside it')
    parser.add_argument('out', help='the ONNX file to write')
    parser.add_argument('--nchw', action='store_true', help='take pictures as NCHW float planes')
    parser.add_argument('--output', action='append', help="an output to keep (default: the model's own)")
    options = parser.parse_args()
    try:
        data = convert(options.model, options.output, options.nchw)
        write_whole(options.out, data)
    except (ConversionError, OSError, ValueError, KeyError) as error:
        sys.exit('tfjs2onnx: %s: %s' % (options.model, error))


if __name__ == '__main__':
    main()
