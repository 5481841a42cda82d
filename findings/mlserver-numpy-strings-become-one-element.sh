#!/bin/bash
# MLServer 1.7.1 with numpy 2.4.6 (PyPI): strings in a numpy array of fixed width are returned as one string.
#
# numpy's usual array of byte strings has a fixed width (dtype S3). MLServer's numpy codec writes the memory of such an array as
# one element: [b"a", b"bcd"] becomes shape [2, 1] with the single element b"a\0\0bcd", including the padding. The shape is that
# of two elements, so the response contradicts itself, and MLServer's own codec cannot read it. With dtype object the same strings
# are written as two elements. HTTP and gRPC are both affected, since both send the output of the codec.
#
# Effect on a client: fewer elements than the shape has should be an error of that output when its strings are read, and not of
# the whole response, whose other outputs are valid.
#
# Needs python3 with venv, and PyPI. Exit status 0: reproduced as described. Output:
#     dtype object: shape [2, 1], elements [b'a', b'bcd']
#     dtype S3: shape [2, 1], elements [b'a\x00\x00bcd']
#     dtype S3, read by the codec itself: ValueError: cannot reshape array of size 6 into shape (2,1)
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install -q --disable-pip-version-check mlserver==1.7.1 numpy==2.4.6
cd "$dir"
cat > show.py <<'PYTHON'
import numpy
from mlserver.codecs import NumpyCodec
from mlserver.types import RequestInput

lines = []


def show(line):
    lines.append(line)
    print(line)


for dtype in ["object", "S3"]:
    output = NumpyCodec.encode_output("O", numpy.array([b"a", b"bcd"], dtype=dtype))
    elements = list(output.data)
    show(f"dtype {dtype}: shape {output.shape}, elements {elements}")
try:
    again = RequestInput(name="O", shape=output.shape, datatype=output.datatype, data=output.data)
    outcome = repr(NumpyCodec.decode_input(again))
except ValueError as error:
    outcome = f"ValueError: {error}"
show(f"dtype S3, read by the codec itself: {outcome}")
assert lines == [
    "dtype object: shape [2, 1], elements [b'a', b'bcd']",
    "dtype S3: shape [2, 1], elements [b'a\\x00\\x00bcd']",
    "dtype S3, read by the codec itself: ValueError: cannot reshape array of size 6 into shape (2,1)",
]
PYTHON
"$dir/venv/bin/python" show.py || { echo "CHANGED: MLServer does not behave as described"; exit 1; }
"$dir/venv/bin/python" -c 'from importlib.metadata import version as v
print("mlserver", v("mlserver"), "numpy", v("numpy"), "as described")'
