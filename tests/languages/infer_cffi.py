"""infer_cffi.py LIBRARY HEADER URL: an inference by cffi, which parses the preprocessed header."""

import sys

from cffi import FFI

library, header, url = sys.argv[1:]
ffi = FFI()
with open(header) as file:
    ffi.cdef(file.read())
triton = ffi.dlopen(library)
error = ffi.new("triton_error **")
messages = []


def check(status):
    if status != triton.TRITON_STATUS_OK:
        message = ffi.string(triton.triton_error_message(error[0])).decode()
        triton.triton_error_free(error[0])
        raise RuntimeError(message)


@ffi.callback("triton_log_callback")
def log(level, target, message, user_data):
    messages.append((level, ffi.string(message).decode()))


options = ffi.new("triton_client_options **")
check(triton.triton_client_options_new(options, error))
check(triton.triton_client_options_set_log_callback(options[0], triton.TRITON_LOG_DEBUG, log, ffi.NULL, ffi.NULL, error))
client = ffi.new("triton_client **")
check(triton.triton_client_new(url.encode(), options[0], client, error))
triton.triton_client_options_free(options[0])

request = ffi.new("triton_infer_request **")
check(triton.triton_infer_request_new(b"simple", request, error))
a, b = ffi.new("int32_t[16]", list(range(16))), ffi.new("int32_t[16]", [1] * 16)
index = ffi.new("size_t *")
for name, values in [(b"INPUT0", a), (b"INPUT1", b)]:
    check(triton.triton_infer_request_add_input(
        request[0], name, triton.TRITON_DATATYPE_INT32, [1, 16], 2, index, error))
    check(triton.triton_infer_request_input_append_data(request[0], index[0], values, ffi.sizeof(values), error))

result = ffi.new("triton_infer_result **")
check(triton.triton_client_infer(client[0], request[0], ffi.NULL, result, error))
triton.triton_infer_request_free(request[0])
triton.triton_client_free(client[0])
data, count = ffi.new("void **"), ffi.new("size_t *")
check(triton.triton_infer_result_output_as(
    result[0], b"OUTPUT0", triton.TRITON_DATATYPE_INT32, ffi.cast("const void **", data), count, error))
assert list(ffi.cast("int32_t *", data[0])[0:count[0]]) == [i + 1 for i in range(16)]
try:
    check(triton.triton_infer_result_output_as(
        result[0], b"OUTPUT0", triton.TRITON_DATATYPE_FP32, ffi.cast("const void **", data), count, error))
    raise AssertionError("a wrong datatype is accepted")
except RuntimeError as wrong:
    assert "INT32" in str(wrong) and "FP32" in str(wrong), wrong
triton.triton_infer_result_free(result[0])
assert any(level == triton.TRITON_LOG_INFO for level, _ in messages), messages
# Any number may come out of C: a status that this header does not know is no exception.
assert ffi.string(triton.triton_status_name(17)) == b"UNKNOWN"
