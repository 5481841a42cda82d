"""infer_ctypes.py LIBRARY URL: an inference by ctypes, in threads that share a client, and in an event loop over a
completion queue, without a callback."""

import asyncio
import ctypes
import sys
from concurrent.futures import ThreadPoolExecutor
from ctypes import POINTER, byref, c_char_p, c_int, c_int32, c_int64, c_size_t, c_uint64, c_void_p

library, url = sys.argv[1:]
triton = ctypes.CDLL(library)
INT32 = 8
DEADLINE_EXCEEDED = 4
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
    "triton_completion_queue_new": (c_int32, [OUT, OUT]),
    "triton_completion_queue_fd": (c_int32, [c_void_p, POINTER(c_int), OUT]),
    "triton_completion_queue_next": (c_int32, [c_void_p, c_uint64, OUT, OUT]),
    "triton_completion_queue_free": (None, [c_void_p]),
    "triton_client_infer_async_queue": (
        c_int32, [c_void_p, c_void_p, c_void_p, c_void_p, c_void_p, OUT, OUT]),
    "triton_call_user_data": (c_void_p, [c_void_p]),
    "triton_call_take_result": (c_int32, [c_void_p, OUT, OUT]),
    "triton_call_free": (None, [c_void_p]),
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


def new_request(offset):
    request, index = c_void_p(), c_size_t()
    shape = (c_int64 * 2)(1, 16)
    call("triton_infer_request_new", b"simple", byref(request))
    for name, values in [(b"INPUT0", range(16)), (b"INPUT1", [offset] * 16)]:
        array = (c_int32 * 16)(*values)
        call("triton_infer_request_add_input", request, name, INT32, shape, 2, byref(index))
        call("triton_infer_request_input_append_data_copy", request, index, array, ctypes.sizeof(array))
    return request


def take_sums(response):
    data, count = c_void_p(), c_size_t()
    call("triton_infer_result_output_as", response, b"OUTPUT0", INT32, byref(data), byref(count))
    sums = list(ctypes.cast(data, POINTER(c_int32))[0:count.value])
    triton.triton_infer_result_free(response)
    return sums


def infer(offset):
    request, response = new_request(offset), c_void_p()
    call("triton_client_infer", client, request, None, byref(response))
    triton.triton_infer_request_free(request)
    return take_sums(response)


async def infer_in_a_loop(count):
    """Submits all, and returns their sums in order."""
    queue, fd = c_void_p(), c_int()
    call("triton_completion_queue_new", byref(queue))
    call("triton_completion_queue_fd", queue, byref(fd))
    loop = asyncio.get_running_loop()
    futures = [loop.create_future() for _ in range(count)]

    def complete():
        completed, response, error = c_void_p(), c_void_p(), c_void_p()
        status = triton.triton_completion_queue_next(queue, 0, byref(completed), byref(error))
        if status != DEADLINE_EXCEEDED:  # else another turn of the loop took it
            index = triton.triton_call_user_data(completed) - 1
            call("triton_call_take_result", completed, byref(response))
            triton.triton_call_free(completed)
            futures[index].set_result(take_sums(response))
        triton.triton_error_free(error)

    loop.add_reader(fd.value, complete)
    for index in range(count):
        request = new_request(index)
        call("triton_client_infer_async_queue", client, request, None, queue, index + 1, None)
        triton.triton_infer_request_free(request)
    sums = await asyncio.wait_for(asyncio.gather(*futures), 60)
    loop.remove_reader(fd.value)
    triton.triton_completion_queue_free(queue)
    return sums


with ThreadPoolExecutor(4) as threads:
    for offset, sums in enumerate(threads.map(infer, range(40))):
        assert sums == [i + offset for i in range(16)], sums
for offset, sums in enumerate(asyncio.run(infer_in_a_loop(40))):
    assert sums == [i + offset for i in range(16)], sums
triton.triton_client_free(client)
try:
    call("triton_client_new", b"ftp://x", None, byref(client))
    raise AssertionError("an invalid URL is accepted")
except RuntimeError as invalid:
    assert "ftp" in str(invalid), invalid
