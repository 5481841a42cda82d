"""infer_ctypes.py LIBRARY URL: an inference by ctypes, in threads that share a client."""

import ctypes
import sys
from concurrent.futures import ThreadPoolExecutor
from ctypes import POINTER, byref, c_char_p, c_int32, c_int64, c_size_t, c_void_p

library, url = sys.argv[1:]
triton = ctypes.CDLL(library)
INT32 = 8
OUT = POINTER(c_void_p)
SIGNATURES = {
    "triton_error_message": (c_char_p, [c_void_p]),
    "triton_error_free": (None, [c_void_p]),
    "triton_client_new": (c_int32, [c_char_p, c_void_p, OUT, OUT]),
    "triton_client_free": (None, [c_void_p]),
    "triton_infer_request_new": (c_int32, [c_char_p, OUT, OUT]),
    "triton_infer_request_free": (None, [c_void_p]),
    "triton_infer_request_add_input": (
        c_int32, [c_void_p, c_char_p, c_int32, POINTER(c_int64), c_size_t, POINTER(c_size_t), OUT]),
    "triton_infer_request_input_append_data_copy": (c_int32, [c_void_p, c_size_t, c_void_p, c_size_t, OUT]),
    "triton_client_infer": (c_int32, [c_void_p, c_void_p, c_void_p, OUT, OUT]),
    "triton_infer_result_output_as": (c_int32, [c_void_p, c_char_p, c_int32, OUT, POINTER(c_size_t), OUT]),
    "triton_infer_result_free": (None, [c_void_p]),
}
for name, (result, arguments) in SIGNATURES.items():
    function = getattr(triton, name)
    function.restype, function.argtypes = result, arguments


def call(name, *arguments):
    error = c_void_p()
    if getattr(triton, name)(*arguments, byref(error)):
        message = triton.triton_error_message(error).decode()
        triton.triton_error_free(error)
        raise RuntimeError(message)


client = c_void_p()
call("triton_client_new", url.encode(), None, byref(client))


def infer(offset):
    request, response, data = c_void_p(), c_void_p(), c_void_p()
    index, count = c_size_t(), c_size_t()
    shape = (c_int64 * 2)(1, 16)
    call("triton_infer_request_new", b"simple", byref(request))
    for name, values in [(b"INPUT0", range(16)), (b"INPUT1", [offset] * 16)]:
        array = (c_int32 * 16)(*values)
        call("triton_infer_request_add_input", request, name, INT32, shape, 2, byref(index))
        call("triton_infer_request_input_append_data_copy", request, index, array, ctypes.sizeof(array))
    call("triton_client_infer", client, request, None, byref(response))
    triton.triton_infer_request_free(request)
    call("triton_infer_result_output_as", response, b"OUTPUT0", INT32, byref(data), byref(count))
    sums = list(ctypes.cast(data, POINTER(c_int32))[0:count.value])
    triton.triton_infer_result_free(response)
    return sums


with ThreadPoolExecutor(4) as threads:
    for offset, sums in enumerate(threads.map(infer, range(40))):
        assert sums == [i + offset for i in range(16)], sums
triton.triton_client_free(client)
try:
    call("triton_client_new", b"ftp://x", None, byref(client))
    raise AssertionError("an invalid URL is accepted")
except RuntimeError as invalid:
    assert "ftp" in str(invalid), invalid
