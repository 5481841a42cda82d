/* Generated from src/ffi by `make header`. Do not edit. */

#ifndef TRITON_CLIENT_H
#define TRITON_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * TRITON_NO_ATTRIBUTES, defined before the header is included, leaves out attributes and C23's syntax for enums: for parsers
 * of C that know neither, such as cffi's.
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
 * libtriton_client: a client for NVIDIA Triton Inference Server over HTTP/REST and gRPC. For C99 and C++11, and later.
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
 * STATUS. A function that can fail returns a triton_status. TRITON_STATUS_OK is 0, so that || can chain calls. The last
 * parameter, `triton_error **error_out`, receives the error, which the caller frees with triton_error_free, or NULL on
 * success. error_out may be NULL.
 *
 * OUT-PARAMETERS have names that end in _out and are always written: on failure with NULL, 0 or false. The previous
 * value is overwritten, not freed. NULL is allowed for an out-parameter whose value is not the purpose of the function,
 * such as index_out, rank_out, or a count or size beside data. For any other out-parameter NULL is
 * TRITON_STATUS_INVALID_ARGUMENT.
 *
 * HANDLES are pointers to opaque structs. A function whose name ends in _new, and any other whose documentation says
 * so, returns a handle that the caller frees with the _free function of its type. Only _free functions consume a
 * handle; they ignore NULL. A handle keeps alive what it needs: a result remains valid after its request and its
 * client are freed.
 *
 * GETTERS do not fail. The strings, arrays and handles that they return belong to the handle that they were read from:
 * they are valid until it is freed or changed, and the caller does not free them. For a NULL handle getters return 0,
 * false, "" or NULL. All other functions return TRITON_STATUS_INVALID_ARGUMENT for a NULL handle.
 *
 * LISTS. x_y_count(x) returns the number of elements, and x_y(x, index) the element at an index from 0. Past the end
 * it returns 0, false, "" or NULL. A _find function returns the element with a name, or NULL if there is none.
 *
 * STRINGS are UTF-8 and end with a NUL. A string parameter that is not UTF-8 is TRITON_STATUS_INVALID_ARGUMENT. A
 * returned string is never NULL, unless a _find function returns it; "" means none. A NUL in text from a server is
 * replaced by U+FFFD.
 *
 * ARRAYS are passed as a pointer and a count. The pointer may be NULL if the count is 0.
 *
 * SIZES in the memory of the program are size_t. Sizes and offsets at the server, such as those of shared memory
 * regions, are uint64_t. A device id is int64_t.
 *
 * BORROWED DATA. Memory that a function borrows must stay valid until no call that uses it is under way and the handle
 * that borrowed it is freed or no longer refers to it. Freeing a request does not end the loan of a call that is under
 * way. The memory must not change while a call uses it, and may change between calls. A call is complete, whether it
 * succeeded or failed, only when the library no longer reads or writes the memory of the caller. In a
 * garbage-collected language, pin the memory, or use the function whose name ends in _copy.
 *
 * DEFAULTS. A set_ function that is called with NULL restores the default. So does 0 for a number, unless 0 has a
 * meaning of its own. A timeout of 0 is TRITON_STATUS_INVALID_ARGUMENT: a computed timeout of 0 must not become the
 * default.
 *
 * STRUCTS with a member struct_size may get more members in later versions. Set it to sizeof of the struct before the
 * call. The function fills the members that fit, sets those that it does not know to 0, and leaves struct_size as it
 * is. Unless struct_size is a multiple of 8 with room for one value, and at most 4096, it returns
 * TRITON_STATUS_INVALID_ARGUMENT and changes nothing. All other structs are final.
 *
 * ENUMS have the size of int32_t. Later versions may add values: a switch over a value that the library returns needs
 * a default case. A number that is not a value of the enum is TRITON_STATUS_INVALID_ARGUMENT as a parameter.
 *
 * CALLBACKS must not leave by longjmp or by an exception. user_data is passed to the callback unchanged. A finalizer,
 * where a function takes one, is called exactly once with user_data when the library no longer uses it, on any thread;
 * it is not called if the function fails. It may be NULL.
 *
 * THREADS. Any number of threads may use a triton_client at once. Any number of threads may at once call functions that
 * take the same handle as a pointer to const; a function that takes it as a pointer to non-const must be the only one
 * that uses it. A handle must not be freed while another thread uses it.
 *
 * TIME. Timeouts are in microseconds. Every call to a server has a deadline, by default 60 s after its start (10 min
 * for loading and unloading models), which name resolution, connecting, sending and receiving count against.
 * TRITON_NO_TIMEOUT means no deadline.
 *
 * PROCESS. The library prints nothing, has no global state that a program could set, and raises no SIGPIPE. A panic
 * inside the library does not leave it: the function returns TRITON_STATUS_INTERNAL. After fork(), the child must not
 * use handles of the parent, whose threads it does not have and whose connections it would share; it creates its own
 * client.
 *
 * URLS. The host is a name, an IPv4 address, or an IPv6 address in brackets, optionally with a zone: the name or
 * number of a network interface, [fe80::1%25eth0] or [fe80::1%eth0].
 *
 *     URL                                  protocol   default port
 *     host, host:port                      HTTP       8000
 *     host:port/base/path                  HTTP       8000          the base path precedes /v2
 *     http://host[:port][/base/path]       HTTP       8000
 *     grpc://host[:port]                   gRPC       8001          with a path: TRITON_STATUS_INVALID_ARGUMENT
 *     https://host[:port][/base/path]      HTTP, TLS  443           in this version: TRITON_STATUS_UNIMPLEMENTED
 *     grpcs://host[:port]                  gRPC, TLS  443           in this version: TRITON_STATUS_UNIMPLEMENTED
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
 * The version of the ABI: it changes when programs that were compiled with an older header would no longer work.
 */
#define TRITON_ABI_VERSION 1

/**
 * No timeout.
 */
#define TRITON_NO_TIMEOUT UINT64_MAX

/**
 * For triton_infer_result_from_http_body: the answer had no Inference-Header-Content-Length.
 */
#define TRITON_NO_JSON_BYTE_SIZE UINT64_MAX

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
     * A resource is exhausted: the message exceeds a size limit, a buffer is too small, or a quota is used up.
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
     * The connection: name resolution failed, the connection was refused or lost, or the response is not valid HTTP or
     * gRPC.
     */
    TRITON_ORIGIN_CONNECTION = 3,
    /**
     * The server, or a proxy before it, sent an error response.
     */
    TRITON_ORIGIN_SERVER = 4,
};

/**
 * What the elements of a tensor are. The numbers are those of inference.DataType in the protocol.
 */
