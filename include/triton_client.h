/* Generated from src/ffi by `make header`. Do not edit. */

#ifndef TRITON_CLIENT_H
#define TRITON_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * TRITON_NO_ATTRIBUTES, defined before the header is included, leaves out attributes and C23's syntax for enums: for parsers
 * of C that know neither. cffi parses what this prints:
 *
 *     sed '/#include/d' triton_client.h | cc -E -P -DTRITON_NO_ATTRIBUTES -xc -
 */

/* Warns if a returned status is ignored. */
#if defined(TRITON_NO_ATTRIBUTES)
#define TRITON_NODISCARD
#elif defined(__cplusplus) && __cplusplus >= 201703L
#define TRITON_NODISCARD [[nodiscard]]
#elif defined(__STDC_VERSION__) && __STDC_VERSION__ >= 202000L
#define TRITON_NODISCARD [[nodiscard]]
#else
#define TRITON_NODISCARD
#endif

/* Declares an enum with the size of int32_t, whatever the compiler's options. In C before C23 its type is int32_t. */
#if defined(__cplusplus)
#define TRITON_ENUM(name) enum name : int32_t
#elif defined(__STDC_VERSION__) && __STDC_VERSION__ >= 202311L && !defined(TRITON_NO_ATTRIBUTES)
#define TRITON_ENUM(name) enum name : int32_t; typedef enum name name; enum name : int32_t
#else
#define TRITON_ENUM(name) typedef int32_t name; enum name
#endif

/*
 * libtriton_client: a client for NVIDIA Triton Inference Server over HTTP/REST and gRPC. For C99 and C++11,
 * and later.
 *
 *     int failed = triton_client_new("localhost:8000", NULL, &client, &error)
 *         || triton_infer_request_new("simple", &request, &error)
 *         || triton_infer_request_add_input_data(request, "INPUT0", TRITON_DATATYPE_INT32, shape, 2, a, 64, NULL, &error)
 *         || triton_infer_request_add_input_data(request, "INPUT1", TRITON_DATATYPE_INT32, shape, 2, b, 64, NULL, &error)
 *         || triton_client_infer(client, request, NULL, &result, &error)
 *         || triton_infer_result_output_as(result, "OUTPUT0", TRITON_DATATYPE_INT32, &data, &count, &error);
 *     if (failed) fprintf(stderr, "%s\n", triton_error_message(error));
 *
 * The following applies to all functions and is not repeated for each of them.
 *
 * STATUS. A function that can fail returns a triton_status. TRITON_STATUS_OK is 0, so that || can chain
 * calls. The last parameter, `triton_error **error_out`, receives the error, which the caller frees with
 * triton_error_free, or NULL on success. error_out may be NULL. Below, a status may be named without its
 * prefix: NOT_FOUND is TRITON_STATUS_NOT_FOUND.
 *
 * OUT-PARAMETERS have names that end in _out and are always written: on failure with NULL, 0 or false. The
 * previous value is overwritten, not freed. NULL is allowed for an out-parameter whose value is not the
 * purpose of the function, such as index_out, rank_out, or a count or size beside data. For any other
 * out-parameter NULL is TRITON_STATUS_INVALID_ARGUMENT. A file descriptor is -1 on failure.
 *
 * HANDLES are pointers to opaque structs. A function whose name ends in _new, and any other whose
 * documentation says so, returns a handle that the caller frees with the _free function of its type. Only
 * _free functions consume a handle; they ignore NULL. A handle keeps alive what it needs: a result remains
 * valid after its request and its client are freed.
 *
 * GETTERS do not fail. The strings, arrays and handles that they return belong to the handle that they were
 * read from: they are valid until it is freed or changed, and the caller does not free them. For a NULL
 * handle getters return 0, false, "" or NULL, and functions that return nothing do nothing. All other
 * functions return TRITON_STATUS_INVALID_ARGUMENT for a NULL handle.
 *
 * LISTS. x_y_count(x) returns the number of elements, and x_y(x, index) the element at an index from 0.
 * Lists of names and values (headers, parameters, settings, load reports) have x_count, with x_entry or with
 * x_name and x_value. Past the end these functions return 0, false, "" or NULL. A function with find in its
 * name returns the element with a name, and NULL or false if there is none.
 *
 * STRINGS are UTF-8 and end with a NUL. A string parameter that is not UTF-8 is
 * TRITON_STATUS_INVALID_ARGUMENT. A returned string is never NULL, unless it was searched for by a name; ""
 * means none. A NUL in text from a server is replaced by U+FFFD.
 *
 * ARRAYS are passed as a pointer and a count. The pointer may be NULL if the count is 0.
 *
 * SIZES in the memory of the program are size_t. Sizes and offsets at the server, such as those of shared
 * memory regions, are uint64_t. A device id is int64_t.
 *
 * BORROWED DATA. Memory that a function borrows must stay valid until no call that uses it is under way and
 * the handle that borrowed it is freed or no longer refers to it. Freeing a request does not end the loan of
 * a call that is under way. The memory must not change while a call uses it, and may change between calls. A
 * call is complete, whether it succeeded or failed, only when the library no longer reads or writes the
 * memory of the caller. In a garbage-collected language, pin the memory, or use the function whose name ends
 * in _copy.
 *
 * An asynchronous call is under way from its submission until its callback is called, or until
 * triton_call_is_done returns true for it. The request itself is read by the submission alone: once that has
 * returned, the request may be changed and freed. The data that it borrowed, and the buffers of its outputs,
 * must remain until the call is complete, also if the call or the client is freed before. A program that
 * frees a call without a callback cannot learn when that is: it waits for the call first.
 * triton_stream_send copies everything.
 *
 * DEFAULTS. A set_ function that is called with NULL restores the default. So does 0 for a number, unless 0
 * has a meaning of its own. Timeouts and other durations are the exception: 0 is
 * TRITON_STATUS_INVALID_ARGUMENT, since a computed timeout of 0 must not become the default.
 *
 * STRUCTS with a member struct_size may get more members in later versions. Set it to sizeof of the struct
 * before the call. The function fills the members that fit, sets those that it does not know to 0, and
 * leaves struct_size as it is. Unless struct_size is a multiple of 8 with room for one value, and at most
 * 4096, it returns TRITON_STATUS_INVALID_ARGUMENT and changes nothing. All other structs are final.
 *
 * ENUMS have the size of int32_t. Later versions may add values: a switch over a value that the library
 * returns needs a default case. A number that is not a value of the enum is TRITON_STATUS_INVALID_ARGUMENT
 * as a parameter.
 *
 * CALLBACKS must not leave by longjmp or by an exception. user_data is passed to the callback unchanged. A
 * finalizer, where a function takes one, is called exactly once with user_data when the library no longer
 * uses it, on any thread; it is not called if the function fails. It may be NULL.
 *
 * The callbacks of asynchronous calls and of streams follow further rules:
 *
 * - If the function that takes the callback returns TRITON_STATUS_OK, the callback of a call is called
 *   exactly once, and the end of a stream is reported exactly once, as the last event: also if the call is
 *   cancelled, its deadline passes, the server is lost, or the call, the stream or the client is freed. If
 *   the function fails, the callback is never called.
 * - It is called on a thread of the library, never inside the function that takes it, but possibly before
 *   that function has returned. It may block, may call any function, and may free any handle, its own call,
 *   stream and client included. The exceptions are waits for callbacks (WAITS), and that submitting a call
 *   or sending to a stream never waits there for room: it returns TRITON_STATUS_RESOURCE_EXHAUSTED at once.
 * - It owns the result and the error that it receives, of which at most one is not NULL, and frees them.
 * - The calls of a client complete in any order. A client has one callback thread by default, which calls
 *   one callback after another, in the order in which the calls complete; with more
 *   (triton_client_options_set_callback_threads), callbacks of different calls and streams run at the same
 *   time, and may overtake each other. The callbacks of one stream never do either.
 * - A callback that blocks occupies its thread. It delays the callbacks that find no other thread, and
 *   nothing else: no call, no wait, no completion queue.
 *
 * WAITS. triton_call_wait, triton_completion_queue_next, triton_stream_next, triton_stream_wait and
 * triton_client_close wait at most timeout_us for what they are named after: 0 does not wait,
 * TRITON_NO_TIMEOUT waits without limit. They return TRITON_STATUS_OK once it has happened, whether it is a
 * success or a failure, and TRITON_STATUS_DEADLINE_EXCEEDED if it has not happened yet: nothing is cancelled
 * by that, and the wait can be repeated. On a callback thread of the client, a wait that could wait for the
 * calling thread itself returns TRITON_STATUS_FAILED_PRECONDITION at once: triton_client_close, and
 * triton_stream_wait for a stream with a callback.
 *
 * THREADS. Any number of threads may use a triton_client at once. Any number of threads may at once call
 * functions that take the same handle as a pointer to const; a function that takes it as a pointer to
 * non-const must be the only one that uses it. The parameters of a request are part of the request: setting
 * one changes it. A handle must not be freed while another thread uses it.
 *
 * A client that makes blocking calls only has no threads, except one that resolves the names of hosts. The
 * first asynchronous call, triton_client_infer_many or stream starts one thread for all I/O, the first that
 * has a callback starts the callback threads, and asynchronous calls that a server refuses start threads for
 * the HEADER CALLBACK. They end by themselves after the client and its streams are freed and everything that
 * was under way has completed.
 *
 * TIME. Timeouts are in microseconds. Every call to a server has a deadline, by default 60 s after its start
 * (10 min for loading and unloading models), which name resolution, connecting, sending and receiving count
 * against. TRITON_NO_TIMEOUT means no deadline. A stream has no deadline unless its own options set one.
 *
 * PROCESS. The library prints nothing, has no global state that a program could set, and raises no SIGPIPE.
 * A panic inside the library does not leave it: the function returns TRITON_STATUS_INTERNAL. After fork(),
 * the child must not use handles of the parent, whose threads it does not have and whose connections it
 * would share; it creates its own client, at any time. There, every function that is passed a client, call,
 * completion queue, stream or cancel token of the parent returns TRITON_STATUS_FAILED_PRECONDITION, and
 * freeing one is harmless: it releases nothing, and the parent's connections, calls and streams go on.
 *
 * URLS. The host is a name, an IPv4 address, or an IPv6 address in brackets, optionally with a zone: the
 * name or number of a network interface, [fe80::1%25eth0] or [fe80::1%eth0].
 *
 *     URL                                  protocol   default port
 *     host, host:port                      HTTP       8000
 *     host:port/base/path                  HTTP       8000          the base path precedes /v2
 *     http://host[:port][/base/path]       HTTP       8000
 *     grpc://host[:port]                   gRPC       8001          with a path: TRITON_STATUS_INVALID_ARGUMENT
 *     https://host[:port][/base/path]      HTTP, TLS  443           OPTIONS OF TLS
 *     grpcs://host[:port]                  gRPC, TLS  443           with a path: TRITON_STATUS_INVALID_ARGUMENT
 */

