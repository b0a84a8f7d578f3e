"""Converts TensorFlow.js graph models to ONNX with nothing but Python's standard library.

A graph model is a model.json (the graph) and .bin files (the weights). The way through the package:

    tensors    the weights, as constants        (Constant, load_weights)
    graph      the ONNX graph while it grows    (Graph: constants, layouts, nodes)
    ops        one small function per TensorFlow operation, in a table
    convert    model.json in, ONNX bytes out    (convert)
    onnxfile   the bytes of an ONNX file        (a protobuf writer for the few messages needed)

TensorFlow keeps pictures as NHWC, ONNX runtimes want NCHW. Pictures therefore stay NCHW from the first convolution to
the last, and a Transpose is written only where an operation really needs the other order.
"""
