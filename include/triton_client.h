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
 * libtriton_client: a client for NVIDIA Triton Inference Server, over HTTP/REST and gRPC.
 *
 * A program makes a client from a URL, fills a request, and reads a result:
 *
 *     triton_client_new(url, NULL, &client, &error)
 *     triton_infer_request_new("simple", &request, &error)
 *     triton_infer_request_add_input_data(request, "INPUT0", TRITON_DATATYPE_INT32, shape, 2, a, sizeof a, &error)
 *     triton_client_infer(client, request, NULL, &result, &error)
 *     triton_infer_result_output_as(result, "OUTPUT0", TRITON_DATATYPE_INT32, &data, &count, &error)
 *
 * What holds for every function, and is not said again below:
 *
 * STATUS. A function that can fail returns a triton_status, and TRITON_STATUS_OK is 0: steps chain with ||. It takes
 * a `triton_error **error_out`, always last and allowed to be NULL: on failure it points to an error that the caller
 * frees with triton_error_free, else to NULL. What stood there before is overwritten, not freed.
 *
 * OUT-PARAMETERS are named ..._out and are written on every path: the value on success, NULL, 0 or false otherwise.
 * A NULL out-parameter is TRITON_STATUS_INVALID_ARGUMENT, but for error_out, and rank_out where a shape is wanted alone.
 * A struct whose struct_size is refused stays as it is.
 *
 * HANDLES are opaque. Only a function whose name ends in _free consumes one; it takes NULL, and nothing that the
 * library returns is freed in any other way. A NULL handle elsewhere is TRITON_STATUS_INVALID_ARGUMENT. What a handle
 * needs it keeps alive by itself: a result outlives its request and its client. What a getter returns belongs to the
 * handle, is valid until that is freed or changed, and where it is text is never NULL.
 *
 * TEXT that comes in ends with a NUL and is UTF-8, else TRITON_STATUS_INVALID_ARGUMENT. Text that goes out ends with
 * a NUL and is UTF-8; a NUL inside of what a server said is replaced by U+FFFD.
 *
 * ARRAYS come as a pointer and a count. With a count of 0 the pointer may be NULL.
 *
 * BORROWED DATA. Where a function says that it borrows, the memory must stay valid until the handle is freed or
 * forgets it, and unchanged while a call uses it; between calls it may be refilled. A call ends, well or badly, only
 * when the library neither reads nor writes the caller's memory any more.
 *
 * THREADS. A const handle may be used by any number of threads at once; a triton_client always. A handle that is not
 * const is used by one thread at a time. No thread may be inside a function with a handle that another frees.
 *
 * TIME is in microseconds. TRITON_NO_TIMEOUT is no limit; a limit of 0 is TRITON_STATUS_INVALID_ARGUMENT. Every call
 * to a server has a limit (60 s unless told), and everything counts against it: names, connecting, sending, receiving.
 *
 * NOTHING ELSE. The library prints nothing, has no global state that a program could set, raises no SIGPIPE, and
 * never lets a panic of its own through: that comes out as TRITON_STATUS_INTERNAL. In a child made by fork no handle of
 * the parent may be used: threads are not there any more, and connections would be shared. Make a new client there.
 *
 * URLS of servers. A name, an IPv4 address, or an IPv6 address in brackets, which may have a zone, the name or number of a
 * network interface: [fe80::1%25eth0] or [fe80::1%eth0].
 *
 *     URL                                  protocol   port unless told
 *     host, host:port                      HTTP       8000
 *     host:port/base/path                  HTTP       8000    the base path stands before /v2
 *     http://host[:port][/base/path]       HTTP       8000
 *     grpc://host[:port]                   gRPC       8001    a path is TRITON_STATUS_INVALID_ARGUMENT
 *     https://host[:port][/base/path]      HTTP, TLS  443     TRITON_STATUS_UNIMPLEMENTED in this version
 *     grpcs://host[:port]                  gRPC, TLS  443     TRITON_STATUS_UNIMPLEMENTED in this version
 */