TRITON_ENUM(triton_datatype) {
    /**
     * No datatype, or one that this library does not know.
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
     * IEEE 754 half precision, two bytes.
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
     * Byte strings, each of a length of its own.
     */
    TRITON_DATATYPE_BYTES = 13,
    /**
     * The upper half of a float, two bytes.
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
 * What gRPC's own health service says of a service, with its numbers.
 */
TRITON_ENUM(triton_serving_status) {
    /**
     * Nothing is known about it.
     */
    TRITON_SERVING_STATUS_UNKNOWN = 0,
    /**
     * It takes requests.
     */
    TRITON_SERVING_STATUS_SERVING = 1,
    /**
     * It is there, and takes no requests now.
     */
    TRITON_SERVING_STATUS_NOT_SERVING = 2,
    /**
     * The server has no service of that name.
     */
    TRITON_SERVING_STATUS_SERVICE_UNKNOWN = 3,
};

/**
 * What the value of a parameter is.
 */
TRITON_ENUM(triton_value_kind) {
    /**
     * There is no parameter.
     */
    TRITON_VALUE_NONE = 0,
    /**
     * triton_parameter_bool
     */
    TRITON_VALUE_BOOL = 1,
    /**
     * triton_parameter_int64
     */
    TRITON_VALUE_INT64 = 2,
    /**
     * triton_parameter_uint64: a number too large for an int64_t; triton_setting_uint64
     */
    TRITON_VALUE_UINT64 = 3,
    /**
     * triton_parameter_double
     */
    TRITON_VALUE_DOUBLE = 4,
    /**
     * triton_parameter_string
     */
    TRITON_VALUE_STRING = 5,
};

/**
 * Which versions of a model are served.
 */
TRITON_ENUM(triton_version_policy) {
    /**
     * So many of the newest: triton_model_config_latest_count.
     */
    TRITON_VERSION_POLICY_LATEST = 0,
    /**
     * All.
     */
    TRITON_VERSION_POLICY_ALL = 1,
    /**
     * Those of triton_model_config_version.
     */
    TRITON_VERSION_POLICY_SPECIFIC = 2,
};

/**
 * How the requests of sequences are batched.
 */
TRITON_ENUM(triton_sequence_strategy) {
    /**
     * Not at all: the model has no state.
     */
    TRITON_SEQUENCE_STRATEGY_NONE = 0,
    /**
     * A sequence runs always in the same place of a batch.
     */
    TRITON_SEQUENCE_STRATEGY_DIRECT = 1,
    /**
     * A sequence runs in any batch, the oldest first.
     */
    TRITON_SEQUENCE_STRATEGY_OLDEST = 2,
};

/**
 * How the dimensions of an input are to be read.
 */
TRITON_ENUM(triton_tensor_format) {
    /**
     * As the model has it.
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
 * A step of a request that is counted, and whose time is taken.
 */
TRITON_ENUM(triton_statistic) {
    /**
     * Requests, or responses, that succeeded, from beginning to end.
     */
    TRITON_STATISTIC_SUCCESS = 0,
    /**
     * Those that failed.
     */
    TRITON_STATISTIC_FAIL = 1,
    /**
     * Waiting for their turn.
     */
    TRITON_STATISTIC_QUEUE = 2,
    /**
     * Preparing inputs.
     */
    TRITON_STATISTIC_COMPUTE_INPUT = 3,
    /**
     * Running the model.
     */
    TRITON_STATISTIC_COMPUTE_INFER = 4,
    /**
     * Preparing outputs.
     */
    TRITON_STATISTIC_COMPUTE_OUTPUT = 5,
    /**
     * Answers found in the response cache.
     */
    TRITON_STATISTIC_CACHE_HIT = 6,
    /**
     * Answers that were not, with the time of putting them there.
     */
    TRITON_STATISTIC_CACHE_MISS = 7,
    /**
     * Responses without an output; of responses alone.
     */
    TRITON_STATISTIC_EMPTY_RESPONSE = 8,
    /**
     * Responses that were cancelled; of responses alone.
     */
    TRITON_STATISTIC_CANCEL = 9,
};

/**
 * Bytes that the library made. Freed with triton_buffer_free.
 */
typedef struct triton_buffer triton_buffer;

/**
 * The options of a call. Freed with triton_call_options_free.
 */
typedef struct triton_call_options triton_call_options;

/**
 * A client of one server. Freed with triton_client_free.
 */
typedef struct triton_client triton_client;

/**
 * The options of a client. Freed with triton_client_options_free.
 */
typedef struct triton_client_options triton_client_options;

/**
 * Why a call failed. Freed with triton_error_free.
 */
typedef struct triton_error triton_error;

/**
 * What a model generated. Freed with triton_generated_free.
 */
typedef struct triton_generated triton_generated;

/**
 * The headers of a response. Belong to the object that they were read from.
 */
typedef struct triton_headers triton_headers;

/**
 * One output of a result. Belongs to the result.
 */
typedef struct triton_infer_output triton_infer_output;

/**
 * An inference request. Freed with triton_infer_request_free.
 */
typedef struct triton_infer_request triton_infer_request;

/**
 * The answer to an inference request. Freed with triton_infer_result_free.
 */
typedef struct triton_infer_result triton_infer_result;

/**
 * What a server said of its load: numbers by name. Freed with triton_load_report_free.
 */
typedef struct triton_load_report triton_load_report;

/**
 * One sample of a metric. Belongs to the metrics.
 */
typedef struct triton_metric triton_metric;

/**
 * A server's metrics at one moment. Freed with triton_metrics_free.
 */
typedef struct triton_metrics triton_metrics;

/**
 * A model's configuration. Freed with triton_model_config_free.
 */
typedef struct triton_model_config triton_model_config;

/**
 * What the index says of one version of a model. Belongs to the index.
 */
typedef struct triton_model_index triton_model_index;

/**
 * What a model says of itself. Freed with triton_model_metadata_free.
 */
typedef struct triton_model_metadata triton_model_metadata;

/**
 * What a server has counted of one version of a model. Belongs to the statistics.
 */
typedef struct triton_model_statistics triton_model_statistics;

/**
 * A parameter of a result or of one of its outputs. Belongs to the result.
 */
typedef struct triton_parameter triton_parameter;

/**
 * The models of a server's repositories. Freed with triton_repository_index_free.
 */
typedef struct triton_repository_index triton_repository_index;

/**
 * What the operations of the repository are told beside a model's name. Freed with triton_repository_options_free.
 */
typedef struct triton_repository_options triton_repository_options;

/**
 * What a server says of itself. Freed with triton_server_metadata_free.
 */
typedef struct triton_server_metadata triton_server_metadata;

/**
 * One setting. Belongs to the settings.
 */
typedef struct triton_setting triton_setting;

/**
 * Settings that a server has. Freed with triton_settings_free.
 */
typedef struct triton_settings triton_settings;

/**
 * What is to change of settings. Freed with triton_settings_update_free.
 */
typedef struct triton_settings_update triton_settings_update;

/**
 * The regions that are registered with a server. Freed with triton_shared_memory_status_free.
 */
typedef struct triton_shared_memory_status triton_shared_memory_status;

/**
 * What a server has counted of its models. Freed with triton_statistics_free.
 */
typedef struct triton_statistics triton_statistics;

/**
 * What a model's configuration says of one input or output. Belongs to the configuration.
 */
typedef struct triton_tensor_config triton_tensor_config;

/**
 * What a model says of one input or output. Belongs to the model's metadata.
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
 * An element of a BYTES tensor. It may hold NULs and need not be UTF-8. This struct is final.
 */
typedef struct triton_bytes {
    /**
     * The bytes; may be NULL if byte_size is 0. No NUL ends them.
     */
    const char *data;
    /**
     * Their number.
     */
    size_t byte_size;
} triton_bytes;

/**
 * Where the time of a call went, in nanoseconds: stages, each from the end of the one before, that together are the
 * whole call. What the server did is in first_byte_ns, and in part in receive_ns.
 */
typedef struct triton_call_times {
    /**
     * To be set to sizeof(triton_call_times): later versions may know more stages.
     */
    size_t struct_size;
    /**
     * Encoding the request and finding a connection.
     */
    uint64_t queue_ns;
    /**
     * Opening a connection, names included; 0 on one that was open.
     */
    uint64_t connect_ns;
    /**
     * Until the system had taken the last byte of the request.
     */
    uint64_t send_ns;
    /**
     * Until the first byte of the answer.
     */
    uint64_t first_byte_ns;
    /**
     * Until the last byte of the answer.
     */
    uint64_t receive_ns;
} triton_call_times;

/**
 * One class of an output that was asked for as classes. This struct is final.
 */
typedef struct triton_class {
    /**
     * How much it is the case, in the output's own measure.
     */
    double value;
    /**
     * Its place in the output.
     */
    uint64_t index;
    /**
     * Its label; an empty text if the model has none.
     */
    const char *label;
} triton_class;

/**
 * What a client has counted. Times are in nanoseconds.
 */
typedef struct triton_infer_statistics {
    /**
     * To be set to sizeof(triton_infer_statistics): later versions may know more.
     */
    size_t struct_size;
    /**
     * Inferences that succeeded.
     */
    uint64_t completed_count;
    /**
     * Inferences that failed, for whatever reason.
     */
    uint64_t failed_count;
    /**
     * The whole times of those that succeeded, together.
     */
    uint64_t total_ns;
    /**
     * Their times of sending: from the start of encoding until the system had taken the last byte.
     */
    uint64_t send_ns;
    /**
     * Their times of receiving: from the first byte of the answer to the last.
     */
    uint64_t receive_ns;
    /**
     * The time in which half of those that succeeded were done; as the next two, at most 1/32 more than it was.
     */
    uint64_t p50_ns;
    /**
     * The time in which 90 of 100 were done.
     */
    uint64_t p90_ns;
    /**
     * The time in which 99 of 100 were done.
     */
    uint64_t p99_ns;
    /**
     * The longest time, exactly.
     */
    uint64_t max_ns;
} triton_infer_statistics;

/**
 * Hears an event of triton_client_generate_stream: a JSON object, valid for the call, that ends with a NUL and has
 * byte_size bytes before it. 0 asks for the next one, anything else ends the stream. It may call any function of the
 * library, and must not leave by longjmp or an exception.
 */
typedef int (*triton_generate_callback)(const char *json, size_t byte_size, void *user_data);

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
 * Returns the version of the library as a number: 10203 for 1.2.3. TRITON_VERSION_NUMBER is that of the header.
 */
uint32_t triton_version_number(void);

/**
 * Returns the TRITON_ABI_VERSION of the library.
 */
uint32_t triton_abi_version(void);

/**
 * Returns whether this build of the library has a feature; false for any other name, and for NULL. Later versions may
 * have more.
 *
 * @param name  "http" (URLs without a scheme and of http://), "grpc" (URLs of grpc://), "compression" (gzip and
 *              deflate), "allocator" (blocks of memory that gRPC uses are kept for reuse)
 */
bool triton_has_feature(const char *name);

/*
 * ERRORS say why a call failed: in words for people, and in codes for programs.
 *
 * *Retryable* means that the same call may succeed later. *In doubt* means that the server may have run the request
 * although the call failed: all or a part of it was sent, and no response says what became of it.
 *
 * An error response of a server (origin TRITON_ORIGIN_SERVER) becomes a status by this table. Triton uses HTTP 400 for
 * four of its codes (INVALID_ARGUMENT, ALREADY_EXISTS, UNKNOWN, CANCELLED), which cannot be distinguished: the status
 * is INVALID_ARGUMENT.
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
 * - UNAVAILABLE is in doubt because proxies send it after they lost the connection to the server in the middle of a
 *   request. It is not in doubt if the body of a 503 is an error as Triton writes it, {"error": "..."}, or if the
 *   message over gRPC is one that Triton sends for a request that it did not run: queue full, queue timeout, server
 *   stopping, model not ready, protocol restricted, shared memory disabled.
 * - UNAVAILABLE is not retryable if Triton itself sends it for shared memory or for the settings of tracing and
 *   logging: it was started without what the call needs, or does not accept a value.
 * - HTTP 500 is not in doubt from a server over HTTP. Over gRPC an HTTP status of 500 comes from a proxy, and is in
 *   doubt.
 * - CANCELLED over gRPC without a message comes from a server that is stopping, and is retryable.
 * - DEADLINE_EXCEEDED over gRPC that a server sends just before the deadline of the call is reported as the client's
 *   own.
 *
 * Failures without an error response of a server:
 *
 *     failure                                         status              origin      retryable  in doubt
 *     invalid argument                                INVALID_ARGUMENT    argument    no         no
 *     name resolution, connection refused or lost     UNAVAILABLE         connection  yes        if sent
 *     the port speaks TLS                             UNAVAILABLE         connection  no         no
 *     response that is not valid HTTP or gRPC         INTERNAL            connection  no         if sent
 *     deadline exceeded                               DEADLINE_EXCEEDED   client      yes        if sent
 *     a size limit exceeded                           RESOURCE_EXHAUSTED  client      no         if sent
 *
 * RETRIES. The library sends a request a second time, on a new connection, if the server certainly did not process it:
 * nothing of it was sent, the server said so by GOAWAY, or the connection was refused before the end of the request
 * was sent. It also sends a request a second time that only reads (health, metadata, configuration, statistics, index,
 * settings, metrics) if it was refused or its connection was closed. A gRPC stream that is refused (REFUSED_STREAM)
 * after the whole request was sent is UNAVAILABLE, retryable and in doubt: HAProxy 2.6 refuses streams after its
 * server ran the request. Redirects are never followed: the message has their Location.
 *
 * A message contains at most 8 KiB of the server's reason, and at most 256 bytes of any other text from the network.
 *
 *     if (triton_client_infer(client, request, NULL, &result, &error)) {
 *         fprintf(stderr, "%s\n", triton_error_message(error));
 *         is_worth_another_try = triton_error_is_retryable(error) && !triton_error_is_in_doubt(error);
 *         triton_error_free(error);
 *         error = NULL;
 *     }
 */

/**
 * Returns what failed, on what, and why, down to the first cause, in one line; "" for NULL. Valid until the error is
 * freed.
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
 * Returns whether the same call may succeed later; false for NULL. Whether it is safe to repeat the call is what
 * triton_error_is_in_doubt returns.
 */
bool triton_error_is_retryable(const triton_error *error);

/**
 * Returns whether the server may have run the request although the call failed: all or a part of the request was sent,
 * and no response says what became of it. False for NULL.
 */
bool triton_error_is_in_doubt(const triton_error *error);

/**
 * Returns the HTTP status of the response, for example 404; 0 if there was no response over HTTP, and for NULL.
 */
uint32_t triton_error_http_status(const triton_error *error);

/**
 * Returns the id of the inference request that failed; "" if it had none, and for NULL. Valid until the error is
 * freed.
 */
const char *triton_error_request_id(const triton_error *error);

/**
 * Returns the headers of the error response, over gRPC its metadata; NULL if there was no response, and for NULL. All
 * functions of headers accept that NULL.
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
 * Returns the name of a status, for example "NOT_FOUND"; "UNKNOWN" for any other number. Never freed.
 */
const char *triton_status_name(triton_status status);

/*
 * HEADERS of a response: over HTTP those of RFC 9110, over gRPC the leading and the trailing metadata.
 *
 * They belong to the object whose headers they are (a result, an error, a generated text) and are valid until it is
 * freed. Names are in lower case, and in the order in which they were received; a name may occur several times. Over
 * gRPC the value of a name that ends in "-bin" is base64, as it was sent. Over HTTP a response has at most 128 headers
 * of at most 64 KiB together, over gRPC at most 1 MiB: TRITON_STATUS_RESOURCE_EXHAUSTED beyond.
 *
 *     const triton_headers *headers = triton_infer_result_headers(result);
 *     const char *type = triton_headers_find(headers, "Content-Type");
 *     if (type) printf("the response is of type %s\n", type);
 *     for (size_t i = 0; i < triton_headers_count(headers); i++)
 *         printf("%s: %s\n", triton_headers_name(headers, i), triton_headers_value(headers, i));
 */

/**
 * Returns the number of headers; 0 for NULL.
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
 * Finds a header by its name and returns its value.
 *
 * @param name  in any case
 * @return the value, of the first header with that name if there are several; NULL if there is none, since a value may
 * be ""
 */
const char *triton_headers_find(const triton_headers *headers, const char *name);

/*
 * DATATYPES of tensors: their names and sizes.
 *
 *     triton_datatype datatype = triton_datatype_from_name("FP32");
 *     size_t byte_size = 1000 * triton_datatype_byte_size(datatype);
 *     printf("1000 elements of %s have %zu bytes\n", triton_datatype_name(datatype), byte_size);
 */

/**
 * The name that the protocol uses, "FP32". Valid for ever; "INVALID" for TRITON_DATATYPE_INVALID and for a number
 * that is no datatype.
 */
const char *triton_datatype_name(triton_datatype datatype);

/**
 * The datatype of a name, in capitals as the protocol writes it: "FP32". TRITON_DATATYPE_INVALID if there is none,
 * and for NULL.
 */
triton_datatype triton_datatype_from_name(const char *name);

/**
 * The bytes of one element; 0 for TRITON_DATATYPE_BYTES, whose elements differ, for TRITON_DATATYPE_INVALID, and for
 * a number that is no datatype.
 */
size_t triton_datatype_byte_size(triton_datatype datatype);

/*
 * OPTIONS OF A CLIENT. A function that takes options takes NULL for the defaults, and copies them: they may be changed
 * or freed afterwards.
 *
 *     option                                   default          set by
 *     timeout of a call                        60 s             triton_client_options_set_timeout_us, and for one call
 *                                                               triton_call_options_set_timeout_us
 *     timeout of connecting                    10 s             triton_client_options_set_connect_timeout_us
 *     timeout of loading a model               10 min           triton_client_options_set_load_timeout_us
 *     defaults of every call                   none             triton_client_options_set_call_options
 *     maximum size of a message                2^31 - 1 bytes   triton_client_options_set_max_message_byte_size
 *     maximum size of a decompressed response  256 MiB          triton_client_options_set_max_decompressed_byte_size
 *     memory kept for results                  64 MiB           triton_client_options_set_result_memory_byte_size
 *     maximum number of connections            no maximum       triton_client_options_set_max_connections
 *     URL of the metrics                       port 8002        triton_client_options_set_metrics_url
 *     name of the gRPC service                 Triton's         triton_client_options_set_grpc_service_name
 *     log callback                             none             triton_client_options_set_log_callback
 *
 *     triton_client_options *options = NULL;
 *     int failed = triton_client_options_new(&options, &error)
 *         || triton_client_options_set_timeout_us(options, 5000000, &error)
 *         || triton_client_options_set_max_connections(options, 8, &error)
 *         || triton_client_new(url, options, &client, &error);
 *     triton_client_options_free(options);
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
 * Sets the timeout for reaching a server: name resolution and connecting. The deadline of the call applies too.
 *
 * @param timeout_us  microseconds; the default is 10 s; TRITON_NO_TIMEOUT for none; INVALID_ARGUMENT for 0
 */
TRITON_NODISCARD triton_status triton_client_options_set_connect_timeout_us(
    triton_client_options *options, uint64_t timeout_us, triton_error **error_out);

/**
 * Sets the timeout of calls that load or unload a model and set none themselves.
 *
 * @param timeout_us  microseconds; the default is 10 min; TRITON_NO_TIMEOUT for none; INVALID_ARGUMENT for 0
 */
TRITON_NODISCARD triton_status triton_client_options_set_load_timeout_us(
    triton_client_options *options, uint64_t timeout_us, triton_error **error_out);

/**
 * Sets the defaults of every call, in place of those set before. They are merged field by field with the options of a
 * call: a field that the call sets replaces the default. Headers, restricted keys and query parameters are merged by
 * name: those of the call replace the defaults of the same name, and a value of NULL removes them.
 *
 * Headers, restricted keys and query parameters of the defaults are not sent to the metrics URL, which may be another
 * host. The timeout of the defaults does not apply to loading and unloading models
 * (triton_client_options_set_load_timeout_us). Over gRPC, defaults that are for HTTP only make every call
 * INVALID_ARGUMENT, as they do in the options of a call.
 *
 * @param call_options  copied; may be changed or freed afterwards. NULL undoes it
 */
TRITON_NODISCARD triton_status triton_client_options_set_call_options(
    triton_client_options *options, const triton_call_options *call_options, triton_error **error_out);

/**
 * Sets the maximum size of a message that is sent or received. A larger request fails before it is sent, a larger
 * response before memory is allocated for it, both with RESOURCE_EXHAUSTED. Tensors in shared memory do not count.
 * Over gRPC no server accepts more than the default: use shared memory for larger tensors, or HTTP with a higher
 * limit.
 *
 * @param byte_size  bytes; the default is 2^31 - 1, which 0 restores
 */
TRITON_NODISCARD triton_status triton_client_options_set_max_message_byte_size(
    triton_client_options *options, size_t byte_size, triton_error **error_out);

/**
 * Sets the maximum size of a compressed response after it is decompressed. A larger response is RESOURCE_EXHAUSTED,
 * whatever its compressed size.
 *
 * It also limits what is parsed as a whole, which takes a multiple of its size in memory, to a quarter of this size: a
 * response of the control plane, the JSON part of an inference response, an event of triton_client_generate_stream,
 * and what an inference response over gRPC has outside of raw contents. On the control plane it further limits the
 * number of fields, members and elements to one for each 1,024 bytes of this size, but at least 4,096.
 *
 * @param byte_size  bytes; the default is 256 MiB, which 0 restores
 */
TRITON_NODISCARD triton_status triton_client_options_set_max_decompressed_byte_size(
    triton_client_options *options, size_t byte_size, triton_error **error_out);

/**
 * Sets how many bytes of the memory of freed results the client keeps for the next results: new memory costs a page
 * fault for every 4 KiB. Results that are not freed yet do not count.
 *
 * @param byte_size  bytes; the default is 64 MiB; 0 keeps none
 */
TRITON_NODISCARD triton_status triton_client_options_set_result_memory_byte_size(
    triton_client_options *options, size_t byte_size, triton_error **error_out);

/**
 * Sets the maximum number of connections to the server that are open at once, idle ones included. A call that finds
 * all of them in use waits for one until its deadline, and then fails with DEADLINE_EXCEEDED and this option's name in
 * the message. So does a call that the callback of triton_client_generate_stream makes on the same client: it needs a
 * second connection.
 *
 * @param max  0 restores the default, without a maximum: each concurrent call has a connection
 */
TRITON_NODISCARD triton_status triton_client_options_set_max_connections(
    triton_client_options *options, size_t max, triton_error **error_out);

/**
 * Sets the URL of the server's metrics.
 *
 * @param url  for example "http://host:8002/metrics", of which port and path may be omitted; always HTTP, also for a
 *             client of gRPC. The default is port 8002 of the server's host, which NULL restores
 */
TRITON_NODISCARD triton_status triton_client_options_set_metrics_url(
    triton_client_options *options, const char *url, triton_error **error_out);

/**
 * Sets the name of the gRPC service that inference and control plane call, for servers that offer the protocol under
 * another name. gRPC's own health service (triton_client_health_check) keeps its name.
 *
 * @param name  "package.Service"; the default is "inference.GRPCInferenceService", which NULL restores.
 *              INVALID_ARGUMENT unless it consists of identifiers separated by dots: ASCII letters, digits and '_',
 *              not beginning with a digit
 */
TRITON_NODISCARD triton_status triton_client_options_set_grpc_service_name(
    triton_client_options *options, const char *name, triton_error **error_out);

/**
 * Sets a callback for log messages, in place of the one set before. Without one nothing is written anywhere.
 *
 * @param level      the lowest severity that is logged: TRITON_LOG_DEBUG logs every call
 * @param callback   receives the messages; NULL undoes it
 * @param finalizer  called with user_data when the options, and every client that was made with them, are freed or
 *                   have another callback (CALLBACKS); may be NULL
 * @param user_data  passed to both
 */
TRITON_NODISCARD triton_status triton_client_options_set_log_callback(
    triton_client_options *options, triton_log_level level, triton_log_callback callback,
    triton_finalizer finalizer, void *user_data, triton_error **error_out);

/*
 * OPTIONS OF A CALL, of any kind. What they do not set, and NULL for all of them, is as in the defaults of the client
 * (triton_client_options_set_call_options). Any number of calls may use the same options at once.
 *
 *     option                       default       protocol      set by
 *     timeout                      the client's  both          triton_call_options_set_timeout_us
 *     headers, or metadata         none          both          triton_call_options_add_header, ..._add_binary_header
 *     keys of restricted endpoints none          both          triton_call_options_add_restricted_key
 *     query parameters             none          HTTP          triton_call_options_add_query_parameter
 *     compression of requests      none          both          triton_call_options_set_request_compression
 *     compression of responses     none          both          triton_call_options_set_response_compression,
 *                                                              triton_call_options_set_accept_encoding
 *     load report                  none          HTTP          triton_call_options_set_load_report
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
 * Sets the timeout of the call, from its start to the last byte of its response: name resolution, connecting, sending
 * and receiving all count.
 *
 * @param timeout_us  microseconds; TRITON_NO_TIMEOUT for none; INVALID_ARGUMENT for 0
 */
TRITON_NODISCARD triton_status triton_call_options_set_timeout_us(
    triton_call_options *options, uint64_t timeout_us, triton_error **error_out);

/**
 * Adds a header to the call, over gRPC metadata. A name may be added several times.
 *
 * Returns INVALID_ARGUMENT if the name is not a valid header name, if the value contains a control character, or if
 * the library or the protocol sets that header itself.
 *
 * @param name   in any case
 * @param value  of a name that ends in "-bin" sent as base64. NULL removes the header: those added under that name,
 *               and the client's defaults of that name
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
 * Adds the key of endpoints that the server restricts (--http-restricted-api, --grpc-restricted-protocol): over HTTP a
 * header of that name, over gRPC the metadata "triton-grpc-protocol-NAME" that Triton expects. A key that was added
 * under that name is replaced.
 *
 * @param name   the name of the key, as configured at the server
 * @param value  the key. NULL removes the key that was added under that name, and the client's default of that name
 */
TRITON_NODISCARD triton_status triton_call_options_add_restricted_key(
    triton_call_options *options, const char *name, const char *value, triton_error **error_out);

/**
 * Adds a query parameter to the URL of the call. Name and value are escaped. A name may be added several times. HTTP
 * only: over gRPC the call is INVALID_ARGUMENT.
 *
 * @param name   must not be empty
 * @param value  may be empty. NULL removes the parameter: those added under that name, and the client's defaults of
 *               that name
 */
TRITON_NODISCARD triton_status triton_call_options_add_query_parameter(
    triton_call_options *options, const char *name, const char *value, triton_error **error_out);

/**
 * Sets how inference requests are compressed. Triton over HTTP refuses a request that exceeds 64 MiB when it is
 * decompressed (since 2.65; --http-max-input-size) with INVALID_ARGUMENT, though it accepts a larger one that is not
 * compressed. gRPC has no such limit.
 */
TRITON_NODISCARD triton_status triton_call_options_set_request_compression(
    triton_call_options *options, triton_compression compression, triton_error **error_out);

/**
 * Sets which compression is requested for responses to inferences. The server may send them without; Triton over gRPC
 * compresses only if it was started so. Over HTTP a call that requests none sends "Accept-Encoding: identity", without
 * which a proxy may request compression from the server. A body that is compressed although no header says so is
 * decompressed if compression was requested, and INTERNAL if not. Replaces what
 * triton_call_options_set_accept_encoding set.
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
 * triton_generated_load_report reads it. triton_infer_result_load_report reads that of other servers, which may send
 * it with inferences too.
 */
TRITON_NODISCARD triton_status triton_call_options_set_load_report(
    triton_call_options *options, triton_load_report_format format, triton_error **error_out);

/**
 * Sends inferences over HTTP to another path, after the client's base path: for gateways before Triton, such as
 * SageMaker ("/invocations") and Vertex AI.
 *
 * @param path  begins with a slash; NULL undoes it
 */
TRITON_NODISCARD triton_status triton_call_options_set_http_path(
    triton_call_options *options, const char *path, triton_error **error_out);

/**
 * Sets the content type of inferences over HTTP.
 *
 * @param content_type  "{}" in it stands for the byte size of the JSON part:
 *                      "application/vnd.sagemaker-triton.binary+json;json-header-size={}". The size is read from the
 *                      content type of the response in the same form. A request that consists of JSON only has no such
 *                      size: with "{}" it is sent as "application/json". NULL undoes it
 */
TRITON_NODISCARD triton_status triton_call_options_set_http_content_type(
    triton_call_options *options, const char *content_type, triton_error **error_out);

/**
 * Sets the header with the byte size of the JSON part over HTTP, of a request and of its response, instead of
 * Inference-Header-Content-Length.
 *
 * @param name  "" sends no such header; NULL undoes it
 */
TRITON_NODISCARD triton_status triton_call_options_set_http_json_size_header(
    triton_call_options *options, const char *name, triton_error **error_out);

/*
 * THE CLIENT of one server. It is created without network access, connects when it is first used, and may be used by
 * any number of threads at once.
 *
 * MODEL NAMES. Over HTTP the name of a model is part of the URL, and Triton does not decode escaped characters there:
 * a name with characters other than ASCII letters, digits and -._~!$&'()*+,;=:@ can be used with Triton only over
 * gRPC. Over HTTP, an inference with such a name returns TRITON_STATUS_NOT_FOUND, loading returns
 * TRITON_STATUS_INTERNAL, and the model is never ready. A name with a slash is TRITON_STATUS_INVALID_ARGUMENT, and
 * nothing is sent. Servers that decode URLs accept all other names.
 *
 *     triton_error *error = NULL;
 *     if (triton_client_new(url, NULL, &client, &error))
 *         fprintf(stderr, "%s\n", triton_error_message(error));
 *     triton_error_free(error);
 */

/**
 * Creates a client. Does not access the network: if the server cannot be reached, the first call fails.
 *
 * Returns INVALID_ARGUMENT if the URL is not valid (URLS), and UNIMPLEMENTED for https and grpcs.
 *
 * @param url         the server, for example "localhost:8000" or "grpc://localhost:8001"
 * @param options     copied; NULL for the defaults
 * @param client_out  the client; free it with triton_client_free
 */
TRITON_NODISCARD triton_status triton_client_new(
    const char *url, const triton_client_options *options, triton_client **client_out,
    triton_error **error_out);

/**
 * Frees a client and closes its connections. NULL is ignored. Does not block. No call may be under way.
 */
void triton_client_free(triton_client *client);

/*
 * HEALTH of a server and its models. A server that can't be reached is an error, not "false". Over HTTP a response of
 * status 200 is "true" with an empty body, and with a JSON object unless its member "live" or "ready" is false; with any
 * other body, such as a sign-in page, it is INTERNAL.
 *
 *     bool is_ready = false;
 *     int failed = triton_client_wait_ready(client, NULL, NULL, NULL, &error)
 *         || triton_client_check_model_ready(client, "simple", NULL, NULL, &is_ready, &error);
 *     if (!failed) printf("the model is %s\n", is_ready ? "ready" : "not ready");
 */

/**
 * Asks whether the server lives. Blocks.
 *
 * @param options   of the call; NULL for the client's
 * @param live_out  the answer
 */
TRITON_NODISCARD triton_status triton_client_is_server_live(
    const triton_client *client, const triton_call_options *options, bool *live_out,
    triton_error **error_out);

/**
 * Asks whether the server and all models that it is to serve are ready. Blocks. While a model is being unloaded, and
 * for good after a load that failed in the model itself, Triton says no, unless it was started with
 * --strict-readiness=false.
 *
 * @param options    of the call; NULL for the client's
 * @param ready_out  the answer
 */
TRITON_NODISCARD triton_status triton_client_is_server_ready(
    const triton_client *client, const triton_call_options *options, bool *ready_out,
    triton_error **error_out);

/**
 * Asks whether a model is ready. Blocks. A model that the server does not know, or has not loaded, is not ready: Triton
 * says so; of MLServer and KServe a gRPC status NOT_FOUND does, a gRPC status UNAVAILABLE with the model's name and "not
 * ready", and an HTTP status 404 or 503 whose JSON has the model's name in its "error". Any other 404 or 503 is an error:
 * a wrong path, or a proxy.
 *
 * @param model_name     not empty
 * @param model_version  "1"; NULL or "" for the one that the server would choose
 * @param options        of the call; NULL for the client's
 * @param ready_out      the answer
 */
TRITON_NODISCARD triton_status triton_client_is_model_ready(
    const triton_client *client, const char *model_name, const char *model_version,
    const triton_call_options *options, bool *ready_out, triton_error **error_out);

/**
 * Waits until the server is ready, or a model of it, as every script does that starts one. Asks again and again, at
 * first after 10 ms, at last each second, until the time limit of the call. Blocks.
 *
 * @param model_name     NULL or "" for the server as a whole
 * @param model_version  "1"; NULL or "" for the one that the server would choose
 * @param options        of the call; NULL for the client's
 * @return DEADLINE_EXCEEDED, with the last answer in the message. What waiting can't change ends the wait at once: a
 *         wrong argument, UNAUTHENTICATED, PERMISSION_DENIED (not an endpoint that is restricted over gRPC: Triton
 *         calls it UNAVAILABLE)
 */
TRITON_NODISCARD triton_status triton_client_wait_ready(
    const triton_client *client, const char *model_name, const char *model_version,
    const triton_call_options *options, triton_error **error_out);

/**
 * Asks gRPC's own health service, grpc.health.v1. gRPC only: over HTTP UNIMPLEMENTED, with advice. Blocks.
 *
 * @param service     the name of a service; NULL or "" for the server as a whole. Triton says the same of every name
 * @param options     of the call; NULL for the client's
 * @param status_out  the answer
 */
TRITON_NODISCARD triton_status triton_client_health_check(
    const triton_client *client, const char *service, const triton_call_options *options,
    triton_serving_status *status_out, triton_error **error_out);

/*
 * METADATA: what a server and a model say of themselves. Indices are 0, 1, 2; past the end a getter answers an empty
 * text or NULL.
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
 * Asks what the server says of itself. Blocks.
 *
 * @param options       of the call; NULL for the client's
 * @param metadata_out  the answer; free it with triton_server_metadata_free
 */
TRITON_NODISCARD triton_status triton_client_server_metadata(
    const triton_client *client, const triton_call_options *options, triton_server_metadata **metadata_out,
    triton_error **error_out);

/**
 * The server's name, "triton".
 */
const char *triton_server_metadata_name(const triton_server_metadata *metadata);

/**
 * The server's version, "2.51.0".
 */
const char *triton_server_metadata_version(const triton_server_metadata *metadata);

/**
 * The number of protocol extensions that the server has.
 */
size_t triton_server_metadata_extension_count(const triton_server_metadata *metadata);

/**
 * The name of an extension, "binary_tensor_data".
 */
const char *triton_server_metadata_extension(const triton_server_metadata *metadata, size_t index);

/**
 * Whether the server has an extension: "statistics", "trace", "logging", "model_repository",
 * "model_repository(unload_dependents)", "system_shared_memory", "cuda_shared_memory" and others. False for NULL.
 */
bool triton_server_metadata_has_extension(const triton_server_metadata *metadata, const char *name);

/**
 * The answer as JSON, in the form that it has over HTTP: there as it came. Valid until the metadata is freed.
 */
const char *triton_server_metadata_json(const triton_server_metadata *metadata);

/**
 * Frees a server's metadata; NULL is harmless.
 */
void triton_server_metadata_free(triton_server_metadata *metadata);

/**
 * Asks what a model says of itself. Blocks.
 *
 * @param model_name     not empty
 * @param model_version  "1"; NULL or "" for the one that the server would choose
 * @param options        of the call; NULL for the client's
 * @param metadata_out   the answer; free it with triton_model_metadata_free
 * @return NOT_FOUND for a model or version that the server does not have
 */
TRITON_NODISCARD triton_status triton_client_model_metadata(
    const triton_client *client, const char *model_name, const char *model_version,
    const triton_call_options *options, triton_model_metadata **metadata_out, triton_error **error_out);

/**
 * The model's name.
 */
const char *triton_model_metadata_name(const triton_model_metadata *metadata);

/**
 * The framework or backend that runs the model, "python".
 */
const char *triton_model_metadata_platform(const triton_model_metadata *metadata);

/**
 * The number of versions that can be asked for.
 */
size_t triton_model_metadata_version_count(const triton_model_metadata *metadata);

/**
 * A version, "1".
 */
const char *triton_model_metadata_version(const triton_model_metadata *metadata, size_t index);

/**
 * The number of inputs.
 */
size_t triton_model_metadata_input_count(const triton_model_metadata *metadata);

/**
 * An input; NULL past the end.
 */
const triton_tensor_metadata *triton_model_metadata_input(
    const triton_model_metadata *metadata, size_t index);

/**
 * The number of outputs.
 */
size_t triton_model_metadata_output_count(const triton_model_metadata *metadata);

/**
 * An output; NULL past the end.
 */
const triton_tensor_metadata *triton_model_metadata_output(
    const triton_model_metadata *metadata, size_t index);

/**
 * The answer as JSON, in the form that it has over HTTP: there as it came. Valid until the metadata is freed.
 */
const char *triton_model_metadata_json(const triton_model_metadata *metadata);

/**
 * Frees a model's metadata, with its inputs and outputs; NULL is harmless.
 */
void triton_model_metadata_free(triton_model_metadata *metadata);

/**
 * The name of an input or output.
 */
const char *triton_tensor_metadata_name(const triton_tensor_metadata *tensor);

/**
 * Its datatype; TRITON_DATATYPE_INVALID for one that this library does not know.
 */
triton_datatype triton_tensor_metadata_datatype(const triton_tensor_metadata *tensor);

/**
 * The name of its datatype as the server gives it: "FP32", also of one that this library does not know.
 */
const char *triton_tensor_metadata_datatype_name(const triton_tensor_metadata *tensor);

/**
 * Its shape, the batch dimension first where the model has one; -1 for a dimension that may vary.
 *
 * @param rank_out  the number of dimensions; NULL is allowed
 * @return the dimensions; NULL if there are none
 */
const int64_t *triton_tensor_metadata_shape(const triton_tensor_metadata *tensor, size_t *rank_out);

/*
 * REQUESTS: what is asked of a model. A request can be sent any number of times, by several threads at once unless it
 * has a buffer for an output.
 *
 * Input data is borrowed, unless the function's name says copy or strings, and read only while a call runs. It is
 * checked when the request is sent: data that does not make up its shape is INVALID_ARGUMENT, and nothing is sent.
 *
 *     const int64_t shape[] = {1, 16};
 *     int failed = triton_infer_request_new("simple", &request, &error)
 *         || triton_infer_request_add_input_data(request, "INPUT0", TRITON_DATATYPE_INT32, shape, 2,
 *                                                first, sizeof first, NULL, &error)
 *         || triton_infer_request_add_input_data(request, "INPUT1", TRITON_DATATYPE_INT32, shape, 2,
 *                                                second, sizeof second, NULL, &error)
 *         || triton_infer_request_set_id(request, "frame 1", &error);
 */

/**
 * Makes a request without inputs.
 *
 * @param model_name   the model's name on the server; not empty
 * @param request_out  the request; free it with triton_infer_request_free
 */
TRITON_NODISCARD triton_status triton_infer_request_new(
    const char *model_name, triton_infer_request **request_out, triton_error **error_out);

/**
 * Frees a request; NULL is harmless. What it borrowed is the caller's alone again.
 */
void triton_infer_request_free(triton_infer_request *request);

/**
 * Sets the version of the model, "1".
 *
 * @param model_version  NULL or "" (the default) for the one that the server chooses
 */
TRITON_NODISCARD triton_status triton_infer_request_set_model_version(
    triton_infer_request *request, const char *model_version, triton_error **error_out);

/**
 * Sets the id of the request, which comes back with the result and stands in errors.
 *
 * @param id  NULL or "" (the default) for none
 */
TRITON_NODISCARD triton_status triton_infer_request_set_id(
    triton_infer_request *request, const char *id, triton_error **error_out);

/**
 * Forgets everything but the model and its version: inputs, outputs, parameters, sequence. What it borrowed is the caller's
 * alone again.
 */
TRITON_NODISCARD triton_status triton_infer_request_clear(
    triton_infer_request *request, triton_error **error_out);

/**
 * Makes the request one of a sequence, which a stateful model keeps apart by its id.
 *
 * @param id     a number other than 0
 * @param start  whether it is the first request of the sequence
 * @param end    whether it is the last
 */
TRITON_NODISCARD triton_status triton_infer_request_set_sequence(
    triton_infer_request *request, uint64_t id, bool start, bool end, triton_error **error_out);

/**
 * As triton_infer_request_set_sequence, with a text as the id, for models that take one.
 *
 * @param id  not empty
 */
TRITON_NODISCARD triton_status triton_infer_request_set_sequence_string(
    triton_infer_request *request, const char *id, bool start, bool end, triton_error **error_out);

/**
 * Makes the request one of no sequence, as it was.
 */
TRITON_NODISCARD triton_status triton_infer_request_clear_sequence(
    triton_infer_request *request, triton_error **error_out);

/**
 * Sets the priority within the model's queue, if the model has any.
 *
 * @param priority  1 is the highest; 0 (the default) is the model's own
 */
TRITON_NODISCARD triton_status triton_infer_request_set_priority(
    triton_infer_request *request, uint64_t priority, triton_error **error_out);

/**
 * Sets how long the request may wait in the server's queue, if the model lets requests say so. The time limit of a call is
 * an option of the call: triton_call_options_set_timeout_us.
 *
 * @param timeout_us  microseconds, less than 2^63; 0 (the default) is the model's own
 */
TRITON_NODISCARD triton_status triton_infer_request_set_server_timeout_us(
    triton_infer_request *request, uint64_t timeout_us, triton_error **error_out);

/**
 * Asks a decoupled model's stream for a last response without outputs. It goes over gRPC alone: over HTTP there are no such
 * streams, and Triton refuses it.
 */
TRITON_NODISCARD triton_status triton_infer_request_set_empty_final_response(
    triton_infer_request *request, bool wanted, triton_error **error_out);

/**
 * Sets whether outputs come in binary over HTTP (the default) or as JSON, unless a requested output says otherwise
 * (triton_infer_request_requested_output_set_json). The result is the same.
 */
TRITON_NODISCARD triton_status triton_infer_request_set_binary_output(
    triton_infer_request *request, bool is_binary, triton_error **error_out);

/**
 * Sends the one input's bytes over HTTP as the whole body, without any JSON (Triton's raw binary request): for models with
 * one input, of which at most one dimension is variable; a BYTES input is then one element, without its length. Whatever
 * else the request says has no place there, so saying it is INVALID_ARGUMENT from the call, as is gRPC.
 */
TRITON_NODISCARD triton_status triton_infer_request_set_raw_body(
    triton_infer_request *request, bool is_raw, triton_error **error_out);

/**
 * Holds the request against a model's metadata, before anything is sent: names, datatypes and shapes, and the data against
 * the shapes. Whether an input is missing can't be told, for metadata does not say which are optional. Does not block.
 *
 * @param metadata  of the model, from triton_client_model_metadata
 * @return INVALID_ARGUMENT, saying what does not fit
 */
TRITON_NODISCARD triton_status triton_infer_request_check(
    const triton_infer_request *request, const triton_model_metadata *metadata, triton_error **error_out);

/**
 * Adds an input that borrows its data: the commonest case, in one call.
 *
 * @param name       the input's name; not empty, not in the request already
 * @param datatype   what the elements are; for TRITON_DATATYPE_BYTES data holds the tensor as the protocol has it,
 *                   each element behind its length in four bytes, the lowest first
 * @param shape      the dimensions, the batch dimension first where the model has one; none negative
 * @param rank       the number of dimensions
 * @param data       row-major, lowest byte first; borrowed (BORROWED DATA above)
 * @param byte_size  of data
 */
TRITON_NODISCARD triton_status triton_infer_request_add_input_data(
    triton_infer_request *request, const char *name, triton_datatype datatype, const int64_t *shape,
    size_t rank, const void *data, size_t byte_size, triton_error **error_out);

/**
 * Adds an input and copies its data, which may be freed or changed at once. The parameters are those of
 * triton_infer_request_add_input_data.
 */
TRITON_NODISCARD triton_status triton_infer_request_add_input_data_copy(
    triton_infer_request *request, const char *name, triton_datatype datatype, const int64_t *shape,
    size_t rank, const void *data, size_t byte_size, triton_error **error_out);

/**
 * Adds a BYTES input from its elements, which are copied.
 *
 * @param name     the input's name; not empty, not in the request already
 * @param shape    the dimensions; as many elements as strings
 * @param rank     the number of dimensions
 * @param strings  the elements in row-major order
 * @param count    their number
 */
TRITON_NODISCARD triton_status triton_infer_request_add_input_strings(
    triton_infer_request *request, const char *name, const int64_t *shape, size_t rank,
    const triton_bytes *strings, size_t count, triton_error **error_out);

/**
 * Adds an input without data; the data follows in segments, by triton_infer_request_input_append_data and its like.
 *
 * @param name       the input's name; not empty, not in the request already
 * @param datatype   what the elements are
 * @param shape      the dimensions, the batch dimension first where the model has one; none negative
 * @param rank       the number of dimensions
 * @param index_out  the input's index: 0, 1, 2 in the order of adding
 */
TRITON_NODISCARD triton_status triton_infer_request_add_input(
    triton_infer_request *request, const char *name, triton_datatype datatype, const int64_t *shape,
    size_t rank, size_t *index_out, triton_error **error_out);

/**
 * Appends a segment to an input's data. Segments are borrowed, and sent in the order of appending.
 *
 * @param input      the input's index
 * @param data       borrowed (BORROWED DATA above)
 * @param byte_size  of data
 */
TRITON_NODISCARD triton_status triton_infer_request_input_append_data(
    triton_infer_request *request, size_t input, const void *data, size_t byte_size,
    triton_error **error_out);

/**
 * Appends a copy of a segment to an input's data; the segment may be freed or changed at once.
 *
 * @param input      the input's index
 * @param data       copied
 * @param byte_size  of data
 */
TRITON_NODISCARD triton_status triton_infer_request_input_append_data_copy(
    triton_infer_request *request, size_t input, const void *data, size_t byte_size,
    triton_error **error_out);

/**
 * Appends elements to the data of a BYTES input. They are copied.
 *
 * @param input    the input's index
 * @param strings  the elements in row-major order
 * @param count    their number
 */
TRITON_NODISCARD triton_status triton_infer_request_input_append_strings(
    triton_infer_request *request, size_t input, const triton_bytes *strings, size_t count,
    triton_error **error_out);

/**
 * Asks for an output. A request that asks for none gets all outputs of the model.
 *
 * @param name       the output's name; not empty, not requested already
 * @param index_out  the requested output's index: 0, 1, 2 in the order of adding
 */
TRITON_NODISCARD triton_status triton_infer_request_add_requested_output(
    triton_infer_request *request, const char *name, size_t *index_out, triton_error **error_out);

/**
 * Makes an answer write a requested output straight into the caller's memory, which the request borrows. The result
 * then tells the output's shape and byte size, and its data is at `data`; a copy is saved. The memory must not overlap an
 * input or another buffer of the request. A request with a buffer is in one call at a time: a second one meanwhile is
 * FAILED_PRECONDITION. After a call that failed, what the memory holds is undefined, but for too little room: then it is
 * as it was.
 *
 * @param output     the requested output's index
 * @param data       where the bytes go, row-major, lowest byte first; aligned as the caller wants to read them. NULL,
 *                   with a byte_size of 0, gives the output back to the result.
 * @param byte_size  how many bytes there is room for; an output that has more is RESOURCE_EXHAUSTED from the call
 */
TRITON_NODISCARD triton_status triton_infer_request_requested_output_set_buffer(
    triton_infer_request *request, size_t output, void *data, size_t byte_size, triton_error **error_out);

/*
 * INPUTS AND REQUESTED OUTPUTS of a request, by their indices: 0, 1, 2 in the order of adding.
 *
 *     size_t output = 0;
 *     int failed = triton_infer_request_input_set_data(request, 0, next_frame, sizeof next_frame, &error)
 *         || triton_infer_request_add_output(request, "OUTPUT0", &output, &error)
 *         || triton_infer_request_output_set_buffer(request, output, sum, sizeof sum, &error)
 *         || triton_client_infer(client, request, NULL, &result, &error);
 */

/**
 * Gives an input another shape; its data stays as it is.
 *
 * @param input  the input's index
 * @param shape  the dimensions; none negative
 * @param rank   their number
 */
TRITON_NODISCARD triton_status triton_infer_request_input_set_shape(
    triton_infer_request *request, size_t input, const int64_t *shape, size_t rank, triton_error **error_out);

/**
 * Forgets an input's data, wherever it was. Borrowed memory is the caller's alone again.
 *
 * @param input  the input's index
 */
TRITON_NODISCARD triton_status triton_infer_request_input_clear_data(
    triton_infer_request *request, size_t input, triton_error **error_out);

/**
 * Takes an input's data from shared memory that is registered with the server. Data that was given before is forgotten.
 *
 * @param input      the input's index
 * @param region     the name under which the memory is registered
 * @param byte_size  the bytes of the tensor
 * @param offset     where it begins, in bytes from the start of the region
 */
TRITON_NODISCARD triton_status triton_infer_request_input_set_shared_memory(
    triton_infer_request *request, size_t input, const char *region, uint64_t byte_size, uint64_t offset,
    triton_error **error_out);

/**
 * Undoes triton_infer_request_input_set_shared_memory: the input has no data then.
 *
 * @param input  the input's index
 */
TRITON_NODISCARD triton_status triton_infer_request_input_clear_shared_memory(
    triton_infer_request *request, size_t input, triton_error **error_out);

/**
 * Spells an input's elements out instead of sending them in binary: as JSON over HTTP, as typed contents over gRPC, where
 * either all inputs in memory are spelled out or none. BYTES elements have to be UTF-8 over HTTP. FP16 and BF16 are numbers
 * in JSON, which Triton refuses and other servers take; over gRPC they have no such form, and the call returns
 * INVALID_ARGUMENT. All digits of an FP64 element are sent, but Triton may read a neighboring number: seen with 2.51 and
 * 2.73, for many digits and for extreme exponents. Binary data, the default, keeps every bit.
 *
 * @param input  the input's index
 */
TRITON_NODISCARD triton_status triton_infer_request_input_set_json(
    triton_infer_request *request, size_t input, bool is_json, triton_error **error_out);

/**
 * Takes an input's data from a JSON array, flat or nested, that stands in the request as it is. HTTP only. The text is
 * copied; data that was given before is forgotten.
 *
 * @param input  the input's index
 * @param json   "[[1, 2], [3, 4]]"
 */
TRITON_NODISCARD triton_status triton_infer_request_input_set_json_text(
    triton_infer_request *request, size_t input, const char *json, triton_error **error_out);

/**
 * The number of inputs.
 */
size_t triton_infer_request_input_count(const triton_infer_request *request);

/**
 * The datatype of an input; TRITON_DATATYPE_INVALID past the end.
 */
triton_datatype triton_infer_request_input_datatype(const triton_infer_request *request, size_t input);

/**
 * The shape of an input.
 *
 * @param rank_out  the number of dimensions; NULL is allowed
 * @return the dimensions; NULL if there are none, and past the end. Valid until the request is changed
 */
const int64_t *triton_infer_request_input_shape(
    const triton_infer_request *request, size_t input, size_t *rank_out);

/**
 * The bytes of the data that an input was given so far, or of its shared memory; 0 past the end.
 */
uint64_t triton_infer_request_input_byte_size(const triton_infer_request *request, size_t input);

/**
 * The name of an input.
 *
 * @param input     the input's index
 * @param name_out  the name: its bytes, which no NUL ends. Valid until the request is changed
 */
TRITON_NODISCARD triton_status triton_infer_request_input_name(
    const triton_infer_request *request, size_t input, triton_bytes *name_out, triton_error **error_out);

/**
 * The shared memory that an input is in.
 *
 * @param input          its index
 * @param region_out     the region's name: its bytes, which no NUL ends; none if it is not in shared memory. Valid until the
 *                       request is changed
 * @param byte_size_out  the bytes of the tensor, or those that there is room for
 * @param offset_out     where it begins, in bytes from the start of the region
 */
TRITON_NODISCARD triton_status triton_infer_request_input_shared_memory(
    const triton_infer_request *request, size_t input, triton_bytes *region_out, uint64_t *byte_size_out,
    uint64_t *offset_out, triton_error **error_out);

/**
 * Asks for a requested output as its best classes, which come as BYTES: triton_infer_output_class reads them.
 *
 * @param output       the requested output's index
 * @param class_count  how many; 0 (the default): the tensor that it is
 */
TRITON_NODISCARD triton_status triton_infer_request_requested_output_set_classification(
    triton_infer_request *request, size_t output, uint32_t class_count, triton_error **error_out);

/**
 * Asks for a requested output as JSON over HTTP instead of in binary; the result is the same. Triton refuses FP16 and BF16;
 * other servers send them as numbers, and NaN and infinities of any floating-point datatype as null, which is read as NaN:
 * binary data and gRPC keep infinities.
 *
 * @param output  the requested output's index
 */
TRITON_NODISCARD triton_status triton_infer_request_requested_output_set_json(
    triton_infer_request *request, size_t output, bool is_json, triton_error **error_out);

/**
 * Makes the server write a requested output to shared memory that is registered with it. The result then tells the output's
 * shape and has no data.
 *
 * @param output     the requested output's index
 * @param region     the name under which the memory is registered
 * @param byte_size  how many bytes there is room for
 * @param offset     where it is to begin, in bytes from the start of the region
 */
TRITON_NODISCARD triton_status triton_infer_request_requested_output_set_shared_memory(
    triton_infer_request *request, size_t output, const char *region, uint64_t byte_size, uint64_t offset,
    triton_error **error_out);

/**
 * As how many classes a requested output is wanted; 0: as the tensor that it is, and past the end.
 */
uint32_t triton_infer_request_requested_output_class_count(
    const triton_infer_request *request, size_t output);

/**
 * Whether a requested output is wanted as JSON over HTTP; false past the end.
 */
bool triton_infer_request_requested_output_is_json(const triton_infer_request *request, size_t output);

/**
 * Whether an input's elements are to be spelled out, as JSON over HTTP, as typed contents over gRPC; false past the end.
 */
bool triton_infer_request_input_is_json(const triton_infer_request *request, size_t input);

/**
 * Undoes triton_infer_request_requested_output_set_shared_memory.
 *
 * @param output  the requested output's index
 */
TRITON_NODISCARD triton_status triton_infer_request_requested_output_clear_shared_memory(
    triton_infer_request *request, size_t output, triton_error **error_out);

/**
 * The number of outputs that are asked for.
 */
size_t triton_infer_request_requested_output_count(const triton_infer_request *request);

/**
 * The name of a requested output.
 *
 * @param output    the requested output's index
 * @param name_out  the name: its bytes, which no NUL ends. Valid until the request is changed
 */
TRITON_NODISCARD triton_status triton_infer_request_requested_output_name(
    const triton_infer_request *request, size_t output, triton_bytes *name_out, triton_error **error_out);

/**
 * The shared memory that a requested output is in.
 *
 * @param output          its index
 * @param region_out     the region's name: its bytes, which no NUL ends; none if it is not in shared memory. Valid until the
 *                       request is changed
 * @param byte_size_out  the bytes of the tensor, or those that there is room for
 * @param offset_out     where it begins, in bytes from the start of the region
 */
TRITON_NODISCARD triton_status triton_infer_request_requested_output_shared_memory(
    const triton_infer_request *request, size_t output, triton_bytes *region_out, uint64_t *byte_size_out,
    uint64_t *offset_out, triton_error **error_out);

/*
 * PARAMETERS: named values beside the tensors, of a request or a result, or of one of its tensors. A name that is set again
 * has the later value. Names that the protocol or Triton uses itself are INVALID_ARGUMENT, with the reason: they have setters
 * of their own, or begin with "triton_".
 *
 *     int failed = triton_parameters_set_int64(triton_infer_request_parameters(request), "seed", 42, &error)
 *         || triton_parameters_set_string(triton_infer_request_parameters(request), "tenant", "blue", &error);
 */

/**
 * Sets a parameter of the request.
 *
 * @param name   not one that the protocol uses itself
 * @param value  copied
 */
TRITON_NODISCARD triton_status triton_infer_request_set_parameter_string(
    triton_infer_request *request, const char *name, const char *value, triton_error **error_out);

/**
 * Sets a parameter of the request.
 *
 * @param name   not one that the protocol uses itself
 */
TRITON_NODISCARD triton_status triton_infer_request_set_parameter_int64(
    triton_infer_request *request, const char *name, int64_t value, triton_error **error_out);

/**
 * Sets a parameter of the request.
 *
 * @param name   not one that the protocol uses itself
 */
TRITON_NODISCARD triton_status triton_infer_request_set_parameter_bool(
    triton_infer_request *request, const char *name, bool value, triton_error **error_out);

/**
 * Sets a parameter of the request.
 *
 * @param name   not one that the protocol uses itself
 * @param value  finite
 */
TRITON_NODISCARD triton_status triton_infer_request_set_parameter_double(
    triton_infer_request *request, const char *name, double value, triton_error **error_out);

/**
 * Sets a parameter of an input.
 *
 * @param input  the input's index
 * @param name   not one that the protocol uses itself
 * @param value  copied
 */
TRITON_NODISCARD triton_status triton_infer_request_input_set_parameter_string(
    triton_infer_request *request, size_t input, const char *name, const char *value,
    triton_error **error_out);

/**
 * Sets a parameter of an input.
 *
 * @param input  the input's index
 * @param name   not one that the protocol uses itself
 */
TRITON_NODISCARD triton_status triton_infer_request_input_set_parameter_int64(
    triton_infer_request *request, size_t input, const char *name, int64_t value, triton_error **error_out);

/**
 * Sets a parameter of an input.
 *
 * @param input  the input's index
 * @param name   not one that the protocol uses itself
 */
TRITON_NODISCARD triton_status triton_infer_request_input_set_parameter_bool(
    triton_infer_request *request, size_t input, const char *name, bool value, triton_error **error_out);

/**
 * Sets a parameter of an input.
 *
 * @param input  the input's index
 * @param name   not one that the protocol uses itself
 * @param value  finite
 */
TRITON_NODISCARD triton_status triton_infer_request_input_set_parameter_double(
    triton_infer_request *request, size_t input, const char *name, double value, triton_error **error_out);

/**
 * Sets a parameter of a requested output.
 *
 * @param output  the requested output's index
 * @param name   not one that the protocol uses itself
 * @param value  copied
 */
TRITON_NODISCARD triton_status triton_infer_request_requested_output_set_parameter_string(
    triton_infer_request *request, size_t output, const char *name, const char *value,
    triton_error **error_out);

/**
 * Sets a parameter of a requested output.
 *
 * @param output  the requested output's index
 * @param name   not one that the protocol uses itself
 */
TRITON_NODISCARD triton_status triton_infer_request_requested_output_set_parameter_int64(
    triton_infer_request *request, size_t output, const char *name, int64_t value, triton_error **error_out);

/**
 * Sets a parameter of a requested output.
 *
 * @param output  the requested output's index
 * @param name   not one that the protocol uses itself
 */
TRITON_NODISCARD triton_status triton_infer_request_requested_output_set_parameter_bool(
    triton_infer_request *request, size_t output, const char *name, bool value, triton_error **error_out);

/**
 * Sets a parameter of a requested output.
 *
 * @param output  the requested output's index
 * @param name   not one that the protocol uses itself
 * @param value  finite
 */
TRITON_NODISCARD triton_status triton_infer_request_requested_output_set_parameter_double(
    triton_infer_request *request, size_t output, const char *name, double value, triton_error **error_out);

/**
 * The name of a parameter; an empty text for NULL.
 */
const char *triton_parameter_name(const triton_parameter *parameter);

/**
 * What the value is; TRITON_VALUE_NONE for NULL.
 */
triton_value_kind triton_parameter_kind(const triton_parameter *parameter);

/**
 * The value of a TRITON_VALUE_BOOL; false for one of another kind, and for NULL.
 */
bool triton_parameter_bool(const triton_parameter *parameter);

/**
 * The value of a TRITON_VALUE_INT64; 0 for one of another kind, and for NULL.
 */
int64_t triton_parameter_int64(const triton_parameter *parameter);

/**
 * The value of a TRITON_VALUE_UINT64; 0 for one of another kind, and for NULL.
 */
uint64_t triton_parameter_uint64(const triton_parameter *parameter);

/**
 * The value of a TRITON_VALUE_DOUBLE; 0 for one of another kind, and for NULL.
 */
double triton_parameter_double(const triton_parameter *parameter);

/**
 * The value of a TRITON_VALUE_STRING; an empty text for one of another kind, and for NULL.
 */
const char *triton_parameter_string(const triton_parameter *parameter);

/*
 * RESULTS: what a model answered. Data stays where it arrived, aligned to 64 bytes, so that a cast to any element
 * type is legal; every pointer is valid until the result is freed.
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
 * Reads an output by its name, with the datatype that the caller expects.
 *
 * @param name       the output's name
 * @param datatype   what the elements are expected to be, of one size each: for TRITON_DATATYPE_BYTES there is
 *                   triton_infer_result_output_strings
 * @param data_out   the elements, row-major, aligned to 64 bytes, or in the buffer that the request set for the output;
 *                   never NULL on success
 * @param count_out  the number of elements, not of bytes
 * @return NOT_FOUND if the result has no such output; INVALID_ARGUMENT, naming both datatypes, if it is of another, also of
 *         one that this library does not know; FAILED_PRECONDITION if it went to shared memory
 */
TRITON_NODISCARD triton_status triton_infer_result_output_as(
    const triton_infer_result *result, const char *name, triton_datatype datatype, const void **data_out,
    size_t *count_out, triton_error **error_out);

/**
 * Reads the elements of a BYTES output by its name, without a copy. The array takes 16 bytes for each element, however
 * short, beside the tensor; the elements are counted before it is allocated.
 *
 * @param name         the output's name
 * @param strings_out  the elements in row-major order, valid until the result is freed; never NULL on success
 * @param count_out    their number
 * @return NOT_FOUND if the result has no such output; INVALID_ARGUMENT if it is not BYTES; INTERNAL if what the
 *         server sent is not a valid BYTES tensor, or has another number of elements than its shape; FAILED_PRECONDITION if it
 *         went to a buffer that the request set; RESOURCE_EXHAUSTED if there is no memory for the array
 */
TRITON_NODISCARD triton_status triton_infer_result_output_strings(
    const triton_infer_result *result, const char *name, const triton_bytes **strings_out, size_t *count_out,
    triton_error **error_out);

/**
 * The name of the model that answered.
 */
const char *triton_infer_result_model_name(const triton_infer_result *result);

/**
 * The version of the model that answered, "1".
 */
const char *triton_infer_result_model_version(const triton_infer_result *result);

/**
 * The id that the request had; empty if it had none.
 */
const char *triton_infer_result_id(const triton_infer_result *result);

/**
 * Tells where the time of the call went that gave the result.
 *
 * @param times_out  filled as far as its struct_size says, which stays as it is; 0 for what this version does not know
 * @return INVALID_ARGUMENT if struct_size has no room for the first stage, is beyond 4096, or no multiple of 8
 */
TRITON_NODISCARD triton_status triton_infer_result_times(
    const triton_infer_result *result, triton_call_times *times_out, triton_error **error_out);

/**
 * Whether this is the last response to its request: always, but from a decoupled model. False for NULL.
 */
bool triton_infer_result_is_final(const triton_infer_result *result);

/**
 * Whether this is the last response to its request and nothing else: it has no outputs. False for NULL.
 */
bool triton_infer_result_is_null(const triton_infer_result *result);

/**
 * The server that answered, as in a URL: "grpc://host:8001". An empty text for a result that came from no server, and for
 * NULL.
 */
const char *triton_infer_result_endpoint(const triton_infer_result *result);

/**
 * Model, outputs and parameters in words, without the data: for logs. Not to be read by programs. Texts are cut at 256 bytes,
 * shapes at 8 dimensions, and the whole at 64 KiB.
 */
const char *triton_infer_result_debug_string(const triton_infer_result *result);

/**
 * The number of parameters of the result as a whole.
 */
size_t triton_infer_result_parameter_count(const triton_infer_result *result);

/**
 * A parameter of the result as a whole; NULL past the end.
 */
const triton_parameter *triton_infer_result_parameter(const triton_infer_result *result, size_t index);

/**
 * Returns the headers of the response, over gRPC its metadata. Never NULL unless the result is.
 */
const triton_headers *triton_infer_result_headers(const triton_infer_result *result);

/**
 * The number of outputs.
 */
size_t triton_infer_result_output_count(const triton_infer_result *result);

/**
 * An output, in the server's order; NULL past the end.
 */
const triton_infer_output *triton_infer_result_output(const triton_infer_result *result, size_t index);

/**
 * Frees a result with everything that was read out of it; NULL is harmless.
 */
void triton_infer_result_free(triton_infer_result *result);

/**
 * The name of an output.
 */
const char *triton_infer_output_name(const triton_infer_output *output);

/**
 * The datatype of an output; TRITON_DATATYPE_INVALID for one that this library does not know
 * (triton_infer_output_datatype_name). The data of such an output is there if it came as bytes: of JSON and of typed contents
 * none is read.
 */
triton_datatype triton_infer_output_datatype(const triton_infer_output *output);

/**
 * The name of an output's datatype as the server gave it: "FP32", also of one that this library does not know, "STRING".
 * Valid until the result is freed; an empty text if the server gave none.
 */
const char *triton_infer_output_datatype_name(const triton_infer_output *output);

/**
 * The shape of an output, the batch dimension first where the model has one. One dimension that the server left open (-1) is
 * set to the size that follows from the data; where the datatype is not known or the data is in shared memory it stays.
 *
 * @param rank_out  the number of dimensions; NULL is allowed
 * @return the dimensions; NULL if there are none
 */
const int64_t *triton_infer_output_shape(const triton_infer_output *output, size_t *rank_out);

/**
 * The bytes of an output's tensor: row-major, lowest byte first, aligned to 64 bytes; in the buffer that the request
 * set for the output, if it did. The elements of BYTES stand each behind its length in four bytes. NULL only for NULL.
 */
const void *triton_infer_output_data(const triton_infer_output *output);

/**
 * The number of those bytes.
 */
size_t triton_infer_output_byte_size(const triton_infer_output *output);

/**
 * The number of parameters of an output.
 */
size_t triton_infer_output_parameter_count(const triton_infer_output *output);

/**
 * A parameter of an output; NULL past the end.
 */
const triton_parameter *triton_infer_output_parameter(const triton_infer_output *output, size_t index);

/**
 * Reads an element of an output that was asked for as classes: the best first, batch for batch.
 *
 * @param index      0, 1, 2 up to the output's number of elements
 * @param class_out  the class; its label is valid until the result is freed, with U+FFFD for what is not UTF-8
 * @return INVALID_ARGUMENT if the output is no BYTES tensor; OUT_OF_RANGE past the end; INTERNAL if the element is no class
 */
TRITON_NODISCARD triton_status triton_infer_output_class(
    const triton_infer_output *output, size_t index, triton_class *class_out, triton_error **error_out);

/*
 * INFERENCE.
 *
 *     triton_infer_result *result = NULL;
 *     int failed = triton_client_infer(client, request, NULL, &result, &error);
 *     if (!failed) printf("%s\n", triton_infer_result_debug_string(result));
 *     triton_infer_result_free(result);
 */

/**
 * Runs an inference and waits for its result. Blocks until the answer is complete or the time limit passes.
 *
 * @param client      any number of threads may use it at once
 * @param request     what is asked; its borrowed data is read during the call and not afterwards
 * @param options     of the call; NULL for the client's
 * @param result_out  the answer; free it with triton_infer_result_free
 * @return INVALID_ARGUMENT, and nothing is sent, for input data that does not make up its shape; whatever the server
 *         says of an unknown model (NOT_FOUND), of shapes and datatypes; DEADLINE_EXCEEDED, UNAVAILABLE
 */
TRITON_NODISCARD triton_status triton_client_infer(
    const triton_client *client, const triton_infer_request *request, const triton_call_options *options,
    triton_infer_result **result_out, triton_error **error_out);

/*
 * STATISTICS of a client: what it has counted of its inferences since it was made.
 *
 *     triton_infer_statistics statistics = {.struct_size = sizeof statistics};
 *     if (!triton_client_infer_statistics(client, &statistics, &error))
 *         printf("%llu inferences, 99 of 100 in %llu ns\n", (unsigned long long)statistics.completed_count,
 *                (unsigned long long)statistics.p99_ns);
 */

/**
 * Tells what a client has counted of its inferences. Does not block; calls that are under way may be counted in part.
 *
 * @param statistics_out  filled as far as its struct_size says, which stays as it is; 0 for what this version does not know
 * @return INVALID_ARGUMENT if struct_size has no room for the first count, or is beyond 4096
 */
TRITON_NODISCARD triton_status triton_client_infer_statistics(
    const triton_client *client, triton_infer_statistics *statistics_out, triton_error **error_out);

/*
 * OFFLINE: requests and answers as bytes, without a connection; for SageMaker, Vertex AI, and whatever else carries them.
 *
 *     triton_buffer *body = NULL;
 *     uint64_t json_byte_size = 0;
 *     int failed = triton_infer_request_to_http_body(request, TRITON_COMPRESSION_NONE, &body, &json_byte_size, &error);
 *     fwrite(triton_buffer_data(body), 1, triton_buffer_byte_size(body), stdout);
 *     triton_buffer_free(body);
 */

/**
 * The bytes; NULL only for NULL.
 */
const void *triton_buffer_data(const triton_buffer *buffer);

/**
 * Their number.
 */
size_t triton_buffer_byte_size(const triton_buffer *buffer);

/**
 * Frees a buffer; NULL is harmless.
 */
void triton_buffer_free(triton_buffer *buffer);

/**
 * Makes the body that a request has over HTTP. Its tensors are copied. Does not block. Bodies have a known length, here and in
 * calls: chunked ones, which Triton takes, would only cost.
 *
 * @param compression         of JSON and tensors together
 * @param body_out            JSON, and behind it the tensors in binary; free it with triton_buffer_free
 * @param json_byte_size_out  the byte size of the JSON, uncompressed: what Inference-Header-Content-Length says
 */
TRITON_NODISCARD triton_status triton_infer_request_to_http_body(
    const triton_infer_request *request, triton_compression compression, triton_buffer **body_out,
    uint64_t *json_byte_size_out, triton_error **error_out);

/**
 * Reads the body of an answer over HTTP. Its tensors are copied. Does not block.
 *
 * @param data            the body
 * @param byte_size       of data
 * @param json_byte_size  what the answer's Inference-Header-Content-Length says; TRITON_NO_JSON_BYTE_SIZE without that header
 * @param compression     what the answer's Content-Encoding says
 * @param max_byte_size   the most bytes that it may have, decompressed; more is RESOURCE_EXHAUSTED
 * @param result_out      the answer; free it with triton_infer_result_free
 */
TRITON_NODISCARD triton_status triton_infer_result_from_http_body(
    const void *data, size_t byte_size, uint64_t json_byte_size, triton_compression compression,
    uint64_t max_byte_size, triton_infer_result **result_out, triton_error **error_out);

/**
 * Makes the message that a request is over gRPC, a ModelInferRequest. Its tensors are copied. Does not block.
 *
 * @param message_out  free it with triton_buffer_free
 */
TRITON_NODISCARD triton_status triton_infer_request_to_grpc_message(
    const triton_infer_request *request, triton_buffer **message_out, triton_error **error_out);

/**
 * Reads an answer over gRPC, a ModelInferResponse. Its tensors are copied. Does not block.
 *
 * @param data        the message
 * @param byte_size   of data
 * @param result_out  the answer; free it with triton_infer_result_free
 */
TRITON_NODISCARD triton_status triton_infer_result_from_grpc_message(
    const void *data, size_t byte_size, triton_infer_result **result_out, triton_error **error_out);

/**
 * Runs an inference whose message was made before. gRPC only: INVALID_ARGUMENT over HTTP. Blocks as triton_client_infer does.
 *
 * @param data        a ModelInferRequest; read during the call and not afterwards
 * @param byte_size   of data
 * @param options     of the call; NULL for the client's
 * @param result_out  the answer; free it with triton_infer_result_free
 */
TRITON_NODISCARD triton_status triton_client_infer_grpc_message(
    const triton_client *client, const void *data, size_t byte_size, const triton_call_options *options,
    triton_infer_result **result_out, triton_error **error_out);

/*
 * ELEMENTS of tensors in plain memory: BYTES with their lengths, for shared memory and buffers of the caller's, and the
 * narrow floating-point numbers that C has no types for.
 *
 *     const triton_bytes words[] = {{"alpha", 5}, {"be\0ta", 5}};
 *     char tensor[64];
 *     size_t byte_size = 0;
 *     int failed = triton_bytes_serialize(words, 2, tensor, sizeof tensor, &byte_size, &error);
 */

/**
 * Tells how many bytes a BYTES tensor has with these elements.
 *
 * @param strings        the elements in row-major order
 * @param count          their number
 * @param byte_size_out  the bytes of the tensor: each element behind its length in four bytes
 */
TRITON_NODISCARD triton_status triton_bytes_byte_size(
    const triton_bytes *strings, size_t count, size_t *byte_size_out, triton_error **error_out);

/**
 * Writes elements as a BYTES tensor.
 *
 * @param strings        the elements in row-major order
 * @param count          their number
 * @param data           where the tensor goes
 * @param byte_size      how many bytes there is room for; too few are RESOURCE_EXHAUSTED, and nothing is written
 * @param byte_size_out  the bytes of the tensor
 */
TRITON_NODISCARD triton_status triton_bytes_serialize(
    const triton_bytes *strings, size_t count, void *data, size_t byte_size, size_t *byte_size_out,
    triton_error **error_out);

/**
 * Reads the elements of a BYTES tensor, which stay where they are.
 *
 * @param data       the tensor
 * @param byte_size  of data
 * @param strings    where the elements go; NULL, with a capacity of 0, only counts them
 * @param capacity   how many elements there is room for; too few are RESOURCE_EXHAUSTED unless it is 0
 * @param count_out  the number of elements, also if there are too many
 * @return INVALID_ARGUMENT if the bytes are no BYTES tensor
 */
TRITON_NODISCARD triton_status triton_bytes_parse(
    const void *data, size_t byte_size, triton_bytes *strings, size_t capacity, size_t *count_out,
    triton_error **error_out);

/**
 * Makes FP16 of single precision: rounded to the nearest, to even where two are as near; what is too large becomes infinite,
 * NaN stays NaN.
 *
 * @param values  the numbers
 * @param count   their number, and that of the elements of into
 * @param into    their 16 bits each; must not overlap values
 */
TRITON_NODISCARD triton_status triton_fp16_from_fp32(
    const float *values, size_t count, uint16_t *into, triton_error **error_out);

/**
 * Makes single precision of FP16, exactly.
 *
 * @param values  the 16 bits of each number
 * @param count   their number, and that of the elements of into
 * @param into    the numbers; must not overlap values
 */
TRITON_NODISCARD triton_status triton_fp16_to_fp32(
    const uint16_t *values, size_t count, float *into, triton_error **error_out);

/**
 * Makes BF16 of single precision: rounded to the nearest, to even where two are as near; what is too large becomes infinite,
 * NaN stays NaN.
 *
 * @param values  the numbers
 * @param count   their number, and that of the elements of into
 * @param into    their 16 bits each; must not overlap values
 */
TRITON_NODISCARD triton_status triton_bf16_from_fp32(
    const float *values, size_t count, uint16_t *into, triton_error **error_out);

/**
 * Makes single precision of BF16, exactly.
 *
 * @param values  the 16 bits of each number
 * @param count   their number, and that of the elements of into
 * @param into    the numbers; must not overlap values
 */
TRITON_NODISCARD triton_status triton_bf16_to_fp32(
    const uint16_t *values, size_t count, float *into, triton_error **error_out);

/*
 * CONFIGURATION of a model: typed, as far as programs need it, and whole as JSON. Indices are 0, 1, 2; past the end a getter
 * answers an empty text, NULL or 0.
 *
 *     triton_model_config *config = NULL;
 *     int failed = triton_client_model_config(client, "simple", NULL, NULL, &config, &error);
 *     printf("batches of at most %d\n", (int)triton_model_config_max_batch_size(config));
 *     printf("%s\n", triton_model_config_json(config));
 *     triton_model_config_free(config);
 */

/**
 * Asks for a model's configuration. Blocks.
 *
 * @param model_name     not empty
 * @param model_version  "1"; NULL or "" for the one that the server would choose
 * @param options        of the call; NULL for the client's
 * @param config_out     the answer; free it with triton_model_config_free
 * @return NOT_FOUND for a model or version that the server does not have
 */
TRITON_NODISCARD triton_status triton_client_model_config(
    const triton_client *client, const char *model_name, const char *model_version,
    const triton_call_options *options, triton_model_config **config_out, triton_error **error_out);

/**
 * The whole configuration as JSON, by Triton's schema over HTTP: names of protobuf's fields, enums by name, numbers of
 * 64 bits as numbers. The values are the same over both protocols, and the server loads a model with this text
 * (triton_repository_options_set_config). Over HTTP the text is as it came, but for numbers of 64 bits that came as strings.
 * Over gRPC it is made of the message: without members that Triton 2.51 does not know unless they are set, and without those
 * that this library does not know. Valid until the configuration is freed.
 */
const char *triton_model_config_json(const triton_model_config *config);

/**
 * The model's name.
 */
const char *triton_model_config_name(const triton_model_config *config);

/**
 * The framework that runs it, "onnxruntime_onnx", "ensemble"; empty where only the backend is told.
 */
const char *triton_model_config_platform(const triton_model_config *config);

/**
 * The backend that runs it, "python"; empty where only the platform is told.
 */
const char *triton_model_config_backend(const triton_model_config *config);

/**
 * The largest batch; 0 for a model whose tensors have no batch dimension.
 */
int32_t triton_model_config_max_batch_size(const triton_model_config *config);

/**
 * Whether a request may have any number of responses, as only streams can hear them.
 */
bool triton_model_config_is_decoupled(const triton_model_config *config);

/**
 * Which versions are served.
 */
triton_version_policy triton_model_config_version_policy(const triton_model_config *config);

/**
 * How many of the newest versions are served, with TRITON_VERSION_POLICY_LATEST; else 0.
 */
uint32_t triton_model_config_latest_count(const triton_model_config *config);

/**
 * The number of versions that are served, with TRITON_VERSION_POLICY_SPECIFIC; else 0.
 */
size_t triton_model_config_version_count(const triton_model_config *config);

/**
 * A version that is served, with TRITON_VERSION_POLICY_SPECIFIC; 0 past the end.
 */
int64_t triton_model_config_version(const triton_model_config *config, size_t index);

/**
 * How the requests of sequences are batched.
 */
triton_sequence_strategy triton_model_config_sequence_strategy(const triton_model_config *config);

/**
 * How long, in microseconds, a sequence may be silent before it is given up; 0 for a model without a state.
 */
uint64_t triton_model_config_max_sequence_idle_us(const triton_model_config *config);

/**
 * The number of inputs.
 */
size_t triton_model_config_input_count(const triton_model_config *config);

/**
 * An input; NULL past the end.
 */
const triton_tensor_config *triton_model_config_input(const triton_model_config *config, size_t index);

/**
 * The number of outputs.
 */
size_t triton_model_config_output_count(const triton_model_config *config);

/**
 * An output; NULL past the end.
 */
const triton_tensor_config *triton_model_config_output(const triton_model_config *config, size_t index);

/**
 * Frees a model's configuration, with its inputs and outputs; NULL is harmless.
 */
void triton_model_config_free(triton_model_config *config);

/**
 * The name of an input or output.
 */
const char *triton_tensor_config_name(const triton_tensor_config *tensor);

/**
 * Its datatype; TRITON_DATATYPE_INVALID for one that this library does not know.
 */
triton_datatype triton_tensor_config_datatype(const triton_tensor_config *tensor);

/**
 * Its shape without the batch dimension; -1 for a dimension that may vary.
 *
 * @param rank_out  the number of dimensions; NULL is allowed
 * @return the dimensions; NULL if there are none
 */
const int64_t *triton_tensor_config_dims(const triton_tensor_config *tensor, size_t *rank_out);

/**
 * How its dimensions are to be read; of an output always TRITON_TENSOR_FORMAT_NONE.
 */
triton_tensor_format triton_tensor_config_format(const triton_tensor_config *tensor);

/**
 * Whether a request may leave the input away; of an output always false.
 */
bool triton_tensor_config_is_optional(const triton_tensor_config *tensor);

/**
 * The file with the names of an output's classes; empty for none, and for inputs.
 */
const char *triton_tensor_config_label_filename(const triton_tensor_config *tensor);

/*
 * THE MODEL REPOSITORY: which models there are, loading and unloading them. What is told beside a model's name stands in
 * triton_repository_options; NULL is the defaults. An operation refuses what has no meaning for it:
 *
 *     what                    index  load  unload
 *     repository name         yes    yes   yes
 *     ready filter            yes    -     -
 *     configuration, files    -      yes   -
 *     unload of dependents    -      -     yes
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
 * Makes options for the repository, with the defaults: every repository, every model, the model's own configuration
 * and files.
 *
 * @param options_out  the options; free them with triton_repository_options_free
 */
TRITON_NODISCARD triton_status triton_repository_options_new(
    triton_repository_options **options_out, triton_error **error_out);

/**
 * Frees options for the repository; NULL is harmless.
 */
void triton_repository_options_free(triton_repository_options *options);

/**
 * Sets the repository that is asked. Triton has no such choice, and answers UNIMPLEMENTED; to an index over HTTP
 * version 2.51 overlooks it.
 *
 * @param name  NULL or "" for all
 */
TRITON_NODISCARD triton_status triton_repository_options_set_repository_name(
    triton_repository_options *options, const char *name, triton_error **error_out);

/**
 * Sets whether an index has only the models that are ready.
 */
TRITON_NODISCARD triton_status triton_repository_options_set_ready_only(
    triton_repository_options *options, bool ready_only, triton_error **error_out);

/**
 * Sets the configuration that a model is loaded with instead of its own.
 *
 * @param json  of the form that triton_model_config_json has; INVALID_ARGUMENT for what is no JSON object
 */
TRITON_NODISCARD triton_status triton_repository_options_set_config(
    triton_repository_options *options, const char *json, triton_error **error_out);

/**
 * Adds a file that a model is loaded with instead of those in the repository: all of them have to be given then, and
 * the configuration too. Over HTTP files travel as base64, and Triton refuses a request of more than 64 MiB (since 2.62;
 * --http-max-input-size), about 48 MiB of files together: use gRPC for more.
 *
 * @param path       in the model's folder, "1/model.onnx"; one that is there already has the new content
 * @param content    copied
 * @param byte_size  of content
 * @return INVALID_ARGUMENT for a path that is empty or leaves the folder
 */
TRITON_NODISCARD triton_status triton_repository_options_add_file(
    triton_repository_options *options, const char *path, const void *content, size_t byte_size,
    triton_error **error_out);

/**
 * Sets whether the models of an ensemble that is unloaded go with it.
 */
TRITON_NODISCARD triton_status triton_repository_options_set_unload_dependents(
    triton_repository_options *options, bool unload_dependents, triton_error **error_out);

/**
 * Asks for the models of the server's repositories, loaded or not. One whose files came with the load is in none of
 * them, and so not told by version 2.51. Blocks.
 *
 * @param repository  NULL for all models of all repositories
 * @param options     of the call; NULL for the client's
 * @param index_out   the answer; free it with triton_repository_index_free
 */
TRITON_NODISCARD triton_status triton_client_repository_index(
    const triton_client *client, const triton_repository_options *repository,
    const triton_call_options *options, triton_repository_index **index_out, triton_error **error_out);

/**
 * The answer as JSON, in the form that it has over HTTP: there as it came. Valid until the index is freed.
 */
const char *triton_repository_index_json(const triton_repository_index *index);

/**
 * The number of entries: one for each version of each model.
 */
size_t triton_repository_index_count(const triton_repository_index *index);

/**
 * An entry; NULL past the end.
 */
const triton_model_index *triton_repository_index_model(const triton_repository_index *index, size_t at);

/**
 * Frees an index, with its entries; NULL is harmless.
 */
void triton_repository_index_free(triton_repository_index *index);

/**
 * The model's name.
 */
const char *triton_model_index_name(const triton_model_index *model);

/**
 * The version; empty for a model that was never loaded.
 */
const char *triton_model_index_version(const triton_model_index *model);

/**
 * "READY", "LOADING", "UNLOADING", "UNAVAILABLE"; empty for a model that was never loaded.
 */
const char *triton_model_index_state(const triton_model_index *model);

/**
 * Why it is in that state, where there is something to say.
 */
const char *triton_model_index_reason(const triton_model_index *model);

/**
 * Whether inference can ask for it.
 */
bool triton_model_index_is_ready(const triton_model_index *model);

/**
 * Loads a model, or loads it anew, and waits until it is ready or has failed. Blocks: 10 minutes at most, unless the
 * client's options or those of the call say otherwise. A time limit that passes does not stop the server. Of a model
 * that is loaded already, Triton 2.51 takes new files only if the configuration changes too, and its own configuration
 * again only after an unload.
 *
 * @param model_name  not empty, and without a slash
 * @param repository  configuration and files; NULL for the model's own
 * @param options     of the call; NULL for the client's
 * @return INVALID_ARGUMENT, and nothing is sent, for files without a configuration. What the server refuses: a model
 *         that is not in the repository or whose configuration is broken (INTERNAL), a model that fails to start
 *         (INVALID_ARGUMENT), a server that was not started with --model-control-mode=explicit (UNAVAILABLE), and over
 *         HTTP files of more than about 48 MiB together (INVALID_ARGUMENT; triton_repository_options_add_file)
 */
TRITON_NODISCARD triton_status triton_client_load_model(
    const triton_client *client, const char *model_name, const triton_repository_options *repository,
    const triton_call_options *options, triton_error **error_out);

/**
 * Unloads a model; one that is not loaded is no error. Blocks, with the time limit of loading. The server may answer
 * before the model is gone.
 *
 * @param model_name  not empty, and without a slash
 * @param repository  NULL to leave the models of an ensemble loaded
 * @param options     of the call; NULL for the client's
 */
TRITON_NODISCARD triton_status triton_client_unload_model(
    const triton_client *client, const char *model_name, const triton_repository_options *repository,
    const triton_call_options *options, triton_error **error_out);

/*
 * MODEL STATISTICS: what a server has counted of its models since each was loaded, typed and as JSON. Indices are 0, 1, 2; past
 * the end a getter answers an empty text, NULL or 0. Times are in nanoseconds.
 *
 *     triton_statistics *statistics = NULL;
 *     int failed = triton_client_model_statistics(client, "simple", NULL, NULL, &statistics, &error);
 *     const triton_model_statistics *entry = triton_statistics_model(statistics, 0);
 *     printf("%llu inferences\n", (unsigned long long)triton_model_statistics_inference_count(entry));
 *     triton_statistics_free(statistics);
 */

/**
 * Asks what the server has counted of its models. Blocks.
 *
 * @param model_name      NULL or "" for all models
 * @param model_version   "1"; NULL or "" for all versions
 * @param options         of the call; NULL for the client's
 * @param statistics_out  the answer; free it with triton_statistics_free
 * @return INVALID_ARGUMENT from the server for a model or version that is not loaded
 */
TRITON_NODISCARD triton_status triton_client_model_statistics(
    const triton_client *client, const char *model_name, const char *model_version,
    const triton_call_options *options, triton_statistics **statistics_out, triton_error **error_out);

/**
 * The answer as JSON, in the form that it has over HTTP: there as it came. Valid until the statistics are freed.
 */
const char *triton_statistics_json(const triton_statistics *statistics);

/**
 * The number of entries: one for each version of each model that was asked for.
 */
size_t triton_statistics_count(const triton_statistics *statistics);

/**
 * An entry; NULL past the end.
 */
const triton_model_statistics *triton_statistics_model(const triton_statistics *statistics, size_t index);

/**
 * Frees statistics, with their entries; NULL is harmless.
 */
void triton_statistics_free(triton_statistics *statistics);

/**
 * The model's name.
 */
const char *triton_model_statistics_name(const triton_model_statistics *statistics);

/**
 * The version, "1".
 */
const char *triton_model_statistics_version(const triton_model_statistics *statistics);

/**
 * When the last inference was asked for, in milliseconds since 1970; 0 for never.
 */
uint64_t triton_model_statistics_last_inference_ms(const triton_model_statistics *statistics);

/**
 * Inferences that the model ran, also to an error of its own; a batch of 8 counts as 8.
 */
uint64_t triton_model_statistics_inference_count(const triton_model_statistics *statistics);

/**
 * How often the model was run for them; a batch of 8 counts as 1.
 */
uint64_t triton_model_statistics_execution_count(const triton_model_statistics *statistics);

/**
 * How often a step was taken, for all requests.
 */
uint64_t triton_model_statistics_duration_count(
    const triton_model_statistics *statistics, triton_statistic kind);

/**
 * How long a step took, for all requests together.
 */
uint64_t triton_model_statistics_duration_ns(
    const triton_model_statistics *statistics, triton_statistic kind);

/**
 * The number of sizes of batches that were run.
 */
size_t triton_model_statistics_batch_count(const triton_model_statistics *statistics);

/**
 * A size of batches.
 */
uint64_t triton_model_statistics_batch_size(const triton_model_statistics *statistics, size_t index);

/**
 * How often a step was taken for the batches of one size: TRITON_STATISTIC_COMPUTE_INPUT, ..._INFER, ..._OUTPUT.
 */
uint64_t triton_model_statistics_batch_duration_count(
    const triton_model_statistics *statistics, size_t index, triton_statistic kind);

/**
 * How long a step took for the batches of one size, together.
 */
uint64_t triton_model_statistics_batch_duration_ns(
    const triton_model_statistics *statistics, size_t index, triton_statistic kind);

/**
 * The number of places that responses have among those of their request; 0 unless the model is decoupled.
 */
size_t triton_model_statistics_response_count(const triton_model_statistics *statistics);

/**
 * A place of responses, "0".
 */
const char *triton_model_statistics_response_key(const triton_model_statistics *statistics, size_t index);

/**
 * How often a step was taken for the responses of one place.
 */
uint64_t triton_model_statistics_response_duration_count(
    const triton_model_statistics *statistics, size_t index, triton_statistic kind);

/**
 * How long a step took for the responses of one place, together.
 */
uint64_t triton_model_statistics_response_duration_ns(
    const triton_model_statistics *statistics, size_t index, triton_statistic kind);

/**
 * The number of memories that the model uses, as far as the server tells.
 */
size_t triton_model_statistics_memory_count(const triton_model_statistics *statistics);

/**
 * The kind of a memory, "GPU".
 */
const char *triton_model_statistics_memory_kind(const triton_model_statistics *statistics, size_t index);

/**
 * Which one of its kind a memory is.
 */
int64_t triton_model_statistics_memory_id(const triton_model_statistics *statistics, size_t index);

/**
 * How much of a memory the model uses.
 */
uint64_t triton_model_statistics_memory_byte_size(const triton_model_statistics *statistics, size_t index);

/*
 * SETTINGS of a server's tracing and of its log, read and changed.
 *
 *     tracing, for a model or all   trace_level (a list: OFF, TIMESTAMPS, TENSORS), trace_rate, trace_count, log_frequency;
 *                                   trace_file and trace_mode can't be changed
 *     log                           log_info, log_warning, log_error (bool), log_verbose_level (a number), log_format (a
 *                                   text); log_file can't be changed
 *
 *     triton_settings *settings = NULL;
 *     int failed = triton_client_trace_settings(client, "simple", NULL, &settings, &error);
 *     const triton_setting *rate = triton_settings_find(settings, "trace_rate");
 *     printf("every %s requests are traced\n", triton_setting_value(rate, 0));
 *     triton_settings_free(settings);
 */

/**
 * Asks for the settings of tracing. Blocks.
 *
 * @param model_name    of a model; NULL or "" for those of all models
 * @param options       of the call; NULL for the client's
 * @param settings_out  the answer; free it with triton_settings_free
 */
TRITON_NODISCARD triton_status triton_client_trace_settings(
    const triton_client *client, const char *model_name, const triton_call_options *options,
    triton_settings **settings_out, triton_error **error_out);

/**
 * Changes settings of tracing. Blocks.
 *
 * @param model_name    of a model; NULL or "" for those of all models
 * @param update        what is to change; what is not named stays
 * @param options       of the call; NULL for the client's
 * @param settings_out  all that hold then; free it with triton_settings_free
 * @return UNIMPLEMENTED for trace_file
 */
TRITON_NODISCARD triton_status triton_client_update_trace_settings(
    const triton_client *client, const char *model_name, const triton_settings_update *update,
    const triton_call_options *options, triton_settings **settings_out, triton_error **error_out);

/**
 * Asks for the settings of the server's log. Blocks.
 *
 * @param options       of the call; NULL for the client's
 * @param settings_out  the answer; free it with triton_settings_free
 */
TRITON_NODISCARD triton_status triton_client_log_settings(
    const triton_client *client, const triton_call_options *options, triton_settings **settings_out,
    triton_error **error_out);

/**
 * Changes settings of the server's log. Blocks.
 *
 * @param update        what is to change; what is not named stays
 * @param options       of the call; NULL for the client's
 * @param settings_out  all that hold then; free it with triton_settings_free
 * @return UNIMPLEMENTED for log_file; what Triton 2.51 takes for wrong is INVALID_ARGUMENT over gRPC, and over HTTP
 *         INTERNAL for a value of another kind, UNAVAILABLE (not retryable) for an unknown log_format
 */
TRITON_NODISCARD triton_status triton_client_update_log_settings(
    const triton_client *client, const triton_settings_update *update, const triton_call_options *options,
    triton_settings **settings_out, triton_error **error_out);

/**
 * The answer as JSON, in the form that it has over HTTP: there as it came. Valid until the settings are freed.
 */
const char *triton_settings_json(const triton_settings *settings);

/**
 * The number of settings.
 */
size_t triton_settings_count(const triton_settings *settings);

/**
 * A setting, in the order of their names; NULL past the end.
 */
const triton_setting *triton_settings_setting(const triton_settings *settings, size_t index);

/**
 * The setting of a name, "trace_rate"; NULL if there is none.
 */
const triton_setting *triton_settings_find(const triton_settings *settings, const char *name);

/**
 * Frees settings; NULL is harmless.
 */
void triton_settings_free(triton_settings *settings);

/**
 * The name of a setting.
 */
const char *triton_setting_name(const triton_setting *setting);

/**
 * What a setting is: TRITON_VALUE_BOOL, _UINT64 or _STRING, of which there may be several; TRITON_VALUE_NONE for NULL.
 */
triton_value_kind triton_setting_kind(const triton_setting *setting);

/**
 * The number of values of a setting: 1 but for a list, trace_level.
 */
size_t triton_setting_value_count(const triton_setting *setting);

/**
 * A value of a setting as text, whatever it is: "true", "500", "TIMESTAMPS"; an empty text past the end.
 */
const char *triton_setting_value(const triton_setting *setting, size_t index);

/**
 * The value of a setting that is yes or no; else false.
 */
bool triton_setting_bool(const triton_setting *setting);

/**
 * The value of a setting that is a number; else 0.
 */
uint64_t triton_setting_uint64(const triton_setting *setting);

/**
 * Makes an update that changes nothing yet.
 *
 * @param update_out  the update; free it with triton_settings_update_free. Any number of calls may use it
 */
TRITON_NODISCARD triton_status triton_settings_update_new(
    triton_settings_update **update_out, triton_error **error_out);

/**
 * Frees an update; NULL is harmless.
 */
void triton_settings_update_free(triton_settings_update *update);

/**
 * Sets a setting to a text. Tracing takes numbers as texts too, "500".
 *
 * @param name  not empty
 */
TRITON_NODISCARD triton_status triton_settings_update_set_string(
    triton_settings_update *update, const char *name, const char *value, triton_error **error_out);

/**
 * Sets a setting to several texts: trace_level.
 *
 * @param name    not empty
 * @param values  the texts
 * @param count   their number; 0 is INVALID_ARGUMENT
 */
TRITON_NODISCARD triton_status triton_settings_update_set_strings(
    triton_settings_update *update, const char *name, const char *const *values, size_t count,
    triton_error **error_out);

/**
 * Sets a setting to yes or no: log_info. Tracing has it as text.
 *
 * @param name  not empty
 */
TRITON_NODISCARD triton_status triton_settings_update_set_bool(
    triton_settings_update *update, const char *name, bool value, triton_error **error_out);

/**
 * Sets a setting to a number: log_verbose_level. Tracing has it as text.
 *
 * @param name  not empty
 */
TRITON_NODISCARD triton_status triton_settings_update_set_uint32(
    triton_settings_update *update, const char *name, uint32_t value, triton_error **error_out);

/**
 * Gives a setting of tracing its default back: that of the server, or for a model the one of all models. Settings of
 * the log have none: an update of the log with one is INVALID_ARGUMENT.
 *
 * @param name  not empty
 */
TRITON_NODISCARD triton_status triton_settings_update_clear(
    triton_settings_update *update, const char *name, triton_error **error_out);

/*
 * SHARED MEMORY as a server has it registered. The server has to be on the same machine, see the same memory (in containers:
 * --ipc=host), and, from version 2.69 on, be started with --allow-client-shm=true: else registering is UNIMPLEMENTED, and an
 * inference does not find the region. A frontend that runs in a Python program (tritonfrontend) has no shared memory:
 * UNAVAILABLE.
 *
 *     int failed = triton_client_register_system_shared_memory(client, name, key, 64, 0, NULL, &error)
 *         || triton_infer_request_input_set_shared_memory(request, 0, name, 64, 0, &error)
 *         || triton_client_infer(client, request, NULL, &result, &error);
 */

/**
 * Registers system memory with the server. Blocks.
 *
 * @param name       the name that requests call the region by; not empty
 * @param key        the name of the memory, as shm_open takes it, "/my_memory"; not empty
 * @param byte_size  of the region; not 0
 * @param offset     where the region begins, in bytes from the start of the memory; a multiple of the page size for
 *                   Triton 2.51
 * @param options    of the call; NULL for the client's
 * @return ALREADY_EXISTS if the name is registered (over HTTP INVALID_ARGUMENT); INTERNAL if the server finds no such
 *         memory, or not so much of it
 */
TRITON_NODISCARD triton_status triton_client_register_system_shared_memory(
    const triton_client *client, const char *name, const char *key, uint64_t byte_size, uint64_t offset,
    const triton_call_options *options, triton_error **error_out);

/**
 * Registers memory of a GPU with the server. Blocks.
 *
 * @param name              the name that requests call the region by; not empty
 * @param raw_handle        a cudaIpcMemHandle_t
 * @param handle_byte_size  its size: 64
 * @param device_id         the GPU that the memory is of; not negative
 * @param byte_size         of the region; not 0
 * @param options           of the call; NULL for the client's
 * @return INVALID_ARGUMENT for a handle of another size, and from a server that has no such memory
 */
TRITON_NODISCARD triton_status triton_client_register_cuda_shared_memory(
    const triton_client *client, const char *name, const void *raw_handle, size_t handle_byte_size,
    int64_t device_id, uint64_t byte_size, const triton_call_options *options, triton_error **error_out);

/**
 * Takes the registration of one region of system memory back. Blocks. A name that is not registered is no error.
 *
 * @param name     not empty: triton_client_unregister_all_system_shared_memory is for all
 * @param options  of the call; NULL for the client's
 * @return INTERNAL while a request uses the region: for Triton 2.51 a moment longer than its answer takes
 */
TRITON_NODISCARD triton_status triton_client_unregister_system_shared_memory(
    const triton_client *client, const char *name, const triton_call_options *options,
    triton_error **error_out);

/**
 * Takes the registration of one region of a GPU's memory back. Blocks. A name that is not registered is no error.
 *
 * @param name     not empty: triton_client_unregister_all_cuda_shared_memory is for all
 * @param options  of the call; NULL for the client's
 * @return INTERNAL while a request uses the region: for Triton 2.51 a moment longer than its answer takes
 */
TRITON_NODISCARD triton_status triton_client_unregister_cuda_shared_memory(
    const triton_client *client, const char *name, const triton_call_options *options,
    triton_error **error_out);

/**
 * Takes the registrations of all regions of system memory back, those of other programs too. Blocks.
 *
 * @param options  of the call; NULL for the client's
 */
TRITON_NODISCARD triton_status triton_client_unregister_all_system_shared_memory(
    const triton_client *client, const triton_call_options *options, triton_error **error_out);

/**
 * Takes the registrations of all regions of GPUs' memory back, those of other programs too. Blocks.
 *
 * @param options  of the call; NULL for the client's
 */
TRITON_NODISCARD triton_status triton_client_unregister_all_cuda_shared_memory(
    const triton_client *client, const triton_call_options *options, triton_error **error_out);

/**
 * Asks for the regions of system memory that are registered with the server. Blocks.
 *
 * @param name        of one region; NULL or "" for all
 * @param options     of the call; NULL for the client's
 * @param status_out  the answer; free it with triton_shared_memory_status_free
 * @return NOT_FOUND for a name that is not registered
 */
TRITON_NODISCARD triton_status triton_client_system_shared_memory_status(
    const triton_client *client, const char *name, const triton_call_options *options,
    triton_shared_memory_status **status_out, triton_error **error_out);

/**
 * Asks for the regions of GPUs' memory that are registered with the server. Blocks.
 *
 * @param name        of one region; NULL or "" for all
 * @param options     of the call; NULL for the client's
 * @param status_out  the answer; free it with triton_shared_memory_status_free
 * @return NOT_FOUND for a name that is not registered
 */
TRITON_NODISCARD triton_status triton_client_cuda_shared_memory_status(
    const triton_client *client, const char *name, const triton_call_options *options,
    triton_shared_memory_status **status_out, triton_error **error_out);

/**
 * The answer as JSON, in the form that it has over HTTP: there as it came. Valid until the status is freed.
 */
const char *triton_shared_memory_status_json(const triton_shared_memory_status *status);

/**
 * The number of regions.
 */
size_t triton_shared_memory_status_count(const triton_shared_memory_status *status);

/**
 * The name of a region; an empty text past the end.
 */
const char *triton_shared_memory_status_name(const triton_shared_memory_status *status, size_t index);

/**
 * The name of a region's memory, as shm_open takes it; an empty text for a GPU's, and past the end.
 */
const char *triton_shared_memory_status_key(const triton_shared_memory_status *status, size_t index);

/**
 * The bytes of a region; 0 past the end.
 */
uint64_t triton_shared_memory_status_byte_size(const triton_shared_memory_status *status, size_t index);

/**
 * Where a region of system memory begins, in bytes from the start of the memory; 0 for a GPU's, and past the end.
 */
uint64_t triton_shared_memory_status_offset(const triton_shared_memory_status *status, size_t index);

/**
 * The GPU that a region is of; 0 for system memory, and past the end.
 */
uint64_t triton_shared_memory_status_device_id(const triton_shared_memory_status *status, size_t index);

/**
 * Frees a status; NULL is harmless.
 */
void triton_shared_memory_status_free(triton_shared_memory_status *status);

/*
 * METRICS of a server, from their own port: Prometheus's text, and what it says.
 *
 *     triton_metrics *metrics = NULL;
 *     int failed = triton_client_metrics(client, NULL, &metrics, &error);
 *     for (size_t i = 0; i < triton_metrics_sample_count(metrics); i++) {
 *         const triton_metric *sample = triton_metrics_sample(metrics, i);
 *         const char *model = triton_metric_label(sample, "model");
 *         printf("%s of '%s': %g\n", triton_metric_name(sample), model, triton_metric_value(sample));
 *     }
 *     triton_metrics_free(metrics);
 */

/**
 * Asks for the server's metrics: at port 8002 of its host, or where triton_client_options_set_metrics_url says. Over
 * HTTP whatever the client's protocol. Blocks.
 *
 * @param options      of the call; NULL for the client's
 * @param metrics_out  the answer; free it with triton_metrics_free
 * @return INTERNAL for an answer that is no Prometheus text. Keys that the client has are not sent there, those of the
 *         call are
 */
TRITON_NODISCARD triton_status triton_client_metrics(
    const triton_client *client, const triton_call_options *options, triton_metrics **metrics_out,
    triton_error **error_out);

/**
 * The text as it came. Valid until the metrics are freed.
 */
const char *triton_metrics_text(const triton_metrics *metrics);

/**
 * The number of samples.
 */
size_t triton_metrics_count(const triton_metrics *metrics);

/**
 * A sample, in the order of the text; NULL past the end.
 */
const triton_metric *triton_metrics_sample(const triton_metrics *metrics, size_t index);

/**
 * Frees metrics; NULL is harmless.
 */
void triton_metrics_free(triton_metrics *metrics);

/**
 * The name of a sample's metric, "nv_inference_count".
 */
const char *triton_metric_name(const triton_metric *metric);

/**
 * The value of a sample; it may be infinite or no number.
 */
double triton_metric_value(const triton_metric *metric);

/**
 * The number of labels that say what a sample is of.
 */
size_t triton_metric_label_count(const triton_metric *metric);

/**
 * The name of a label, "model"; an empty text past the end.
 */
const char *triton_metric_label_name(const triton_metric *metric, size_t index);

/**
 * The value of a label, "simple"; an empty text past the end.
 */
const char *triton_metric_label_value(const triton_metric *metric, size_t index);

/**
 * The value of the label of a name, "model"; an empty text if there is none.
 */
const char *triton_metric_label(const triton_metric *metric, const char *name);

/*
 * GENERATE: models of text, asked by JSON. HTTP only: over gRPC UNIMPLEMENTED, with advice.
 *
 * Triton's other front ends for such models, the OpenAI-compatible one and those of SageMaker and Vertex AI, are no part of
 * this library's control plane: the first has clients of its own, and an inference through the others is sent with
 * triton_call_options_set_http_path, ..._http_content_type and ..._http_json_size_header.
 *
 *     triton_generated *generated = NULL;
 *     const char *json = "{\"PROMPT\": \"once\", \"REPEAT\": 1}";
 *     int failed = triton_client_generate(client, "generator", NULL, json, NULL, &generated, &error);
 *     if (!failed) printf("%s\n", triton_generated_json(generated));
 *     triton_generated_free(generated);
 */

/**
 * Asks a model for one answer. Blocks.
 *
 * @param model_name     not empty
 * @param model_version  "1"; NULL or "" for the one that the server would choose
 * @param json           a JSON object: the model's tensors and the request's parameters by their names
 * @param options        of the call; NULL for the client's
 * @param generated_out  the answer; free it with triton_generated_free
 * @return INVALID_ARGUMENT, and nothing is sent, for what is no JSON object; UNKNOWN, with HTTP status 200, for an
 *         error that the server tells in a response that began as a success: nothing says what it would have been;
 *         INTERNAL for a success without a JSON object
 */
TRITON_NODISCARD triton_status triton_client_generate(
    const triton_client *client, const char *model_name, const char *model_version, const char *json,
    const triton_call_options *options, triton_generated **generated_out, triton_error **error_out);

/**
 * The answer, a JSON object. Valid until it is freed.
 */
const char *triton_generated_json(const triton_generated *generated);

/**
 * Returns the headers of the response. Never NULL unless the handle is.
 */
const triton_headers *triton_generated_headers(const triton_generated *generated);

/**
 * The server's report of its load, for which triton_call_options_set_load_report asks.
 *
 * @return the report; free it with triton_load_report_free. NULL if the server sent none
 */
triton_load_report *triton_generated_load_report(const triton_generated *generated);

/**
 * Frees what a model generated; NULL is harmless.
 */
void triton_generated_free(triton_generated *generated);

/**
 * Asks a model for a stream of answers, and hands each over as it comes. Blocks until the server has no more, the
 * callback wants none, or the time limit of the call passes, which is that of the whole stream.
 *
 * @param model_name     not empty
 * @param model_version  "1"; NULL or "" for the one that the server would choose
 * @param json           a JSON object: the model's tensors and the request's parameters by their names
 * @param options        of the call; NULL for the client's
 * @param callback       hears each event, on this thread, before the function returns; not NULL
 * @param user_data      handed to it
 * @return CANCELLED if the callback wanted no more; UNKNOWN, with HTTP status 200, for an event that tells an error,
 *         with which the stream ends: {"error": "..."}, {"error": {"message": "..."}}, {"errors": [...]}, {"detail": ...},
 *         "message" beside a "code" of 400 or more or beside a "type" or "status" of "error", each without "model_name",
 *         or an event called "error"; INTERNAL for a success that is not a stream of events; else as
 *         triton_client_generate
 */
TRITON_NODISCARD triton_status triton_client_generate_stream(
    const triton_client *client, const char *model_name, const char *model_version, const char *json,
    const triton_call_options *options, triton_generate_callback callback, void *user_data,
    triton_error **error_out);

/*
 * LOAD REPORTS: what a server says of its load beside an answer, as ORCA has it, when triton_call_options_set_load_report asks.
 * Triton does so over HTTP for the backends that have such metrics, vLLM's and TensorRT-LLM's.
 *
 *     triton_load_report *report = triton_infer_result_load_report(result);
 *     for (size_t i = 0; i < triton_load_report_count(report); i++)
 *         printf("%s = %g\n", triton_load_report_name(report, i), triton_load_report_value(report, i));
 *     triton_load_report_free(report);
 */

/**
 * The server's report of its load beside an inference.
 *
 * @return the report; free it with triton_load_report_free. NULL if the server sent none
 */
triton_load_report *triton_infer_result_load_report(const triton_infer_result *result);

/**
 * The number of values.
 */
size_t triton_load_report_count(const triton_load_report *report);

/**
 * The name of a value, "named_metrics.kv_cache_utilization"; an empty text past the end.
 */
const char *triton_load_report_name(const triton_load_report *report, size_t index);

/**
 * A value; 0 past the end.
 */
double triton_load_report_value(const triton_load_report *report, size_t index);

/**
 * Looks for the value of a name.
 *
 * @param value_out  the value; 0 if there is none
 * @return whether there is one
 */
bool triton_load_report_find(const triton_load_report *report, const char *name, double *value_out);

/**
 * Frees a load report; NULL is harmless.
 */
void triton_load_report_free(triton_load_report *report);

#ifdef __cplusplus
} /* extern "C" */
#endif

#endif /* TRITON_CLIENT_H */