#ifdef __cplusplus
extern "C" {
#endif

/**
 * The major version of this header.
 */
#define TRITON_VERSION_MAJOR 0

/**
 * The minor version of this header.
 */
#define TRITON_VERSION_MINOR 1

/**
 * The patch version of this header.
 */
#define TRITON_VERSION_PATCH 0

/**
 * The version of the ABI: it changes when programs that were compiled with an older header would no longer
 * work.
 */
#define TRITON_ABI_VERSION 1

/**
 * No timeout.
 */
#define TRITON_NO_TIMEOUT UINT64_MAX

/**
 * The status of a call. The canonical codes of gRPC, with their numbers.
 */
TRITON_ENUM(triton_status) {
    /**
     * The operation succeeded.
     */
    TRITON_STATUS_OK = 0,
    /**
     * The operation was cancelled, by the caller or by the server.
     */
    TRITON_STATUS_CANCELLED = 1,
    /**
     * The error has no more specific code.
     */
    TRITON_STATUS_UNKNOWN = 2,
    /**
     * The caller passed an invalid argument, for example a bad name, shape, byte count or URL.
     */
    TRITON_STATUS_INVALID_ARGUMENT = 3,
    /**
     * The deadline passed before the operation was complete.
     */
    TRITON_STATUS_DEADLINE_EXCEEDED = 4,
    /**
     * A model, version, output or shared memory region does not exist.
     */
    TRITON_STATUS_NOT_FOUND = 5,
    /**
     * The entity to be created exists already.
     */
    TRITON_STATUS_ALREADY_EXISTS = 6,
    /**
     * The caller is not permitted to do this.
     */
    TRITON_STATUS_PERMISSION_DENIED = 7,
    /**
     * A resource is exhausted: the message exceeds a size limit, a buffer is too small, or a quota is used
     * up.
     */
    TRITON_STATUS_RESOURCE_EXHAUSTED = 8,
    /**
     * The system is not in the state that the operation requires.
     */
    TRITON_STATUS_FAILED_PRECONDITION = 9,
    /**
     * The operation was aborted because of a conflict; it may succeed if it is repeated as a whole.
     */
    TRITON_STATUS_ABORTED = 10,
    /**
     * The operation exceeds a valid range.
     */
    TRITON_STATUS_OUT_OF_RANGE = 11,
    /**
     * The server, or this build of the library, does not support the operation.
     */
    TRITON_STATUS_UNIMPLEMENTED = 12,
    /**
     * Internal error: the server failed, its response is malformed, or the library has a defect.
     */
    TRITON_STATUS_INTERNAL = 13,
    /**
     * The server cannot be reached, or cannot serve at the moment.
     */
    TRITON_STATUS_UNAVAILABLE = 14,
    /**
     * Data was lost or corrupted and cannot be recovered.
     */
    TRITON_STATUS_DATA_LOSS = 15,
    /**
     * The caller is not authenticated.
     */
    TRITON_STATUS_UNAUTHENTICATED = 16,
};

/**
 * Where an error was detected.
 */
TRITON_ENUM(triton_origin) {
    /**
     * No error.
     */
    TRITON_ORIGIN_NONE = 0,
    /**
     * An argument of the caller: nothing was sent.
     */
    TRITON_ORIGIN_ARGUMENT = 1,
    /**
     * The client: a deadline, a size limit, or a defect of the library.
     */
    TRITON_ORIGIN_CLIENT = 2,
    /**
     * The connection: name resolution failed, the connection was refused or lost, or the response is not
     * valid HTTP or gRPC.
     */
    TRITON_ORIGIN_CONNECTION = 3,
    /**
     * The server, or a proxy before it, sent an error response.
     */
    TRITON_ORIGIN_SERVER = 4,
};

/**
 * The datatype of a tensor's elements. The numbers are those of inference.DataType in the protocol.
 */
TRITON_ENUM(triton_datatype) {
    /**
     * No datatype, or one unknown to this version of the library.
     */
    TRITON_DATATYPE_INVALID = 0,
    /**
     * One byte, 0 or 1.
     */
    TRITON_DATATYPE_BOOL = 1,
    /**
     * uint8_t
     */
    TRITON_DATATYPE_UINT8 = 2,
    /**
     * uint16_t
     */
    TRITON_DATATYPE_UINT16 = 3,
    /**
     * uint32_t
     */
    TRITON_DATATYPE_UINT32 = 4,
    /**
     * uint64_t
     */
    TRITON_DATATYPE_UINT64 = 5,
    /**
     * int8_t
     */
    TRITON_DATATYPE_INT8 = 6,
    /**
     * int16_t
     */
    TRITON_DATATYPE_INT16 = 7,
    /**
     * int32_t
     */
    TRITON_DATATYPE_INT32 = 8,
    /**
     * int64_t
     */
    TRITON_DATATYPE_INT64 = 9,
    /**
     * 16-bit float, IEEE 754.
     */
    TRITON_DATATYPE_FP16 = 10,
    /**
     * float
     */
    TRITON_DATATYPE_FP32 = 11,
    /**
     * double
     */
    TRITON_DATATYPE_FP64 = 12,
    /**
     * Byte strings of variable length.
     */
    TRITON_DATATYPE_BYTES = 13,
    /**
     * 16-bit float: the upper half of a float.
     */
    TRITON_DATATYPE_BF16 = 14,
};

/**
 * The severity of a log message, the highest first.
 */
TRITON_ENUM(triton_log_level) {
    /**
     * A failure that the caller cannot learn of in another way.
     */
    TRITON_LOG_ERROR = 1,
    /**
     * A recoverable problem.
     */
    TRITON_LOG_WARN = 2,
    /**
     * A connection was opened or closed.
     */
    TRITON_LOG_INFO = 3,
    /**
     * Every call: its operation, URL, outcome and duration.
     */
    TRITON_LOG_DEBUG = 4,
    /**
     * Every step of a call.
     */
    TRITON_LOG_TRACE = 5,
};

/**
 * The status of a service in the gRPC health service, with the numbers of grpc.health.v1.
 */
TRITON_ENUM(triton_serving_status) {
    /**
     * The status is not known.
     */
    TRITON_SERVING_STATUS_UNKNOWN = 0,
    /**
     * The service accepts requests.
     */
    TRITON_SERVING_STATUS_SERVING = 1,
    /**
     * The service exists and does not accept requests at present.
     */
    TRITON_SERVING_STATUS_NOT_SERVING = 2,
    /**
     * The server has no service of that name.
     */
    TRITON_SERVING_STATUS_SERVICE_UNKNOWN = 3,
};

/**
 * The kind of a value, of a parameter or of a setting.
 */
TRITON_ENUM(triton_value_kind) {
    /**
     * No value.
     */
    TRITON_VALUE_NONE = 0,
    /**
     * A Boolean: triton_parameter_bool.
     */
    TRITON_VALUE_BOOL = 1,
    /**
     * A signed integer: triton_parameter_int64.
     */
    TRITON_VALUE_INT64 = 2,
    /**
     * An integer that does not fit an int64_t: triton_parameter_uint64. In settings, any unsigned integer:
     * triton_setting_uint64.
     */
    TRITON_VALUE_UINT64 = 3,
    /**
     * A floating-point number: triton_parameter_double.
     */
    TRITON_VALUE_DOUBLE = 4,
    /**
     * A string: triton_parameter_string.
     */
    TRITON_VALUE_STRING = 5,
};

/**
 * Whether a result is the last response to its request.
 */
TRITON_ENUM(triton_finality) {
    /**
     * The response does not say, and more responses are possible: the result came on a stream, or was read
     * from bytes.
     */
    TRITON_FINALITY_UNKNOWN = 0,
    /**
     * It is the last response.
     */
    TRITON_FINALITY_FINAL = 1,
    /**
     * More responses follow.
     */
    TRITON_FINALITY_NOT_FINAL = 2,
};

/**
 * The versions of a model that are served.
 */
TRITON_ENUM(triton_version_policy) {
    /**
     * A number of the newest versions.
     */
    TRITON_VERSION_POLICY_LATEST = 0,
    /**
     * All versions.
     */
    TRITON_VERSION_POLICY_ALL = 1,
    /**
     * The versions of triton_model_config_version.
     */
    TRITON_VERSION_POLICY_SPECIFIC = 2,
};

/**
 * The way in which the requests of sequences are batched.
 */
TRITON_ENUM(triton_sequence_strategy) {
    /**
     * The model has no sequences.
     */
    TRITON_SEQUENCE_STRATEGY_NONE = 0,
    /**
     * A sequence always has the same slot of a batch.
     */
    TRITON_SEQUENCE_STRATEGY_DIRECT = 1,
    /**
     * A sequence has a slot in any batch, the oldest sequence first.
     */
    TRITON_SEQUENCE_STRATEGY_OLDEST = 2,
};

/**
 * The meaning of the dimensions of an input.
 */
TRITON_ENUM(triton_tensor_format) {
    /**
     * Not specified.
     */
    TRITON_TENSOR_FORMAT_NONE = 0,
    /**
     * Height, width, channels.
     */
    TRITON_TENSOR_FORMAT_NHWC = 1,
    /**
     * Channels, height, width.
     */
    TRITON_TENSOR_FORMAT_NCHW = 2,
};

/**
 * How a message is compressed.
 */
TRITON_ENUM(triton_compression) {
    /**
     * Not compressed.
     */
    TRITON_COMPRESSION_NONE = 0,
    /**
     * gzip (RFC 1952).
     */
    TRITON_COMPRESSION_GZIP = 1,
    /**
     * zlib (RFC 1950), which HTTP and gRPC call deflate.
     */
    TRITON_COMPRESSION_DEFLATE = 2,
};

/**
 * An outcome or a step of requests whose duration a server measures.
 */
TRITON_ENUM(triton_duration_kind) {
    /**
     * Requests, or responses, that succeeded, from beginning to end.
     */
    TRITON_DURATION_SUCCESS = 0,
    /**
     * Requests, or responses, that failed, from beginning to end.
     */
    TRITON_DURATION_FAIL = 1,
    /**
     * Waiting in the queue.
     */
    TRITON_DURATION_QUEUE = 2,
    /**
     * Preparing inputs.
     */
    TRITON_DURATION_COMPUTE_INPUT = 3,
    /**
     * Running the model.
     */
    TRITON_DURATION_COMPUTE_INFER = 4,
    /**
     * Preparing outputs.
     */
    TRITON_DURATION_COMPUTE_OUTPUT = 5,
    /**
     * Looking up and extracting responses that were in the response cache.
     */
    TRITON_DURATION_CACHE_HIT = 6,
    /**
     * Looking up and inserting responses that were not in the response cache.
     */
    TRITON_DURATION_CACHE_MISS = 7,
    /**
     * Responses without outputs; of responses alone.
     */
    TRITON_DURATION_EMPTY_RESPONSE = 8,
    /**
     * Responses that were cancelled; of responses alone.
     */
    TRITON_DURATION_CANCEL = 9,
};

/**
 * The format of a server's load report. Both are read alike.
 */
TRITON_ENUM(triton_load_report_format) {
    /**
     * No report.
     */
    TRITON_LOAD_REPORT_NONE = 0,
    /**
     * TEXT name=value, ...
     */
    TRITON_LOAD_REPORT_TEXT = 1,
    /**
     * JSON {...}
     */
    TRITON_LOAD_REPORT_JSON = 2,
};

/**
 * A version of TLS.
 */
TRITON_ENUM(triton_tls_version) {
    /**
     * TLS 1.2 (RFC 5246).
     */
    TRITON_TLS_1_2 = 12,
    /**
     * TLS 1.3 (RFC 8446).
     */
    TRITON_TLS_1_3 = 13,
};

/**
 * Bytes allocated by the library. Freed with triton_buffer_free.
 */
typedef struct triton_buffer triton_buffer;

/**
 * An asynchronous call. Freed with triton_call_free.
 */
typedef struct triton_call triton_call;

/**
 * The headers that a triton_header_callback adds to a call. Valid during the callback.
 */
typedef struct triton_call_headers triton_call_headers;

/**
 * The options of a call. Freed with triton_call_options_free.
 */
typedef struct triton_call_options triton_call_options;

/**
 * Cancels calls. Freed with triton_cancel_token_free.
 */
typedef struct triton_cancel_token triton_cancel_token;

/**
 * A client of one server. Freed with triton_client_free.
 */
typedef struct triton_client triton_client;

/**
 * The options of a client. Freed with triton_client_options_free.
 */
typedef struct triton_client_options triton_client_options;

/**
 * A queue of completed calls. Freed with triton_completion_queue_free.
 */
typedef struct triton_completion_queue triton_completion_queue;

/**
 * Why a call failed. Freed with triton_error_free.
 */
typedef struct triton_error triton_error;

/**
 * A generated response. Freed with triton_generated_free.
 */
typedef struct triton_generated triton_generated;

/**
 * The headers of a response. Belong to the object that they were read from.
 */
typedef struct triton_headers triton_headers;

/**
 * An output of a result. Belongs to the result.
 */
typedef struct triton_infer_output triton_infer_output;

/**
 * An inference request. Freed with triton_infer_request_free.
 */
typedef struct triton_infer_request triton_infer_request;

/**
 * The result of an inference. Freed with triton_infer_result_free.
 */
typedef struct triton_infer_result triton_infer_result;

/**
 * A report of the server's load: names and values. Belongs to the result, or the generated response, that it
 * was read from.
 */
typedef struct triton_load_report triton_load_report;

/**
 * One sample of a metric. Belongs to the metrics.
 */
typedef struct triton_metric_sample triton_metric_sample;

/**
 * A server's metrics at one point in time. Freed with triton_metrics_free.
 */
typedef struct triton_metrics triton_metrics;

/**
 * A model's configuration. Freed with triton_model_config_free.
 */
typedef struct triton_model_config triton_model_config;

/**
 * The metadata of a model. Freed with triton_model_metadata_free.
 */
typedef struct triton_model_metadata triton_model_metadata;

/**
 * The statistics of one version of a model. Belongs to the list.
 */
typedef struct triton_model_statistics triton_model_statistics;

/**
 * A server's statistics of its models. Freed with triton_model_statistics_list_free.
 */
typedef struct triton_model_statistics_list triton_model_statistics_list;

/**
 * A parameter. Belongs to its triton_parameters.
 */
typedef struct triton_parameter triton_parameter;

/**
 * The parameters of a request, a result, or one of their tensors. Belongs to the request or result.
 */
typedef struct triton_parameters triton_parameters;

/**
 * The regions that are registered with a server. Freed with triton_registered_memory_free.
 */
typedef struct triton_registered_memory triton_registered_memory;

/**
 * One region that is registered with a server. Belongs to the triton_registered_memory.
 */
typedef struct triton_registered_region triton_registered_region;

/**
 * The index of a server's model repositories. Freed with triton_repository_index_free.
 */
typedef struct triton_repository_index triton_repository_index;

/**
 * The entry of one version of a model. Belongs to the index.
 */
typedef struct triton_repository_model triton_repository_model;

/**
 * Options of the operations on the model repository. Freed with triton_repository_options_free.
 */
typedef struct triton_repository_options triton_repository_options;

/**
 * The metadata of a server. Freed with triton_server_metadata_free.
 */
typedef struct triton_server_metadata triton_server_metadata;

/**
 * One setting: a name, and one or more values. Belongs to the settings.
 */
typedef struct triton_setting triton_setting;

/**
 * The settings of a server. Freed with triton_settings_free.
 */
typedef struct triton_settings triton_settings;

/**
 * A set of changes to settings. Freed with triton_settings_update_free.
 */
typedef struct triton_settings_update triton_settings_update;

/**
 * A stream. Freed with triton_stream_free.
 */
typedef struct triton_stream triton_stream;

/**
 * The options of a stream. Freed with triton_stream_options_free.
 */
typedef struct triton_stream_options triton_stream_options;

/**
 * The configuration of one input or output. Belongs to the model's configuration.
 */
typedef struct triton_tensor_config triton_tensor_config;

/**
 * The metadata of one input or output. Belongs to the model's metadata.
 */
typedef struct triton_tensor_metadata triton_tensor_metadata;

/**
 * Receives a log message. Called on any thread, on several at once. Must not call the library.
 *
 * @param level      the severity
 * @param target     the module that logs, for example "triton_client::net"; valid during the call
 * @param message    the text; valid during the call
 * @param user_data  as passed with the callback
 */
typedef void (*triton_log_callback)(triton_log_level level, const char *target, const char *message, void *user_data);

/**
 * Frees the user_data of a callback: see CALLBACKS.
 */
typedef void (*triton_finalizer)(void *user_data);

/**
 * Adds headers to a call. Called on any thread, on several at once. It may block, which counts against the
 * deadline of the call, and may call any function, also with the same client, but for freeing or closing it:
 * the calls that it makes itself have no headers of the callback, and do not wait for room
 * (triton_client_options_set_max_in_flight).
 *
 * @param headers    adds the headers; valid during the callback
 * @param user_data  as passed with the callback
 * @return TRITON_STATUS_OK; any other number fails the call with UNAUTHENTICATED. The cause in its message
 *         is what triton_call_headers_set_error set, or the last failure of triton_call_headers_add. The
 *         error is retryable for UNAVAILABLE and DEADLINE_EXCEEDED
 */
typedef triton_status (*triton_header_callback)(triton_call_headers *headers, void *user_data);

/**
 * The numbers of a client's connections.
 */
typedef struct triton_connection_counts {
    /**
     * Set by the caller to sizeof(triton_connection_counts).
     */
    size_t struct_size;
    /**
     * Connections that are open or being opened.
     */
    uint64_t open_count;
    /**
     * Open connections that no call uses.
     */
    uint64_t idle_count;
    /**
     * Connections that calls and streams use.
     */
    uint64_t busy_count;
    /**
     * Connections opened since the client was created, including failed attempts.
     */
    uint64_t opened_count;
    /**
     * TCP connections established since then.
     */
    uint64_t connect_count;
    /**
     * Connections opened in place of one that the server had closed, or on which it had refused a call.
     */
    uint64_t reconnect_count;
    /**
     * Complete TLS handshakes, resumed ones included.
     */
    uint64_t tls_handshake_count;
    /**
     * TLS handshakes that resumed an earlier session.
     */
    uint64_t tls_resumed_count;
} triton_connection_counts;

/**
 * An element of a BYTES tensor. It may contain NULs and need not be UTF-8. No member will be added to this
 * struct.
 */
typedef struct triton_bytes {
    /**
     * The bytes, without a terminating NUL; may be NULL if byte_size is 0.
     */
    const char *data;
    /**
     * The number of bytes.
     */
    size_t byte_size;
} triton_bytes;

/**
 * A class of an output that was requested as classes. No member will be added to this struct.
 */
typedef struct triton_class {
    /**
     * The score, in the unit of the output.
     */
    double value;
    /**
     * The index of the class in the output.
     */
    uint64_t index;
    /**
     * The label; "" if the model has none.
     */
    const char *label;
} triton_class;

/**
 * The time of a call by stages, in nanoseconds. Each stage begins where the previous one ends; together they
 * are the whole call. The server's own time is in first_byte_ns, and in part in receive_ns.
 */
typedef struct triton_call_times {
    /**
     * Set by the caller to sizeof(triton_call_times) (STRUCTS).
     */
    size_t struct_size;
    /**
     * Encoding the request, and waiting for a place among the calls in flight and for a connection.
     */
    uint64_t queue_ns;
    /**
     * Opening a connection, including name resolution; 0 on an open one.
     */
    uint64_t connect_ns;
    /**
     * Until the operating system accepted the last byte of the request.
     */
    uint64_t send_ns;
    /**
     * Until the first byte of the response.
     */
    uint64_t first_byte_ns;
    /**
     * Until the last byte of the response.
     */
    uint64_t receive_ns;
} triton_call_times;

/**
 * Receives the outcome of an asynchronous call. See CALLBACKS: it is called exactly once, on a thread of the
 * library, may block, and may call any function.
 *
 * Exactly one of result and error is not NULL.
 *
 * @param result     the result; free it with triton_infer_result_free
 * @param error      why the call failed; free it with triton_error_free
 * @param user_data  as passed with the callback
 */
typedef void (*triton_infer_callback)(triton_infer_result *result, triton_error *error, void *user_data);

/**
 * Receives the outcomes of triton_client_infer_many_async. See CALLBACKS: it is called exactly once, on a
 * thread of the library, may block, and may call any function.
 *
 * For each request in turn, exactly one of results[i] and errors[i] is not NULL. The arrays are valid during
 * the call; the callback owns their elements, and frees each of them. NULL is ignored by the functions that
 * free them.
 *
 * @param results    the results; free each with triton_infer_result_free
 * @param errors     why the calls failed; free each with triton_error_free
 * @param count      the number of elements of each array: that of the requests
 * @param user_data  as passed with the callback
 */
typedef void (*triton_infer_many_callback)(triton_infer_result *const *results, triton_error *const *errors, size_t count, void *user_data);

/**
 * Receives the events of a stream (EVENTS), one after another. See CALLBACKS: it is called on a thread of
 * the library, may block, and may call any function; the last call has is_end.
 *
 * @param result     a response; free it with triton_infer_result_free
 * @param error      why a request failed, or with is_end the stream; free it with triton_error_free
 * @param is_end     whether this is the end of the stream
 * @param user_data  as passed with the callback
 */
typedef void (*triton_stream_callback)(triton_infer_result *result, triton_error *error, bool is_end, void *user_data);

/**
 * The statistics of a client. Times are in nanoseconds.
 */
typedef struct triton_client_statistics {
    /**
     * Set by the caller to sizeof(triton_client_statistics).
     */
    size_t struct_size;
    /**
     * The inferences that succeeded.
     */
    uint64_t completed_count;
    /**
     * The inferences that failed, for any reason.
     */
    uint64_t failed_count;
    /**
     * The total time of the inferences that succeeded.
     */
    uint64_t total_ns;
    /**
     * Of that, the time spent sending: from the start of encoding until the system accepted the last byte.
     */
    uint64_t send_ns;
    /**
     * Of that, the time spent receiving: from the first byte of the response to the last.
     */
    uint64_t receive_ns;
    /**
     * The 50th percentile of the times of those that succeeded. Percentiles are at most 1/32 too large.
     */
    uint64_t p50_ns;
    /**
     * The 90th percentile.
     */
    uint64_t p90_ns;
    /**
     * The 99th percentile.
     */
    uint64_t p99_ns;
    /**
     * The longest time, exact.
     */
    uint64_t max_ns;
} triton_client_statistics;

/**
 * Receives an event of triton_client_generate_stream. May call any function of the library.
 *
 * @param json       a JSON object, which ends with a NUL; valid during the call
 * @param byte_size  the size of json in bytes, without the NUL
 * @param user_data  as passed with the callback
 * @return 0 to continue; any other value to end the stream
 */
typedef int (*triton_generate_callback)(const char *json, size_t byte_size, void *user_data);

/**
 * For triton_infer_result_from_http_body: the response has no header Inference-Header-Content-Length.
 */
#define TRITON_NO_JSON_BYTE_SIZE SIZE_MAX

/** The version of this header as a number that grows: 1.2.3 is 10203. */
#define TRITON_VERSION_NUMBER (TRITON_VERSION_MAJOR * 10000 + TRITON_VERSION_MINOR * 100 + TRITON_VERSION_PATCH)

/** Whether this header has the given version or a later one, for use in #if. */
#define TRITON_VERSION_AT_LEAST(major, minor, patch) \
    (TRITON_VERSION_NUMBER >= (major) * 10000 + (minor) * 100 + (patch))

/*
 * THE LIBRARY: its version, and what this build can do.
 *
 *     if (triton_abi_version() != TRITON_ABI_VERSION) {
 *         fprintf(stderr, "libtriton_client %s does not match the header of this program\n", triton_version());
 *         return 1;
 *     }
 */

/**
 * Returns the version of the library as a string, for example "1.2.3".
 */
const char *triton_version(void);

/**
 * Returns the version of the library as a number: 10203 for 1.2.3. TRITON_VERSION_NUMBER is that of the
 * header.
 */
uint32_t triton_version_number(void);

/**
 * Returns the TRITON_ABI_VERSION of the library.
 */
uint32_t triton_abi_version(void);

/**
 * Returns whether this build of the library has a feature; false for any other name, and for NULL. Later
 * versions may have more.
 *
 * @param name  "http" (URLs without a scheme and of http://), "grpc" (URLs of grpc://), "tls" (URLs of
 *              https:// and grpcs://), "compression" (gzip and deflate), "allocator" (blocks of memory that
 *              gRPC uses are kept for reuse)
 */
bool triton_has_feature(const char *name);

/*
 * ERRORS say why a call failed: in words for people, and in codes for programs.
 *
 * *Retryable* means that the same call may succeed later. *In doubt* means that the server may have run the
 * request although the call failed: all or a part of it was sent, and no response says what became of it.
 *
 * An error response of a server (origin TRITON_ORIGIN_SERVER) becomes a status by this table. Triton uses
 * HTTP 400 for four of its codes (INVALID_ARGUMENT, ALREADY_EXISTS, UNKNOWN, CANCELLED), which cannot be
 * distinguished: the status is INVALID_ARGUMENT.
 *
 *     HTTP          gRPC   status               retryable  in doubt
 *     400, 422      3      INVALID_ARGUMENT     no         no
 *     401           16     UNAUTHENTICATED      no         no
 *     403           7      PERMISSION_DENIED    no         no
 *     404           5      NOT_FOUND            no         no
 *     -             6      ALREADY_EXISTS       no         no
 *     405, 415, 501 12     UNIMPLEMENTED        no         no
 *     408           -      DEADLINE_EXCEEDED    yes        no
 *     504           4      DEADLINE_EXCEEDED    yes        yes
 *     524           -      DEADLINE_EXCEEDED    yes        yes
 *     409           10     ABORTED              yes        no
 *     412           9      FAILED_PRECONDITION  no         no
 *     413           8      RESOURCE_EXHAUSTED   no         no
 *     429           -      RESOURCE_EXHAUSTED   yes        no
 *     416           11     OUT_OF_RANGE         no         no
 *     499           1      CANCELLED            no         yes
 *     500           13     INTERNAL             no         no
 *     502           -      UNAVAILABLE          yes        yes
 *     520, 521, 522 -      UNAVAILABLE          yes        yes
 *     523           -      UNAVAILABLE          yes        yes
 *     503           14     UNAVAILABLE          yes        yes
 *     -             15     DATA_LOSS            no         no
 *     -             2      UNKNOWN              no         no
 *     other 4xx     -      INVALID_ARGUMENT     no         no
 *     other 5xx     -      INTERNAL             no         yes
 *     any other     other  UNKNOWN              no         no
 *
 * Exceptions to the table:
 *
 * - UNAVAILABLE is in doubt because proxies send it after they lost the connection to the server in the
 *   middle of a request. It is not in doubt if the body of a 503 is an error as Triton writes it, {"error":
 *   "..."}, or if the message over gRPC is one that Triton sends for a request that it did not run: queue
 *   full, queue timeout, server stopping, model not ready, protocol restricted, shared memory disabled.
 * - UNAVAILABLE is not retryable if Triton itself sends it for shared memory or for the settings of tracing
 *   and logging: it was started without what the call needs, or does not accept a value.
 * - HTTP 500 is not in doubt from a server over HTTP. Over gRPC an HTTP status of 500 comes from a proxy,
 *   and is in doubt.
 * - CANCELLED over gRPC without a message comes from a server that is stopping, and is retryable.
 * - DEADLINE_EXCEEDED over gRPC that a server sends just before the deadline of the call is reported as the
 *   client's own.
 *
 * Failures without an error response of a server:
 *
 *     failure                                         status              origin      retryable  in doubt
 *     invalid argument                                INVALID_ARGUMENT    argument    no         no
 *     name resolution, connection refused or lost     UNAVAILABLE         connection  yes        if sent
 *     TLS port with a plain URL, or the reverse       UNAVAILABLE         connection  no         no
 *     certificate, name or version of TLS refused     UNAVAILABLE         connection  no         no
 *     client certificate missing or refused           UNAUTHENTICATED     connection  no         no
 *     failure of the header callback                  UNAUTHENTICATED     client      as cause   no
 *     the port speaks gRPC and not HTTP, or reverse   INTERNAL            connection  no         no
 *     response that is not valid HTTP or gRPC         INTERNAL            connection  no         if sent
 *     deadline exceeded                               DEADLINE_EXCEEDED   client      yes        if sent
 *     a size limit exceeded                           RESOURCE_EXHAUSTED  client      no         if sent
 *
 * RETRIES. The library sends a request a second time, on a new connection, if the server certainly did not
 * process it: nothing of it was sent, the server said so by GOAWAY, or the connection was refused before the
 * end of the request was sent. It also sends a request a second time that only reads (health, metadata,
 * configuration, statistics, index, settings, metrics) if it was refused or its connection was closed. A
 * gRPC stream that is refused (REFUSED_STREAM) after the whole request was sent is UNAVAILABLE, retryable
 * and in doubt: HAProxy 2.6 refuses streams after its server ran the request. Redirects are never followed:
 * the message has their Location. A request that was refused with UNAUTHENTICATED is sent again with new
 * headers, if there is a HEADER CALLBACK.
 *
 * A message contains at most 8 KiB of the server's reason, and at most 256 bytes of any other text from the
 * network.
 *
 *     if (triton_client_infer(client, request, NULL, &result, &error)) {
 *         fprintf(stderr, "%s\n", triton_error_message(error));
 *         is_worth_another_try = triton_error_is_retryable(error) && !triton_error_is_in_doubt(error);
 *         triton_error_free(error);
 *         error = NULL;
 *     }
 */

/**
 * Returns what failed, on what, and why, down to the first cause, in one line; "" for NULL. Valid until the
 * error is freed.
 */
const char *triton_error_message(const triton_error *error);

/**
 * Returns the status, which is also what the failed function returned; TRITON_STATUS_OK for NULL.
 */
triton_status triton_error_status(const triton_error *error);

/**
 * Returns where the error was detected; TRITON_ORIGIN_NONE for NULL.
 */
triton_origin triton_error_origin(const triton_error *error);

/**
 * Returns whether the same call may succeed later; false for NULL. Whether it is safe to repeat the call is
 * what triton_error_is_in_doubt returns.
 */
bool triton_error_is_retryable(const triton_error *error);

/**
 * Returns whether the server may have run the request although the call failed: all or a part of the request
 * was sent, and no response says what became of it. False for NULL.
 */
bool triton_error_is_in_doubt(const triton_error *error);

/**
 * Returns the HTTP status of the response, for example 404; 0 if there was no response over HTTP, and for
 * NULL.
 */
uint32_t triton_error_http_status(const triton_error *error);

/**
 * Returns the id of the inference request that failed; "" if it had none, and for NULL. Valid until the
 * error is freed.
 */
const char *triton_error_request_id(const triton_error *error);

/**
 * Returns the headers of the error response, over gRPC its metadata; NULL if there was no response, and for
 * NULL. All functions of headers accept that NULL.
 */
const triton_headers *triton_error_headers(const triton_error *error);

/**
 * Copies an error, so that it can be kept or handed on after the original is freed.
 *
 * @return the copy; free it with triton_error_free. NULL for NULL
 */
TRITON_NODISCARD triton_error *triton_error_clone(const triton_error *error);

/**
 * Frees an error. NULL is ignored.
 */
void triton_error_free(triton_error *error);

/**
 * Returns the name of a status, for example "NOT_FOUND"; "UNKNOWN" for any other number. Valid until the
 * program ends.
 */
const char *triton_status_name(triton_status status);

/*
 * HEADERS of a response: over HTTP those of RFC 9110, over gRPC the leading and the trailing metadata.
 *
 * They belong to the result, error or generated response that they were read from and are valid until it is
 * freed. Names are in lower case, and in the order in which they were received; a name may occur
 * several times. Over gRPC the value of a name that ends in "-bin" is base64, as it was sent. Over HTTP a
 * response has at most 128 headers of at most 64 KiB together, over gRPC at most 1 MiB:
 * TRITON_STATUS_RESOURCE_EXHAUSTED beyond.
 *
 *     const triton_headers *headers = triton_infer_result_headers(result);
 *     const char *type = triton_headers_find(headers, "Content-Type");
 *     if (type) printf("the response is of type %s\n", type);
 *     for (size_t i = 0; i < triton_headers_count(headers); i++)
 *         printf("%s: %s\n", triton_headers_name(headers, i), triton_headers_value(headers, i));
 */

/**
 * Returns the number of headers.
 */
size_t triton_headers_count(const triton_headers *headers);

/**
 * Returns the name of a header, in lower case; "" past the end.
 */
const char *triton_headers_name(const triton_headers *headers, size_t index);

/**
 * Returns the value of a header; "" past the end.
 */
const char *triton_headers_value(const triton_headers *headers, size_t index);

/**
 * Returns the value of the header with a name, of the first one if there are several; NULL if there is none.
 *
 * @param name  in any case
 */
const char *triton_headers_find(const triton_headers *headers, const char *name);

/*
 * DATATYPES of tensors: their names and sizes. BOOL is one byte, 0 or 1; integers are little-endian;
 * floating-point numbers are IEEE 754, except BF16, the upper half of a float.
 *
 *     triton_datatype datatype = triton_datatype_from_name("FP32");
 *     size_t byte_size = 1000 * triton_datatype_byte_size(datatype);
 *     printf("1000 elements of %s have %zu bytes\n", triton_datatype_name(datatype), byte_size);
 */

/**
 * Returns the protocol's name of a datatype, for example "FP32"; "INVALID" for TRITON_DATATYPE_INVALID and
 * for an unknown number. Valid until the program ends.
 */
const char *triton_datatype_name(triton_datatype datatype);

/**
 * Returns the datatype of a protocol's name, in upper case; TRITON_DATATYPE_INVALID for an unknown name and
 * for NULL.
 */
triton_datatype triton_datatype_from_name(const char *name);

/**
 * Returns the size of one element in bytes; 0 for TRITON_DATATYPE_BYTES, whose elements vary, for
 * TRITON_DATATYPE_INVALID, and for an unknown number.
 */
size_t triton_datatype_byte_size(triton_datatype datatype);

/*
 * OPTIONS OF A CLIENT. triton_client_new copies them: they may be changed or freed afterwards.
 *
 *     option                                   default          set by
 *     timeout of a call                        60 s             triton_client_options_set_timeout_us, and for one call
 *                                                               triton_call_options_set_timeout_us
 *     timeout of loading a model               10 min           triton_client_options_set_load_timeout_us
 *     defaults of every call                   none             triton_client_options_set_call_options
 *     maximum size of a message                2^31 - 1 bytes   triton_client_options_set_max_message_byte_size
 *     maximum size of a decompressed response  256 MiB          triton_client_options_set_max_decompressed_byte_size
 *     memory kept for results                  64 MiB           triton_client_options_set_result_memory_byte_size
 *     asynchronous calls in flight             1,024            triton_client_options_set_max_in_flight
 *     a submission that finds no place         waits            triton_client_options_set_fail_when_full
 *     threads that run callbacks               1                triton_client_options_set_callback_threads
 *     Host header and :authority               the URL's        triton_client_options_set_authority
 *     addition to the User-Agent               none             triton_client_options_set_user_agent
 *     URL of the metrics                       port 8002        triton_client_options_set_metrics_url
 *     name of the gRPC service                 Triton's         triton_client_options_set_grpc_service_name
 *     log callback                             none             triton_client_options_set_log_callback
 *     headers for each call, by a callback     none             HEADER CALLBACK
 *     TLS, connections                                          OPTIONS OF TLS, OPTIONS OF CONNECTIONS
 *
 *     triton_call_options *defaults = NULL;
 *     triton_client_options *options = NULL;
 *     int failed = triton_call_options_new(&defaults, &error)
 *         || triton_call_options_add_header(defaults, "authorization", "Bearer ...", &error)
 *         || triton_client_options_new(&options, &error)
 *         || triton_client_options_set_call_options(options, defaults, &error)
 *         || triton_client_options_set_max_connections(options, 8, &error)
 *         || triton_client_new(url, options, &client, &error);
 *     triton_client_options_free(options);
 *     triton_call_options_free(defaults);
 */

/**
 * Creates options of a client, with the defaults.
 *
 * @param options_out  the options; free them with triton_client_options_free
 */
TRITON_NODISCARD triton_status triton_client_options_new(
    triton_client_options **options_out, triton_error **error_out);

/**
 * Frees options of a client. NULL is ignored. Clients that were made with them are not affected.
 */
void triton_client_options_free(triton_client_options *options);

/**
 * Sets the timeout of calls that set none, from their start to the last byte of their response.
 * triton_client_options_set_call_options can set it too: the later of both calls wins.
 *
 * @param timeout_us  microseconds; the default is 60 s; TRITON_NO_TIMEOUT for none; INVALID_ARGUMENT for 0
 */
TRITON_NODISCARD triton_status triton_client_options_set_timeout_us(
    triton_client_options *options, uint64_t timeout_us, triton_error **error_out);

/**
 * Sets the timeout of calls that load or unload a model and set none themselves.
 *
 * @param timeout_us  microseconds; the default is 10 min; TRITON_NO_TIMEOUT for none; INVALID_ARGUMENT for 0
 */
TRITON_NODISCARD triton_status triton_client_options_set_load_timeout_us(
    triton_client_options *options, uint64_t timeout_us, triton_error **error_out);

/**
 * Sets the defaults of every call, in place of those set before. They are merged field by field with the
 * options of a call: a field that the call sets replaces the default. Headers, restricted keys and query
 * parameters are merged by name: those of the call replace the defaults of the same name, and a value of
 * NULL removes them.
 *
 * Headers, restricted keys and query parameters of the defaults are not sent to the metrics URL, which may
 * be another host. The timeout of the defaults does not apply to loading and unloading models
 * (triton_client_options_set_load_timeout_us). Over gRPC, defaults that are for HTTP only make every call
 * INVALID_ARGUMENT, as they do in the options of a call.
 *
 * @param call_options  copied; may be changed or freed afterwards. NULL undoes it
 * @return INVALID_ARGUMENT for options with a cancel token, which would cancel every call
 */
TRITON_NODISCARD triton_status triton_client_options_set_call_options(
    triton_client_options *options, const triton_call_options *call_options, triton_error **error_out);

/**
 * Sets the maximum size of a message that is sent or received. A larger request fails before it is sent, a
 * larger response before memory is allocated for it, both with RESOURCE_EXHAUSTED. Tensors in shared memory
 * do not count. Over gRPC no server accepts more than the default: use shared memory for larger tensors, or
 * HTTP with a higher limit.
 *
 * @param byte_size  bytes; the default is 2^31 - 1, which 0 restores
 */
TRITON_NODISCARD triton_status triton_client_options_set_max_message_byte_size(
    triton_client_options *options, size_t byte_size, triton_error **error_out);

/**
 * Sets the maximum size of a compressed response after it is decompressed. A larger response is
 * RESOURCE_EXHAUSTED, whatever its compressed size.
 *
 * It also limits what is parsed as a whole, which takes a multiple of its size in memory, to a quarter of
 * this size: a response of the control plane, the JSON part of an inference response, an event of
 * triton_client_generate_stream, and what an inference response over gRPC has outside of raw contents. On
 * the control plane it further limits the number of fields, members and elements to one for each 1,024 bytes
 * of this size, but at least 4,096.
 *
 * @param byte_size  bytes; the default is 256 MiB, which 0 restores
 */
TRITON_NODISCARD triton_status triton_client_options_set_max_decompressed_byte_size(
    triton_client_options *options, size_t byte_size, triton_error **error_out);

/**
 * Sets how many bytes of the memory of freed results the client keeps for the next results: new memory costs
 * a page fault for every 4 KiB. Results that are not freed yet do not count.
 *
 * @param byte_size  bytes; the default is 64 MiB; 0 keeps none
 */
TRITON_NODISCARD triton_status triton_client_options_set_result_memory_byte_size(
    triton_client_options *options, size_t byte_size, triton_error **error_out);

/**
 * Sets the maximum number of asynchronous calls that are in flight at once: submitted, and not complete. A
 * submission beyond it blocks until another call completes or its own deadline passes; see also
 * triton_client_options_set_fail_when_full. Each call that waits costs a few KiB beside its message.
 *
 * @param max  the default is 1,024, which 0 restores
 */
TRITON_NODISCARD triton_status triton_client_options_set_max_in_flight(
    triton_client_options *options, size_t max, triton_error **error_out);

/**
 * Sets whether a submission that finds the maximum number of calls in flight fails with RESOURCE_EXHAUSTED
 * at once, instead of waiting. On a callback thread it always does.
 *
 * @param is_enabled  the default is false
 */
TRITON_NODISCARD triton_status triton_client_options_set_fail_when_full(
    triton_client_options *options, bool is_enabled, triton_error **error_out);

/**
 * Sets the maximum number of threads that run the callbacks of asynchronous calls and streams (CALLBACKS).
 * They are started as they are needed.
 *
 * @param count  the default is 1, which 0 restores
 */
TRITON_NODISCARD triton_status triton_client_options_set_callback_threads(
    triton_client_options *options, size_t count, triton_error **error_out);

/**
 * Sets the Host header and :authority of every request, for a gateway that routes by it. Changes neither the
 * server that is connected to, nor the name that its certificate is verified for
 * (triton_client_options_set_tls_server_name). Not sent to the metrics URL.
 *
 * @param authority  a host, optionally with a port: "triton.example". The default is the URL's host and
 *                   port, without port 443 over TLS and port 80 without TLS; NULL restores it
 */
TRITON_NODISCARD triton_status triton_client_options_set_authority(
    triton_client_options *options, const char *authority, triton_error **error_out);

/**
 * Sets a text that is appended to the User-Agent of every request, after the library's own.
 *
 * @param text  for example "my-service/2": visible ASCII characters, and single spaces between them. NULL
 *              restores the default, none
 */
TRITON_NODISCARD triton_status triton_client_options_set_user_agent(
    triton_client_options *options, const char *text, triton_error **error_out);

/**
 * Sets the URL of the server's metrics.
 *
 * @param url  for example "http://host:8002/metrics", of which port and path may be omitted; always HTTP,
 *             also for a client of gRPC. The default is port 8002 of the server's host, which NULL restores
 */
TRITON_NODISCARD triton_status triton_client_options_set_metrics_url(
    triton_client_options *options, const char *url, triton_error **error_out);

/**
 * Sets the name of the gRPC service that inference and control plane call, for servers that offer the
 * protocol under another name. gRPC's own health service (triton_client_health_check) keeps its name.
 *
 * @param name  "package.Service"; the default is "inference.GRPCInferenceService", which NULL restores.
 *              INVALID_ARGUMENT unless it consists of identifiers separated by dots: ASCII letters, digits
 *              and '_', not beginning with a digit
 */
TRITON_NODISCARD triton_status triton_client_options_set_grpc_service_name(
    triton_client_options *options, const char *name, triton_error **error_out);

/**
 * Sets a callback for log messages, in place of the one set before. Without one nothing is written anywhere.
 * After triton_client_free it may still be called, until the asynchronous calls and streams of the client
 * have ended and their handles are freed: the finalizer is called after the last message.
 *
 * @param level      the lowest severity that is logged: TRITON_LOG_DEBUG logs every call
 * @param callback   receives the messages; NULL undoes it
 * @param user_data  passed to the callback and to the finalizer
 * @param finalizer  called with user_data when the options, and every client that was made with them, are
 *                   freed or have another callback (CALLBACKS); may be NULL
 */
TRITON_NODISCARD triton_status triton_client_options_set_log_callback(
    triton_client_options *options, triton_log_level level, triton_log_callback callback, void *user_data,
    triton_finalizer finalizer, triton_error **error_out);

/*
 * OPTIONS OF CONNECTIONS, of a client.
 *
 *     option                                   default          set by
 *     timeout of connecting                    10 s             triton_client_options_set_connect_timeout_us
 *     maximum number of connections            no maximum       triton_client_options_set_max_connections
 *     connections of asynchronous calls        HTTP 16, gRPC 4  triton_client_options_set_max_async_connections
 *     maximum time without a call              60 s             triton_client_options_set_idle_timeout_us
 *     maximum age of a connection              no maximum       triton_client_options_set_max_connection_age_us
 *     maximum number of calls on a connection  no maximum       triton_client_options_set_max_connection_requests
 *     TCP_NODELAY                              true             triton_client_options_set_tcp_nodelay
 *     time before TCP keepalive probes         no probes        triton_client_options_set_tcp_keepalive_us
 *     time before PINGs over gRPC              no PINGs         triton_client_options_set_keepalive_time_us
 *     time to respond to a PING                20 s             triton_client_options_set_keepalive_timeout_us
 *
 *     int failed = triton_client_options_set_max_connections(options, 8, &error)
 *         || triton_client_options_set_max_connection_age_us(options, 300000000, &error)
 *         || triton_client_options_set_tcp_keepalive_us(options, 60000000, &error)
 *         || triton_client_new(url, options, &client, &error);
 */

/**
 * Sets the timeout for reaching a server: name resolution, connecting and the TLS handshake. The deadline of
 * the call applies too.
 *
 * @param timeout_us  microseconds; the default is 10 s; TRITON_NO_TIMEOUT for none; INVALID_ARGUMENT for 0
 */
TRITON_NODISCARD triton_status triton_client_options_set_connect_timeout_us(
    triton_client_options *options, uint64_t timeout_us, triton_error **error_out);

/**
 * Sets the maximum number of connections of blocking calls to the server that are open at once, idle ones
 * included; triton_client_options_set_max_async_connections sets that of asynchronous calls. A call
 * that finds all of them in use waits for one until its deadline, and then fails with DEADLINE_EXCEEDED and
 * this option's name in the message. So does a call that the callback of triton_client_generate_stream makes
 * on the same client: it needs a second connection.
 *
 * @param max  0 restores the default, without a maximum: each concurrent call has a connection
 */
TRITON_NODISCARD triton_status triton_client_options_set_max_connections(
    triton_client_options *options, size_t max, triton_error **error_out);

/**
 * Sets the maximum number of connections of asynchronous calls that are open at once, beside those of
 * blocking calls. Over HTTP each carries one call at a time; over gRPC as many as the server permits, but at
 * most 100. Calls beyond that wait, which counts against their deadlines. Streams have connections of their
 * own.
 *
 * @param max  the default is 16 over HTTP and 4 over gRPC, which 0 restores
 */
TRITON_NODISCARD triton_status triton_client_options_set_max_async_connections(
    triton_client_options *options, size_t max, triton_error **error_out);

/**
 * Sets the maximum time that a connection stays open without a call. A longer idle one never carries another
 * call, and is closed when the client next checks out or returns a connection.
 *
 * @param timeout_us  microseconds; the default is 60 s; TRITON_NO_TIMEOUT for none; INVALID_ARGUMENT for 0
 */
TRITON_NODISCARD triton_status triton_client_options_set_idle_timeout_us(
    triton_client_options *options, uint64_t timeout_us, triton_error **error_out);

/**
 * Sets the maximum age of a connection. An older one carries no further call, and is closed when its last
 * call ends, so that servers behind a load balancer or a changed DNS entry are found. Each connection gets
 * up to a tenth less, so that not all are replaced at once. A stream is not ended by it.
 *
 * @param age_us  microseconds; the default, TRITON_NO_TIMEOUT, sets no maximum; INVALID_ARGUMENT for 0
 */
TRITON_NODISCARD triton_status triton_client_options_set_max_connection_age_us(
    triton_client_options *options, uint64_t age_us, triton_error **error_out);

/**
 * Sets the maximum number of calls on a connection, after which it is closed.
 *
 * @param max  0 restores the default, without a maximum
 */
TRITON_NODISCARD triton_status triton_client_options_set_max_connection_requests(
    triton_client_options *options, uint64_t max, triton_error **error_out);

/**
 * Sets TCP_NODELAY: whether small segments are sent without waiting for the acknowledgement of earlier ones.
 * Without it, a call may wait 40 ms.
 *
 * @param is_enabled  the default is true
 */
TRITON_NODISCARD triton_status triton_client_options_set_tcp_nodelay(
    triton_client_options *options, bool is_enabled, triton_error **error_out);

/**
 * Sets TCP keepalive: after how much time without traffic the system probes a connection, idle ones
 * included, and again after each such time, until 3 probes have failed: the connection is then closed. This
 * keeps the entries of firewalls and NAT alive.
 *
 * @param time_us  microseconds, rounded up to seconds, at most 32,767 s; the default, TRITON_NO_TIMEOUT,
 *                 sends no probes; INVALID_ARGUMENT for 0
 */
TRITON_NODISCARD triton_status triton_client_options_set_tcp_keepalive_us(
    triton_client_options *options, uint64_t time_us, triton_error **error_out);

/**
 * Sets after how much time without a byte from the server a PING is sent over gRPC, and again after each
 * such time: while a blocking call waits for its response, and on connections of asynchronous calls and
 * streams while there is a call or a stream. If no response arrives in time
 * (triton_client_options_set_keepalive_timeout_us), the calls of the connection fail with UNAVAILABLE, in
 * doubt. Idle connections of blocking calls send no PING: triton_client_options_set_tcp_keepalive_us is for
 * them. Has no effect over HTTP.
 *
 * Servers permit PINGs only so often: gRPC's default, which Triton has too, is every 5 minutes. They close a
 * connection with more by GOAWAY (ENHANCE_YOUR_CALM, "too_many_pings").
 *
 * @param time_us  microseconds; the default, TRITON_NO_TIMEOUT, sends no PINGs; INVALID_ARGUMENT for 0
 */
TRITON_NODISCARD triton_status triton_client_options_set_keepalive_time_us(
    triton_client_options *options, uint64_t time_us, triton_error **error_out);

/**
 * Sets how long a server has to respond to a PING.
 *
 * @param timeout_us  microseconds; the default is 20 s; INVALID_ARGUMENT for 0 and for TRITON_NO_TIMEOUT
 */
TRITON_NODISCARD triton_status triton_client_options_set_keepalive_timeout_us(
    triton_client_options *options, uint64_t timeout_us, triton_error **error_out);

/*
 * OPTIONS OF TLS, of a client whose URL is https or grpcs: the same for both protocols. They are read and
 * checked when the client is created: triton_client_new returns INVALID_ARGUMENT, naming the file, if one is
 * missing, unreadable, empty or malformed. Certificates that are renewed on disk take a new client. Triton's
 * own HTTP port has no TLS: a proxy before it has.
 *
 *     option                            default            set by
 *     certificates of authorities       the system's       triton_client_options_set_tls_ca_file, ..._set_tls_ca
 *     the client's certificate and key  none               triton_client_options_set_tls_client_certificate_files,
 *                                                          triton_client_options_set_tls_client_certificate
 *     minimum version of TLS            TLS 1.2            triton_client_options_set_tls_min_version
 *     name of the server                the URL's host     triton_client_options_set_tls_server_name
 *     verify the server's certificate   true               triton_client_options_set_tls_verify_peer
 *     verify the name in it             true               triton_client_options_set_tls_verify_host
 *
 *     triton_client_options *options = NULL;
 *     int failed = triton_client_options_new(&options, &error)
 *         || triton_client_options_set_tls_ca_file(options, "ca.pem", &error)
 *         || triton_client_options_set_tls_client_certificate_files(options, "client.pem", "client.key", &error)
 *         || triton_client_new("grpcs://triton.example:8001", options, &client, &error);
 *     if (failed) fprintf(stderr, "%s\n", triton_error_message(error));
 *     triton_error_free(error);
 *     triton_client_options_free(options);
 */

/**
 * Sets the file with the certificates of the authorities that servers are trusted by, in place of the
 * system's, and of triton_client_options_set_tls_ca. A server's own self-signed certificate may be given
 * too. By default the system's store is used, or the files that the environment variables SSL_CERT_FILE and
 * SSL_CERT_DIR name, each of which replaces it.
 *
 * @param path  a file in PEM, of which all certificates count, or in DER. NULL restores the default
 */
TRITON_NODISCARD triton_status triton_client_options_set_tls_ca_file(
    triton_client_options *options, const char *path, triton_error **error_out);

/**
 * Sets the certificates of authorities as triton_client_options_set_tls_ca_file does, from memory.
 *
 * @param data       the contents of such a file; copied. NULL, with 0 bytes, restores the default
 * @param byte_size  of data
 */
TRITON_NODISCARD triton_status triton_client_options_set_tls_ca(
    triton_client_options *options, const void *data, size_t byte_size, triton_error **error_out);

/**
 * Sets the client's certificate and its key, for servers that require one (mutual TLS), in place of those of
 * triton_client_options_set_tls_client_certificate.
 *
 * @param certificate_path  a file in PEM, in which certificates of intermediate authorities may follow, or
 *                          in DER. NULL, for both, restores the default: no certificate
 * @param key_path          a file with the key: PKCS#8, PKCS#1 or SEC1, in PEM or DER, of the types RSA from
 *                          2,048 bits, P-256, P-384 and Ed25519, and not encrypted
 */
TRITON_NODISCARD triton_status triton_client_options_set_tls_client_certificate_files(
    triton_client_options *options, const char *certificate_path, const char *key_path,
    triton_error **error_out);

/**
 * Sets the client's certificate and its key as triton_client_options_set_tls_client_certificate_files does,
 * from memory. The library overwrites its copies of the key when the options and the client are freed.
 *
 * @param certificate            the contents of such a file; copied. NULL, for both, restores the default
 * @param certificate_byte_size  of certificate
 * @param key                    the contents of such a file; copied
 * @param key_byte_size          of key
 */
TRITON_NODISCARD triton_status triton_client_options_set_tls_client_certificate(
    triton_client_options *options, const void *certificate, size_t certificate_byte_size, const void *key,
    size_t key_byte_size, triton_error **error_out);

/**
 * Sets the minimum version of TLS.
 *
 * @param version  the default is TRITON_TLS_1_2
 */
TRITON_NODISCARD triton_status triton_client_options_set_tls_min_version(
    triton_client_options *options, triton_tls_version version, triton_error **error_out);

/**
 * Sets the name that the server's certificate must be valid for, and that is sent to the server (SNI),
 * unless it is an address. Neither changes the server that is connected to, nor the Host header
 * (triton_client_options_set_authority). Does not apply to a metrics URL of another host.
 *
 * @param name  a host name or an address, which triton_client_new checks; must not be empty. The default is
 *              the URL's host, without a final dot, which NULL restores
 */
TRITON_NODISCARD triton_status triton_client_options_set_tls_server_name(
    triton_client_options *options, const char *name, triton_error **error_out);

/**
 * Sets whether the server's certificate must be signed by a trusted authority and be valid now. Without it,
 * anyone between the client and the server can read and change everything. Creating a client then logs a
 * warning.
 *
 * @param is_enabled  the default is true
 */
TRITON_NODISCARD triton_status triton_client_options_set_tls_verify_peer(
    triton_client_options *options, bool is_enabled, triton_error **error_out);

/**
 * Sets whether the server's certificate must be valid for the server's name. Without it, any server with a
 * certificate of a trusted authority is accepted. Creating a client then logs a warning.
 *
 * @param is_enabled  the default is true
 */
TRITON_NODISCARD triton_status triton_client_options_set_tls_verify_host(
    triton_client_options *options, bool is_enabled, triton_error **error_out);

/*
 * HEADER CALLBACK: adds headers to each call of a client, such as a token that is renewed or the context of
 * a trace (traceparent). It is called before the first attempt of a call, in the thread that calls or
 * submits. A repeated attempt has the same headers, unless the server responded UNAUTHENTICATED: the
 * callback is then called once more, with triton_call_headers_was_refused, for an asynchronous call on a
 * thread of its own, and the call is repeated with the new headers. A stream calls it once, when it is
 * opened. It is not called for the metrics URL.
 *
 * Its headers replace those of the same name in the options of the call and the client, removed ones too. If
 * it fails, the call fails with UNAUTHENTICATED, with the callback's message as the cause, and is not sent.
 *
 *     static triton_status add_token(triton_call_headers *headers, void *user_data) {
 *         const char *token = current_token(user_data, triton_call_headers_was_refused(headers));
 *         return triton_call_headers_add(headers, "authorization", token, strlen(token), NULL);
 *     }
 */

/**
 * Sets a callback that adds headers to each call, in place of the one set before. After triton_client_free
 * it may still be called, until the asynchronous calls and streams of the client have ended.
 *
 * @param callback   adds the headers; NULL undoes it
 * @param user_data  passed to the callback and to the finalizer
 * @param finalizer  called with user_data when the options, and every client that was made with them, are
 *                   freed or have another callback (CALLBACKS); may be NULL
 */
TRITON_NODISCARD triton_status triton_client_options_set_header_callback(
    triton_client_options *options, triton_header_callback callback, void *user_data,
    triton_finalizer finalizer, triton_error **error_out);

/**
 * Adds a header to the call, over gRPC metadata. A name may be added several times, except for
 * authorization, whose last value replaces the others.
 *
 * Returns INVALID_ARGUMENT as triton_call_options_add_header does.
 *
 * @param name             in any case
 * @param value            copied; of a name that ends in "-bin" any bytes, which are sent as base64
 * @param value_byte_size  of value, for a string strlen(value)
 */
TRITON_NODISCARD triton_status triton_call_headers_add(
    triton_call_headers *headers, const char *name, const void *value, size_t value_byte_size,
    triton_error **error_out);

/**
 * Sets the message of the callback's failure, which it reports by a status other than TRITON_STATUS_OK.
 *
 * @param message  copied, with U+FFFD for what is not UTF-8; appears in the error of the call, so it must
 *                 not contain secrets. NULL undoes it
 */
void triton_call_headers_set_error(triton_call_headers *headers, const char *message);

/**
 * Returns the URL of the server. Valid during the callback.
 */
const char *triton_call_headers_endpoint(const triton_call_headers *headers);

/**
 * Returns whether the server has responded UNAUTHENTICATED to this call with the headers that the callback
 * added before: a callback that keeps its token must now get another one. False for NULL.
 */
bool triton_call_headers_was_refused(const triton_call_headers *headers);

/*
 * OPTIONS OF A CALL, of any kind. What they do not set is as in the defaults of the client
 * (triton_client_options_set_call_options); NULL sets nothing. Any number of calls may use the same options
 * at once.
 *
 *     option                       default       protocol      set by
 *     timeout                      the client's  both          triton_call_options_set_timeout_us
 *     headers, or metadata         none          both          triton_call_options_add_header, ..._add_binary_header
 *     authorization                none          both          triton_call_options_set_basic_auth,
 *                                                              triton_call_options_set_bearer_token
 *     keys of restricted endpoints none          both          triton_call_options_add_restricted_key
 *     query parameters             none          HTTP          triton_call_options_add_query_parameter
 *     compression of requests      none          both          triton_call_options_set_request_compression
 *     compression of responses     none          both          triton_call_options_set_response_compression,
 *                                                              triton_call_options_set_accept_encoding
 *     load report                  none          HTTP          triton_call_options_set_load_report
 *     cancel token                 none          both          triton_call_options_set_cancel_token
 *     path of inferences           Triton's      HTTP          triton_call_options_set_http_path
 *     content type of inferences   Triton's      HTTP          triton_call_options_set_http_content_type
 *     header of the JSON's size    Triton's      HTTP          triton_call_options_set_http_json_size_header
 *
 *     triton_call_options *options = NULL;
 *     int failed = triton_call_options_new(&options, &error)
 *         || triton_call_options_set_timeout_us(options, 2500000, &error)
 *         || triton_call_options_add_header(options, "x-tenant", "blue", &error)
 *         || triton_client_infer(client, request, options, &result, &error);
 *     triton_call_options_free(options);
 */

/**
 * Creates options of a call, which set nothing.
 *
 * @param options_out  the options; free them with triton_call_options_free
 */
TRITON_NODISCARD triton_status triton_call_options_new(
    triton_call_options **options_out, triton_error **error_out);

/**
 * Frees options of a call. NULL is ignored. No call may be using them.
 */
void triton_call_options_free(triton_call_options *options);

/**
 * Sets the timeout of the call, from its start to the last byte of its response: name resolution,
 * connecting, sending and receiving all count.
 *
 * @param timeout_us  microseconds; TRITON_NO_TIMEOUT for none; INVALID_ARGUMENT for 0
 */
TRITON_NODISCARD triton_status triton_call_options_set_timeout_us(
    triton_call_options *options, uint64_t timeout_us, triton_error **error_out);

/**
 * Adds a header to the call, over gRPC metadata. A name may be added several times, except for
 * authorization, whose last value replaces the others; all its values together replace the client's defaults
 * of that name.
 *
 * Returns INVALID_ARGUMENT if the name is not a valid header name, if the value contains a control
 * character, or if the library or the protocol sets that header itself.
 *
 * @param name   in any case
 * @param value  of a name that ends in "-bin" sent as base64. NULL removes the header: those added under
 *               that name, and the client's defaults of that name
 */
TRITON_NODISCARD triton_status triton_call_options_add_header(
    triton_call_options *options, const char *name, const char *value, triton_error **error_out);

/**
 * Adds a header whose value is any bytes, which are sent as base64.
 *
 * @param name       ends in "-bin", as gRPC requires
 * @param value      copied
 * @param byte_size  of value
 */
TRITON_NODISCARD triton_status triton_call_options_add_binary_header(
    triton_call_options *options, const char *name, const void *value, size_t byte_size,
    triton_error **error_out);

/**
 * Sets the header authorization to a user and a password (HTTP's basic authentication). Replaces what
 * triton_call_options_set_bearer_token or triton_call_options_add_header set it to, as these replace it.
 *
 * For all calls of a client: triton_client_options_set_call_options. Anyone between the client and the
 * server can read it unless the URL is https or grpcs. Returns INVALID_ARGUMENT if the user contains a
 * colon, or either of them a control character.
 *
 * @param user      may be empty. NULL, for both, undoes it
 * @param password  may be empty
 */
TRITON_NODISCARD triton_status triton_call_options_set_basic_auth(
    triton_call_options *options, const char *user, const char *password, triton_error **error_out);

/**
 * Sets the header authorization to a token, for example a JSON Web Token: "Bearer TOKEN". See
 * triton_call_options_set_basic_auth; for a token that is renewed, HEADER CALLBACK.
 *
 * Returns INVALID_ARGUMENT if the token is empty, or contains anything other than visible ASCII characters,
 * such as the line feed at the end of a file.
 *
 * @param token  without "Bearer". NULL undoes it
 */
TRITON_NODISCARD triton_status triton_call_options_set_bearer_token(
    triton_call_options *options, const char *token, triton_error **error_out);

/**
 * Adds the key of endpoints that the server restricts (--http-restricted-api, --grpc-restricted-protocol):
 * over HTTP a header of that name, over gRPC the metadata "triton-grpc-protocol-NAME" that Triton expects. A
 * key that was added under that name is replaced.
 *
 * @param name   the name of the key, as configured at the server
 * @param value  the key. NULL removes the key that was added under that name, and the client's default of
 *               that name
 */
TRITON_NODISCARD triton_status triton_call_options_add_restricted_key(
    triton_call_options *options, const char *name, const char *value, triton_error **error_out);

/**
 * Adds a query parameter to the URL of the call. Name and value are escaped. A name may be added several
 * times. HTTP only: over gRPC the call is INVALID_ARGUMENT.
 *
 * @param name   must not be empty
 * @param value  may be empty. NULL removes the parameter: those added under that name, and the client's
 *               defaults of that name
 */
TRITON_NODISCARD triton_status triton_call_options_add_query_parameter(
    triton_call_options *options, const char *name, const char *value, triton_error **error_out);

/**
 * Sets how inference requests are compressed. Triton over HTTP refuses a request that exceeds 64 MiB when it
 * is decompressed (since 2.65; --http-max-input-size) with INVALID_ARGUMENT, though it accepts a larger one
 * that is not compressed. gRPC has no such limit.
 */
TRITON_NODISCARD triton_status triton_call_options_set_request_compression(
    triton_call_options *options, triton_compression compression, triton_error **error_out);

/**
 * Sets which compression is requested for responses to inferences. The server may send them without; Triton
 * over gRPC compresses only if it was started so. Over HTTP a call that requests none sends
 * "Accept-Encoding: identity", without which a proxy may request compression from the server. A body that is
 * compressed although no header says so is decompressed if compression was requested, and INTERNAL if not.
 * Replaces what triton_call_options_set_accept_encoding set.
 */
TRITON_NODISCARD triton_status triton_call_options_set_response_compression(
    triton_call_options *options, triton_compression compression, triton_error **error_out);

/**
 * Sets the Accept-Encoding of inferences; over gRPC without the weights. Replaces what
 * triton_call_options_set_response_compression set.
 *
 * @param encodings  for example "deflate, gzip;q=0.5": of gzip, deflate and identity. NULL undoes either
 */
TRITON_NODISCARD triton_status triton_call_options_set_accept_encoding(
    triton_call_options *options, const char *encodings, triton_error **error_out);

/**
 * Requests the server's load report. Triton sends it over HTTP, for triton_client_generate and
 * triton_client_generate_stream only, and for backends that have such metrics (vLLM, TensorRT-LLM):
 * triton_generated_load_report reads it. triton_infer_result_load_report reads that of other servers, which
 * may send it with inferences too.
 */
TRITON_NODISCARD triton_status triton_call_options_set_load_report(
    triton_call_options *options, triton_load_report_format format, triton_error **error_out);

/**
 * Sends inferences over HTTP to another path, after the client's base path: for gateways before Triton, such
 * as SageMaker ("/invocations") and Vertex AI.
 *
 * @param path  begins with a slash; NULL undoes it
 */
TRITON_NODISCARD triton_status triton_call_options_set_http_path(
    triton_call_options *options, const char *path, triton_error **error_out);

/**
 * Sets the content type of inferences over HTTP.
 *
 * @param content_type  "{}" in it stands for the byte size of the JSON part:
 *                      "application/vnd.sagemaker-triton.binary+json;json-header-size={}". The size is read
 *                      from the content type of the response in the same form. A request that consists of
 *                      JSON only has no such size: with "{}" it is sent as "application/json". NULL undoes
 *                      it
 */
TRITON_NODISCARD triton_status triton_call_options_set_http_content_type(
    triton_call_options *options, const char *content_type, triton_error **error_out);

/**
 * Sets the header with the byte size of the JSON part over HTTP, of a request and of its response, instead
 * of Inference-Header-Content-Length.
 *
 * @param name  "" sends no such header; NULL undoes it
 */
TRITON_NODISCARD triton_status triton_call_options_set_http_json_size_header(
    triton_call_options *options, const char *name, triton_error **error_out);

/**
 * Sets the token that cancels the call from another thread. In the options of a stream it cancels the
 * stream. Not in the defaults of a client, whose calls it would all cancel:
 * triton_client_options_set_call_options returns INVALID_ARGUMENT.
 *
 * A call with a token makes no more system calls than one without.
 *
 * @param token  may be freed afterwards, as the options may: calls that have begun keep it. NULL undoes it
 */
TRITON_NODISCARD triton_status triton_call_options_set_cancel_token(
    triton_call_options *options, const triton_cancel_token *token, triton_error **error_out);

/*
 * CANCEL TOKENS end calls from another thread. A token is set in the options of a call
 * (triton_call_options_set_cancel_token), of any kind: inference, control plane, generate, loading, waiting
 * until ready, an asynchronous call, a stream. A cancelled call returns TRITON_STATUS_CANCELLED within
 * milliseconds, at whatever stage it is, and only when it no longer reads or writes the memory that it
 * borrowed. A result that is complete takes precedence. CANCELLED is in doubt (triton_error_is_in_doubt)
 * once a part of the request was sent.
 *
 * THE SERVER. A cancelled call loses its connection, or, if it is asynchronous and over gRPC, its stream in
 * a connection that other calls keep using. What the server does then:
 *
 *     server                       over HTTP                                   over gRPC
 *     Triton 2.51                  computes an inference to its end; the       cancels the request: the model stops
 *                                  stream of generate_stream stops             if it checks for it
 *     behind HAProxy, Apache       continues: the proxy does not pass the      continues: the proxy does not pass the
 *                                  end of the connection on                    end of a call on
 *     behind Varnish               continues, as behind HAProxy                -
 *
 * Triton 2.51 has a known fault with cancelled gRPC calls (issue 7368 of the Triton server, mostly fixed in
 * 2.53).
 *
 * A request that is queued at the server may run after it was cancelled. A step of a sequence is in doubt
 * like any other request, and Triton 2.51 in fact runs it, unless the sequence itself waits for a free slot:
 * then Triton drops the whole sequence, and its later steps are INVALID_ARGUMENT. A step with the start flag
 * begins the sequence anew in any case. A sequence that is abandoned holds its slot until the model's
 * max_sequence_idle_microseconds; a step with the end flag frees it.
 *
 *     triton_cancel_token *token = NULL;
 *     triton_call_options *options = NULL;
 *     int failed = triton_cancel_token_new(&token, &error) || triton_call_options_new(&options, &error)
 *         || triton_call_options_set_cancel_token(options, token, &error)
 *         || triton_client_infer(client, request, options, &result, &error);
 *     triton_cancel_token_cancel(token); // in any thread, while the call is under way
 *     triton_call_options_free(options);
 *     triton_cancel_token_free(token);
 */

/**
 * Creates a token that is not cancelled. It may be set in the options of any number of calls.
 *
 * @param token_out  the token; free it with triton_cancel_token_free
 */
TRITON_NODISCARD triton_status triton_cancel_token_new(
    triton_cancel_token **token_out, triton_error **error_out);

/**
 * Cancels every call that has the token, and every later one: a token cannot be used again. NULL is ignored.
 * Does not block, and may be called from any thread, in a callback too, and more than once. Not in a signal
 * handler: it takes a lock.
 */
void triton_cancel_token_cancel(const triton_cancel_token *token);

/**
 * Returns whether triton_cancel_token_cancel was called; false for NULL.
 */
bool triton_cancel_token_is_cancelled(const triton_cancel_token *token);

/**
 * Frees a token. NULL is ignored. Calls that have it continue, and cannot be cancelled by it any more.
 */
void triton_cancel_token_free(triton_cancel_token *token);

/*
 * THE CLIENT of one server. It is created without network access, connects when it is first used, and may be
 * used by any number of threads at once. Create one for a server and keep it: connections are reused by the
 * client that opened them.
 *
 * MODEL NAMES. Over HTTP the name of a model is part of the URL, and Triton does not decode escaped
 * characters there: a name with characters other than ASCII letters, digits and -._~!$&'()*+,;=:@ can be
 * used with Triton only over gRPC. Over HTTP, an inference with such a name returns TRITON_STATUS_NOT_FOUND,
 * loading returns TRITON_STATUS_INTERNAL, and the model is never ready. A name with a slash is
 * TRITON_STATUS_INVALID_ARGUMENT, and nothing is sent. Servers that decode URLs accept all other names.
 *
 *     triton_error *error = NULL;
 *     if (triton_client_new(url, NULL, &client, &error)) fprintf(stderr, "%s\n", triton_error_message(error));
 *     triton_error_free(error);
 */

/**
 * Creates a client. Does not access the network: if the server cannot be reached, the first call fails.
 *
 * Returns INVALID_ARGUMENT if the URL is not valid (URLS), or, for https and grpcs, if the certificates
 * cannot be read (OPTIONS OF TLS); UNIMPLEMENTED for https and grpcs if this build has no TLS
 * (triton_has_feature("tls")).
 *
 * @param url         the server, for example "localhost:8000" or "grpc://localhost:8001"
 * @param options     copied; NULL for the defaults
 * @param client_out  the client; free it with triton_client_free
 */
TRITON_NODISCARD triton_status triton_client_new(
    const char *url, const triton_client_options *options, triton_client **client_out,
    triton_error **error_out);

/**
 * Frees a client. NULL is ignored. Does not block, and may be called in a callback. No blocking call may be
 * under way.
 *
 * Asynchronous calls and streams that are under way are cancelled: each still completes, with CANCELLED
 * unless its result is complete, and every callback is still called. Their handles remain valid until they
 * are freed. Connections and threads end after the last of them.
 */
void triton_client_free(triton_client *client);

/**
 * Closes a client, and waits until nothing of it is under way (WAITS): calls, asynchronous calls, streams,
 * and their callbacks, the last of which has returned. From then on the library neither uses memory that was
 * borrowed for the client's calls, nor calls their callbacks. Every function that would begin a call or a
 * stream returns FAILED_PRECONDITION from the beginning of the close on, also if the close fails.
 *
 * Nothing is cancelled by it. Streams are not ended either: finish or cancel them before. The client is
 * freed with triton_client_free.
 *
 * @param timeout_us  microseconds; 0 does not wait, TRITON_NO_TIMEOUT waits without limit
 * @return OK if nothing is under way; DEADLINE_EXCEEDED if something still is: the client is closed, and the
 *         call can be repeated; FAILED_PRECONDITION on a callback thread of the client, which is then not
 *         closed
 */
TRITON_NODISCARD triton_status triton_client_close(
    const triton_client *client, uint64_t timeout_us, triton_error **error_out);

/*
 * CONNECTIONS of a client to its server. It opens them as calls need them, and keeps them for the next ones
 * (OPTIONS OF CONNECTIONS): none of these functions has to be called.
 *
 *     triton_connection_counts counts = {sizeof counts, 0, 0, 0, 0, 0, 0, 0, 0};
 *     int failed = triton_client_connect(client, 2, NULL, &error)
 *         || triton_client_connection_counts(client, &counts, &error);
 *     if (!failed) printf("%d connections are ready\n", (int)counts.idle_count);
 */

/**
 * Opens connections to the server until a number of them is open, idle ones included, so that the first
 * calls need not wait for them: name resolution, TCP, the TLS handshake, and over gRPC the first frames of
 * both sides, which shows that the port speaks gRPC. They are those of blocking calls: asynchronous calls
 * and streams have connections of their own. Blocks until the last one is open, or until the deadline or the
 * cancel token of the call.
 *
 * @param count    the number of connections, at most what triton_client_options_set_max_connections permits
 * @param options  the options of the call; NULL for the client's. Its headers are not used: nothing is sent
 * @return if it fails, the message has the number of connections that are open, which are kept
 */
TRITON_NODISCARD triton_status triton_client_connect(
    const triton_client *client, size_t count, const triton_call_options *options, triton_error **error_out);

/**
 * Closes all connections that no call or stream uses. The others stay open, and are kept when their calls
 * end. Does not block.
 */
TRITON_NODISCARD triton_status triton_client_close_idle(
    const triton_client *client, triton_error **error_out);

/**
 * Gets the numbers of the client's connections at the moment, without those to the metrics URL. Does not
 * block.
 *
 * @param counts_out  the numbers; struct_size must be set (STRUCTS)
 */
TRITON_NODISCARD triton_status triton_client_connection_counts(
    const triton_client *client, triton_connection_counts *counts_out, triton_error **error_out);

/*
 * HEALTH of a server and its models. Each check writes its outcome to an out-parameter; a server that cannot
 * be reached is an error, not false. Over HTTP, a response with status 200 means true if its body is empty
 * or a JSON object, unless the member "live" or "ready" of that object is false. Any other body, for example
 * a sign-in page, is INTERNAL.
 *
 *     bool is_ready = false;
 *     int failed = triton_client_wait_ready(client, NULL, NULL, NULL, &error)
 *         || triton_client_check_model_ready(client, "simple", NULL, NULL, &is_ready, &error);
 *     if (!failed) printf("the model is %s\n", is_ready ? "ready" : "not ready");
 */

/**
 * Checks whether the server is live. Blocks.
 *
 * @param options   the options of the call; NULL for the client's
 * @param live_out  whether the server is live
 */
TRITON_NODISCARD triton_status triton_client_check_server_live(
    const triton_client *client, const triton_call_options *options, bool *live_out,
    triton_error **error_out);

/**
 * Checks whether the server and all models that it is configured to serve are ready. Blocks.
 *
 * Triton is not ready while a model is being unloaded, and stays not ready after a load that failed in the
 * model itself, unless it was started with --strict-readiness=false.
 *
 * @param options    the options of the call; NULL for the client's
 * @param ready_out  whether they are ready
 */
TRITON_NODISCARD triton_status triton_client_check_server_ready(
    const triton_client *client, const triton_call_options *options, bool *ready_out,
    triton_error **error_out);

/**
 * Checks whether a model is ready. Blocks.
 *
 * A model that is unknown to the server, or not loaded, is not ready. Triton reports this in a regular
 * response. MLServer and KServe report it as an error, which becomes false: gRPC status NOT_FOUND; gRPC
 * status UNAVAILABLE with the model's name and "not ready"; HTTP status 404 or 503 with the model's name in
 * the JSON member "error". Any other 404 or 503 is an error, because it may come from a wrong path or a
 * proxy.
 *
 * @param model_name     must not be empty
 * @param model_version  for example "1"; NULL or "" for the version that the server chooses
 * @param options        the options of the call; NULL for the client's
 * @param ready_out      whether the model is ready
 */
TRITON_NODISCARD triton_status triton_client_check_model_ready(
    const triton_client *client, const char *model_name, const char *model_version,
    const triton_call_options *options, bool *ready_out, triton_error **error_out);

/**
 * Waits until the server, or one of its models, is ready. Blocks.
 *
 * Polls the server until the deadline of the call: at first after 10 ms, then at growing intervals of at
 * most 1 s. A server that cannot be reached is polled again.
 *
 * @param model_name     NULL or "" for the server as a whole
 * @param model_version  for example "1"; NULL or "" for the version that the server chooses
 * @param options        the options of the call; NULL for the client's
 * @return DEADLINE_EXCEEDED, with the last outcome in the message. An error that waiting cannot change ends
 *         the wait at once: an invalid argument, UNAUTHENTICATED, PERMISSION_DENIED. For an endpoint that is
 *         restricted over gRPC, Triton returns UNAVAILABLE, which does not end the wait
 */
TRITON_NODISCARD triton_status triton_client_wait_ready(
    const triton_client *client, const char *model_name, const char *model_version,
    const triton_call_options *options, triton_error **error_out);

/**
 * Gets the status of a service from the gRPC health service, grpc.health.v1. Blocks.
 *
 * @param service     the name of a service; NULL or "" for the server as a whole. Triton has one status for
 *                    every name
 * @param options     the options of the call; NULL for the client's
 * @param status_out  the status
 * @return UNIMPLEMENTED, with advice, over HTTP
 */
TRITON_NODISCARD triton_status triton_client_health_check(
    const triton_client *client, const char *service, const triton_call_options *options,
    triton_serving_status *status_out, triton_error **error_out);

/*
 * METADATA of a server and of its models: names, versions, extensions, and the inputs and outputs of a
 * model. A request can be checked against a model's metadata with triton_infer_request_check.
 *
 *     triton_model_metadata *model = NULL;
 *     int failed = triton_client_model_metadata(client, "simple", NULL, NULL, &model, &error);
 *     for (size_t i = 0; i < triton_model_metadata_input_count(model); i++) {
 *         const triton_tensor_metadata *input = triton_model_metadata_input(model, i);
 *         printf("%s: %s\n", triton_tensor_metadata_name(input), triton_tensor_metadata_datatype_name(input));
 *     }
 *     triton_model_metadata_free(model);
 */

/**
 * Gets the server's metadata. Blocks.
 *
 * @param options       the options of the call; NULL for the client's
 * @param metadata_out  the metadata; free it with triton_server_metadata_free
 */
TRITON_NODISCARD triton_status triton_client_server_metadata(
    const triton_client *client, const triton_call_options *options, triton_server_metadata **metadata_out,
    triton_error **error_out);

/**
 * Returns the server's name, for example "triton".
 */
const char *triton_server_metadata_name(const triton_server_metadata *metadata);

/**
 * Returns the server's version, for example "2.51.0".
 */
const char *triton_server_metadata_version(const triton_server_metadata *metadata);

/**
 * Returns the number of protocol extensions of the server.
 */
size_t triton_server_metadata_extension_count(const triton_server_metadata *metadata);

/**
 * Returns the name of an extension, for example "binary_tensor_data"; "" past the end.
 */
const char *triton_server_metadata_extension(const triton_server_metadata *metadata, size_t index);

/**
 * Returns whether the server has an extension: "statistics", "trace", "logging", "model_repository",
 * "model_repository(unload_dependents)", "system_shared_memory", "cuda_shared_memory" and others.
 */
bool triton_server_metadata_has_extension(const triton_server_metadata *metadata, const char *name);

/**
 * Returns the response as JSON, in the form that it has over HTTP: there it is the body as received. Valid
 * until the metadata is freed.
 */
const char *triton_server_metadata_json(const triton_server_metadata *metadata);

/**
 * Frees a server's metadata. NULL is ignored.
 */
void triton_server_metadata_free(triton_server_metadata *metadata);

/**
 * Gets a model's metadata. Blocks.
 *
 * @param model_name     must not be empty
 * @param model_version  for example "1"; NULL or "" for the version that the server chooses
 * @param options        the options of the call; NULL for the client's
 * @param metadata_out   the metadata; free it with triton_model_metadata_free
 * @return NOT_FOUND if the server does not have the model or the version
 */
TRITON_NODISCARD triton_status triton_client_model_metadata(
    const triton_client *client, const char *model_name, const char *model_version,
    const triton_call_options *options, triton_model_metadata **metadata_out, triton_error **error_out);

/**
 * Returns the model's name.
 */
const char *triton_model_metadata_name(const triton_model_metadata *metadata);

/**
 * Returns the framework or backend that runs the model, for example "python".
 */
const char *triton_model_metadata_platform(const triton_model_metadata *metadata);

/**
 * Returns the number of versions that are available.
 */
size_t triton_model_metadata_version_count(const triton_model_metadata *metadata);

/**
 * Returns a version, for example "1"; "" past the end.
 */
const char *triton_model_metadata_version(const triton_model_metadata *metadata, size_t index);

/**
 * Returns the number of inputs.
 */
size_t triton_model_metadata_input_count(const triton_model_metadata *metadata);

/**
 * Returns an input; NULL past the end. Valid until the metadata is freed.
 */
const triton_tensor_metadata *triton_model_metadata_input(
    const triton_model_metadata *metadata, size_t index);

/**
 * Returns the number of outputs.
 */
size_t triton_model_metadata_output_count(const triton_model_metadata *metadata);

/**
 * Returns an output; NULL past the end. Valid until the metadata is freed.
 */
const triton_tensor_metadata *triton_model_metadata_output(
    const triton_model_metadata *metadata, size_t index);

/**
 * Returns the response as JSON, in the form that it has over HTTP: there it is the body as received. Valid
 * until the metadata is freed.
 */
const char *triton_model_metadata_json(const triton_model_metadata *metadata);

/**
 * Frees a model's metadata, with its inputs and outputs. NULL is ignored.
 */
void triton_model_metadata_free(triton_model_metadata *metadata);

/**
 * Returns the name of an input or output.
 */
const char *triton_tensor_metadata_name(const triton_tensor_metadata *tensor);

/**
 * Returns the tensor's datatype; TRITON_DATATYPE_INVALID for one that this library does not know.
 */
triton_datatype triton_tensor_metadata_datatype(const triton_tensor_metadata *tensor);

/**
 * Returns the name of the tensor's datatype as the server gives it, for example "FP32"; also for one that
 * this library does not know.
 */
const char *triton_tensor_metadata_datatype_name(const triton_tensor_metadata *tensor);

/**
 * Returns the tensor's shape, beginning with the batch dimension if the model has one; -1 for a dimension of
 * any size.
 *
 * @param rank_out  the number of dimensions; may be NULL
 * @return the dimensions; NULL if there are none
 */
const int64_t *triton_tensor_metadata_shape(const triton_tensor_metadata *tensor, size_t *rank_out);

/*
 * REQUESTS. A request names a model and holds its inputs, the outputs that are requested, and settings. It
 * can be sent any number of times, to any server, and by several threads at once unless it has a buffer for
 * an output.
 *
 *     const int64_t shape[] = {1, 16};
 *     int failed = triton_infer_request_new("simple", &request, &error)
 *         || triton_infer_request_add_input_data(request, "INPUT0", TRITON_DATATYPE_INT32, shape, 2, first,
 *                                                sizeof first, NULL, &error)
 *         || triton_infer_request_add_input_data(request, "INPUT1", TRITON_DATATYPE_INT32, shape, 2, second,
 *                                                sizeof second, NULL, &error)
 *         || triton_infer_request_set_id(request, "frame 1", &error);
 */

/**
 * Creates a request without inputs.
 *
 * @param model_name   the name of the model on the server; must not be empty
 * @param request_out  the request; free it with triton_infer_request_free
 */
TRITON_NODISCARD triton_status triton_infer_request_new(
    const char *model_name, triton_infer_request **request_out, triton_error **error_out);

/**
 * Frees a request. NULL is ignored. Data that a call still under way has borrowed stays borrowed until the
 * call ends (BORROWED DATA).
 */
void triton_infer_request_free(triton_infer_request *request);

/**
 * Sets the version of the model.
 *
 * @param model_version  for example "1"; NULL or "" (the default): the server chooses
 */
TRITON_NODISCARD triton_status triton_infer_request_set_model_version(
    triton_infer_request *request, const char *model_version, triton_error **error_out);

/**
 * Sets the id of the request, which the result and errors repeat.
 *
 * @param id  NULL or "" (the default): no id
 */
TRITON_NODISCARD triton_status triton_infer_request_set_id(
    triton_infer_request *request, const char *id, triton_error **error_out);

/**
 * Sets the sequence that the request belongs to, for stateful models.
 *
 * @param id     the id that the requests of the sequence share. 0 with start and end false (the default): no
 *               sequence; 0 with start or end is INVALID_ARGUMENT
 * @param start  whether it is the first request of the sequence
 * @param end    whether it is the last one
 */
TRITON_NODISCARD triton_status triton_infer_request_set_sequence(
    triton_infer_request *request, uint64_t id, bool start, bool end, triton_error **error_out);

/**
 * Sets the sequence that the request belongs to, for models whose sequence ids are strings. Otherwise the
 * same as triton_infer_request_set_sequence.
 *
 * @param id  NULL and "" stand for 0
 */
TRITON_NODISCARD triton_status triton_infer_request_set_sequence_string(
    triton_infer_request *request, const char *id, bool start, bool end, triton_error **error_out);

/**
 * Sets the priority within the model's queue, if the model has priorities.
 *
 * @param priority  1 is the highest; 0 (the default): the model's default priority
 */
TRITON_NODISCARD triton_status triton_infer_request_set_priority(
    triton_infer_request *request, uint64_t priority, triton_error **error_out);

/**
 * Sets how long the request may wait in the server's queue, if the model allows it. The timeout of the call
 * itself is an option of the call: triton_call_options_set_timeout_us.
 *
 * @param timeout_us  microseconds, less than 2^63; 0 (the default): the model's own timeout
 */
TRITON_NODISCARD triton_status triton_infer_request_set_server_timeout_us(
    triton_infer_request *request, uint64_t timeout_us, triton_error **error_out);

/**
 * Sets whether outputs come in binary over HTTP (the default) or as JSON.
 * triton_infer_request_output_set_json overrides it for one output. The result is the same.
 */
TRITON_NODISCARD triton_status triton_infer_request_set_binary_output(
    triton_infer_request *request, bool is_binary, triton_error **error_out);

/**
 * Sets whether the data of the only input is sent over HTTP as the whole body, without JSON (Triton's raw
 * binary request). The default is false. For models with one input that has at most one variable dimension;
 * a BYTES input is then one element without its length prefix. The call returns INVALID_ARGUMENT if the
 * request has settings that a raw body cannot hold, and over gRPC.
 */
TRITON_NODISCARD triton_status triton_infer_request_set_raw_body(
    triton_infer_request *request, bool is_raw, triton_error **error_out);

/**
 * Sets whether Triton ends the responses of a decoupled model to the request with one without outputs, which
 * is marked as the last (triton_infer_result_finality). Set it for decoupled models on streams: see THE LAST
 * RESPONSE there. The default is false. Sent over gRPC only: Triton rejects it over HTTP, which has no such
 * streams. Triton before 2.35 refuses it.
 */
TRITON_NODISCARD triton_status triton_infer_request_set_empty_final_response(
    triton_infer_request *request, bool is_enabled, triton_error **error_out);

/**
 * Returns the parameters of a request, to be set and read.
 */
triton_parameters *triton_infer_request_parameters(triton_infer_request *request);

/**
 * Checks a request against a model's metadata before it is sent: names, datatypes and shapes, and the data
 * against the shapes. A missing input is not found: the metadata does not say which inputs are optional.
 * Does not block.
 *
 * @param metadata  of the model, from triton_client_model_metadata
 * @return INVALID_ARGUMENT, with the mismatch
 */
TRITON_NODISCARD triton_status triton_infer_request_check(
    const triton_infer_request *request, const triton_model_metadata *metadata, triton_error **error_out);

/**
 * Removes everything but the model and its version: inputs, outputs, parameters, sequence and other
 * settings.
 */
TRITON_NODISCARD triton_status triton_infer_request_clear(
    triton_infer_request *request, triton_error **error_out);

/*
 * INPUTS AND OUTPUTS of a request. Each is identified by its index: 0, 1, 2 in the order of adding. On a
 * request, an output is a requested output; if none is added, the result has all outputs of the model. Input
 * data is borrowed unless the function's name says copy or strings, and read during calls only. It is
 * checked by the call: data that does not match its shape is TRITON_STATUS_INVALID_ARGUMENT, and nothing is
 * sent.
 *
 *     size_t output = 0;
 *     int failed = triton_infer_request_input_set_data(request, 0, next_frame, sizeof next_frame, &error)
 *         || triton_infer_request_add_output(request, "OUTPUT0", &output, &error)
 *         || triton_infer_request_output_set_buffer(request, output, sum, sizeof sum, &error)
 *         || triton_client_infer(client, request, NULL, &result, &error);
 */

/**
 * Adds an input with its data, which is borrowed.
 *
 * @param name       the name of the input; must not be empty or already added
 * @param datatype   the datatype; for TRITON_DATATYPE_BYTES, data holds each element after its length, 4
 *                   bytes little-endian
 * @param shape      the dimensions, the batch dimension first if the model has one; must not be negative
 * @param rank       the number of dimensions
 * @param data       the elements, row-major, little-endian; borrowed (BORROWED DATA)
 * @param byte_size  the size of data in bytes
 * @param index_out  the index of the input; may be NULL
 */
TRITON_NODISCARD triton_status triton_infer_request_add_input_data(
    triton_infer_request *request, const char *name, triton_datatype datatype, const int64_t *shape,
    size_t rank, const void *data, size_t byte_size, size_t *index_out, triton_error **error_out);

/**
 * Adds an input with a copy of its data, which may be changed or freed after the function returns. Otherwise
 * the same as triton_infer_request_add_input_data.
 */
TRITON_NODISCARD triton_status triton_infer_request_add_input_data_copy(
    triton_infer_request *request, const char *name, triton_datatype datatype, const int64_t *shape,
    size_t rank, const void *data, size_t byte_size, size_t *index_out, triton_error **error_out);

/**
 * Adds a BYTES input with its elements, which are copied.
 *
 * @param name       the name of the input; must not be empty or already added
 * @param shape      the dimensions, the batch dimension first if the model has one; must not be negative
 * @param rank       the number of dimensions
 * @param strings    the elements, row-major
 * @param count      the number of elements
 * @param index_out  the index of the input; may be NULL
 */
TRITON_NODISCARD triton_status triton_infer_request_add_input_strings(
    triton_infer_request *request, const char *name, const int64_t *shape, size_t rank,
    const triton_bytes *strings, size_t count, size_t *index_out, triton_error **error_out);

/**
 * Adds an input without data. The data follows by triton_infer_request_input_append_data, for several
 * segments, or by one of the setters below.
 *
 * @param name       the name of the input; must not be empty or already added
 * @param datatype   the datatype
 * @param shape      the dimensions, the batch dimension first if the model has one; must not be negative
 * @param rank       the number of dimensions
 * @param index_out  the index of the input; may be NULL
 */
TRITON_NODISCARD triton_status triton_infer_request_add_input(
    triton_infer_request *request, const char *name, triton_datatype datatype, const int64_t *shape,
    size_t rank, size_t *index_out, triton_error **error_out);

/**
 * Sets the shape of an input. The data stays as it is.
 *
 * @param input  the index of the input
 * @param shape  the dimensions; must not be negative
 * @param rank   the number of dimensions
 */
TRITON_NODISCARD triton_status triton_infer_request_input_set_shape(
    triton_infer_request *request, size_t input, const int64_t *shape, size_t rank, triton_error **error_out);

/**
 * Sets the data of an input, which is borrowed. Replaces all data set or appended before.
 *
 * @param input      the index of the input
 * @param data       borrowed (BORROWED DATA); NULL with a byte_size of 0 leaves the input without data
 * @param byte_size  the size of data in bytes
 */
TRITON_NODISCARD triton_status triton_infer_request_input_set_data(
    triton_infer_request *request, size_t input, const void *data, size_t byte_size,
    triton_error **error_out);

/**
 * Appends a segment to the data of an input. Segments are borrowed, and sent in the order of appending. Data
 * in shared memory and JSON text are replaced.
 *
 * @param input      the index of the input
 * @param data       borrowed (BORROWED DATA)
 * @param byte_size  the size of data in bytes
 */
TRITON_NODISCARD triton_status triton_infer_request_input_append_data(
    triton_infer_request *request, size_t input, const void *data, size_t byte_size,
    triton_error **error_out);

/**
 * Appends a copy of a segment to the data of an input. The segment may be changed or freed after the
 * function returns.
 *
 * @param input      the index of the input
 * @param data       copied
 * @param byte_size  the size of data in bytes
 */
TRITON_NODISCARD triton_status triton_infer_request_input_append_data_copy(
    triton_infer_request *request, size_t input, const void *data, size_t byte_size,
    triton_error **error_out);

/**
 * Appends elements to the data of a BYTES input. They are copied.
 *
 * @param input    the index of the input
 * @param strings  the elements, row-major
 * @param count    the number of elements
 */
TRITON_NODISCARD triton_status triton_infer_request_input_append_strings(
    triton_infer_request *request, size_t input, const triton_bytes *strings, size_t count,
    triton_error **error_out);

/**
 * Takes the data of an input from shared memory that is registered with the server. Replaces the data set
 * before.
 *
 * @param input      the index of the input
 * @param region     the name under which the memory is registered; NULL undoes the function: an input in
 *                   shared memory then has no data
 * @param byte_size  the size of the tensor in bytes
 * @param offset     the offset of the tensor from the start of the region, in bytes
 */
TRITON_NODISCARD triton_status triton_infer_request_input_set_shared_memory(
    triton_infer_request *request, size_t input, const char *region, uint64_t byte_size, uint64_t offset,
    triton_error **error_out);

/**
 * Sets whether the elements of an input are sent as text instead of in binary (the default): as JSON over
 * HTTP, as typed contents over gRPC, where either all inputs in memory are sent that way or none. BYTES
 * elements must be UTF-8 over HTTP. FP16 and BF16 are numbers in JSON, which Triton rejects and other
 * servers accept; typed contents have no such form, and the call returns INVALID_ARGUMENT. All digits of an
 * FP64 element are sent, but Triton may read a neighboring number: seen with 2.51 and 2.73, for many digits
 * and for extreme exponents. Binary data keeps every bit.
 *
 * @param input  the index of the input
 */
TRITON_NODISCARD triton_status triton_infer_request_input_set_json(
    triton_infer_request *request, size_t input, bool is_json, triton_error **error_out);

/**
 * Takes the data of an input from a JSON array, flat or nested, which is copied and sent unchanged. Replaces
 * the data set before. HTTP only: over gRPC the call returns INVALID_ARGUMENT.
 *
 * @param input  the index of the input
 * @param json   for example "[[1, 2], [3, 4]]"; NULL undoes the function: an input with JSON text then has
 *               no data
 */
TRITON_NODISCARD triton_status triton_infer_request_input_set_json_text(
    triton_infer_request *request, size_t input, const char *json, triton_error **error_out);

/**
 * Returns the parameters of an input, to be set and read; NULL past the end. They are the parameters of the
 * input that has this index: if the request is cleared, setting one is INVALID_ARGUMENT until an input of
 * this index is added.
 */
triton_parameters *triton_infer_request_input_parameters(triton_infer_request *request, size_t input);

/**
 * Returns the number of inputs.
 */
size_t triton_infer_request_input_count(const triton_infer_request *request);

/**
 * Returns the name of an input; "" past the end. Valid until the request is changed or freed.
 */
const char *triton_infer_request_input_name(const triton_infer_request *request, size_t input);

/**
 * Returns the datatype of an input; TRITON_DATATYPE_INVALID past the end.
 */
triton_datatype triton_infer_request_input_datatype(const triton_infer_request *request, size_t input);

/**
 * Returns the shape of an input; NULL if it has no dimensions, and past the end. Valid until the request is
 * changed or freed.
 *
 * @param rank_out  the number of dimensions; may be NULL
 */
const int64_t *triton_infer_request_input_shape(
    const triton_infer_request *request, size_t input, size_t *rank_out);

/**
 * Returns the size in bytes of the data that an input has so far, or of its shared memory; 0 for JSON text,
 * and past the end.
 */
uint64_t triton_infer_request_input_byte_size(const triton_infer_request *request, size_t input);

/**
 * Returns the name of the shared-memory region that holds the data of an input; "" if none does, and past
 * the end. Valid until the request is changed or freed.
 *
 * @param byte_size_out  the size of the tensor in bytes; may be NULL
 * @param offset_out     its offset from the start of the region, in bytes; may be NULL
 */
const char *triton_infer_request_input_shared_memory(
    const triton_infer_request *request, size_t input, uint64_t *byte_size_out, uint64_t *offset_out);

/**
 * Returns whether the elements of an input are sent as text; false past the end.
 */
bool triton_infer_request_input_is_json(const triton_infer_request *request, size_t input);

/**
 * Requests an output. If no output is requested, the result has all outputs of the model.
 *
 * @param name       the name of the output; must not be empty or already requested
 * @param index_out  the index of the output on the request; may be NULL
 */
TRITON_NODISCARD triton_status triton_infer_request_add_output(
    triton_infer_request *request, const char *name, size_t *index_out, triton_error **error_out);

/**
 * Makes each call write an output straight into the caller's memory, which the request borrows. The result
 * then has the output's shape and byte size; triton_infer_output_data and the functions that read elements
 * return the address of that memory. What they return is valid for as long as the memory is, also after the
 * result is freed, and the next call with the request overwrites it: triton_infer_output_is_in_caller_buffer
 * is true for such an output. The memory must not overlap an input or another buffer of the request. A
 * request with a buffer is in one call at a time: a second one returns FAILED_PRECONDITION. If a call fails,
 * the contents of the memory are unspecified, but unchanged if the buffer is too small.
 *
 * @param output     the index of the output
 * @param data       the memory, for the elements, row-major, little-endian; aligned as the caller reads it.
 *                   NULL with a byte_size of 0 (the default) undoes the function: the data is then in the
 *                   result
 * @param byte_size  the size of data in bytes; the call returns RESOURCE_EXHAUSTED if the output is larger
 */
TRITON_NODISCARD triton_status triton_infer_request_output_set_buffer(
    triton_infer_request *request, size_t output, void *data, size_t byte_size, triton_error **error_out);

/**
 * Makes the server write an output to shared memory that is registered with it. The result then has the
 * output's shape and no data. Excludes a buffer, classes and JSON: with both, the call returns
 * INVALID_ARGUMENT.
 *
 * @param output     the index of the output
 * @param region     the name under which the memory is registered; NULL undoes the function
 * @param byte_size  the space available, in bytes
 * @param offset     the offset of the output from the start of the region, in bytes
 */
TRITON_NODISCARD triton_status triton_infer_request_output_set_shared_memory(
    triton_infer_request *request, size_t output, const char *region, uint64_t byte_size, uint64_t offset,
    triton_error **error_out);

/**
 * Requests the best classes of an output instead of its tensor. They come as BYTES:
 * triton_infer_output_class reads them.
 *
 * @param output       the index of the output
 * @param class_count  the number of classes; 0 (the default): the tensor
 */
TRITON_NODISCARD triton_status triton_infer_request_output_set_classification(
    triton_infer_request *request, size_t output, uint32_t class_count, triton_error **error_out);

/**
 * Sets whether an output is requested as JSON over HTTP instead of in binary (the default); the result is
 * the same. Triton rejects FP16 and BF16; other servers send them as numbers, and NaN and infinities of any
 * floating-point datatype as null, which is read as NaN: binary data and gRPC keep infinities.
 *
 * @param output  the index of the output
 */
TRITON_NODISCARD triton_status triton_infer_request_output_set_json(
    triton_infer_request *request, size_t output, bool is_json, triton_error **error_out);

/**
 * Returns the parameters of a requested output, to be set and read; NULL past the end. They belong to an
 * index as those of inputs do.
 */
triton_parameters *triton_infer_request_output_parameters(triton_infer_request *request, size_t output);

/**
 * Returns the number of requested outputs.
 */
size_t triton_infer_request_output_count(const triton_infer_request *request);

/**
 * Returns the name of a requested output; "" past the end. Valid until the request is changed or freed.
 */
const char *triton_infer_request_output_name(const triton_infer_request *request, size_t output);

/**
 * Returns the name of the shared-memory region that a requested output is written to; "" if none is, and
 * past the end. Valid until the request is changed or freed.
 *
 * @param byte_size_out  the space available, in bytes; may be NULL
 * @param offset_out     the offset of the output from the start of the region, in bytes; may be NULL
 */
const char *triton_infer_request_output_shared_memory(
    const triton_infer_request *request, size_t output, uint64_t *byte_size_out, uint64_t *offset_out);

/**
 * Returns the number of classes requested of an output; 0 if the tensor is requested, and past the end.
 */
uint32_t triton_infer_request_output_class_count(const triton_infer_request *request, size_t output);

/**
 * Returns whether an output is requested as JSON over HTTP; false past the end.
 */
bool triton_infer_request_output_is_json(const triton_infer_request *request, size_t output);

/*
 * PARAMETERS: named values of a request, a result, or one of their tensors. A triton_parameters is borrowed
 * from its request or result: it is valid until that is freed, and adding inputs and outputs does not move
 * it. Names that the protocol or Triton uses itself are TRITON_STATUS_INVALID_ARGUMENT, with the reason:
 * they have setters of their own, or begin with "triton_".
 *
 *     int failed = triton_parameters_set_int64(triton_infer_request_parameters(request), "seed", 42, &error)
 *         || triton_parameters_set_string(triton_infer_request_parameters(request), "tenant", "blue", &error);
 */

/**
 * Sets a parameter to a string. Replaces the value set before.
 *
 * @param parameters  of a request or one of its tensors; those of a result are INVALID_ARGUMENT
 * @param name        must not be empty or reserved
 * @param value       copied; NULL removes the parameter, of whatever kind it is
 */
TRITON_NODISCARD triton_status triton_parameters_set_string(
    triton_parameters *parameters, const char *name, const char *value, triton_error **error_out);

/**
 * Sets a parameter to a signed integer. Otherwise the same as triton_parameters_set_string.
 */
TRITON_NODISCARD triton_status triton_parameters_set_int64(
    triton_parameters *parameters, const char *name, int64_t value, triton_error **error_out);

/**
 * Sets a parameter to a Boolean. Otherwise the same as triton_parameters_set_string.
 */
TRITON_NODISCARD triton_status triton_parameters_set_bool(
    triton_parameters *parameters, const char *name, bool value, triton_error **error_out);

/**
 * Sets a parameter to a floating-point number, which must be finite. Otherwise the same as
 * triton_parameters_set_string.
 */
TRITON_NODISCARD triton_status triton_parameters_set_double(
    triton_parameters *parameters, const char *name, double value, triton_error **error_out);

/**
 * Returns the number of parameters.
 */
size_t triton_parameters_count(const triton_parameters *parameters);

/**
 * Returns a parameter, in the order of setting or receiving; NULL past the end. Valid until the parameters
 * are changed, or the request or result is freed.
 */
const triton_parameter *triton_parameters_entry(const triton_parameters *parameters, size_t index);

/**
 * Returns the parameter with a name, the last one if a server sent several; NULL if there is none. Valid as
 * long as that of triton_parameters_entry.
 */
const triton_parameter *triton_parameters_find(const triton_parameters *parameters, const char *name);

/**
 * Returns the name of a parameter.
 */
const char *triton_parameter_name(const triton_parameter *parameter);

/**
 * Returns the kind of the value.
 */
triton_value_kind triton_parameter_kind(const triton_parameter *parameter);

/**
 * Returns the value of a TRITON_VALUE_BOOL; false for another kind.
 */
bool triton_parameter_bool(const triton_parameter *parameter);

/**
 * Returns the value of a TRITON_VALUE_INT64; 0 for another kind.
 */
int64_t triton_parameter_int64(const triton_parameter *parameter);

/**
 * Returns the value of a TRITON_VALUE_UINT64; 0 for another kind.
 */
uint64_t triton_parameter_uint64(const triton_parameter *parameter);

/**
 * Returns the value of a TRITON_VALUE_DOUBLE; 0 for another kind.
 */
double triton_parameter_double(const triton_parameter *parameter);

/**
 * Returns the value of a TRITON_VALUE_STRING; "" for another kind.
 */
const char *triton_parameter_string(const triton_parameter *parameter);

/*
 * INFERENCE. A call sends a request and blocks until its result has arrived, or until its deadline.
 *
 *     triton_infer_result *result = NULL;
 *     int failed = triton_client_infer(client, request, NULL, &result, &error);
 *     if (!failed) printf("%s\n", triton_infer_result_debug_string(result));
 *     triton_infer_result_free(result);
 */

/**
 * Sends an inference request. Blocks until the response is complete or the timeout of the call expires.
 *
 * @param client      may be used by any number of threads at once
 * @param request     its borrowed data is read during the call only
 * @param options     the options of the call; NULL for the client's
 * @param result_out  the result; free it with triton_infer_result_free
 * @return INVALID_ARGUMENT if the data of an input does not match its shape: nothing is sent;
 *         FAILED_PRECONDITION if a buffer of the request is in use by another call; RESOURCE_EXHAUSTED if an
 *         output exceeds its buffer; DEADLINE_EXCEEDED; CANCELLED by the token of its options; UNAVAILABLE;
 *         otherwise the server's status, for example NOT_FOUND for an unknown model
 */
TRITON_NODISCARD triton_status triton_client_infer(
    const triton_client *client, const triton_infer_request *request, const triton_call_options *options,
    triton_infer_result **result_out, triton_error **error_out);

/*
 * RESULTS. A result has the outputs of a model and the metadata of the response. The data of an output is
 * aligned to 64 bytes, so that a cast to any element type is legal. What a function of this section returns
 * is valid until the result is freed, with one exception: data in a buffer of the caller's
 * (triton_infer_request_output_set_buffer) is valid for as long as the buffer is, and the next call with the
 * request overwrites it.
 *
 *     const void *data = NULL;
 *     size_t count = 0;
 *     const triton_infer_output *output = triton_infer_result_find_output(result, "OUTPUT0");
 *     int failed = triton_infer_output_elements(output, TRITON_DATATYPE_INT32, &data, &count, &error);
 *     const int32_t *sums = data;
 *     for (size_t i = 0; i < count; i++) printf("%d\n", (int)sums[i]);
 *     triton_infer_result_free(result);
 */

/**
 * Gets the elements of an output by its name, with the datatype that the caller expects:
 * triton_infer_result_find_output and triton_infer_output_elements in one call.
 *
 * @param name       the name of the output
 * @param datatype   the expected datatype; for TRITON_DATATYPE_BYTES use triton_infer_result_output_strings
 * @param data_out   the elements, row-major, aligned to 64 bytes, or in the buffer that the request set for
 *                   the output; never NULL on success
 * @param count_out  the number of elements; may be NULL
 * @return NOT_FOUND, with the names of all outputs, if none has that name; otherwise the same as
 *         triton_infer_output_elements
 */
TRITON_NODISCARD triton_status triton_infer_result_output_as(
    const triton_infer_result *result, const char *name, triton_datatype datatype, const void **data_out,
    size_t *count_out, triton_error **error_out);

/**
 * Gets the elements of a BYTES output by its name: triton_infer_result_find_output and
 * triton_infer_output_strings in one call.
 *
 * @param name         the name of the output
 * @param strings_out  the elements, row-major; never NULL on success
 * @param count_out    the number of elements; may be NULL
 * @return NOT_FOUND, with the names of all outputs, if none has that name; otherwise the same as
 *         triton_infer_output_strings
 */
TRITON_NODISCARD triton_status triton_infer_result_output_strings(
    const triton_infer_result *result, const char *name, const triton_bytes **strings_out, size_t *count_out,
    triton_error **error_out);

/**
 * Returns the output with a name; NULL if there is none.
 */
const triton_infer_output *triton_infer_result_find_output(
    const triton_infer_result *result, const char *name);

/**
 * Returns the number of outputs.
 */
size_t triton_infer_result_output_count(const triton_infer_result *result);

/**
 * Returns an output, in the server's order; NULL past the end.
 */
const triton_infer_output *triton_infer_result_output(const triton_infer_result *result, size_t index);

/**
 * Returns the name of an output.
 */
const char *triton_infer_output_name(const triton_infer_output *output);

/**
 * Returns the datatype of an output; TRITON_DATATYPE_INVALID for one unknown to this version of the library,
 * whose name triton_infer_output_datatype_name returns. Such an output has its data if it came in binary;
 * JSON data and typed contents are skipped.
 */
triton_datatype triton_infer_output_datatype(const triton_infer_output *output);

/**
 * Returns the name of an output's datatype as the server sent it: "FP32", or an unknown one, "STRING"; "" if
 * the server sent none.
 */
const char *triton_infer_output_datatype_name(const triton_infer_output *output);

/**
 * Returns the shape of an output, the batch dimension first if the model has one; NULL if it has no
 * dimensions. If the server left one dimension open (-1), it is computed from the data, except for an
 * unknown datatype and for data in shared memory.
 *
 * @param rank_out  the number of dimensions; may be NULL
 */
const int64_t *triton_infer_output_shape(const triton_infer_output *output, size_t *rank_out);

/**
 * Gets the elements of an output, with the datatype that the caller expects.
 *
 * @param datatype   the expected datatype; for TRITON_DATATYPE_BYTES use triton_infer_output_strings
 * @param data_out   the elements, row-major, aligned to 64 bytes, or in the buffer that the request set for
 *                   the output (triton_infer_output_is_in_caller_buffer); never NULL on success
 * @param count_out  the number of elements; may be NULL
 * @return INVALID_ARGUMENT, with both datatypes, if the output has another one, also one unknown to this
 *         version of the library; FAILED_PRECONDITION if it was written to shared memory
 */
TRITON_NODISCARD triton_status triton_infer_output_elements(
    const triton_infer_output *output, triton_datatype datatype, const void **data_out, size_t *count_out,
    triton_error **error_out);

/**
 * Gets the elements of a BYTES output, without copying them. The array takes 16 bytes for each element; the
 * elements are counted before it is allocated.
 *
 * @param strings_out  the elements, row-major; never NULL on success
 * @param count_out    the number of elements; may be NULL
 * @return INVALID_ARGUMENT if the output is not BYTES; INTERNAL if the server sent a malformed tensor, or
 *         one whose number of elements does not match its shape; FAILED_PRECONDITION if it was written to
 *         the caller's buffer or shared memory; RESOURCE_EXHAUSTED if the array cannot be allocated
 */
TRITON_NODISCARD triton_status triton_infer_output_strings(
    const triton_infer_output *output, const triton_bytes **strings_out, size_t *count_out,
    triton_error **error_out);

/**
 * Returns the bytes of an output's tensor, of any datatype: row-major, little-endian, aligned to 64
 * bytes, or in the buffer that the request set for the output (triton_infer_output_is_in_caller_buffer).
 * Each BYTES element follows its length, 4 bytes. Never NULL.
 */
const void *triton_infer_output_data(const triton_infer_output *output);

/**
 * Returns the size of an output's tensor in bytes; 0 for one in shared memory.
 */
size_t triton_infer_output_byte_size(const triton_infer_output *output);

/**
 * Returns whether the data of an output is in the buffer that the request set for it: it is then valid for
 * as long as the buffer is, and the next call with the request overwrites it. Otherwise it is valid until
 * the result is freed.
 */
bool triton_infer_output_is_in_caller_buffer(const triton_infer_output *output);

/**
 * Gets a class of an output that was requested as classes: the best first, for each batch entry in turn.
 *
 * @param index      less than the number of the output's elements
 * @param class_out  the class; its label is valid until the result is freed, and has U+FFFD for bytes that
 *                   are not UTF-8
 * @return OUT_OF_RANGE past the end; INTERNAL if an element is not a class; otherwise the same as
 *         triton_infer_output_strings
 */
TRITON_NODISCARD triton_status triton_infer_output_class(
    const triton_infer_output *output, size_t index, triton_class *class_out, triton_error **error_out);

/**
 * Returns the parameters of an output.
 */
const triton_parameters *triton_infer_output_parameters(const triton_infer_output *output);

/**
 * Returns the name of the model.
 */
const char *triton_infer_result_model_name(const triton_infer_result *result);

/**
 * Returns the version of the model that the server chose, for example "1".
 */
const char *triton_infer_result_model_version(const triton_infer_result *result);

/**
 * Returns the id of the request; "" if it had none.
 */
const char *triton_infer_result_id(const triton_infer_result *result);

/**
 * Returns whether a result is the last response to its request. The server's word, parameter
 * "triton_final_response", decides. Without it the response of a call is TRITON_FINALITY_FINAL, since it is
 * the only one, and a result of a stream or read from bytes is TRITON_FINALITY_UNKNOWN, as is NULL.
 */
triton_finality triton_infer_result_finality(const triton_infer_result *result);

/**
 * Returns whether the finality of a result is TRITON_FINALITY_FINAL.
 */
bool triton_infer_result_is_final(const triton_infer_result *result);

/**
 * Returns whether a result is the last response to its request and has no outputs.
 */
bool triton_infer_result_is_null(const triton_infer_result *result);

/**
 * Returns the parameters of a result as a whole.
 */
const triton_parameters *triton_infer_result_parameters(const triton_infer_result *result);

/**
 * Returns the headers of the response, over gRPC its metadata. Never NULL.
 */
const triton_headers *triton_infer_result_headers(const triton_infer_result *result);

/**
 * Returns the load report of a response; NULL if the server sent none. Valid until the result is freed.
 */
const triton_load_report *triton_infer_result_load_report(const triton_infer_result *result);

/**
 * Returns the URL of the server, for example "grpc://host:8001"; "" if the result was read from bytes.
 */
const char *triton_infer_result_endpoint(const triton_infer_result *result);

/**
 * Gets the time of the call that received the result, by stages.
 *
 * @param times_out  the times; struct_size must be set (STRUCTS)
 */
TRITON_NODISCARD triton_status triton_infer_result_times(
    const triton_infer_result *result, triton_call_times *times_out, triton_error **error_out);

/**
 * Returns the model, outputs and parameters of a result as text without the data, for logs. The format may
 * change. Strings are cut at 256 bytes, shapes at 8 dimensions, the whole at 64 KiB.
 */
const char *triton_infer_result_debug_string(const triton_infer_result *result);

/**
 * Frees a result and everything that was read from it, except data in a buffer of the caller's. NULL is
 * ignored.
 */
void triton_infer_result_free(triton_infer_result *result);

/*
 * ASYNCHRONOUS CALLS. A call is submitted and completes later. Options, errors, deadlines, buffers of
 * outputs, compression and statistics are those of triton_client_infer. There are four ways to learn of the
 * completion:
 *
 *     a callback on a thread of the library            triton_client_infer_async with a callback (CALLBACKS)
 *     waiting for the call                             triton_client_infer_async without one, triton_call_wait
 *     a queue, with a file descriptor for event loops  triton_client_infer_async_queue, the next section
 *     an array of results, after the last of many      triton_client_infer_many, triton_client_infer_many_async
 *
 * BOUNDS are options of the client: the calls in flight (1,024), their connections (16 over HTTP, each with
 * one call at a time; 4 over gRPC, each with as many as the server permits, but at most 100), and the
 * callback threads (1). If as many calls are in flight as are permitted, a submission blocks until another
 * call completes; with triton_client_options_set_fail_when_full, and always on a callback thread, it returns
 * RESOURCE_EXHAUSTED at once instead. The deadline of a call counts from its submission, and includes all
 * the time that it waits. Calls that are complete do not count, even if their callback waits for a thread or
 * they wait in a queue: a program that submits faster than it handles the results limits itself.
 *
 * THREADS OR ASYNCHRONOUS CALLS. A blocking call takes least time. On a fast server over HTTP, eight threads
 * with blocking calls reach twice the rate of eight asynchronous calls, at less CPU time for each; over
 * gRPC, whose asynchronous calls share connections, it is the reverse. Asynchronous calls keep hundreds of
 * requests in flight with one thread and few connections: they are for models that take longer, and for
 * event loops.
 *
 * THE CONTROL PLANE has no asynchronous form. Such a call can be made by a thread of the program; a cancel
 * token ends it from any other.
 *
 *     triton_call *call = NULL;
 *     int failed = triton_client_infer_async(client, request, NULL, NULL, NULL, &call, &error)
 *         || triton_call_wait(call, TRITON_NO_TIMEOUT, &error)
 *         || triton_call_take_result(call, &result, &error);
 *     if (!failed) printf("%s\n", triton_infer_result_debug_string(result));
 *     triton_infer_result_free(result);
 *     triton_call_free(call);
 */

/**
 * Submits an inference request. Returns without waiting for the server; blocks only while the maximum number
 * of calls is in flight (BOUNDS).
 *
 * @param client     may be used by any number of threads at once
 * @param request    may be changed or freed afterwards; the data that it borrows must remain until the call
 *                   is complete (BORROWED DATA)
 * @param options    the options of the call; NULL for the client's. May be changed or freed afterwards
 * @param callback   receives the outcome; may be NULL: then call_out must not be
 * @param user_data  passed to the callback, and returned by triton_call_user_data
 * @param call_out   the call; free it with triton_call_free. May be NULL. The callback may be called before
 *                   this is written
 * @return as triton_client_infer for what is wrong with the request: then the callback is never called. Also
 *         INVALID_ARGUMENT if callback and call_out are NULL; RESOURCE_EXHAUSTED if too many calls are in
 *         flight and the submission must not wait, or if a thread cannot be started; DEADLINE_EXCEEDED if
 *         the deadline passes while it waits; FAILED_PRECONDITION if the client is closed
 */
TRITON_NODISCARD triton_status triton_client_infer_async(
    const triton_client *client, const triton_infer_request *request, const triton_call_options *options,
    triton_infer_callback callback, void *user_data, triton_call **call_out, triton_error **error_out);

/**
 * Blocks until a call is complete (WAITS). A call with a callback may be complete before its callback is
 * called.
 *
 * @param timeout_us  microseconds; 0 does not wait, TRITON_NO_TIMEOUT waits without limit
 * @return OK if the call is complete, also if it failed: its own status is what triton_call_take_result
 *         returns. DEADLINE_EXCEEDED if it is not complete yet
 */
TRITON_NODISCARD triton_status triton_call_wait(
    const triton_call *call, uint64_t timeout_us, triton_error **error_out);

/**
 * Returns whether a call is complete; false for NULL. Does not block.
 */
bool triton_call_is_done(const triton_call *call);

/**
 * Takes the result of a call that is complete. Does not block.
 *
 * @param result_out  the result; free it with triton_infer_result_free
 * @return the status of the call, as triton_client_infer. FAILED_PRECONDITION, with the origin
 *         TRITON_ORIGIN_ARGUMENT, if the call is not complete, if its outcome was taken already, or if it
 *         was given to a callback
 */
TRITON_NODISCARD triton_status triton_call_take_result(
    const triton_call *call, triton_infer_result **result_out, triton_error **error_out);

/**
 * Cancels a call, unless it is complete. NULL is ignored. Does not block, and may be called more than once.
 * The call completes with CANCELLED within milliseconds, in the way that it was to complete. What the server
 * does then: see CANCEL TOKENS.
 */
void triton_call_cancel(const triton_call *call);

/**
 * Returns the user_data that was passed with the call; NULL for NULL.
 */
void *triton_call_user_data(const triton_call *call);

/**
 * Frees the handle of a call. NULL is ignored. Does not block. A call that is not complete goes on: its
 * callback is still called, and its completion queue still returns it. Borrowed data must remain until it is
 * complete (BORROWED DATA).
 */
void triton_call_free(triton_call *call);

/**
 * Sends several inference requests at once, of any models and shapes, and blocks until all calls are
 * complete. As many are in flight as the client permits (BOUNDS); the others follow as places become free.
 * Each call has its own deadline, and a token in its own options cancels it alone: the others go on.
 *
 * For each request in turn, exactly one of results_out[i] and errors_out[i] is then not NULL. The caller
 * owns and frees both. All elements are NULL if the function itself fails.
 *
 * @param requests       the requests, of which one may occur more than once unless it has a buffer for an
 *                       output; none may be NULL
 * @param count          the number of requests; 0 returns OK
 * @param options        the options of the calls, each of which may be NULL for the client's
 * @param options_count  0: the client's for all; 1: the same for all; count: one for each
 * @param results_out    count elements: the results; free each with triton_infer_result_free
 * @param errors_out     count elements: why calls failed; free each with triton_error_free
 * @return OK once all calls are complete, also if all have failed. INVALID_ARGUMENT, and nothing is sent, if
 *         a pointer is NULL or options_count is wrong; FAILED_PRECONDITION if the client is closed;
 *         RESOURCE_EXHAUSTED if a thread cannot be started
 */
TRITON_NODISCARD triton_status triton_client_infer_many(
    const triton_client *client, const triton_infer_request *const *requests, size_t count,
    const triton_call_options *const *options, size_t options_count, triton_infer_result **results_out,
    triton_error **errors_out, triton_error **error_out);

/**
 * Sends several inference requests as triton_client_infer_many does, without blocking.
 *
 * @param requests       the requests, of which none may be NULL; may be changed or freed afterwards, but for
 *                       the data that they borrow (BORROWED DATA)
 * @param count          the number of requests; may be 0
 * @param options        the options of the calls, each of which may be NULL for the client's; may be changed
 *                       or freed afterwards
 * @param options_count  0: the client's for all; 1: the same for all; count: one for each
 * @param callback       receives all outcomes, once, after the last call is complete; also for 0 requests.
 *                       Must not be NULL
 * @param user_data      passed to the callback
 * @return as triton_client_infer_many: unless it is OK, the callback is never called
 */
TRITON_NODISCARD triton_status triton_client_infer_many_async(
    const triton_client *client, const triton_infer_request *const *requests, size_t count,
    const triton_call_options *const *options, size_t options_count, triton_infer_many_callback callback,
    void *user_data, triton_error **error_out);

/*
 * COMPLETION QUEUES return asynchronous calls as they complete: for event loops, and for languages that
 * cannot take a callback on a foreign thread. A queue may receive calls of any number of clients, and any
 * number of threads may take calls out of it. No callback thread is involved.
 *
 *     triton_completion_queue *queue = NULL;
 *     triton_call *call = NULL;
 *     int failed = triton_completion_queue_new(&queue, &error)
 *         || triton_client_infer_async_queue(client, request, NULL, queue, &first, NULL, &error)
 *         || triton_completion_queue_next(queue, TRITON_NO_TIMEOUT, &call, &error)
 *         || triton_call_take_result(call, &result, &error);
 */

/**
 * Creates an empty queue.
 *
 * @param queue_out  the queue; free it with triton_completion_queue_free
 */
TRITON_NODISCARD triton_status triton_completion_queue_new(
    triton_completion_queue **queue_out, triton_error **error_out);

/**
 * Returns a file descriptor that is readable as long as a call is in the queue, for poll, epoll and kqueue
 * (level-triggered). The first call of this function creates it, and later ones return the same. It is for
 * waiting only: it must not be read, written or closed by the program, and is closed with the queue.
 *
 * @param fd_out  the descriptor; -1 on failure
 * @return RESOURCE_EXHAUSTED if the process cannot open another descriptor
 */
TRITON_NODISCARD triton_status triton_completion_queue_fd(
    const triton_completion_queue *queue, int *fd_out, triton_error **error_out);

/**
 * Returns the next completed call, and blocks until there is one (WAITS).
 *
 * @param timeout_us  microseconds; 0 does not wait, TRITON_NO_TIMEOUT waits without limit
 * @param call_out    the call, for triton_call_user_data and triton_call_take_result; free it with
 *                    triton_call_free. It is a handle of its own beside the one of the submission
 * @return OK with a call, also if that failed: its own status is what triton_call_take_result returns.
 *         DEADLINE_EXCEEDED if none is complete yet
 */
TRITON_NODISCARD triton_status triton_completion_queue_next(
    const triton_completion_queue *queue, uint64_t timeout_us, triton_call **call_out,
    triton_error **error_out);

/**
 * Frees a queue, and closes its descriptor. NULL is ignored. Does not block. Calls that complete later are
 * discarded with their results, as are those in the queue.
 */
void triton_completion_queue_free(triton_completion_queue *queue);

/**
 * Submits an inference request as triton_client_infer_async does. When the call is complete, the queue
 * returns it.
 *
 * @param client     may be used by any number of threads at once
 * @param request    may be changed or freed afterwards; the data that it borrows must remain until the call
 *                   is complete (BORROWED DATA)
 * @param options    the options of the call; NULL for the client's. May be changed or freed afterwards
 * @param queue      receives the call. If it is freed before, the result is discarded
 * @param user_data  returned by triton_call_user_data
 * @param call_out   a handle of the call, for example to cancel it; free it with triton_call_free. May be
 *                   NULL
 * @return as triton_client_infer_async: unless it is OK, the queue never returns the call
 */
TRITON_NODISCARD triton_status triton_client_infer_async_queue(
    const triton_client *client, const triton_infer_request *request, const triton_call_options *options,
    const triton_completion_queue *queue, void *user_data, triton_call **call_out, triton_error **error_out);

/*
 * OPTIONS OF A STREAM. triton_stream_open copies them: they may be changed or freed afterwards.
 *
 *     option                                       default  set by
 *     maximum size of the requests in the queue    64 MiB   triton_stream_options_set_max_queued_byte_size
 *     errors of responses end the stream           false    triton_stream_options_set_grpc_error
 *     headers, restricted keys, compression        client's triton_stream_options_set_call_options
 *     timeout of the whole stream, cancel token    none     triton_stream_options_set_call_options
 *
 *     triton_stream_options *options = NULL;
 *     int failed = triton_stream_options_new(&options, &error)
 *         || triton_stream_options_set_max_queued_byte_size(options, 8 << 20, &error)
 *         || triton_stream_open(client, options, NULL, NULL, &stream, &error);
 *     triton_stream_options_free(options);
 */

/**
 * Creates options of a stream, with the defaults.
 *
 * @param options_out  the options; free them with triton_stream_options_free
 */
TRITON_NODISCARD triton_status triton_stream_options_new(
    triton_stream_options **options_out, triton_error **error_out);

/**
 * Frees options of a stream. NULL is ignored. Streams that were opened with them are not affected.
 */
void triton_stream_options_free(triton_stream_options *options);

/**
 * Sets the maximum size of the requests that a stream holds and has not sent yet. triton_stream_send waits
 * for room; an empty queue takes a request of any size.
 *
 * @param byte_size  bytes; the default is 64 MiB, which 0 restores
 */
TRITON_NODISCARD triton_status triton_stream_options_set_max_queued_byte_size(
    triton_stream_options *options, size_t byte_size, triton_error **error_out);

/**
 * Sets whether the error of a response ends the stream with the status of the error (the mode
 * triton_grpc_error of Triton, since 2.49), instead of being an event with the status UNKNOWN, after which
 * the stream continues. A request that fails before its model runs, for example for an unknown model or a
 * missing input, is such an event in either mode.
 *
 * The mode is less robust in Triton 2.51 than the default: send each request after the last response to the
 * one before. nginx drops the header of the mode unless its underscores_in_headers is on.
 *
 * @param is_enabled  the default is false
 */
TRITON_NODISCARD triton_status triton_stream_options_set_grpc_error(
    triton_stream_options *options, bool is_enabled, triton_error **error_out);

/**
 * Sets the call options of the stream as a whole, in place of those set before: headers, restricted keys,
 * compression, the timeout and the cancel token. The timeout is that of the whole stream, from
 * triton_stream_open to its end. Without one the stream has no deadline: the client's default timeout is for
 * calls only. The client's other defaults apply.
 *
 * @param call_options  copied; may be changed or freed afterwards. NULL undoes it
 * @return INVALID_ARGUMENT for options that a stream does not support: query parameters, load report, and
 *         the HTTP path, content type and header of the JSON's size
 */
TRITON_NODISCARD triton_status triton_stream_options_set_call_options(
    triton_stream_options *options, const triton_call_options *call_options, triton_error **error_out);

/*
 * STREAMS carry any number of requests and of responses over one connection, in both directions at once: for
 * decoupled models, which send any number of responses to a request, and for sequences. gRPC only; over
 * HTTP, UNIMPLEMENTED with advice. A client may have any number of streams at once, and one after another.
 * Each is bound to one server process for its whole life; at most 6 of them share a connection, and none
 * shares one with calls.
 *
 * EVENTS. A stream reports, by its callback or by triton_stream_next, in order:
 *
 *     event                    result    error                        is_end
 *     a response               not NULL  NULL                         false
 *     the error of a request   NULL      UNKNOWN, origin server       false   the stream continues
 *     the end: once, the last  NULL      NULL if the status is OK     true    all was sent and received
 *                              NULL      the status of the stream     true    cancelled, timed out, failed
 *
 * A response has the id of its request (triton_infer_request_set_id, triton_infer_result_id), and so has the
 * error of a request (triton_error_request_id): give each of several requests on a stream an id of its own.
 * Triton sends no status with such an error, only a text. It is the last event of a request that was refused
 * before the model ran. If it takes the place of one response of a decoupled model, others may follow.
 *
 * THE LAST RESPONSE to a request has TRITON_FINALITY_FINAL (triton_infer_result_finality), with one
 * exception: Triton 2.51 does not mark the last response of a decoupled model. With
 * triton_infer_request_set_empty_final_response it sends one response more to such a request, without
 * outputs and marked. Set it for decoupled models: triton_stream_finish makes use of it too. Triton before
 * 2.35 and other servers mark no response: the finality is TRITON_FINALITY_UNKNOWN.
 *
 * SLOW READERS. A callback that blocks, or triton_stream_next that is not called, stops the transfer: beside
 * one response the program holds at most 4 MiB that have arrived. It does not stop Triton, which keeps the
 * responses in its own memory as the model produces them: cancel a stream whose responses are not needed.
 *
 * ONE KIND OF MODEL. Use separate streams for decoupled models and for others, and not both at the same
 * time: beside streams of decoupled models, send the requests to others by triton_client_infer_async.
 *
 * PROXIES. nginx, nghttpx and HAProxy end a stream on which nothing is sent for 50 to 60 s (it then ends
 * with UNAVAILABLE), nginx also after 1 MiB of requests (client_max_body_size). Envoy ends it 15 s after
 * triton_stream_finish has taken effect, even if responses are on their way (timeout of the route). The
 * messages name the cause. Apache delays a request after a pause by 0.1 s. PINGs
 * (triton_client_options_set_keepalive_time_us) do not help: proxies do not count them as traffic.
 *
 *     triton_stream *stream = NULL;
 *     int failed = triton_stream_open(client, NULL, NULL, NULL, &stream, &error)
 *         || triton_stream_send(stream, request, TRITON_NO_TIMEOUT, &error)
 *         || triton_stream_finish(stream, &error);
 *     while (!failed && !is_end) {
 *         failed = triton_stream_next(stream, TRITON_NO_TIMEOUT, &result, &refused, &is_end, &error);
 *         printf("%s%s\n", triton_infer_result_debug_string(result), triton_error_message(refused));
 *         triton_infer_result_free(result);
 *         triton_error_free(refused);
 *     }
 */

/**
 * Opens a stream. Does not wait for the server: if that cannot be reached, the stream ends with UNAVAILABLE.
 *
 * @param options     copied; NULL for the defaults
 * @param callback    receives the events; NULL if triton_stream_next takes them
 * @param user_data   passed to the callback
 * @param stream_out  the stream; free it with triton_stream_free. The callback may be called before this is
 *                    written
 * @return UNIMPLEMENTED over HTTP; INVALID_ARGUMENT for defaults of the client without a meaning for a
 *         stream (triton_stream_options_set_call_options); FAILED_PRECONDITION if the client is closed;
 *         RESOURCE_EXHAUSTED if a thread cannot be started
 */
TRITON_NODISCARD triton_status triton_stream_open(
    const triton_client *client, const triton_stream_options *options, triton_stream_callback callback,
    void *user_data, triton_stream **stream_out, triton_error **error_out);

/**
 * Sends a request on a stream. Copies it into the queue of the stream, tensor data included: nothing remains
 * borrowed. Waits while the queue has no room (triton_stream_options_set_max_queued_byte_size).
 *
 * @param request     may be changed or freed afterwards. Give it an id of its own (EVENTS)
 * @param timeout_us  for the wait, in microseconds; 0 does not wait, TRITON_NO_TIMEOUT waits without limit
 * @return as triton_client_infer for what is wrong with the request, which is then not sent. Also
 *         INVALID_ARGUMENT if it has a buffer for an output, or only options of HTTP; DEADLINE_EXCEEDED if
 *         the queue has no room within timeout_us; RESOURCE_EXHAUSTED if it is larger than the maximum size
 *         of a message, and on a callback thread of the client if the queue has no room; FAILED_PRECONDITION
 *         after triton_stream_finish; after the end of the stream its status, or UNAVAILABLE if that was OK
 */
TRITON_NODISCARD triton_status triton_stream_send(
    const triton_stream *stream, const triton_infer_request *request, uint64_t timeout_us,
    triton_error **error_out);

/**
 * Ends the requests of a stream: no further one is accepted, and the stream ends after the last response.
 * Does not block. Has no effect if it is repeated.
 *
 * The server learns of it when the queue is empty and every request with
 * triton_infer_request_set_empty_final_response has had its final response; it does not wait for responses
 * to requests without. This matters behind two proxies: Envoy ends the whole stream 15 s after the server
 * was notified (timeout of the route), and Apache from then on does not pass a cancel on while the server is
 * silent. Set the empty final response there.
 */
TRITON_NODISCARD triton_status triton_stream_finish(const triton_stream *stream, triton_error **error_out);

/**
 * Returns the next event of a stream without a callback, and blocks until there is one (WAITS).
 *
 * @param timeout_us         microseconds; 0 does not wait, TRITON_NO_TIMEOUT waits without limit
 * @param result_out         a response; free it with triton_infer_result_free
 * @param request_error_out  why a request failed; free it with triton_error_free
 * @param is_end_out         whether this is the end of the stream
 * @return OK with one of the three. At the end of a stream that failed or was cancelled: its status, with
 *         is_end_out true. DEADLINE_EXCEEDED, with is_end_out false, if no event has arrived.
 *         FAILED_PRECONDITION after the end, and if the stream has a callback
 */
TRITON_NODISCARD triton_status triton_stream_next(
    const triton_stream *stream, uint64_t timeout_us, triton_infer_result **result_out,
    triton_error **request_error_out, bool *is_end_out, triton_error **error_out);

/**
 * Blocks until a stream has ended and, if it has a callback, the last call of it has returned (WAITS). A
 * stream without a callback ends when triton_stream_next has returned its events, unless it fails or is
 * cancelled.
 *
 * @param timeout_us  microseconds; 0 does not wait, TRITON_NO_TIMEOUT waits without limit
 * @return OK if it has ended, whatever its status: that is the one of its last event. DEADLINE_EXCEEDED if
 *         it has not. FAILED_PRECONDITION on a callback thread of the client, if the stream has a callback
 */
TRITON_NODISCARD triton_status triton_stream_wait(
    const triton_stream *stream, uint64_t timeout_us, triton_error **error_out);

/**
 * Cancels a stream that has not ended: its end has CANCELLED. NULL is ignored. Does not block, and may be
 * called more than once. The server is notified, and stops the models of its outstanding requests if they
 * check for it.
 */
void triton_stream_cancel(const triton_stream *stream);

/**
 * Frees the handle of a stream. NULL is ignored. Does not block, and may be called in its callback. A stream
 * that has not ended is cancelled; its callback still receives the end.
 */
void triton_stream_free(triton_stream *stream);

/*
 * CLIENT STATISTICS: what a client counted of its inferences since it was created. They are the client's
 * own: reading them does not use the network.
 *
 *     triton_client_statistics statistics = {.struct_size = sizeof statistics};
 *     if (!triton_client_infer_statistics(client, &statistics, &error))
 *         printf("%llu inferences, 99 of 100 in %llu ns\n", (unsigned long long)statistics.completed_count,
 *                (unsigned long long)statistics.p99_ns);
 */

/**
 * Gets the client's statistics of its inferences. Does not block. Calls in progress may be counted in part.
 *
 * @param statistics_out  the statistics; struct_size must be set (STRUCTS)
 */
TRITON_NODISCARD triton_status triton_client_infer_statistics(
    const triton_client *client, triton_client_statistics *statistics_out, triton_error **error_out);

/*
 * OFFLINE. Requests and responses are converted to and from bytes without a connection, for gateways such as
 * SageMaker and Vertex AI. Tensors are copied. The functions do not block, except
 * triton_client_infer_grpc_message.
 *
 *     triton_buffer *body = NULL;
 *     size_t json_byte_size = 0;
 *     int failed = triton_infer_request_to_http_body(request, TRITON_COMPRESSION_NONE, &body, &json_byte_size,
 *                                                    &error);
 *     fwrite(triton_buffer_data(body), 1, triton_buffer_byte_size(body), stdout);
 *     triton_buffer_free(body);
 */

/**
 * Returns the bytes of a buffer; never NULL.
 */
const void *triton_buffer_data(const triton_buffer *buffer);

/**
 * Returns the size of a buffer in bytes.
 */
size_t triton_buffer_byte_size(const triton_buffer *buffer);

/**
 * Frees a buffer. NULL is ignored.
 */
void triton_buffer_free(triton_buffer *buffer);

/**
 * Encodes a request as the body of an HTTP request.
 *
 * @param compression         the compression of the whole body
 * @param body_out            the JSON, followed by the binary tensors; free it with triton_buffer_free
 * @param json_byte_size_out  the size of the JSON in bytes, uncompressed: the value of
 *                            Inference-Header-Content-Length; may be NULL
 */
TRITON_NODISCARD triton_status triton_infer_request_to_http_body(
    const triton_infer_request *request, triton_compression compression, triton_buffer **body_out,
    size_t *json_byte_size_out, triton_error **error_out);

/**
 * Decodes the body of an HTTP response. The finality of the result is TRITON_FINALITY_UNKNOWN unless the
 * response states it.
 *
 * @param data            the body
 * @param byte_size       the size of data in bytes
 * @param json_byte_size  the value of the response's Inference-Header-Content-Length;
 *                        TRITON_NO_JSON_BYTE_SIZE without that header
 * @param compression     the value of the response's Content-Encoding
 * @param max_byte_size   the maximum size of the decompressed body in bytes; a larger one is
 *                        RESOURCE_EXHAUSTED; must not be 0
 * @param result_out      the result; free it with triton_infer_result_free
 * @return INTERNAL if the body is malformed
 */
TRITON_NODISCARD triton_status triton_infer_result_from_http_body(
    const void *data, size_t byte_size, size_t json_byte_size, triton_compression compression,
    size_t max_byte_size, triton_infer_result **result_out, triton_error **error_out);

/**
 * Encodes a request as a gRPC message, a ModelInferRequest.
 *
 * @param message_out  the message; free it with triton_buffer_free
 */
TRITON_NODISCARD triton_status triton_infer_request_to_grpc_message(
    const triton_infer_request *request, triton_buffer **message_out, triton_error **error_out);

/**
 * Decodes a gRPC message, a ModelInferResponse. The finality of the result is TRITON_FINALITY_UNKNOWN unless
 * the response states it.
 *
 * @param data        the message
 * @param byte_size   the size of data in bytes
 * @param result_out  the result; free it with triton_infer_result_free
 * @return INTERNAL if the message is malformed
 */
TRITON_NODISCARD triton_status triton_infer_result_from_grpc_message(
    const void *data, size_t byte_size, triton_infer_result **result_out, triton_error **error_out);

/**
 * Sends an inference request that is already encoded as a gRPC message. Blocks as triton_client_infer does.
 *
 * @param data        a ModelInferRequest; read during the call only
 * @param byte_size   the size of data in bytes
 * @param options     the options of the call; NULL for the client's
 * @param result_out  the result; free it with triton_infer_result_free
 * @return INVALID_ARGUMENT over HTTP; otherwise the same as triton_client_infer
 */
TRITON_NODISCARD triton_status triton_client_infer_grpc_message(
    const triton_client *client, const void *data, size_t byte_size, const triton_call_options *options,
    triton_infer_result **result_out, triton_error **error_out);

/*
 * ELEMENTS in the caller's memory. The elements of BYTES tensors are converted to and from the format of the
 * protocol, for shared memory and the caller's buffers, and 16-bit floating-point numbers to and from float.
 * The functions do not block.
 *
 *     const triton_bytes words[] = {{"alpha", 5}, {"be\0ta", 5}};
 *     char tensor[64];
 *     size_t byte_size = 0;
 *     int failed = triton_bytes_serialize(words, 2, tensor, sizeof tensor, &byte_size, &error);
 */

/**
 * Writes elements as a BYTES tensor: each after its length, 4 bytes little-endian.
 *
 * @param strings        the elements, row-major
 * @param count          the number of elements
 * @param data           the memory for the tensor; NULL with a byte_size of 0 only computes the size of the
 *                       tensor
 * @param byte_size      the size of data in bytes
 * @param byte_size_out  the size of the tensor in bytes, also if data is too small; may be NULL
 * @return RESOURCE_EXHAUSTED if data is too small: nothing is written
 */
TRITON_NODISCARD triton_status triton_bytes_serialize(
    const triton_bytes *strings, size_t count, void *data, size_t byte_size, size_t *byte_size_out,
    triton_error **error_out);

/**
 * Parses a BYTES tensor. The elements are not copied: they point into the tensor.
 *
 * @param data       the tensor
 * @param byte_size  the size of data in bytes
 * @param strings    the memory for the elements; NULL with a capacity of 0 only counts them
 * @param capacity   the number of elements that strings has space for
 * @param count_out  the number of elements, also if there are more than capacity; may be NULL
 * @return INVALID_ARGUMENT if the tensor is malformed; RESOURCE_EXHAUSTED if there are more elements than
 *         capacity
 */
TRITON_NODISCARD triton_status triton_bytes_parse(
    const void *data, size_t byte_size, triton_bytes *strings, size_t capacity, size_t *count_out,
    triton_error **error_out);

/**
 * Converts float to FP16: rounds to nearest, ties to even; too large values become infinite, NaN stays NaN.
 *
 * @param values  the numbers
 * @param count   the number of elements of values and of into
 * @param into    the results, each as its 16 bits; must not overlap values
 */
TRITON_NODISCARD triton_status triton_fp16_from_fp32(
    const float *values, size_t count, uint16_t *into, triton_error **error_out);

/**
 * Converts FP16 to float, exactly.
 *
 * @param values  the numbers, each as its 16 bits
 * @param count   the number of elements of values and of into
 * @param into    the results; must not overlap values
 */
TRITON_NODISCARD triton_status triton_fp16_to_fp32(
    const uint16_t *values, size_t count, float *into, triton_error **error_out);

/**
 * Converts float to BF16: rounds to nearest, ties to even; too large values become infinite, NaN stays NaN.
 *
 * @param values  the numbers
 * @param count   the number of elements of values and of into
 * @param into    the results, each as its 16 bits; must not overlap values
 */
TRITON_NODISCARD triton_status triton_bf16_from_fp32(
    const float *values, size_t count, uint16_t *into, triton_error **error_out);

/**
 * Converts BF16 to float, exactly.
 *
 * @param values  the numbers, each as its 16 bits
 * @param count   the number of elements of values and of into
 * @param into    the results; must not overlap values
 */
TRITON_NODISCARD triton_status triton_bf16_to_fp32(
    const uint16_t *values, size_t count, float *into, triton_error **error_out);

/*
 * CONFIGURATION of a model. Getters exist for the properties that programs commonly need;
 * triton_model_config_json has all of them.
 *
 *     triton_model_config *config = NULL;
 *     int failed = triton_client_model_config(client, "simple", NULL, NULL, &config, &error);
 *     printf("batches of at most %d\n", (int)triton_model_config_max_batch_size(config));
 *     printf("%s\n", triton_model_config_json(config));
 *     triton_model_config_free(config);
 */

/**
 * Gets a model's configuration. Blocks.
 *
 * @param model_name     must not be empty
 * @param model_version  for example "1"; NULL or "" for the version that the server chooses
 * @param options        the options of the call; NULL for the client's
 * @param config_out     the configuration; free it with triton_model_config_free
 * @return NOT_FOUND if the server does not have the model or the version
 */
TRITON_NODISCARD triton_status triton_client_model_config(
    const triton_client *client, const char *model_name, const char *model_version,
    const triton_call_options *options, triton_model_config **config_out, triton_error **error_out);

/**
 * Returns the model's name.
 */
const char *triton_model_config_name(const triton_model_config *config);

/**
 * Returns the framework that runs the model, for example "onnxruntime_onnx" or "ensemble"; "" if the server
 * gives only the backend.
 */
const char *triton_model_config_platform(const triton_model_config *config);

/**
 * Returns the backend that runs the model, for example "python"; "" if the server gives only the platform.
 */
const char *triton_model_config_backend(const triton_model_config *config);

/**
 * Returns the maximum batch size; 0 if the model's tensors have no batch dimension.
 */
int32_t triton_model_config_max_batch_size(const triton_model_config *config);

/**
 * Returns whether a request may have any number of responses, which only a stream can receive.
 */
bool triton_model_config_is_decoupled(const triton_model_config *config);

/**
 * Returns which versions are served.
 *
 * @param latest_out  the number of newest versions that are served, with
 *                    TRITON_VERSION_POLICY_LATEST, otherwise 0; may be NULL
 */
triton_version_policy triton_model_config_version_policy(
    const triton_model_config *config, uint32_t *latest_out);

/**
 * Returns the number of versions that are served, with TRITON_VERSION_POLICY_SPECIFIC; otherwise 0.
 */
size_t triton_model_config_version_count(const triton_model_config *config);

/**
 * Returns a version that is served, with TRITON_VERSION_POLICY_SPECIFIC; 0 past the end.
 */
int64_t triton_model_config_version(const triton_model_config *config, size_t index);

/**
 * Returns how the requests of sequences are batched.
 */
triton_sequence_strategy triton_model_config_sequence_strategy(const triton_model_config *config);

/**
 * Returns the time without a request after which a sequence is dropped, in microseconds; 0 if the model has
 * no sequences.
 */
uint64_t triton_model_config_max_sequence_idle_us(const triton_model_config *config);

/**
 * Returns the number of inputs.
 */
size_t triton_model_config_input_count(const triton_model_config *config);

/**
 * Returns an input; NULL past the end. Valid until the configuration is freed.
 */
const triton_tensor_config *triton_model_config_input(const triton_model_config *config, size_t index);

/**
 * Returns the number of outputs.
 */
size_t triton_model_config_output_count(const triton_model_config *config);

/**
 * Returns an output; NULL past the end. Valid until the configuration is freed.
 */
const triton_tensor_config *triton_model_config_output(const triton_model_config *config, size_t index);

/**
 * Returns the whole configuration as JSON, in the form of Triton's HTTP interface: field names as in
 * protobuf, enums by name, 64-bit numbers as numbers. A model can be loaded with it
 * (triton_repository_options_set_config). Valid until the configuration is freed.
 *
 * The values are the same over both protocols. Over HTTP it is the body as received, except for 64-bit
 * numbers that were strings. Over gRPC it is made from the message: without fields that this library does
 * not know, and without unset fields that Triton 2.51 does not know.
 */
const char *triton_model_config_json(const triton_model_config *config);

/**
 * Frees a model's configuration, with its inputs and outputs. NULL is ignored.
 */
void triton_model_config_free(triton_model_config *config);

/**
 * Returns the name of an input or output.
 */
const char *triton_tensor_config_name(const triton_tensor_config *tensor);

/**
 * Returns the tensor's datatype; TRITON_DATATYPE_INVALID for one that this library does not know.
 */
triton_datatype triton_tensor_config_datatype(const triton_tensor_config *tensor);

/**
 * Returns the tensor's shape without the batch dimension; -1 for a dimension of any size.
 *
 * @param rank_out  the number of dimensions; may be NULL
 * @return the dimensions; NULL if there are none
 */
const int64_t *triton_tensor_config_dims(const triton_tensor_config *tensor, size_t *rank_out);

/**
 * Returns the meaning of the tensor's dimensions; TRITON_TENSOR_FORMAT_NONE for an output.
 */
triton_tensor_format triton_tensor_config_format(const triton_tensor_config *tensor);

/**
 * Returns whether a request may omit the input; false for an output.
 */
bool triton_tensor_config_is_optional(const triton_tensor_config *tensor);

/**
 * Returns the file with the class labels of an output; "" if there is none, and for an input.
 */
const char *triton_tensor_config_label_filename(const triton_tensor_config *tensor);

/*
 * THE MODEL REPOSITORY: listing, loading and unloading models. An operation takes a model's name and,
 * optionally, triton_repository_options; NULL is the defaults. An option that does not apply to an operation
 * is INVALID_ARGUMENT.
 *
 *     option                  index  load  unload
 *     repository name         yes    yes   yes
 *     ready only              yes    -     -
 *     configuration, files    -      yes   -
 *     unload dependents       -      -     yes
 *
 *     triton_repository_index *index = NULL;
 *     int failed = triton_client_load_model(client, "simple_bls", NULL, NULL, &error)
 *         || triton_client_repository_index(client, NULL, NULL, &index, &error);
 *     for (size_t i = 0; i < triton_repository_index_model_count(index); i++) {
 *         const triton_repository_model *model = triton_repository_index_model(index, i);
 *         printf("%s: %s\n", triton_repository_model_name(model), triton_repository_model_state(model));
 *     }
 *     triton_repository_index_free(index);
 */

/**
 * Creates repository options with the defaults: all repositories, all models, and the model's own
 * configuration and files.
 *
 * @param options_out  the options; free them with triton_repository_options_free
 */
TRITON_NODISCARD triton_status triton_repository_options_new(
    triton_repository_options **options_out, triton_error **error_out);

/**
 * Frees repository options. NULL is ignored.
 */
void triton_repository_options_free(triton_repository_options *options);

/**
 * Sets the name of the repository. Triton does not support it: UNIMPLEMENTED, except that version 2.51
 * ignores it in an index over HTTP.
 *
 * @param name  NULL or "" for all repositories, the default
 */
TRITON_NODISCARD triton_status triton_repository_options_set_repository_name(
    triton_repository_options *options, const char *name, triton_error **error_out);

/**
 * Sets whether an index lists only the models that are ready. The default is false.
 */
TRITON_NODISCARD triton_status triton_repository_options_set_ready_only(
    triton_repository_options *options, bool ready_only, triton_error **error_out);

/**
 * Sets the configuration with which a model is loaded, instead of its own.
 *
 * It replaces the model's own as a whole: what it omits, even inputs and outputs, has the server's default,
 * and Triton may load the model without an error. To change one property, change it in the text that
 * triton_model_config_json returns.
 *
 * @param json  in the form of triton_model_config_json; NULL for the model's own configuration, the default
 * @return INVALID_ARGUMENT unless it is a JSON object
 */
TRITON_NODISCARD triton_status triton_repository_options_set_config(
    triton_repository_options *options, const char *json, triton_error **error_out);

/**
 * Adds a file with which a model is loaded, instead of the files in its repository. All files of the model
 * must be added, and the configuration must be set. A file that was added under the same path is replaced;
 * no file is removed, new options have none.
 *
 * Over HTTP, files are encoded as base64, and Triton since 2.62 rejects requests of more than 64 MiB
 * (--http-max-input-size), about 48 MiB of files together. gRPC does not have this limit.
 *
 * @param path       relative to the model's directory, for example "1/model.onnx"
 * @param content    is copied; NULL with a byte_size of 0 for an empty file
 * @param byte_size  the size of the content in bytes
 * @return INVALID_ARGUMENT for a path that is empty or leaves the directory
 */
TRITON_NODISCARD triton_status triton_repository_options_add_file(
    triton_repository_options *options, const char *path, const void *content, size_t byte_size,
    triton_error **error_out);

/**
 * Sets whether unloading an ensemble also unloads the models that it consists of. The default is false.
 */
TRITON_NODISCARD triton_status triton_repository_options_set_unload_dependents(
    triton_repository_options *options, bool unload_dependents, triton_error **error_out);

/**
 * Gets the index of the server's model repositories: all models, loaded or not. Blocks. Triton 2.51 omits
 * models that were loaded with files of the request.
 *
 * @param repository_options  NULL for all models of all repositories
 * @param options             the options of the call; NULL for the client's
 * @param index_out           the index; free it with triton_repository_index_free
 */
TRITON_NODISCARD triton_status triton_client_repository_index(
    const triton_client *client, const triton_repository_options *repository_options,
    const triton_call_options *options, triton_repository_index **index_out, triton_error **error_out);

/**
 * Returns the number of entries: one for each version of each model.
 */
size_t triton_repository_index_model_count(const triton_repository_index *repository);

/**
 * Returns an entry; NULL past the end. Valid until the index is freed.
 */
const triton_repository_model *triton_repository_index_model(
    const triton_repository_index *repository, size_t index);

/**
 * Returns the response as JSON, in the form that it has over HTTP: there it is the body as received. Valid
 * until the index is freed.
 */
const char *triton_repository_index_json(const triton_repository_index *repository);

/**
 * Frees an index, with its entries. NULL is ignored.
 */
void triton_repository_index_free(triton_repository_index *repository);

/**
 * Returns the model's name.
 */
const char *triton_repository_model_name(const triton_repository_model *model);

/**
 * Returns the version, for example "1"; "" for a model that was never loaded.
 */
const char *triton_repository_model_version(const triton_repository_model *model);

/**
 * Returns the state: "READY", "LOADING", "UNLOADING" or "UNAVAILABLE"; "" for a model that was never loaded.
 */
const char *triton_repository_model_state(const triton_repository_model *model);

/**
 * Returns the reason for the state; "" if the server gives none.
 */
const char *triton_repository_model_reason(const triton_repository_model *model);

/**
 * Returns whether the model is ready for inference.
 */
bool triton_repository_model_is_ready(const triton_repository_model *model);

/**
 * Loads or reloads a model, and waits until it is ready or has failed. Blocks for at most 10 minutes, unless
 * the client's options (triton_client_options_set_load_timeout_us) or those of the call set another timeout.
 * A deadline does not stop the load on the server.
 *
 * If the model is already loaded, Triton 2.51 uses new files only if the configuration changes too, and
 * returns to the model's own configuration only after an unload.
 *
 * @param model_name          must not be empty or contain a slash
 * @param repository_options  configuration and files; NULL for the model's own
 * @param options             the options of the call; NULL for the client's
 * @return INVALID_ARGUMENT, without a request, for files without a configuration. From Triton: INTERNAL for
 *         a model that is not in the repository or has an invalid configuration; INVALID_ARGUMENT for a
 *         model that fails to start, and over HTTP for files that are too large
 *         (triton_repository_options_add_file); UNAVAILABLE unless the server was started with
 *         --model-control-mode=explicit
 */
TRITON_NODISCARD triton_status triton_client_load_model(
    const triton_client *client, const char *model_name, const triton_repository_options *repository_options,
    const triton_call_options *options, triton_error **error_out);

/**
 * Unloads a model. A model that is not loaded is not an error. Blocks, with the timeout of
 * triton_client_load_model. The server may respond before the model is unloaded.
 *
 * @param model_name          must not be empty or contain a slash
 * @param repository_options  NULL to keep the models of an ensemble loaded
 * @param options             the options of the call; NULL for the client's
 */
TRITON_NODISCARD triton_status triton_client_unload_model(
    const triton_client *client, const char *model_name, const triton_repository_options *repository_options,
    const triton_call_options *options, triton_error **error_out);

/*
 * MODEL STATISTICS: what a server measured for each version of its models since it was loaded. The response
 * is a list of entries. Each has counts, and durations: how often something occurred and the total time in
 * nanoseconds, over all requests, for each batch size, and, for decoupled models, for each index of a
 * response among the responses of its request.
 *
 *     triton_model_statistics_list *statistics = NULL;
 *     int failed = triton_client_model_statistics(client, "simple", NULL, NULL, &statistics, &error);
 *     const triton_model_statistics *entry = triton_model_statistics_list_entry(statistics, 0);
 *     printf("%llu inferences\n", (unsigned long long)triton_model_statistics_inference_count(entry));
 *     triton_model_statistics_list_free(statistics);
 */

/**
 * Gets the statistics of one or all models. Blocks.
 *
 * @param model_name     NULL or "" for all models
 * @param model_version  for example "1"; NULL or "" for all versions
 * @param options        the options of the call; NULL for the client's
 * @param list_out       the list; free it with triton_model_statistics_list_free
 * @return INVALID_ARGUMENT for a version without a model, and, from Triton, for a model or version that is
 *         not loaded
 */
TRITON_NODISCARD triton_status triton_client_model_statistics(
    const triton_client *client, const char *model_name, const char *model_version,
    const triton_call_options *options, triton_model_statistics_list **list_out, triton_error **error_out);

/**
 * Returns the number of entries: one for each version of each model that was requested.
 */
size_t triton_model_statistics_list_entry_count(const triton_model_statistics_list *list);

/**
 * Returns an entry; NULL past the end. Valid until the list is freed.
 */
const triton_model_statistics *triton_model_statistics_list_entry(
    const triton_model_statistics_list *list, size_t index);

/**
 * Returns the response as JSON, in the form that it has over HTTP: there it is the body as received. Valid
 * until the list is freed.
 */
const char *triton_model_statistics_list_json(const triton_model_statistics_list *list);

/**
 * Frees a list, with its entries. NULL is ignored.
 */
void triton_model_statistics_list_free(triton_model_statistics_list *list);

/**
 * Returns the model's name.
 */
const char *triton_model_statistics_name(const triton_model_statistics *statistics);

/**
 * Returns the version, for example "1".
 */
const char *triton_model_statistics_version(const triton_model_statistics *statistics);

/**
 * Returns the time of the last inference request, in milliseconds since 1970; 0 for never.
 */
uint64_t triton_model_statistics_last_inference_ms(const triton_model_statistics *statistics);

/**
 * Returns the number of inferences that the model ran, including those that failed in the model; a batch of
 * 8 counts as 8.
 */
uint64_t triton_model_statistics_inference_count(const triton_model_statistics *statistics);

/**
 * Returns the number of executions of the model for these inferences; a batch of 8 counts as 1.
 */
uint64_t triton_model_statistics_execution_count(const triton_model_statistics *statistics);

/**
 * Gets a duration over all requests. A kind that a server does not report is 0.
 *
 * @param count_out  how often it occurred; may be NULL
 * @param ns_out     the total time, in nanoseconds; may be NULL
 * @return false, with 0 in both, for an invalid kind
 */
bool triton_model_statistics_duration(
    const triton_model_statistics *statistics, triton_duration_kind kind, uint64_t *count_out,
    uint64_t *ns_out);

/**
 * Returns the number of batch sizes that were executed.
 */
size_t triton_model_statistics_batch_size_count(const triton_model_statistics *statistics);

/**
 * Returns a batch size; 0 past the end.
 */
uint64_t triton_model_statistics_batch_size(const triton_model_statistics *statistics, size_t index);

/**
 * Gets a duration for one batch size. Servers report TRITON_DURATION_COMPUTE_INPUT, ..._INFER and
 * ..._OUTPUT; the other kinds are 0.
 *
 * @param index      that of triton_model_statistics_batch_size
 * @param count_out  how often it occurred; may be NULL
 * @param ns_out     the total time, in nanoseconds; may be NULL
 * @return false, with 0 in both, past the end and for an invalid kind
 */
bool triton_model_statistics_batch_duration(
    const triton_model_statistics *statistics, size_t index, triton_duration_kind kind, uint64_t *count_out,
    uint64_t *ns_out);

/**
 * Returns the number of response keys; 0 unless the model is decoupled.
 */
size_t triton_model_statistics_response_key_count(const triton_model_statistics *statistics);

/**
 * Returns a response key: the index of a response among the responses of its request, for example "0"; ""
 * past the end.
 */
const char *triton_model_statistics_response_key(const triton_model_statistics *statistics, size_t index);

/**
 * Gets a duration for one response key. Servers report TRITON_DURATION_COMPUTE_INFER, ..._COMPUTE_OUTPUT,
 * ..._SUCCESS, ..._FAIL, ..._EMPTY_RESPONSE and ..._CANCEL; the other kinds are 0.
 *
 * @param index      that of triton_model_statistics_response_key
 * @param count_out  how often it occurred; may be NULL
 * @param ns_out     the total time, in nanoseconds; may be NULL
 * @return false, with 0 in both, past the end and for an invalid kind
 */
bool triton_model_statistics_response_duration(
    const triton_model_statistics *statistics, size_t index, triton_duration_kind kind, uint64_t *count_out,
    uint64_t *ns_out);

/**
 * Returns the number of devices whose memory the model uses; 0 if the server does not report it.
 */
size_t triton_model_statistics_memory_count(const triton_model_statistics *statistics);

/**
 * Returns the kind of memory that the model uses on a device, for example "GPU"; "" past the end.
 *
 * @param device_id_out  the number of the device; may be NULL
 * @param byte_size_out  the size of the memory in use, in bytes; may be NULL
 */
const char *triton_model_statistics_memory(
    const triton_model_statistics *statistics, size_t index, int64_t *device_id_out, uint64_t *byte_size_out);

/*
 * SETTINGS of the server's tracing and log. triton_settings is the response: a list of names and values.
 * Changes are collected in a triton_settings_update; settings that it does not name are not changed.
 *
 *     tracing   per model or for all models. trace_level is a list of OFF, TIMESTAMPS and TENSORS; trace_rate, trace_count
 *               and log_frequency are numbers, written as strings. trace_file and trace_mode are read-only.
 *     log       log_info, log_warning, log_error (bool), log_verbose_level (number), log_format (string). log_file is
 *               read-only.
 *
 *     triton_settings_update *update = NULL;
 *     triton_settings *settings = NULL;
 *     int failed = triton_settings_update_new(&update, &error)
 *         || triton_settings_update_set_string(update, "trace_rate", "500", &error)
 *         || triton_client_update_trace_settings(client, "simple", update, NULL, &settings, &error);
 *     printf("trace_rate: %s\n", triton_setting_value(triton_settings_find(settings, "trace_rate"), 0));
 *     triton_settings_free(settings);
 *     failed = failed || triton_settings_update_set_string(update, "trace_rate", NULL, &error)
 *         || triton_client_update_trace_settings(client, "simple", update, NULL, NULL, &error);
 *     triton_settings_update_free(update);
 */

/**
 * Gets the settings of tracing. Blocks.
 *
 * @param model_name    NULL or "" for the settings that apply to all models
 * @param options       the options of the call; NULL for the client's
 * @param settings_out  the settings; free them with triton_settings_free
 */
TRITON_NODISCARD triton_status triton_client_trace_settings(
    const triton_client *client, const char *model_name, const triton_call_options *options,
    triton_settings **settings_out, triton_error **error_out);

/**
 * Gets the settings of the log. Blocks.
 *
 * @param options       the options of the call; NULL for the client's
 * @param settings_out  the settings; free them with triton_settings_free
 */
TRITON_NODISCARD triton_status triton_client_log_settings(
    const triton_client *client, const triton_call_options *options, triton_settings **settings_out,
    triton_error **error_out);

/**
 * Returns the number of settings.
 */
size_t triton_settings_count(const triton_settings *settings);

/**
 * Returns a setting; NULL past the end. Settings are sorted by name, and valid until the list is freed.
 */
const triton_setting *triton_settings_entry(const triton_settings *settings, size_t index);

/**
 * Returns the setting with a name, for example "trace_rate"; NULL if there is none.
 */
const triton_setting *triton_settings_find(const triton_settings *settings, const char *name);

/**
 * Returns the response as JSON, in the form that it has over HTTP: there it is the body as received. Valid
 * until the settings are freed.
 */
const char *triton_settings_json(const triton_settings *settings);

/**
 * Frees settings. NULL is ignored.
 */
void triton_settings_free(triton_settings *settings);

/**
 * Returns the name of a setting.
 */
const char *triton_setting_name(const triton_setting *setting);

/**
 * Returns the kind of the values of a setting: TRITON_VALUE_BOOL, _UINT64 or _STRING.
 */
triton_value_kind triton_setting_kind(const triton_setting *setting);

/**
 * Returns the number of values of a setting: 1, except for a list such as trace_level.
 */
size_t triton_setting_value_count(const triton_setting *setting);

/**
 * Returns a value of a setting as a string, whatever its kind: "true", "500", "TIMESTAMPS"; "" past the end.
 */
const char *triton_setting_value(const triton_setting *setting, size_t index);

/**
 * Returns the value of a setting of kind TRITON_VALUE_BOOL; false for any other kind.
 */
bool triton_setting_bool(const triton_setting *setting);

/**
 * Returns the value of a setting of kind TRITON_VALUE_UINT64; 0 for any other kind.
 */
uint64_t triton_setting_uint64(const triton_setting *setting);

/**
 * Creates an update without changes. It may be used by any number of calls.
 *
 * @param update_out  the update; free it with triton_settings_update_free
 */
TRITON_NODISCARD triton_status triton_settings_update_new(
    triton_settings_update **update_out, triton_error **error_out);

/**
 * Sets a setting to a string. Settings of tracing take numbers as strings too, for example "500".
 *
 * @param name   must not be empty
 * @param value  NULL returns a setting of tracing to its default: the server's, or for a model the one of
 *               all models
 */
TRITON_NODISCARD triton_status triton_settings_update_set_string(
    triton_settings_update *update, const char *name, const char *value, triton_error **error_out);

/**
 * Sets a setting to a list of strings, for example trace_level.
 *
 * @param name    must not be empty
 * @param values  the strings, which are copied
 * @param count   the number of strings; 0 is INVALID_ARGUMENT
 */
TRITON_NODISCARD triton_status triton_settings_update_set_strings(
    triton_settings_update *update, const char *name, const char *const *values, size_t count,
    triton_error **error_out);

/**
 * Sets a setting to a bool, for example log_info. For tracing it is sent as a string.
 *
 * @param name  must not be empty
 */
TRITON_NODISCARD triton_status triton_settings_update_set_bool(
    triton_settings_update *update, const char *name, bool value, triton_error **error_out);

/**
 * Sets a setting to a number, for example log_verbose_level. For tracing it is sent as a string.
 *
 * @param name  must not be empty
 */
TRITON_NODISCARD triton_status triton_settings_update_set_uint32(
    triton_settings_update *update, const char *name, uint32_t value, triton_error **error_out);

/**
 * Frees an update. NULL is ignored.
 */
void triton_settings_update_free(triton_settings_update *update);

/**
 * Changes settings of tracing. Blocks.
 *
 * Triton ignores an unknown setting, an unknown trace_level and a change of trace_mode: settings_out has
 * what is in effect.
 *
 * @param model_name    NULL or "" for the settings that apply to all models
 * @param update        the changes
 * @param options       the options of the call; NULL for the client's
 * @param settings_out  all settings after the change; free them with triton_settings_free. May be NULL
 * @return UNIMPLEMENTED, from Triton, for trace_file
 */
TRITON_NODISCARD triton_status triton_client_update_trace_settings(
    const triton_client *client, const char *model_name, const triton_settings_update *update,
    const triton_call_options *options, triton_settings **settings_out, triton_error **error_out);

/**
 * Changes settings of the log. Blocks.
 *
 * Triton ignores an unknown setting: settings_out has what is in effect.
 *
 * @param update        the changes
 * @param options       the options of the call; NULL for the client's
 * @param settings_out  all settings after the change; free them with triton_settings_free. May be NULL
 * @return INVALID_ARGUMENT, without a request, for a list of strings, and for a setting that was set to
 *         NULL: those of the log have no defaults. UNIMPLEMENTED, from Triton, for log_file. For an invalid
 *         value, Triton 2.51 returns INVALID_ARGUMENT over gRPC; over HTTP INTERNAL for a value of another
 *         kind, and UNAVAILABLE (not retryable) for an unknown log_format
 */
TRITON_NODISCARD triton_status triton_client_update_log_settings(
    const triton_client *client, const triton_settings_update *update, const triton_call_options *options,
    triton_settings **settings_out, triton_error **error_out);

/*
 * SHARED MEMORY of a server: registering regions by name, so that requests can refer to them, and listing
 * those that are registered. The server must be on the same machine and see the same memory (containers:
 * --ipc=host). Triton from 2.69 on must be started with --allow-client-shm=true; otherwise registering is
 * UNIMPLEMENTED. A server that runs inside a Python program (tritonfrontend) has no shared memory:
 * UNAVAILABLE.
 *
 *     int failed = triton_client_register_system_shared_memory(client, name, key, 64, 0, NULL, &error)
 *         || triton_infer_request_input_set_shared_memory(request, 0, name, 64, 0, &error)
 *         || triton_client_infer(client, request, NULL, &result, &error);
 */

/**
 * Registers a region of system memory with the server. Blocks.
 *
 * @param name       the name by which requests refer to the region; must not be empty
 * @param key        the name of the memory for shm_open, for example "/my_memory"; must not be empty
 * @param byte_size  the size of the region in bytes; must not be 0
 * @param offset     the offset of the region from the start of the memory, in bytes; a multiple of the page
 *                   size for Triton 2.51
 * @param options    the options of the call; NULL for the client's
 * @return ALREADY_EXISTS if the name is registered (over HTTP INVALID_ARGUMENT); from Triton, INTERNAL if
 *         the memory does not exist and INVALID_ARGUMENT if it is too small
 */
TRITON_NODISCARD triton_status triton_client_register_system_shared_memory(
    const triton_client *client, const char *name, const char *key, uint64_t byte_size, uint64_t offset,
    const triton_call_options *options, triton_error **error_out);

/**
 * Registers a region of a GPU's memory with the server. Blocks.
 *
 * @param name              the name by which requests refer to the region; must not be empty
 * @param raw_handle        a cudaIpcMemHandle_t
 * @param handle_byte_size  the size of the handle in bytes, 64
 * @param device_id         the GPU of the memory; must not be negative
 * @param byte_size         the size of the region in bytes; must not be 0
 * @param options           the options of the call; NULL for the client's
 * @return INVALID_ARGUMENT for a handle of another size, and, from Triton, if the memory does not exist
 */
TRITON_NODISCARD triton_status triton_client_register_cuda_shared_memory(
    const triton_client *client, const char *name, const void *raw_handle, size_t handle_byte_size,
    int64_t device_id, uint64_t byte_size, const triton_call_options *options, triton_error **error_out);

/**
 * Gets the registered regions of system memory. Blocks.
 *
 * @param name        the name of one region; NULL or "" for all
 * @param options     the options of the call; NULL for the client's
 * @param memory_out  the regions; free them with triton_registered_memory_free
 * @return NOT_FOUND if no region has that name
 */
TRITON_NODISCARD triton_status triton_client_system_shared_memory_status(
    const triton_client *client, const char *name, const triton_call_options *options,
    triton_registered_memory **memory_out, triton_error **error_out);

/**
 * Gets the registered regions of GPUs' memory. Blocks.
 *
 * @param name        the name of one region; NULL or "" for all
 * @param options     the options of the call; NULL for the client's
 * @param memory_out  the regions; free them with triton_registered_memory_free
 * @return NOT_FOUND if no region has that name
 */
TRITON_NODISCARD triton_status triton_client_cuda_shared_memory_status(
    const triton_client *client, const char *name, const triton_call_options *options,
    triton_registered_memory **memory_out, triton_error **error_out);

/**
 * Returns the number of regions.
 */
size_t triton_registered_memory_region_count(const triton_registered_memory *memory);

/**
 * Returns a region; NULL past the end. Regions are sorted by name, and valid until the list is freed.
 */
const triton_registered_region *triton_registered_memory_region(
    const triton_registered_memory *memory, size_t index);

/**
 * Returns the response as JSON, in the form that it has over HTTP: there it is the body as received. Valid
 * until the list is freed.
 */
const char *triton_registered_memory_json(const triton_registered_memory *memory);

/**
 * Frees a list of regions. NULL is ignored. The regions stay registered.
 */
void triton_registered_memory_free(triton_registered_memory *memory);

/**
 * Returns the name by which requests refer to the region.
 */
const char *triton_registered_region_name(const triton_registered_region *region);

/**
 * Returns the key of the memory, a name for shm_open; "" for memory of a GPU.
 */
const char *triton_registered_region_key(const triton_registered_region *region);

/**
 * Returns the offset of the region from the start of the memory, in bytes; 0 for memory of a GPU.
 */
uint64_t triton_registered_region_offset(const triton_registered_region *region);

/**
 * Returns the size of the region in bytes.
 */
uint64_t triton_registered_region_byte_size(const triton_registered_region *region);

/**
 * Returns the GPU of the memory; 0 for system memory.
 */
int64_t triton_registered_region_device_id(const triton_registered_region *region);

/**
 * Unregisters a region of system memory. Blocks. A name that is not registered is not an error.
 *
 * @param name     must not be empty
 * @param options  the options of the call; NULL for the client's
 * @return INTERNAL, from Triton, while a request uses the region: for 2.51 until shortly after the response
 */
TRITON_NODISCARD triton_status triton_client_unregister_system_shared_memory(
    const triton_client *client, const char *name, const triton_call_options *options,
    triton_error **error_out);

/**
 * Unregisters a region of a GPU's memory. Blocks. A name that is not registered is not an error.
 *
 * @param name     must not be empty
 * @param options  the options of the call; NULL for the client's
 * @return INTERNAL, from Triton, while a request uses the region: for 2.51 until shortly after the response
 */
TRITON_NODISCARD triton_status triton_client_unregister_cuda_shared_memory(
    const triton_client *client, const char *name, const triton_call_options *options,
    triton_error **error_out);

/**
 * Unregisters all regions of system memory, including those of other programs. Blocks.
 *
 * @param options  the options of the call; NULL for the client's
 */
TRITON_NODISCARD triton_status triton_client_unregister_all_system_shared_memory(
    const triton_client *client, const triton_call_options *options, triton_error **error_out);

/**
 * Unregisters all regions of GPUs' memory, including those of other programs. Blocks.
 *
 * @param options  the options of the call; NULL for the client's
 */
TRITON_NODISCARD triton_status triton_client_unregister_all_cuda_shared_memory(
    const triton_client *client, const triton_call_options *options, triton_error **error_out);

/*
 * METRICS of a server, from their own port, in Prometheus's text format. triton_metrics has the text as
 * received and its samples: a name, labels and a value each.
 *
 *     triton_metrics *metrics = NULL;
 *     int failed = triton_client_metrics(client, NULL, &metrics, &error);
 *     for (size_t i = 0; i < triton_metrics_sample_count(metrics); i++) {
 *         const triton_metric_sample *sample = triton_metrics_sample(metrics, i);
 *         const char *model = triton_metric_sample_find_label(sample, "model");
 *         printf("%s of %s: %g\n", triton_metric_sample_name(sample), model ? model : "the server",
 *                triton_metric_sample_value(sample));
 *     }
 *     triton_metrics_free(metrics);
 */

/**
 * Gets the server's metrics, over HTTP whatever the client's protocol. Blocks. They come from port 8002 of
 * the server's host, or from the URL of triton_client_options_set_metrics_url. Restricted keys of the client
 * are not sent there; those of the call are.
 *
 * @param options      the options of the call; NULL for the client's
 * @param metrics_out  the metrics; free them with triton_metrics_free
 * @return INTERNAL unless the response is Prometheus's text format
 */
TRITON_NODISCARD triton_status triton_client_metrics(
    const triton_client *client, const triton_call_options *options, triton_metrics **metrics_out,
    triton_error **error_out);

/**
 * Returns the number of samples.
 */
size_t triton_metrics_sample_count(const triton_metrics *metrics);

/**
 * Returns a sample, in the order of the text; NULL past the end. Valid until the metrics are freed.
 */
const triton_metric_sample *triton_metrics_sample(const triton_metrics *metrics, size_t index);

/**
 * Returns the text as received. Valid until the metrics are freed.
 */
const char *triton_metrics_text(const triton_metrics *metrics);

/**
 * Frees metrics, with their samples. NULL is ignored.
 */
void triton_metrics_free(triton_metrics *metrics);

/**
 * Returns the name of the metric, for example "nv_inference_count".
 */
const char *triton_metric_sample_name(const triton_metric_sample *sample);

/**
 * Returns the value; may be infinite or NaN.
 */
double triton_metric_sample_value(const triton_metric_sample *sample);

/**
 * Returns the number of labels of a sample.
 */
size_t triton_metric_sample_label_count(const triton_metric_sample *sample);

/**
 * Returns the name of a label, for example "model"; "" past the end.
 */
const char *triton_metric_sample_label_name(const triton_metric_sample *sample, size_t index);

/**
 * Returns the value of a label, for example "simple"; "" past the end.
 */
const char *triton_metric_sample_label_value(const triton_metric_sample *sample, size_t index);

/**
 * Returns the value of the label with a name, for example "model"; NULL if there is none.
 */
const char *triton_metric_sample_find_label(const triton_metric_sample *sample, const char *name);

/*
 * GENERATE: JSON requests to models with text inputs and outputs. HTTP only; over gRPC, UNIMPLEMENTED with
 * advice.
 *
 * Triton's other front ends for such models are not covered. The OpenAI-compatible one has clients of its
 * own; inference through those of SageMaker and Vertex AI needs triton_call_options_set_http_path,
 * ..._http_content_type and ..._http_json_size_header.
 *
 *     triton_generated *generated = NULL;
 *     const char *json = "{\"PROMPT\": \"once\", \"REPEAT\": 1}";
 *     int failed = triton_client_generate(client, "generator", NULL, json, NULL, &generated, &error);
 *     if (!failed) printf("%s\n", triton_generated_json(generated));
 *     triton_generated_free(generated);
 */

/**
 * Sends a generate request and waits for the response. Blocks. For models with exactly one response per
 * request.
 *
 * @param model_name     must not be empty
 * @param model_version  for example "1"; NULL or "" for the version that the server chooses
 * @param json           a JSON object: the model's inputs and the request's parameters, by name
 * @param options        the options of the call; NULL for the client's
 * @param generated_out  the response; free it with triton_generated_free
 * @return INVALID_ARGUMENT, without a request, unless json is a JSON object; UNKNOWN, with HTTP status 200,
 *         for an error in a response that began as a success, since the server does not send its status;
 *         INTERNAL for a success whose body is not a JSON object
 */
TRITON_NODISCARD triton_status triton_client_generate(
    const triton_client *client, const char *model_name, const char *model_version, const char *json,
    const triton_call_options *options, triton_generated **generated_out, triton_error **error_out);

/**
 * Returns the response, a JSON object. Valid until it is freed.
 */
const char *triton_generated_json(const triton_generated *generated);

/**
 * Returns the headers of the response. Never NULL.
 */
const triton_headers *triton_generated_headers(const triton_generated *generated);

/**
 * Returns the load report of a response (triton_call_options_set_load_report); NULL if the server sent none.
 * Valid until the response is freed.
 */
const triton_load_report *triton_generated_load_report(const triton_generated *generated);

/**
 * Frees a generated response. NULL is ignored.
 */
void triton_generated_free(triton_generated *generated);

/**
 * Sends a generate request and calls the callback with each event of the response as it arrives. Blocks
 * until the server ends the stream, the callback ends it, or the deadline of the call, which is that of the
 * whole stream.
 *
 * @param model_name     must not be empty
 * @param model_version  for example "1"; NULL or "" for the version that the server chooses
 * @param json           a JSON object: the model's inputs and the request's parameters, by name
 * @param options        the options of the call; NULL for the client's
 * @param callback       is called on this thread, before the function returns; must not be NULL
 * @param user_data      is passed to the callback
 * @return CANCELLED if the callback ended the stream. UNKNOWN, with HTTP status 200, for an event that is an
 *         error, which ends the stream: {"error": "..."}, {"error": {"message": "..."}}, {"errors": [...]},
 *         {"detail": ...}, "message" beside a "code" of 400 or more or beside a "type" or "status" of
 *         "error", each without "model_name", or an event named "error". INTERNAL for a success that is not
 *         a stream of events. Otherwise as triton_client_generate
 */
TRITON_NODISCARD triton_status triton_client_generate_stream(
    const triton_client *client, const char *model_name, const char *model_version, const char *json,
    const triton_call_options *options, triton_generate_callback callback, void *user_data,
    triton_error **error_out);

/*
 * LOAD REPORTS: the load of the server, in the ORCA format, which a server sends with a response if
 * triton_call_options_set_load_report requests it. Triton does so over HTTP, for backends that have such
 * metrics: vLLM and TensorRT-LLM. A report is a list of names and values.
 *
 *     const triton_load_report *report = triton_infer_result_load_report(result);
 *     for (size_t i = 0; i < triton_load_report_count(report); i++)
 *         printf("%s = %g\n", triton_load_report_name(report, i), triton_load_report_value(report, i));
 */

/**
 * Returns the number of values.
 */
size_t triton_load_report_count(const triton_load_report *report);

/**
 * Returns the name of a value, for example "named_metrics.kv_cache_utilization"; "" past the end.
 */
const char *triton_load_report_name(const triton_load_report *report, size_t index);

/**
 * Returns a value; 0 past the end.
 */
double triton_load_report_value(const triton_load_report *report, size_t index);

/**
 * Finds the value with a name.
 *
 * @param value_out  the value; 0 if there is none. May be NULL
 * @return whether there is one
 */
bool triton_load_report_find(const triton_load_report *report, const char *name, double *value_out);

#ifdef __cplusplus
} /* extern "C" */
#endif

#endif /* TRITON_CLIENT_H */