#ifdef __cplusplus
extern "C" {
#endif

/**
 * The version of this header, first part. The three are compared at once by TRITON_VERSION_AT_LEAST.
 */
#define TRITON_VERSION_MAJOR 0

/**
 * The version of this header, second part.
 */
#define TRITON_VERSION_MINOR 1

/**
 * The version of this header, third part.
 */
#define TRITON_VERSION_PATCH 0

/**
 * Counts the changes after which a program compiled against an older header would go wrong.
 */
#define TRITON_ABI_VERSION 1

/**
 * No time limit.
 */
#define TRITON_NO_TIMEOUT UINT64_MAX

/**
 * The default time limit of connecting: 10 s.
 */
#define TRITON_DEFAULT_CONNECT_TIMEOUT_US 10000000

/**
 * The default time limit of a call: 60 s.
 */
#define TRITON_DEFAULT_TIMEOUT_US 60000000

/**
 * The default time limit of loading or unloading a model: 10 min.
 */
#define TRITON_DEFAULT_LOAD_TIMEOUT_US 600000000

/**
 * The default maximum size of a message: 2^31 - 1 bytes, more than which no server accepts over gRPC.
 */
#define TRITON_DEFAULT_MAX_MESSAGE_BYTE_SIZE 2147483647

/**
 * The default size of the memory that a client keeps for results: 64 MiB.
 */
#define TRITON_DEFAULT_RESULT_MEMORY_BYTE_SIZE 67108864

/**
 * The default of the most bytes that a compressed answer may have once it is decompressed: 256 MiB.
 */
#define TRITON_DEFAULT_MAX_DECOMPRESSED_BYTE_SIZE 268435456

/**
 * For triton_infer_result_from_http_body: the answer had no Inference-Header-Content-Length.
 */
#define TRITON_NO_JSON_BYTE_SIZE UINT64_MAX

/**
 * How a call ended. The canonical codes of gRPC, with their numbers.
 */
TRITON_ENUM(triton_status) {
    /**
     * Well.
     */
    TRITON_STATUS_OK = 0,
    /**
     * The call was cancelled, by the caller or by the server.
     */
    TRITON_STATUS_CANCELLED = 1,
    /**
     * The server gave no code that says more.
     */
    TRITON_STATUS_UNKNOWN = 2,
    /**
     * What was asked is wrong in itself: a name, a shape, a byte count, a URL.
     */
    TRITON_STATUS_INVALID_ARGUMENT = 3,
    /**
     * The time limit passed before the answer was complete.
     */
    TRITON_STATUS_DEADLINE_EXCEEDED = 4,
    /**
     * There is no such model, version, output or region.
     */
    TRITON_STATUS_NOT_FOUND = 5,
    /**
     * What was to be made is there already.
     */
    TRITON_STATUS_ALREADY_EXISTS = 6,
    /**
     * The server refuses this to the caller.
     */
    TRITON_STATUS_PERMISSION_DENIED = 7,
    /**
     * A limit was met: a message too large, a buffer too small, a quota used up.
     */
    TRITON_STATUS_RESOURCE_EXHAUSTED = 8,
    /**
     * Not possible in the present state.
     */
    TRITON_STATUS_FAILED_PRECONDITION = 9,
    /**
     * Given up because of a conflict; may succeed when tried again from the start.
     */
    TRITON_STATUS_ABORTED = 10,
    /**
     * Past the end of something.
     */
    TRITON_STATUS_OUT_OF_RANGE = 11,
    /**
     * The server, or this build of the library, does not do this.
     */
    TRITON_STATUS_UNIMPLEMENTED = 12,
    /**
     * A broken promise: of the server's, or a defect of this library.
     */
    TRITON_STATUS_INTERNAL = 13,
    /**
     * The server can't be reached, or can't serve now.
     */
    TRITON_STATUS_UNAVAILABLE = 14,
    /**
     * Data was lost or damaged beyond repair.
     */
    TRITON_STATUS_DATA_LOSS = 15,
    /**
     * The server does not know who is calling.
     */
    TRITON_STATUS_UNAUTHENTICATED = 16,
};

/**
 * Who found the fault.
 */
TRITON_ENUM(triton_origin) {
    /**
     * There is no fault.
     */
    TRITON_ORIGIN_NONE = 0,
    /**
     * The caller's own argument was refused, before anything was sent.
     */
    TRITON_ORIGIN_ARGUMENT = 1,
    /**
     * The library on the caller's side: a time limit, a size limit, a defect.
     */
    TRITON_ORIGIN_CLIENT = 2,
    /**
     * The way to the server: a name that does not resolve, a refused or broken connection, an answer that is none.
     */
    TRITON_ORIGIN_CONNECTION = 3,
    /**
     * The server, or a proxy before it, answered with an error.
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
 * How much a message of the log matters, the most first.
 */
TRITON_ENUM(triton_log_level) {
    /**
     * Something failed and the caller can't hear of it otherwise.
     */
    TRITON_LOG_ERROR = 1,
    /**
     * Something is odd, and was got over.
     */
    TRITON_LOG_WARN = 2,
    /**
     * Connections that open and close.
     */
    TRITON_LOG_INFO = 3,
    /**
     * Every call: what, where, how it ended, how long it took.
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
     * Not at all.
     */
    TRITON_COMPRESSION_NONE = 0,
    /**
     * gzip (RFC 1952).
     */
    TRITON_COMPRESSION_GZIP = 1,
    /**
     * What HTTP and gRPC call deflate: zlib (RFC 1950).
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
 * How a server is to write its report of load: a matter of taste, since both are read alike.
 */
TRITON_ENUM(triton_load_report_format) {
    /**
     * It is to send none.
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
 * Bytes that the library made. Freed with triton_buffer_free.
 */
typedef struct triton_buffer triton_buffer;

/**
 * What one call is told. Freed with triton_call_options_free.
 */
typedef struct triton_call_options triton_call_options;

/**
 * A client of one server. Freed with triton_client_free.
 */
typedef struct triton_client triton_client;

/**
 * What a client is told when it is made. Freed with triton_client_options_free.
 */
typedef struct triton_client_options triton_client_options;

/**
 * Why a call failed. Freed with triton_error_free.
 */
typedef struct triton_error triton_error;

/**
 * A generated response. Freed with triton_generated_free.
 */
typedef struct triton_generated triton_generated;

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
 * A report of the server's load: names and values. Belongs to the result, or the generated response, that it was read from.
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
 * A parameter of a result or of one of its outputs. Belongs to the result.
 */
typedef struct triton_parameter triton_parameter;

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
 * The configuration of one input or output. Belongs to the model's configuration.
 */
typedef struct triton_tensor_config triton_tensor_config;

/**
 * The metadata of one input or output. Belongs to the model's metadata.
 */
typedef struct triton_tensor_metadata triton_tensor_metadata;

/**
 * Hears a message of the log: level, the part of the library that speaks, text. Both texts are valid for the call. Any
 * thread may call it, several at once; it must not call the library, nor leave by longjmp or an exception.
 */
typedef void (*triton_log_callback)(triton_log_level level, const char *target, const char *message, void *user_data);

/**
 * Called once with the user_data of a callback when nothing will use it any more, on any thread. NULL for none.
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
 * The statistics of a client. Times are in nanoseconds.
 */
typedef struct triton_client_statistics {
    /**
     * sizeof(triton_client_statistics), set by the caller.
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
 * Receives an event of triton_client_generate_stream. Returns 0 to continue, any other value to end the stream. It may call
 * any function of the library, and must not leave by longjmp or an exception.
 *
 * json: a JSON object that ends with a NUL, valid during the call; byte_size: its size in bytes, without the NUL
 */
typedef int (*triton_generate_callback)(const char *json, size_t byte_size, void *user_data);


/** The version of this header as a number that grows: 1.2.3 is 10203. */
#define TRITON_VERSION_NUMBER (TRITON_VERSION_MAJOR * 10000 + TRITON_VERSION_MINOR * 100 + TRITON_VERSION_PATCH)

/** Whether this header has the given version or a later one, for use in #if. */
#define TRITON_VERSION_AT_LEAST(major, minor, patch) \
    (TRITON_VERSION_NUMBER >= (major) * 10000 + (minor) * 100 + (patch))

/*
 * THE LIBRARY: which version this is, when compiled against and when run.
 *
 *     if (triton_abi_version() != TRITON_ABI_VERSION) {
 *         fprintf(stderr, "libtriton_client %s does not match the header of this program\n", triton_version());
 *         return 1;
 *     }
 */

/**
 * The version of the library as text, "1.2.3". Never NULL, valid for ever.
 */
const char *triton_version(void);

/**
 * The version of the library as a number that grows: 1.2.3 is 10203. The header's is TRITON_VERSION_NUMBER.
 */
uint32_t triton_version_number(void);

/**
 * The library's TRITON_ABI_VERSION. A program that loads the library by hand compares it with its header's.
 */
uint32_t triton_abi_version(void);


/*
 * ERRORS: what went wrong, in words for people and in codes for programs.
 *
 * An answer's HTTP status or gRPC code becomes a status by this table. HTTP 400 stands for four of Triton's codes
 * (INVALID_ARGUMENT, ALREADY_EXISTS, UNKNOWN, CANCELLED), and nothing on the wire tells them apart:
 * INVALID_ARGUMENT is answered. The origin is always TRITON_ORIGIN_SERVER.
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
 * UNAVAILABLE is in doubt because proxies send it after their upstream broke in mid-request. It is not in doubt if the
 * body of a 503 is an error as Triton writes it, {"error": "..."}, or if the text over gRPC is one by which Triton says
 * that nothing ran: queue full, queue timeout, server stopping, model not ready, protocol restricted, no shared memory. For
 * shared memory and for the settings of trace and log it is not retryable if Triton itself says so: it was started without
 * what the call needs, or does not accept a value. An HTTP status of 500 is not in doubt where the protocol is HTTP: it is
 * the server's own. Over gRPC no server sends one, so that it comes from a proxy and is in doubt.
 *
 * CANCELLED over gRPC without a reason comes from a server that is stopping: it is retryable. A server that hears of the
 * deadline over gRPC may see it pass first: what it says of it then is the client's own DEADLINE_EXCEEDED.
 *
 * A request that was certainly not seen (nothing of it was sent, the server said so by GOAWAY, or it was refused before
 * its end was sent) is sent once more, on a fresh connection; so is one that only reads (health, metadata, configuration,
 * statistics, index, settings, metrics) if it was refused or its connection was closed. A stream that was refused after
 * the whole request was sent (REFUSED_STREAM) is UNAVAILABLE, retryable and in doubt: HAProxy 2.6 refuses streams after
 * its server ran the request.
 *
 * A message shows at most 8 KiB of the server's reason, and at most 256 bytes of any other text from the network. A
 * redirect is never followed: the message names its Location.
 *
 * Failures that are no answer: a wrong argument is INVALID_ARGUMENT (origin argument); a server that can't be
 * reached or a connection that breaks UNAVAILABLE, retryable, an answer that is none INTERNAL (origin connection);
 * a time limit DEADLINE_EXCEEDED, retryable, a size limit RESOURCE_EXHAUSTED (origin client). Each is in doubt if
 * the request, or a part of it, was sent. A port that says that it speaks TLS is UNAVAILABLE (origin connection), neither
 * retryable nor in doubt.
 *
 *     if (triton_client_infer(client, request, NULL, &result, &error)) {
 *         fprintf(stderr, "%s\n", triton_error_message(error));
 *         is_worth_another_try = triton_error_is_retryable(error) && !triton_error_is_in_doubt(error);
 *         triton_error_free(error);
 *         error = NULL;
 *     }
 */

/**
 * The status that the failed function returned too. TRITON_STATUS_OK for NULL.
 */
triton_status triton_error_status(const triton_error *error);

/**
 * What was tried, on what, and what came of it, down to the first cause, in one line that stands alone. Valid until
 * the error is freed; an empty text for NULL.
 */
const char *triton_error_message(const triton_error *error);

/**
 * Who found the fault. TRITON_ORIGIN_NONE for NULL.
 */
triton_origin triton_error_origin(const triton_error *error);

/**
 * The HTTP status of the answer, 404; 0 if there was no answer over HTTP, and for NULL.
 */
uint32_t triton_error_http_status(const triton_error *error);

/**
 * The id of the inference request that failed. Valid until the error is freed; an empty text if it had none, and for
 * NULL.
 */
const char *triton_error_request_id(const triton_error *error);

/**
 * Whether the same call may succeed later. Whether another try is safe is what triton_error_is_in_doubt says.
 * False for NULL.
 */
bool triton_error_is_retryable(const triton_error *error);

/**
 * Whether the server may have run the request although the call failed: it was sent, or a part of it, and no answer
 * says what became of it. False for NULL.
 */
bool triton_error_is_in_doubt(const triton_error *error);

/**
 * The number of headers of the answer that told the failure, over gRPC of its metadata; 0 if no answer did, and for NULL.
 */
size_t triton_error_header_count(const triton_error *error);

/**
 * The name of a header, in lower case; an empty text past the end. Valid until the error is freed.
 */
const char *triton_error_header_name(const triton_error *error, size_t index);

/**
 * The value of a header; an empty text past the end. Valid until the error is freed.
 */
const char *triton_error_header_value(const triton_error *error, size_t index);

/**
 * Frees an error; NULL is harmless.
 */
void triton_error_free(triton_error *error);

/**
 * The name of a status, "NOT_FOUND". Valid for ever; "UNKNOWN" for a number that is no status.
 */
const char *triton_status_name(triton_status status);


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
 * OPTIONS of a client. Where a function takes them, NULL stands for the defaults.
 *
 *     what                          default          set by
 *     time limit of connecting      10 s             triton_client_options_set_connect_timeout_us
 *     time limit of a call          60 s             triton_client_options_set_timeout_us, and for one call
 *                                                    triton_call_options_set_timeout_us
 *     time limit of loading models  10 min           triton_client_options_set_load_timeout_us
 *     largest message, either way   2^31 - 1 bytes   triton_client_options_set_max_message_byte_size
 *     compressed answers, largest   256 MiB          triton_client_options_set_max_decompressed_byte_size
 *     compression                   none             triton_client_options_set_request_compression,
 *                                                    triton_client_options_set_response_compression, and for one call
 *                                                    triton_call_options_set_request_compression, ..._response_...
 *     most connections at once      no maximum       triton_client_options_set_max_connections
 *     memory kept for results       64 MiB           triton_client_options_set_result_memory_byte_size
 *     URL of the metrics            port 8002        triton_client_options_set_metrics_url
 *     name of the gRPC service      Triton's         triton_client_options_set_grpc_service_name
 *     key of restricted endpoints   none             triton_client_options_add_restricted_key, and for one call
 *                                                    triton_call_options_add_restricted_key
 *     report of the server's load   none             triton_call_options_set_load_report
 *     log                           none             triton_client_options_set_log_callback
 *
 *     triton_client_options *options = NULL;
 *     int failed = triton_client_options_new(&options, &error)
 *         || triton_client_options_set_timeout_us(options, 5000000, &error)
 *         || triton_client_options_set_max_connections(options, 8, &error)
 *         || triton_client_new(url, options, &client, &error);
 *     triton_client_options_free(options);
 */

/**
 * Makes options for a client, with the defaults.
 *
 * @param options_out  the options; free them with triton_client_options_free, at any time after triton_client_new
 */
TRITON_NODISCARD triton_status triton_client_options_new(
    triton_client_options **options_out, triton_error **error_out);

/**
 * Frees options of a client; NULL is harmless. Clients made with them live on.
 */
void triton_client_options_free(triton_client_options *options);

/**
 * Sets the time limit for reaching a server: name resolution and connecting. The limit of the call counts as well.
 *
 * @param timeout_us  microseconds; TRITON_NO_TIMEOUT for none but the call's; 0 is INVALID_ARGUMENT
 */
TRITON_NODISCARD triton_status triton_client_options_set_connect_timeout_us(
    triton_client_options *options, uint64_t timeout_us, triton_error **error_out);

/**
 * Sets the time limit of every call that has none of its own, from its start to its last byte.
 *
 * @param timeout_us  microseconds; TRITON_NO_TIMEOUT for none; 0 is INVALID_ARGUMENT
 */
TRITON_NODISCARD triton_status triton_client_options_set_timeout_us(
    triton_client_options *options, uint64_t timeout_us, triton_error **error_out);

/**
 * Sets the time limit of loading or unloading a model, for calls that have none of their own.
 *
 * @param timeout_us  microseconds; TRITON_NO_TIMEOUT for none; 0 is INVALID_ARGUMENT
 */
TRITON_NODISCARD triton_status triton_client_options_set_load_timeout_us(
    triton_client_options *options, uint64_t timeout_us, triton_error **error_out);

/**
 * Sets where the server's metrics are.
 *
 * @param url  "http://host:8002/metrics", of which port and path may be left away; always HTTP, also for a client of
 *             gRPC
 */
TRITON_NODISCARD triton_status triton_client_options_set_metrics_url(
    triton_client_options *options, const char *url, triton_error **error_out);

/**
 * Sets the name of the gRPC service that inference and control plane call, for servers that offer the protocol under
 * another name. gRPC's own health service (triton_client_health_check) keeps its name.
 *
 * @param name  "package.Service"; the default is "inference.GRPCInferenceService". INVALID_ARGUMENT unless the parts
 *              between dots are ASCII letters, digits and '_', and begin with no digit
 */
TRITON_NODISCARD triton_status triton_client_options_set_grpc_service_name(
    triton_client_options *options, const char *name, triton_error **error_out);

/**
 * Adds the key of restricted endpoints to every call: see triton_call_options_add_restricted_key.
 */
TRITON_NODISCARD triton_status triton_client_options_add_restricted_key(
    triton_client_options *options, const char *name, const char *value, triton_error **error_out);

/**
 * Sets the maximum size of a message that is sent or accepted. A larger request fails before it is sent, a larger
 * response before memory is allocated for it, both with RESOURCE_EXHAUSTED. Tensors in shared memory do not count. Over
 * gRPC no server accepts more than the default: larger tensors take shared memory, or HTTP with a higher limit.
 *
 * @param byte_size  bytes; the default is TRITON_DEFAULT_MAX_MESSAGE_BYTE_SIZE; 0 is INVALID_ARGUMENT
 */
TRITON_NODISCARD triton_status triton_client_options_set_max_message_byte_size(
    triton_client_options *options, uint64_t byte_size, triton_error **error_out);

/**
 * Sets the maximum number of connections to the server that are open at once, idle ones included. A call that finds all
 * of them in use waits for one, up to its deadline: DEADLINE_EXCEEDED then, with this option's name in the message. A call
 * that the callback of triton_client_generate_stream makes on the same client needs a connection beside the stream's.
 *
 * @param max  default UINT64_MAX, no maximum: as many as there are calls at once; 0 is INVALID_ARGUMENT
 */
TRITON_NODISCARD triton_status triton_client_options_set_max_connections(
    triton_client_options *options, uint64_t max, triton_error **error_out);

/**
 * Sets how many bytes of freed results the client keeps as memory for the next ones: fresh memory costs a page fault
 * for every 4 KiB of it. Results that are not freed yet do not count.
 *
 * @param byte_size  64 MiB unless told; 0 keeps none
 */
TRITON_NODISCARD triton_status triton_client_options_set_result_memory_byte_size(
    triton_client_options *options, uint64_t byte_size, triton_error **error_out);

/**
 * Sets the most bytes that a compressed answer may have once it is decompressed: one that has more is
 * RESOURCE_EXHAUSTED, however small it came. A quarter of it is the most that the library takes apart as a whole,
 * which grows in memory too: an answer of the control plane, the JSON part of an inference's answer, an event of
 * triton_client_generate_stream, and what an inference's answer over gRPC has outside of raw contents. Of what is taken
 * apart on the control plane there is one part at most (a field, a member, an element) for each 1,024 bytes of the
 * limit, and 4,096 at least.
 *
 * @param byte_size  bytes; 0 is INVALID_ARGUMENT
 */
TRITON_NODISCARD triton_status triton_client_options_set_max_decompressed_byte_size(
    triton_client_options *options, uint64_t byte_size, triton_error **error_out);

/**
 * Sets how inference requests are compressed, unless the options of a call say otherwise. Over HTTP Triton limits what it
 * decompresses: triton_call_options_set_request_compression.
 */
TRITON_NODISCARD triton_status triton_client_options_set_request_compression(
    triton_client_options *options, triton_compression compression, triton_error **error_out);

/**
 * Sets which compression is requested for the responses to inferences, unless the options of a call say otherwise. The
 * server may send them without; Triton compresses over gRPC only if it was started so.
 */
TRITON_NODISCARD triton_status triton_client_options_set_response_compression(
    triton_client_options *options, triton_compression compression, triton_error **error_out);

/**
 * Makes a client tell what it does. Without a log callback nothing is written anywhere.
 *
 * @param level      the least weight that is told: TRITON_LOG_DEBUG tells of every call
 * @param callback   hears the messages; not NULL
 * @param finalizer  called with user_data when the options and every client made with them are gone, or another
 *                   callback has taken its place; not called if this function fails; NULL for none
 * @param user_data  handed to both
 */
TRITON_NODISCARD triton_status triton_client_options_set_log_callback(
    triton_client_options *options, triton_log_level level, triton_log_callback callback,
    triton_finalizer finalizer, void *user_data, triton_error **error_out);


/*
 * OPTIONS OF ONE CALL, any call. Where a function takes them, NULL stands for the defaults, which are those of the client. Any
 * number of calls may use them at once.
 *
 *     triton_call_options *options = NULL;
 *     int failed = triton_call_options_new(&options, &error)
 *         || triton_call_options_set_timeout_us(options, 2500000, &error)
 *         || triton_call_options_add_header(options, "x-tenant", "blue", &error)
 *         || triton_client_infer(client, request, options, &result, &error);
 *     triton_call_options_free(options);
 */

/**
 * Makes options for calls, with the defaults: those of the client.
 *
 * @param options_out  the options; free them with triton_call_options_free; any number of calls may use them
 */
TRITON_NODISCARD triton_status triton_call_options_new(
    triton_call_options **options_out, triton_error **error_out);

/**
 * Frees options of calls; NULL is harmless.
 */
void triton_call_options_free(triton_call_options *options);

/**
 * Sets the time limit of the call, from its start to its last byte: names, connecting, sending and receiving count.
 *
 * @param timeout_us  microseconds; TRITON_NO_TIMEOUT for none; 0 is INVALID_ARGUMENT
 */
TRITON_NODISCARD triton_status triton_call_options_set_timeout_us(
    triton_call_options *options, uint64_t timeout_us, triton_error **error_out);

/**
 * Adds a header to the calls, metadata over gRPC. A name may be added several times.
 *
 * @param name   letters, digits and few signs; in any case of letters
 * @param value  without control characters
 * @return INVALID_ARGUMENT, with the reason, also for a name that the library sets itself
 */
TRITON_NODISCARD triton_status triton_call_options_add_header(
    triton_call_options *options, const char *name, const char *value, triton_error **error_out);

/**
 * Adds a header whose value is any bytes, which travel as base64.
 *
 * @param name       ends in -bin, as gRPC has it
 * @param value      copied
 * @param byte_size  of value
 */
TRITON_NODISCARD triton_status triton_call_options_add_binary_header(
    triton_call_options *options, const char *name, const void *value, size_t byte_size,
    triton_error **error_out);

/**
 * Adds the key of endpoints that the server restricts (--http-restricted-api, --grpc-restricted-protocol): a header of
 * that name over HTTP, and over gRPC the metadata "triton-grpc-protocol-NAME" that Triton looks for.
 *
 * @param name   the key's name, as the server has it
 * @param value  the key
 */
TRITON_NODISCARD triton_status triton_call_options_add_restricted_key(
    triton_call_options *options, const char *name, const char *value, triton_error **error_out);

/**
 * Asks the server to report its load. Triton does so over HTTP, in response to triton_client_generate and
 * triton_client_generate_stream alone, for backends that have such metrics (vLLM's and TensorRT-LLM's):
 * triton_generated_load_report reads it. triton_infer_result_load_report reads that of other servers, which may report
 * with inferences too.
 */
TRITON_NODISCARD triton_status triton_call_options_set_load_report(
    triton_call_options *options, triton_load_report_format format, triton_error **error_out);

/**
 * Adds a parameter to the URL of the calls, which is escaped here. HTTP only: over gRPC a call with one is
 * INVALID_ARGUMENT.
 *
 * @param name   not empty
 * @param value  may be empty
 */
TRITON_NODISCARD triton_status triton_call_options_add_query_parameter(
    triton_call_options *options, const char *name, const char *value, triton_error **error_out);

/**
 * Sets how an inference request is compressed. Over HTTP Triton refuses a request that has more than 64 MiB once it is
 * decompressed (since 2.65; --http-max-input-size): a tensor of 80 MB passes plain and fails compressed, with
 * INVALID_ARGUMENT. gRPC has no such limit.
 */
TRITON_NODISCARD triton_status triton_call_options_set_request_compression(
    triton_call_options *options, triton_compression compression, triton_error **error_out);

/**
 * Sets which compression is requested for the response to an inference. Over HTTP a request without one asks for
 * `identity`: a proxy may ask the server for compression otherwise. A body that is compressed although no header says so is decompressed if
 * compression was requested, and INTERNAL if not.
 */
TRITON_NODISCARD triton_status triton_call_options_set_response_compression(
    triton_call_options *options, triton_compression compression, triton_error **error_out);

/**
 * Sets how the answer to an inference request over HTTP is wanted, in HTTP's own words. Over gRPC the weights are left
 * away.
 *
 * @param encodings  "deflate, gzip;q=0.5": of gzip, deflate and identity
 */
TRITON_NODISCARD triton_status triton_call_options_set_accept_encoding(
    triton_call_options *options, const char *encodings, triton_error **error_out);

/**
 * Sends inferences over HTTP to another path, behind the client's base path: for gateways before Triton, such as
 * SageMaker ("/invocations") and Vertex AI.
 *
 * @param path  begins with a slash
 */
TRITON_NODISCARD triton_status triton_call_options_set_http_path(
    triton_call_options *options, const char *path, triton_error **error_out);

/**
 * Sends inferences over HTTP under another content type.
 *
 * @param content_type  "{}" in it stands for the byte size of the JSON part:
 *                      "application/vnd.sagemaker-triton.binary+json;json-header-size={}". From an answer's content
 *                      type the size is read in the same form. A request that is JSON alone has no such size: with
 *                      "{}" it goes under "application/json" then.
 */
TRITON_NODISCARD triton_status triton_call_options_set_http_content_type(
    triton_call_options *options, const char *content_type, triton_error **error_out);

/**
 * Sets the header that tells the byte size of the JSON part over HTTP, of a request and of its answer, instead of
 * Inference-Header-Content-Length.
 *
 * @param name  an empty one is no header
 */
TRITON_NODISCARD triton_status triton_call_options_set_http_json_size_header(
    triton_call_options *options, const char *name, triton_error **error_out);


/*
 * THE CLIENT of one server. It is made without touching the network, shared by any number of threads, and connects
 * when it is first used.
 *
 * MODEL NAMES. Over HTTP a model's name is part of the URL, and Triton does not decode what is escaped there: a name with
 * other characters than ASCII letters, digits and -._~!$&'()*+,;=:@ is known to it over gRPC alone. Over HTTP an
 * inference returns TRITON_STATUS_NOT_FOUND for it, a load TRITON_STATUS_INTERNAL, and the model is never ready. A name
 * with a slash is TRITON_STATUS_INVALID_ARGUMENT before anything is sent. Servers that decode URLs know all others.
 *
 *     triton_error *error = NULL;
 *     if (triton_client_new(url, NULL, &client, &error))
 *         fprintf(stderr, "%s\n", triton_error_message(error));
 *     triton_error_free(error);
 */

/**
 * Makes a client. Does not touch the network: a server that is not there shows in the first call.
 *
 * @param url         the server, as the table of URLs above says: "localhost:8000", "grpc://localhost:8001"
 * @param options     NULL for the defaults; may be freed or changed afterwards without effect on the client
 * @param client_out  the client; free it with triton_client_free
 * @return INVALID_ARGUMENT for what is no URL of a server, UNIMPLEMENTED for https and grpcs
 */
TRITON_NODISCARD triton_status triton_client_new(
    const char *url, const triton_client_options *options, triton_client **client_out,
    triton_error **error_out);

/**
 * Frees a client and closes its connections; NULL is harmless. Does not block. No call may be running.
 */
void triton_client_free(triton_client *client);


/*
 * HEALTH of a server and its models. Each check writes its outcome to an out-parameter; a server that cannot be reached is an
 * error, not false. Over HTTP, a response with status 200 means true if its body is empty or a JSON object, unless the
 * member "live" or "ready" of that object is false. Any other body, for example a sign-in page, is INTERNAL.
 *
 *     bool is_ready = false;
 *     int failed = triton_client_wait_ready(client, NULL, NULL, NULL, &error)
 *         || triton_client_check_model_ready(client, "simple", NULL, NULL, &is_ready, &error);
 *     if (!failed) printf("the model is %s\n", is_ready ? "ready" : "not ready");
 */

/**
 * Checks whether the server is live. Blocks.
 *
 * @param options   options of this call; NULL for the client's
 * @param live_out  receives the outcome
 */
TRITON_NODISCARD triton_status triton_client_check_server_live(
    const triton_client *client, const triton_call_options *options, bool *live_out,
    triton_error **error_out);

/**
 * Checks whether the server and all models that it is configured to serve are ready. Blocks.
 *
 * Triton is not ready while a model is being unloaded, and stays not ready after a load that failed in the model itself,
 * unless it was started with --strict-readiness=false.
 *
 * @param options    options of this call; NULL for the client's
 * @param ready_out  receives the outcome
 */
TRITON_NODISCARD triton_status triton_client_check_server_ready(
    const triton_client *client, const triton_call_options *options, bool *ready_out,
    triton_error **error_out);

/**
 * Checks whether a model is ready. Blocks.
 *
 * A model that is unknown to the server, or not loaded, is not ready. Triton reports this in a regular response. MLServer
 * and KServe report it as an error, which becomes false: gRPC status NOT_FOUND; gRPC status UNAVAILABLE with the model's name
 * and "not ready"; HTTP status 404 or 503 with the model's name in the JSON member "error". Any other 404 or 503 is an
 * error, because it may come from a wrong path or a proxy.
 *
 * @param model_name     must not be empty
 * @param model_version  for example "1"; NULL or "" for the version that the server chooses
 * @param options        options of this call; NULL for the client's
 * @param ready_out      receives the outcome
 */
TRITON_NODISCARD triton_status triton_client_check_model_ready(
    const triton_client *client, const char *model_name, const char *model_version,
    const triton_call_options *options, bool *ready_out, triton_error **error_out);

/**
 * Waits until the server, or one of its models, is ready. Blocks.
 *
 * Polls the server until the deadline of the call: at first after 10 ms, then at growing intervals of at most 1 s. A server
 * that cannot be reached is polled again.
 *
 * @param model_name     NULL or "" for the server as a whole
 * @param model_version  for example "1"; NULL or "" for the version that the server chooses
 * @param options        options of this call; NULL for the client's
 * @return DEADLINE_EXCEEDED, with the last outcome in the message. An error that waiting cannot change ends the wait at
 *         once: an invalid argument, UNAUTHENTICATED, PERMISSION_DENIED. For an endpoint that is restricted over gRPC,
 *         Triton returns UNAVAILABLE, which does not end the wait
 */
TRITON_NODISCARD triton_status triton_client_wait_ready(
    const triton_client *client, const char *model_name, const char *model_version,
    const triton_call_options *options, triton_error **error_out);

/**
 * Gets the status of a service from the gRPC health service, grpc.health.v1. Blocks.
 *
 * @param service     the name of a service; NULL or "" for the server as a whole. Triton has one status for every name
 * @param options     options of this call; NULL for the client's
 * @param status_out  receives the status
 * @return UNIMPLEMENTED, with advice, over HTTP
 */
TRITON_NODISCARD triton_status triton_client_health_check(
    const triton_client *client, const char *service, const triton_call_options *options,
    triton_serving_status *status_out, triton_error **error_out);


/*
 * METADATA of a server and of its models: names, versions, extensions, and the inputs and outputs of a model. A request can be
 * checked against a model's metadata with triton_infer_request_check.
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
 * @param options       options of this call; NULL for the client's
 * @param metadata_out  receives the metadata; free it with triton_server_metadata_free
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
 * Returns the name of an extension, for example "binary_tensor_data". Empty past the end.
 */
const char *triton_server_metadata_extension(const triton_server_metadata *metadata, size_t index);

/**
 * Returns whether the server has an extension: "statistics", "trace", "logging", "model_repository",
 * "model_repository(unload_dependents)", "system_shared_memory", "cuda_shared_memory" and others.
 */
bool triton_server_metadata_has_extension(const triton_server_metadata *metadata, const char *name);

/**
 * Returns the response as JSON, in the form that it has over HTTP: there it is the body as received. Valid until the metadata
 * is freed.
 */
const char *triton_server_metadata_json(const triton_server_metadata *metadata);

/**
 * Frees a server's metadata. NULL is allowed.
 */
void triton_server_metadata_free(triton_server_metadata *metadata);

/**
 * Gets a model's metadata. Blocks.
 *
 * @param model_name     must not be empty
 * @param model_version  for example "1"; NULL or "" for the version that the server chooses
 * @param options        options of this call; NULL for the client's
 * @param metadata_out   receives the metadata; free it with triton_model_metadata_free
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
 * Returns a version, for example "1". Empty past the end.
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
 * Returns the response as JSON, in the form that it has over HTTP: there it is the body as received. Valid until the metadata
 * is freed.
 */
const char *triton_model_metadata_json(const triton_model_metadata *metadata);

/**
 * Frees a model's metadata, with its inputs and outputs. NULL is allowed.
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
 * Returns the name of the tensor's datatype as the server gives it, for example "FP32"; also for one that this library does not know.
 */
const char *triton_tensor_metadata_datatype_name(const triton_tensor_metadata *tensor);

/**
 * Returns the tensor's shape, beginning with the batch dimension if the model has one; -1 for a dimension of any size.
 *
 * @param rank_out  receives the number of dimensions; may be NULL
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
 * The number of headers of the answer; over gRPC of its metadata. A name may be there several times.
 */
size_t triton_infer_result_header_count(const triton_infer_result *result);

/**
 * The name of a header, in lower case; an empty text past the end.
 */
const char *triton_infer_result_header_name(const triton_infer_result *result, size_t index);

/**
 * The value of a header; an empty text past the end. Over gRPC a value whose name ends in -bin is base64, as it was sent.
 */
const char *triton_infer_result_header_value(const triton_infer_result *result, size_t index);

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
 * CLIENT STATISTICS: what a client counted of its inferences since it was created. They are the client's own: reading them
 * does not use the network.
 *
 *     triton_client_statistics statistics = {.struct_size = sizeof statistics};
 *     if (!triton_client_infer_statistics(client, &statistics, &error))
 *         printf("%llu inferences, 99 of 100 in %llu ns\n", (unsigned long long)statistics.completed_count,
 *                (unsigned long long)statistics.p99_ns);
 */

/**
 * Gets the client's statistics of its inferences. Does not block. Calls in progress may be counted in part.
 *
 * @param statistics_out  receives the statistics; its struct_size must be set
 * @return INVALID_ARGUMENT if struct_size has no room for the first count, is not a multiple of 8, or exceeds 4096
 */
TRITON_NODISCARD triton_status triton_client_infer_statistics(
    const triton_client *client, triton_client_statistics *statistics_out, triton_error **error_out);


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
 * CONFIGURATION of a model. Getters exist for the properties that programs commonly need; triton_model_config_json has all of
 * them.
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
 * @param options        options of this call; NULL for the client's
 * @param config_out     receives the configuration; free it with triton_model_config_free
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
 * Returns the framework that runs the model, for example "onnxruntime_onnx" or "ensemble". Empty if the server gives only the
 * backend.
 */
const char *triton_model_config_platform(const triton_model_config *config);

/**
 * Returns the backend that runs the model, for example "python". Empty if the server gives only the platform.
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
 * @param latest_out  receives the number of newest versions that are served, with TRITON_VERSION_POLICY_LATEST, otherwise 0;
 *                    may be NULL
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
 * Returns the time without a request after which a sequence is dropped, in microseconds; 0 if the model has no sequences.
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
 * Returns the whole configuration as JSON, in the form of Triton's HTTP interface: field names as in protobuf, enums by name,
 * 64-bit numbers as numbers. A model can be loaded with it (triton_repository_options_set_config). Valid until the
 * configuration is freed.
 *
 * The values are the same over both protocols. Over HTTP it is the body as received, except for 64-bit numbers that were
 * strings. Over gRPC it is made from the message: without fields that this library does not know, and without unset fields
 * that Triton 2.51 does not know.
 */
const char *triton_model_config_json(const triton_model_config *config);

/**
 * Frees a model's configuration, with its inputs and outputs. NULL is allowed.
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
 * @param rank_out  receives the number of dimensions; may be NULL
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
 * Returns the file with the class labels of an output. Empty if there is none, and for an input.
 */
const char *triton_tensor_config_label_filename(const triton_tensor_config *tensor);


/*
 * THE MODEL REPOSITORY: listing, loading and unloading models. An operation takes a model's name and, optionally,
 * triton_repository_options; NULL is the defaults. An option that does not apply to an operation is INVALID_ARGUMENT.
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
 * Creates repository options with the defaults: all repositories, all models, and the model's own configuration and files.
 *
 * @param options_out  receives the options; free them with triton_repository_options_free
 */
TRITON_NODISCARD triton_status triton_repository_options_new(
    triton_repository_options **options_out, triton_error **error_out);

/**
 * Frees repository options. NULL is allowed.
 */
void triton_repository_options_free(triton_repository_options *options);

/**
 * Sets the name of the repository. Triton does not support it: UNIMPLEMENTED, except that version 2.51 ignores it in an index
 * over HTTP.
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
 * @param json  in the form of triton_model_config_json; NULL for the model's own configuration, the default
 * @return INVALID_ARGUMENT unless it is a JSON object
 */
TRITON_NODISCARD triton_status triton_repository_options_set_config(
    triton_repository_options *options, const char *json, triton_error **error_out);

/**
 * Adds a file with which a model is loaded, instead of the files in its repository. All files of the model must be added, and
 * the configuration must be set. A file that was added under the same path is replaced; no file is removed, new options have
 * none.
 *
 * Over HTTP, files are encoded as base64, and Triton since 2.62 rejects requests of more than 64 MiB (--http-max-input-size),
 * about 48 MiB of files together. gRPC does not have this limit.
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
 * Gets the index of the server's model repositories: all models, loaded or not. Blocks. Triton 2.51 omits models that were
 * loaded with files of the request.
 *
 * @param repository_options  NULL for all models of all repositories
 * @param options             options of this call; NULL for the client's
 * @param index_out           receives the index; free it with triton_repository_index_free
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
 * Returns the response as JSON, in the form that it has over HTTP: there it is the body as received. Valid until the index is
 * freed.
 */
const char *triton_repository_index_json(const triton_repository_index *repository);

/**
 * Frees an index, with its entries. NULL is allowed.
 */
void triton_repository_index_free(triton_repository_index *repository);

/**
 * Returns the model's name.
 */
const char *triton_repository_model_name(const triton_repository_model *model);

/**
 * Returns the version, for example "1". Empty for a model that was never loaded.
 */
const char *triton_repository_model_version(const triton_repository_model *model);

/**
 * Returns the state: "READY", "LOADING", "UNLOADING" or "UNAVAILABLE". Empty for a model that was never loaded.
 */
const char *triton_repository_model_state(const triton_repository_model *model);

/**
 * Returns the reason for the state; empty if the server gives none.
 */
const char *triton_repository_model_reason(const triton_repository_model *model);

/**
 * Returns whether the model is ready for inference.
 */
bool triton_repository_model_is_ready(const triton_repository_model *model);

/**
 * Loads or reloads a model, and waits until it is ready or has failed. Blocks for at most 10 minutes, unless the client's
 * options (triton_client_options_set_load_timeout_us) or those of the call set another timeout. A deadline does not stop the
 * load on the server.
 *
 * If the model is already loaded, Triton 2.51 uses new files only if the configuration changes too, and returns to the model's
 * own configuration only after an unload.
 *
 * @param model_name          must not be empty or contain a slash
 * @param repository_options  configuration and files; NULL for the model's own
 * @param options             options of this call; NULL for the client's
 * @return INVALID_ARGUMENT, without a request, for files without a configuration. From Triton: INTERNAL for a model that is
 *         not in the repository or has an invalid configuration; INVALID_ARGUMENT for a model that fails to start, and over
 *         HTTP for files that are too large (triton_repository_options_add_file); UNAVAILABLE unless the server was started
 *         with --model-control-mode=explicit
 */
TRITON_NODISCARD triton_status triton_client_load_model(
    const triton_client *client, const char *model_name, const triton_repository_options *repository_options,
    const triton_call_options *options, triton_error **error_out);

/**
 * Unloads a model. A model that is not loaded is not an error. Blocks, with the timeout of triton_client_load_model. The
 * server may respond before the model is unloaded.
 *
 * @param model_name          must not be empty or contain a slash
 * @param repository_options  NULL to keep the models of an ensemble loaded
 * @param options             options of this call; NULL for the client's
 */
TRITON_NODISCARD triton_status triton_client_unload_model(
    const triton_client *client, const char *model_name, const triton_repository_options *repository_options,
    const triton_call_options *options, triton_error **error_out);


/*
 * MODEL STATISTICS: what a server measured for each version of its models since it was loaded. The response is a list of
 * entries. Each has counts, and durations: how often something occurred and the total time in nanoseconds, over all requests,
 * for each batch size, and, for decoupled models, for each index of a response among the responses of its request.
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
 * @param options        options of this call; NULL for the client's
 * @param list_out       receives the list; free it with triton_model_statistics_list_free
 * @return INVALID_ARGUMENT for a version without a model, and, from Triton, for a model or version that is not loaded
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
 * Returns the response as JSON, in the form that it has over HTTP: there it is the body as received. Valid until the list is
 * freed.
 */
const char *triton_model_statistics_list_json(const triton_model_statistics_list *list);

/**
 * Frees a list, with its entries. NULL is allowed.
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
 * Returns the number of inferences that the model ran, including those that failed in the model; a batch of 8 counts as 8.
 */
uint64_t triton_model_statistics_inference_count(const triton_model_statistics *statistics);

/**
 * Returns the number of executions of the model for these inferences; a batch of 8 counts as 1.
 */
uint64_t triton_model_statistics_execution_count(const triton_model_statistics *statistics);

/**
 * Gets a duration over all requests. A kind that a server does not report is 0.
 *
 * @param count_out  receives how often it occurred; may be NULL
 * @param ns_out     receives the total time, in nanoseconds; may be NULL
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
 * Gets a duration for one batch size. Servers report TRITON_DURATION_COMPUTE_INPUT, ..._INFER and ..._OUTPUT; the other kinds
 * are 0.
 *
 * @param index      that of triton_model_statistics_batch_size
 * @param count_out  receives how often it occurred; may be NULL
 * @param ns_out     receives the total time, in nanoseconds; may be NULL
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
 * Returns a response key: the index of a response among the responses of its request, for example "0". Empty past the end.
 */
const char *triton_model_statistics_response_key(const triton_model_statistics *statistics, size_t index);

/**
 * Gets a duration for one response key. Servers report TRITON_DURATION_COMPUTE_INFER, ..._COMPUTE_OUTPUT, ..._SUCCESS,
 * ..._FAIL, ..._EMPTY_RESPONSE and ..._CANCEL; the other kinds are 0.
 *
 * @param index      that of triton_model_statistics_response_key
 * @param count_out  receives how often it occurred; may be NULL
 * @param ns_out     receives the total time, in nanoseconds; may be NULL
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
 * Returns the kind of memory that the model uses on a device, for example "GPU". Empty past the end.
 *
 * @param id_out         receives the number of the device; may be NULL
 * @param byte_size_out  receives the size of the memory in use, in bytes; may be NULL
 */
const char *triton_model_statistics_memory(
    const triton_model_statistics *statistics, size_t index, int64_t *id_out, uint64_t *byte_size_out);


/*
 * SETTINGS of the server's tracing and log. triton_settings is the response: a list of names and values.
 * Changes are collected in a triton_settings_update; settings that it does not name are not changed.
 *
 *     tracing   per model or for all models. trace_level is a list of OFF, TIMESTAMPS and TENSORS; trace_rate, trace_count
 *               and log_frequency are numbers, written as strings. trace_file and trace_mode are read-only.
 *     log       log_info, log_warning, log_error (bool), log_verbose_level (number), log_format (string). log_file is
 *               read-only.
 *
 *     triton_settings *settings = NULL;
 *     int failed = triton_client_trace_settings(client, "simple", NULL, &settings, &error);
 *     const triton_setting *rate = triton_settings_find(settings, "trace_rate");
 *     printf("every %s requests are traced\n", triton_setting_value(rate, 0));
 *     triton_settings_free(settings);
 */

/**
 * Gets the settings of tracing. Blocks.
 *
 * @param model_name    NULL or "" for the settings that apply to all models
 * @param options       options of this call; NULL for the client's
 * @param settings_out  receives the settings; free them with triton_settings_free
 */
TRITON_NODISCARD triton_status triton_client_trace_settings(
    const triton_client *client, const char *model_name, const triton_call_options *options,
    triton_settings **settings_out, triton_error **error_out);

/**
 * Gets the settings of the log. Blocks.
 *
 * @param options       options of this call; NULL for the client's
 * @param settings_out  receives the settings; free them with triton_settings_free
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
 * Returns the setting of a name, for example "trace_rate"; NULL if there is none.
 */
const triton_setting *triton_settings_find(const triton_settings *settings, const char *name);

/**
 * Returns the response as JSON, in the form that it has over HTTP: there it is the body as received. Valid
 * until the settings are freed.
 */
const char *triton_settings_json(const triton_settings *settings);

/**
 * Frees settings. NULL is allowed.
 */
void triton_settings_free(triton_settings *settings);

/**
 * Returns the name of a setting.
 */
const char *triton_setting_name(const triton_setting *setting);

/**
 * Returns the kind of the values of a setting: TRITON_VALUE_BOOL, _UINT64 or _STRING; TRITON_VALUE_NONE for
 * NULL.
 */
triton_value_kind triton_setting_kind(const triton_setting *setting);

/**
 * Returns the number of values of a setting: 1, except for a list such as trace_level.
 */
size_t triton_setting_value_count(const triton_setting *setting);

/**
 * Returns a value of a setting as a string, whatever its kind: "true", "500", "TIMESTAMPS". Empty past the
 * end.
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
 * @param update_out  receives the update; free it with triton_settings_update_free
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
 * Frees an update. NULL is allowed.
 */
void triton_settings_update_free(triton_settings_update *update);

/**
 * Changes settings of tracing. Blocks.
 *
 * @param model_name    NULL or "" for the settings that apply to all models
 * @param update        the changes
 * @param options       options of this call; NULL for the client's
 * @param settings_out  receives all settings after the change; free them with triton_settings_free. May be
 *                      NULL
 * @return UNIMPLEMENTED, from Triton, for trace_file
 */
TRITON_NODISCARD triton_status triton_client_update_trace_settings(
    const triton_client *client, const char *model_name, const triton_settings_update *update,
    const triton_call_options *options, triton_settings **settings_out, triton_error **error_out);

/**
 * Changes settings of the log. Blocks.
 *
 * @param update        the changes
 * @param options       options of this call; NULL for the client's
 * @param settings_out  receives all settings after the change; free them with triton_settings_free. May be
 *                      NULL
 * @return INVALID_ARGUMENT, without a request, for a list of strings, and for a setting that was set to
 *         NULL: those of the log have no defaults. UNIMPLEMENTED, from Triton, for log_file. For an invalid
 *         value, Triton 2.51 returns INVALID_ARGUMENT over gRPC; over HTTP INTERNAL for a value of another
 *         kind, and UNAVAILABLE (not retryable) for an unknown log_format
 */
TRITON_NODISCARD triton_status triton_client_update_log_settings(
    const triton_client *client, const triton_settings_update *update, const triton_call_options *options,
    triton_settings **settings_out, triton_error **error_out);


/*
 * SHARED MEMORY of a server: registering regions by name, so that requests can refer to them, and listing those that are
 * registered. The server must be on the same machine and see the same memory (containers: --ipc=host). Triton from 2.69 on
 * must be started with --allow-client-shm=true; otherwise registering is UNIMPLEMENTED. A server that runs inside a Python
 * program (tritonfrontend) has no shared memory: UNAVAILABLE.
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
 * @param offset     the offset of the region from the start of the memory, in bytes; a multiple of the page size for Triton
 *                   2.51
 * @param options    options of this call; NULL for the client's
 * @return ALREADY_EXISTS if the name is registered (over HTTP INVALID_ARGUMENT); from Triton, INTERNAL if there is no such
 *         memory and INVALID_ARGUMENT if it is too small
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
 * @param options           options of this call; NULL for the client's
 * @return INVALID_ARGUMENT for a handle of another size, and, from Triton, if there is no such memory
 */
TRITON_NODISCARD triton_status triton_client_register_cuda_shared_memory(
    const triton_client *client, const char *name, const void *raw_handle, size_t handle_byte_size,
    int64_t device_id, uint64_t byte_size, const triton_call_options *options, triton_error **error_out);

/**
 * Gets the registered regions of system memory. Blocks.
 *
 * @param name        the name of one region; NULL or "" for all
 * @param options     options of this call; NULL for the client's
 * @param memory_out  receives the regions; free them with triton_registered_memory_free
 * @return NOT_FOUND if there is no region of that name
 */
TRITON_NODISCARD triton_status triton_client_system_shared_memory_status(
    const triton_client *client, const char *name, const triton_call_options *options,
    triton_registered_memory **memory_out, triton_error **error_out);

/**
 * Gets the registered regions of GPUs' memory. Blocks.
 *
 * @param name        the name of one region; NULL or "" for all
 * @param options     options of this call; NULL for the client's
 * @param memory_out  receives the regions; free them with triton_registered_memory_free
 * @return NOT_FOUND if there is no region of that name
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
 * Returns the response as JSON, in the form that it has over HTTP: there it is the body as received. Valid until the list is
 * freed.
 */
const char *triton_registered_memory_json(const triton_registered_memory *memory);

/**
 * Frees a list of regions. NULL is allowed. The regions stay registered.
 */
void triton_registered_memory_free(triton_registered_memory *memory);

/**
 * Returns the name by which requests refer to the region.
 */
const char *triton_registered_region_name(const triton_registered_region *region);

/**
 * Returns the key of the memory, a name for shm_open. Empty for memory of a GPU.
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
 * @param options  options of this call; NULL for the client's
 * @return INTERNAL, from Triton, while a request uses the region: for 2.51 until shortly after the response
 */
TRITON_NODISCARD triton_status triton_client_unregister_system_shared_memory(
    const triton_client *client, const char *name, const triton_call_options *options,
    triton_error **error_out);

/**
 * Unregisters a region of a GPU's memory. Blocks. A name that is not registered is not an error.
 *
 * @param name     must not be empty
 * @param options  options of this call; NULL for the client's
 * @return INTERNAL, from Triton, while a request uses the region: for 2.51 until shortly after the response
 */
TRITON_NODISCARD triton_status triton_client_unregister_cuda_shared_memory(
    const triton_client *client, const char *name, const triton_call_options *options,
    triton_error **error_out);

/**
 * Unregisters all regions of system memory, including those of other programs. Blocks.
 *
 * @param options  options of this call; NULL for the client's
 */
TRITON_NODISCARD triton_status triton_client_unregister_all_system_shared_memory(
    const triton_client *client, const triton_call_options *options, triton_error **error_out);

/**
 * Unregisters all regions of GPUs' memory, including those of other programs. Blocks.
 *
 * @param options  options of this call; NULL for the client's
 */
TRITON_NODISCARD triton_status triton_client_unregister_all_cuda_shared_memory(
    const triton_client *client, const triton_call_options *options, triton_error **error_out);


/*
 * METRICS of a server, from their own port, in Prometheus's text format. triton_metrics has the text as received and its
 * samples: a name, labels and a value each.
 *
 *     triton_metrics *metrics = NULL;
 *     int failed = triton_client_metrics(client, NULL, &metrics, &error);
 *     for (size_t i = 0; i < triton_metrics_sample_count(metrics); i++) {
 *         const triton_metric_sample *sample = triton_metrics_sample(metrics, i);
 *         const char *model = triton_metric_sample_find_label(sample, "model");
 *         printf("%s of '%s': %g\n", triton_metric_sample_name(sample), model, triton_metric_sample_value(sample));
 *     }
 *     triton_metrics_free(metrics);
 */

/**
 * Gets the server's metrics, over HTTP whatever the client's protocol. Blocks. They come from port 8002 of the server's host,
 * or from the URL of triton_client_options_set_metrics_url. Restricted keys of the client are not sent there; those of the
 * call are.
 *
 * @param options      options of this call; NULL for the client's
 * @param metrics_out  receives the metrics; free them with triton_metrics_free
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
 * Frees metrics, with their samples. NULL is allowed.
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
 * Returns the name of a label, for example "model". Empty past the end.
 */
const char *triton_metric_sample_label_name(const triton_metric_sample *sample, size_t index);

/**
 * Returns the value of a label, for example "simple". Empty past the end.
 */
const char *triton_metric_sample_label_value(const triton_metric_sample *sample, size_t index);

/**
 * Returns the value of the label of a name, for example of "model". Empty if there is none, which Prometheus does not
 * distinguish from an empty value.
 */
const char *triton_metric_sample_find_label(const triton_metric_sample *sample, const char *name);


/*
 * GENERATE: JSON requests to models with text inputs and outputs. HTTP only; over gRPC, UNIMPLEMENTED with advice.
 *
 * Triton's other front ends for such models are not covered. The OpenAI-compatible one has clients of its own; inference
 * through those of SageMaker and Vertex AI needs triton_call_options_set_http_path, ..._http_content_type and
 * ..._http_json_size_header.
 *
 *     triton_generated *generated = NULL;
 *     const char *json = "{\"PROMPT\": \"once\", \"REPEAT\": 1}";
 *     int failed = triton_client_generate(client, "generator", NULL, json, NULL, &generated, &error);
 *     if (!failed) printf("%s\n", triton_generated_json(generated));
 *     triton_generated_free(generated);
 */

/**
 * Sends a generate request and waits for the response. Blocks. For models with exactly one response per request.
 *
 * @param model_name     must not be empty
 * @param model_version  for example "1"; NULL or "" for the version that the server chooses
 * @param json           a JSON object: the model's inputs and the request's parameters, by name
 * @param options        options of this call; NULL for the client's
 * @param generated_out  receives the response; free it with triton_generated_free
 * @return INVALID_ARGUMENT, without a request, unless json is a JSON object; UNKNOWN, with HTTP status 200, for an error in a
 *         response that began as a success, since the server does not send its status; INTERNAL for a success whose body is
 *         not a JSON object
 */
TRITON_NODISCARD triton_status triton_client_generate(
    const triton_client *client, const char *model_name, const char *model_version, const char *json,
    const triton_call_options *options, triton_generated **generated_out, triton_error **error_out);

/**
 * Returns the response, a JSON object. Valid until it is freed.
 */
const char *triton_generated_json(const triton_generated *generated);

/**
 * The number of headers of the answer.
 */
size_t triton_generated_header_count(const triton_generated *generated);

/**
 * The name of a header, in lower case; an empty text past the end.
 */
const char *triton_generated_header_name(const triton_generated *generated, size_t index);

/**
 * The value of a header; an empty text past the end.
 */
const char *triton_generated_header_value(const triton_generated *generated, size_t index);

/**
 * Returns the load report of a response (triton_call_options_set_load_report); NULL if the server sent none. Valid until the
 * response is freed.
 */
const triton_load_report *triton_generated_load_report(const triton_generated *generated);

/**
 * Frees a generated response. NULL is allowed.
 */
void triton_generated_free(triton_generated *generated);

/**
 * Sends a generate request and calls the callback with each event of the response as it arrives. Blocks until the server ends
 * the stream, the callback ends it, or the deadline of the call, which is that of the whole stream.
 *
 * @param model_name     must not be empty
 * @param model_version  for example "1"; NULL or "" for the version that the server chooses
 * @param json           a JSON object: the model's inputs and the request's parameters, by name
 * @param options        options of this call; NULL for the client's
 * @param callback       is called on this thread, before the function returns; must not be NULL
 * @param user_data      is passed to the callback
 * @return CANCELLED if the callback ended the stream. UNKNOWN, with HTTP status 200, for an event that is an error, which ends
 *         the stream: {"error": "..."}, {"error": {"message": "..."}}, {"errors": [...]}, {"detail": ...}, "message" beside a
 *         "code" of 400 or more or beside a "type" or "status" of "error", each without "model_name", or an event named
 *         "error". INTERNAL for a success that is not a stream of events. Otherwise as triton_client_generate
 */
TRITON_NODISCARD triton_status triton_client_generate_stream(
    const triton_client *client, const char *model_name, const char *model_version, const char *json,
    const triton_call_options *options, triton_generate_callback callback, void *user_data,
    triton_error **error_out);


/*
 * LOAD REPORTS: the load of the server, in the ORCA format, which a server sends with a response if
 * triton_call_options_set_load_report requests it. Triton does so over HTTP, for backends that have such metrics: vLLM and
 * TensorRT-LLM. A report is a list of names and values.
 *
 *     const triton_load_report *report = triton_infer_result_load_report(result);
 *     for (size_t i = 0; i < triton_load_report_count(report); i++)
 *         printf("%s = %g\n", triton_load_report_name(report, i), triton_load_report_value(report, i));
 */

/**
 * Returns the load report of a response; NULL if the server sent none. Valid until the result is freed.
 */
const triton_load_report *triton_infer_result_load_report(const triton_infer_result *result);

/**
 * Returns the number of values.
 */
size_t triton_load_report_count(const triton_load_report *report);

/**
 * Returns the name of a value, for example "named_metrics.kv_cache_utilization". Empty past the end.
 */
const char *triton_load_report_name(const triton_load_report *report, size_t index);

/**
 * Returns a value; 0 past the end.
 */
double triton_load_report_value(const triton_load_report *report, size_t index);

/**
 * Finds the value of a name.
 *
 * @param value_out  receives the value; 0 if there is none. May be NULL
 * @return whether there is one
 */
bool triton_load_report_find(const triton_load_report *report, const char *name, double *value_out);


#ifdef __cplusplus
} /* extern "C" */
#endif

#endif /* TRITON_CLIENT_H */
