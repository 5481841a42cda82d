/* Made from src/ffi by `make header`: not to be edited. */

#ifndef TRITON_CLIENT_H
#define TRITON_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A status that nobody looks at is a mistake: the compiler says so where the language has a way to. */
#if defined(__cplusplus) && __cplusplus >= 201703L
#define TRITON_NODISCARD [[nodiscard]]
#elif defined(__STDC_VERSION__) && __STDC_VERSION__ >= 202000L
#define TRITON_NODISCARD [[nodiscard]]
#else
#define TRITON_NODISCARD
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
 * For triton_infer_result_from_http_body: the response has no header Inference-Header-Content-Length.
 */
#define TRITON_NO_JSON_BYTE_SIZE UINT64_MAX

/**
 * How a call ended. The canonical codes of gRPC, with their numbers.
 */
typedef enum TRITON_NODISCARD triton_status {
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
} triton_status;

/**
 * Who found the fault.
 */
typedef enum triton_origin {
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
} triton_origin;

/**
 * The datatype of a tensor's elements. The numbers are those of inference.DataType in the protocol.
 */
typedef enum triton_datatype {
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
} triton_datatype;

/**
 * How much a message of the log matters, the most first.
 */
typedef enum triton_log_level {
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
} triton_log_level;

/**
 * What gRPC's own health service says of a service, with its numbers.
 */
typedef enum triton_serving_status {
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
} triton_serving_status;

/**
 * The kind of a value, of a parameter or of a setting.
 */
typedef enum triton_value_kind {
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
} triton_value_kind;

/**
 * Whether a result is the last response to its request.
 */
typedef enum triton_finality {
    /**
     * The response does not say, and more responses are possible: the result was read from bytes and not
     * received in a call.
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
} triton_finality;

/**
 * Which versions of a model are served.
 */
typedef enum triton_version_policy {
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
} triton_version_policy;

/**
 * How the requests of sequences are batched.
 */
typedef enum triton_sequence_strategy {
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
} triton_sequence_strategy;

/**
 * How the dimensions of an input are to be read.
 */
typedef enum triton_tensor_format {
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
} triton_tensor_format;

/**
 * How a message is compressed.
 */
typedef enum triton_compression {
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
} triton_compression;

/**
 * A step of a request that is counted, and whose time is taken.
 */
typedef enum triton_statistic {
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
} triton_statistic;

/**
 * How a server is to write its report of load: a matter of taste, since both are read alike.
 */
typedef enum triton_load_report_format {
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
} triton_load_report_format;

/**
 * Bytes allocated by the library. Freed with triton_buffer_free.
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
 * What a model generated. Freed with triton_generated_free.
 */
typedef struct triton_generated triton_generated;

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
 * A parameter. Belongs to its triton_parameters.
 */
typedef struct triton_parameter triton_parameter;

/**
 * The parameters of a request, a result, or one of their tensors. Belongs to the request or result.
 */
typedef struct triton_parameters triton_parameters;

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
 * Hears a message of the log: level, the part of the library that speaks, text. Both texts are valid for the call. Any
 * thread may call it, several at once; it must not call the library, nor leave by longjmp or an exception.
 */
typedef void (*triton_log_callback)(enum triton_log_level level,
                                    const char *target,
                                    const char *message,
                                    void *user_data);

/**
 * Called once with the user_data of a callback when nothing will use it any more, on any thread. NULL for none.
 */
typedef void (*triton_finalizer)(void *user_data);

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
     * Set by the caller to sizeof(triton_call_times).
     */
    size_t struct_size;
    /**
     * Encoding the request and checking out a connection.
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

/** Whether this header is of the version given or a later one, for use in #if. */
#define TRITON_VERSION_AT_LEAST(major, minor, patch) \
    (TRITON_VERSION_NUMBER >= (major) * 10000 + (minor) * 100 + (patch))

/*
 * THE LIBRARY: which version this is, when compiled against and when run.
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
 * DATATYPES of tensors: their names and sizes. BOOL is one byte, 0 or 1; integers are little-endian;
 * floating-point numbers are IEEE 754, except BF16, the upper half of a float.
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
 */

/**
 * Makes options for a client, with the defaults.
 *
 * @param options_out  the options; free them with triton_client_options_free, at any time after triton_client_new
 */
triton_status triton_client_options_new(triton_client_options **options_out,
                                        triton_error **error_out);

/**
 * Frees options of a client; NULL is harmless. Clients made with them live on.
 */
void triton_client_options_free(triton_client_options *options);

/**
 * Sets the time limit for reaching a server: name resolution and connecting. The limit of the call counts as well.
 *
 * @param timeout_us  microseconds; TRITON_NO_TIMEOUT for none but the call's; 0 is INVALID_ARGUMENT
 */
triton_status triton_client_options_set_connect_timeout_us(triton_client_options *options,
                                                           uint64_t timeout_us,
                                                           triton_error **error_out);

/**
 * Sets the time limit of every call that has none of its own, from its start to its last byte.
 *
 * @param timeout_us  microseconds; TRITON_NO_TIMEOUT for none; 0 is INVALID_ARGUMENT
 */
triton_status triton_client_options_set_timeout_us(triton_client_options *options,
                                                   uint64_t timeout_us,
                                                   triton_error **error_out);

/**
 * Sets the time limit of loading or unloading a model, for calls that have none of their own.
 *
 * @param timeout_us  microseconds; TRITON_NO_TIMEOUT for none; 0 is INVALID_ARGUMENT
 */
triton_status triton_client_options_set_load_timeout_us(triton_client_options *options,
                                                        uint64_t timeout_us,
                                                        triton_error **error_out);

/**
 * Sets where the server's metrics are.
 *
 * @param url  "http://host:8002/metrics", of which port and path may be left away; always HTTP, also for a client of
 *             gRPC
 */
triton_status triton_client_options_set_metrics_url(triton_client_options *options,
                                                    const char *url,
                                                    triton_error **error_out);

/**
 * Sets the name of the gRPC service that inference and control plane call, for servers that offer the protocol under
 * another name. gRPC's own health service (triton_client_health_check) keeps its name.
 *
 * @param name  "package.Service"; the default is "inference.GRPCInferenceService". INVALID_ARGUMENT unless the parts
 *              between dots are ASCII letters, digits and '_', and begin with no digit
 */
triton_status triton_client_options_set_grpc_service_name(triton_client_options *options,
                                                          const char *name,
                                                          triton_error **error_out);

/**
 * Adds the key of restricted endpoints to every call: see triton_call_options_add_restricted_key.
 */
triton_status triton_client_options_add_restricted_key(triton_client_options *options,
                                                       const char *name,
                                                       const char *value,
                                                       triton_error **error_out);

/**
 * Sets the maximum size of a message that is sent or accepted. A larger request fails before it is sent, a larger
 * response before memory is allocated for it, both with RESOURCE_EXHAUSTED. Tensors in shared memory do not count. Over
 * gRPC no server accepts more than the default: larger tensors take shared memory, or HTTP with a higher limit.
 *
 * @param byte_size  bytes; the default is TRITON_DEFAULT_MAX_MESSAGE_BYTE_SIZE; 0 is INVALID_ARGUMENT
 */
triton_status triton_client_options_set_max_message_byte_size(triton_client_options *options,
                                                              uint64_t byte_size,
                                                              triton_error **error_out);

/**
 * Sets the maximum number of connections to the server that are open at once, idle ones included. A call that finds all
 * of them in use waits for one, up to its deadline: DEADLINE_EXCEEDED then, with this option's name in the message. A call
 * that the callback of triton_client_generate_stream makes on the same client needs a connection beside the stream's.
 *
 * @param max  default UINT64_MAX, no maximum: as many as there are calls at once; 0 is INVALID_ARGUMENT
 */
triton_status triton_client_options_set_max_connections(triton_client_options *options,
                                                        uint64_t max,
                                                        triton_error **error_out);

/**
 * Sets how many bytes of freed results the client keeps as memory for the next ones: fresh memory costs a page fault
 * for every 4 KiB of it. Results that are not freed yet do not count.
 *
 * @param byte_size  64 MiB unless told; 0 keeps none
 */
triton_status triton_client_options_set_result_memory_byte_size(triton_client_options *options,
                                                                uint64_t byte_size,
                                                                triton_error **error_out);

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
triton_status triton_client_options_set_max_decompressed_byte_size(triton_client_options *options,
                                                                   uint64_t byte_size,
                                                                   triton_error **error_out);

/**
 * Sets how inference requests are compressed, unless the options of a call say otherwise. Over HTTP Triton limits what it
 * decompresses: triton_call_options_set_request_compression.
 */
triton_status triton_client_options_set_request_compression(triton_client_options *options,
                                                            triton_compression compression,
                                                            triton_error **error_out);

/**
 * Sets which compression is requested for the responses to inferences, unless the options of a call say otherwise. The
 * server may send them without; Triton compresses over gRPC only if it was started so.
 */
triton_status triton_client_options_set_response_compression(triton_client_options *options,
                                                             triton_compression compression,
                                                             triton_error **error_out);

/**
 * Makes a client tell what it does. Without a log callback nothing is written anywhere.
 *
 * @param level      the least weight that is told: TRITON_LOG_DEBUG tells of every call
 * @param callback   hears the messages; not NULL
 * @param finalizer  called with user_data when the options and every client made with them are gone, or another
 *                   callback has taken its place; not called if this function fails; NULL for none
 * @param user_data  handed to both
 */
triton_status triton_client_options_set_log_callback(triton_client_options *options,
                                                     triton_log_level level,
                                                     triton_log_callback callback,
                                                     triton_finalizer finalizer,
                                                     void *user_data,
                                                     triton_error **error_out);

/*
 * OPTIONS OF ONE CALL, any call. Where a function takes them, NULL stands for the defaults, which are those of the client. Any
 * number of calls may use them at once.
 */

/**
 * Makes options for calls, with the defaults: those of the client.
 *
 * @param options_out  the options; free them with triton_call_options_free; any number of calls may use them
 */
triton_status triton_call_options_new(triton_call_options **options_out, triton_error **error_out);

/**
 * Frees options of calls; NULL is harmless.
 */
void triton_call_options_free(triton_call_options *options);

/**
 * Sets the time limit of the call, from its start to its last byte: names, connecting, sending and receiving count.
 *
 * @param timeout_us  microseconds; TRITON_NO_TIMEOUT for none; 0 is INVALID_ARGUMENT
 */
triton_status triton_call_options_set_timeout_us(triton_call_options *options,
                                                 uint64_t timeout_us,
                                                 triton_error **error_out);

/**
 * Adds a header to the calls, metadata over gRPC. A name may be added several times.
 *
 * @param name   letters, digits and few signs; in any case of letters
 * @param value  without control characters
 * @return INVALID_ARGUMENT, with the reason, also for a name that the library sets itself
 */
triton_status triton_call_options_add_header(triton_call_options *options,
                                             const char *name,
                                             const char *value,
                                             triton_error **error_out);

/**
 * Adds a header whose value is any bytes, which travel as base64.
 *
 * @param name       ends in -bin, as gRPC has it
 * @param value      copied
 * @param byte_size  of value
 */
triton_status triton_call_options_add_binary_header(triton_call_options *options,
                                                    const char *name,
                                                    const void *value,
                                                    size_t byte_size,
                                                    triton_error **error_out);

/**
 * Adds the key of endpoints that the server restricts (--http-restricted-api, --grpc-restricted-protocol): a header of
 * that name over HTTP, and over gRPC the metadata "triton-grpc-protocol-NAME" that Triton looks for.
 *
 * @param name   the key's name, as the server has it
 * @param value  the key
 */
triton_status triton_call_options_add_restricted_key(triton_call_options *options,
                                                     const char *name,
                                                     const char *value,
                                                     triton_error **error_out);

/**
 * Asks the server to report its load. Triton does so over HTTP, in response to triton_client_generate and
 * triton_client_generate_stream alone, for backends that have such metrics (vLLM's and TensorRT-LLM's):
 * triton_generated_load_report reads it. triton_infer_result_load_report reads that of other servers, which may report
 * with inferences too.
 */
triton_status triton_call_options_set_load_report(triton_call_options *options,
                                                  triton_load_report_format format,
                                                  triton_error **error_out);

/**
 * Adds a parameter to the URL of the calls, which is escaped here. HTTP only: over gRPC a call with one is
 * INVALID_ARGUMENT.
 *
 * @param name   not empty
 * @param value  may be empty
 */
triton_status triton_call_options_add_query_parameter(triton_call_options *options,
                                                      const char *name,
                                                      const char *value,
                                                      triton_error **error_out);

/**
 * Sets how an inference request is compressed. Over HTTP Triton refuses a request that has more than 64 MiB once it is
 * decompressed (since 2.65; --http-max-input-size): a tensor of 80 MB passes plain and fails compressed, with
 * INVALID_ARGUMENT. gRPC has no such limit.
 */
triton_status triton_call_options_set_request_compression(triton_call_options *options,
                                                          triton_compression compression,
                                                          triton_error **error_out);

/**
 * Sets which compression is requested for the response to an inference. Over HTTP a request without one asks for
 * `identity`: a proxy may ask the server for compression otherwise. A body that is compressed although no header says so is decompressed if
 * compression was requested, and INTERNAL if not.
 */
triton_status triton_call_options_set_response_compression(triton_call_options *options,
                                                           triton_compression compression,
                                                           triton_error **error_out);

/**
 * Sets how the answer to an inference request over HTTP is wanted, in HTTP's own words. Over gRPC the weights are left
 * away.
 *
 * @param encodings  "deflate, gzip;q=0.5": of gzip, deflate and identity
 */
triton_status triton_call_options_set_accept_encoding(triton_call_options *options,
                                                      const char *encodings,
                                                      triton_error **error_out);

/**
 * Sends inferences over HTTP to another path, behind the client's base path: for gateways before Triton, such as
 * SageMaker ("/invocations") and Vertex AI.
 *
 * @param path  begins with a slash
 */
triton_status triton_call_options_set_http_path(triton_call_options *options,
                                                const char *path,
                                                triton_error **error_out);

/**
 * Sends inferences over HTTP under another content type.
 *
 * @param content_type  "{}" in it stands for the byte size of the JSON part:
 *                      "application/vnd.sagemaker-triton.binary+json;json-header-size={}". From an answer's content
 *                      type the size is read in the same form. A request that is JSON alone has no such size: with
 *                      "{}" it goes under "application/json" then.
 */
triton_status triton_call_options_set_http_content_type(triton_call_options *options,
                                                        const char *content_type,
                                                        triton_error **error_out);

/**
 * Sets the header that tells the byte size of the JSON part over HTTP, of a request and of its answer, instead of
 * Inference-Header-Content-Length.
 *
 * @param name  an empty one is no header
 */
triton_status triton_call_options_set_http_json_size_header(triton_call_options *options,
                                                            const char *name,
                                                            triton_error **error_out);

/*
 * THE CLIENT of one server. It is made without touching the network, shared by any number of threads, and connects
 * when it is first used.
 *
 * MODEL NAMES. Over HTTP a model's name is part of the URL, and Triton does not decode what is escaped there: a name with
 * other characters than ASCII letters, digits and -._~!$&'()*+,;=:@ is known to it over gRPC alone. Over HTTP an
 * inference returns TRITON_STATUS_NOT_FOUND for it, a load TRITON_STATUS_INTERNAL, and the model is never ready. A name
 * with a slash is TRITON_STATUS_INVALID_ARGUMENT before anything is sent. Servers that decode URLs know all others.
 */

/**
 * Makes a client. Does not touch the network: a server that is not there shows in the first call.
 *
 * @param url         the server, as the table of URLs above says: "localhost:8000", "grpc://localhost:8001"
 * @param options     NULL for the defaults; may be freed or changed afterwards without effect on the client
 * @param client_out  the client; free it with triton_client_free
 * @return INVALID_ARGUMENT for what is no URL of a server, UNIMPLEMENTED for https and grpcs
 */
triton_status triton_client_new(const char *url,
                                const triton_client_options *options,
                                triton_client **client_out,
                                triton_error **error_out);

/**
 * Frees a client and closes its connections; NULL is harmless. Does not block. No call may be running.
 */
void triton_client_free(triton_client *client);

/*
 * HEALTH of a server and its models. A server that can't be reached is an error, not "false". Over HTTP a response of
 * status 200 is "true" with an empty body, and with a JSON object unless its member "live" or "ready" is false; with any
 * other body, such as a sign-in page, it is INTERNAL.
 */

/**
 * Asks whether the server lives. Blocks.
 *
 * @param options   of the call; NULL for the client's
 * @param live_out  the answer
 */
triton_status triton_client_is_server_live(const triton_client *client,
                                           const triton_call_options *options,
                                           bool *live_out,
                                           triton_error **error_out);

/**
 * Asks whether the server and all models that it is to serve are ready. Blocks. While a model is being unloaded, and
 * for good after a load that failed in the model itself, Triton says no, unless it was started with
 * --strict-readiness=false.
 *
 * @param options    of the call; NULL for the client's
 * @param ready_out  the answer
 */
triton_status triton_client_is_server_ready(const triton_client *client,
                                            const triton_call_options *options,
                                            bool *ready_out,
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
triton_status triton_client_is_model_ready(const triton_client *client,
                                           const char *model_name,
                                           const char *model_version,
                                           const triton_call_options *options,
                                           bool *ready_out,
                                           triton_error **error_out);

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
triton_status triton_client_wait_ready(const triton_client *client,
                                       const char *model_name,
                                       const char *model_version,
                                       const triton_call_options *options,
                                       triton_error **error_out);

/**
 * Asks gRPC's own health service, grpc.health.v1. gRPC only: over HTTP UNIMPLEMENTED, with advice. Blocks.
 *
 * @param service     the name of a service; NULL or "" for the server as a whole. Triton says the same of every name
 * @param options     of the call; NULL for the client's
 * @param status_out  the answer
 */
triton_status triton_client_health_check(const triton_client *client,
                                         const char *service,
                                         const triton_call_options *options,
                                         triton_serving_status *status_out,
                                         triton_error **error_out);

/*
 * METADATA: what a server and a model say of themselves. Indices are 0, 1, 2; past the end a getter answers an empty
 * text or NULL.
 */

/**
 * Asks what the server says of itself. Blocks.
 *
 * @param options       of the call; NULL for the client's
 * @param metadata_out  the answer; free it with triton_server_metadata_free
 */
triton_status triton_client_server_metadata(const triton_client *client,
                                            const triton_call_options *options,
                                            triton_server_metadata **metadata_out,
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
bool triton_server_metadata_has_extension(const triton_server_metadata *metadata,
                                          const char *name);

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
triton_status triton_client_model_metadata(const triton_client *client,
                                           const char *model_name,
                                           const char *model_version,
                                           const triton_call_options *options,
                                           triton_model_metadata **metadata_out,
                                           triton_error **error_out);

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
const triton_tensor_metadata *triton_model_metadata_input(const triton_model_metadata *metadata,
                                                          size_t index);

/**
 * The number of outputs.
 */
size_t triton_model_metadata_output_count(const triton_model_metadata *metadata);

/**
 * An output; NULL past the end.
 */
const triton_tensor_metadata *triton_model_metadata_output(const triton_model_metadata *metadata,
                                                           size_t index);

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
 * REQUESTS. A request names a model and holds its inputs, the outputs that are requested, and settings. It
 * can be sent any number of times, to any server, and by several threads at once unless it has a buffer for
 * an output.
 */

/**
 * Creates a request without inputs.
 *
 * @param model_name   the name of the model on the server; must not be empty
 * @param request_out  the request; free it with triton_infer_request_free
 */
triton_status triton_infer_request_new(const char *model_name,
                                       triton_infer_request **request_out,
                                       triton_error **error_out);

/**
 * Frees a request. NULL is allowed. Data that a call still under way has borrowed stays borrowed until the call
 * ends (BORROWED DATA).
 */
void triton_infer_request_free(triton_infer_request *request);

/**
 * Sets the version of the model.
 *
 * @param model_version  for example "1"; NULL or "" (the default): the server chooses
 */
triton_status triton_infer_request_set_model_version(triton_infer_request *request,
                                                     const char *model_version,
                                                     triton_error **error_out);

/**
 * Sets the id of the request, which the result and errors repeat.
 *
 * @param id  NULL or "" (the default): no id
 */
triton_status triton_infer_request_set_id(triton_infer_request *request,
                                          const char *id,
                                          triton_error **error_out);

/**
 * Sets the sequence that the request belongs to, for stateful models.
 *
 * @param id     the id that the requests of the sequence share. 0 with start and end false (the default): no
 *               sequence; 0 with start or end is INVALID_ARGUMENT
 * @param start  whether it is the first request of the sequence
 * @param end    whether it is the last one
 */
triton_status triton_infer_request_set_sequence(triton_infer_request *request,
                                                uint64_t id,
                                                bool start,
                                                bool end,
                                                triton_error **error_out);

/**
 * Sets the sequence that the request belongs to, for models whose sequence ids are strings. Otherwise the
 * same as triton_infer_request_set_sequence.
 *
 * @param id  NULL and "" stand for 0
 */
triton_status triton_infer_request_set_sequence_string(triton_infer_request *request,
                                                       const char *id,
                                                       bool start,
                                                       bool end,
                                                       triton_error **error_out);

/**
 * Sets the priority within the model's queue, if the model has priorities.
 *
 * @param priority  1 is the highest; 0 (the default): the model's default priority
 */
triton_status triton_infer_request_set_priority(triton_infer_request *request,
                                                uint64_t priority,
                                                triton_error **error_out);

/**
 * Sets how long the request may wait in the server's queue, if the model allows it. The timeout of the call
 * itself is an option of the call: triton_call_options_set_timeout_us.
 *
 * @param timeout_us  microseconds, less than 2^63; 0 (the default): the model's own timeout
 */
triton_status triton_infer_request_set_server_timeout_us(triton_infer_request *request,
                                                         uint64_t timeout_us,
                                                         triton_error **error_out);

/**
 * Sets whether outputs come in binary over HTTP (the default) or as JSON.
 * triton_infer_request_output_set_json overrides it for one output. The result is the same.
 */
triton_status triton_infer_request_set_binary_output(triton_infer_request *request,
                                                     bool is_binary,
                                                     triton_error **error_out);

/**
 * Sets whether the data of the only input is sent over HTTP as the whole body, without JSON (Triton's raw
 * binary request). The default is false. For models with one input that has at most one variable dimension;
 * a BYTES input is then one element without its length prefix. The call returns INVALID_ARGUMENT if the
 * request has settings that a raw body cannot hold, and over gRPC.
 */
triton_status triton_infer_request_set_raw_body(triton_infer_request *request,
                                                bool is_raw,
                                                triton_error **error_out);

/**
 * Sets whether a decoupled model's stream ends each request with a response without outputs. The default is
 * false. Sent over gRPC only: Triton rejects it over HTTP, which has no such streams.
 */
triton_status triton_infer_request_set_empty_final_response(triton_infer_request *request,
                                                            bool is_enabled,
                                                            triton_error **error_out);

/**
 * Checks a request against a model's metadata before it is sent: names, datatypes and shapes, and the data
 * against the shapes. A missing input is not found: the metadata does not say which inputs are optional.
 * Does not block.
 *
 * @param metadata  of the model, from triton_client_model_metadata
 * @return INVALID_ARGUMENT, with the mismatch
 */
triton_status triton_infer_request_check(const triton_infer_request *request,
                                         const triton_model_metadata *metadata,
                                         triton_error **error_out);

/**
 * Removes everything but the model and its version: inputs, outputs, parameters, sequence and other
 * settings.
 */
triton_status triton_infer_request_clear(triton_infer_request *request, triton_error **error_out);

/*
 * INPUTS AND OUTPUTS of a request. Each is identified by its index: 0, 1, 2 in the order of adding. On a
 * request, an output is a requested output; if none is added, the result has all outputs of the model. Input
 * data is borrowed unless the function's name says copy or strings, and read during calls only. It is
 * checked by the call: data that does not match its shape is TRITON_STATUS_INVALID_ARGUMENT, and nothing is
 * sent.
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
triton_status triton_infer_request_add_input_data(triton_infer_request *request,
                                                  const char *name,
                                                  triton_datatype datatype,
                                                  const int64_t *shape,
                                                  size_t rank,
                                                  const void *data,
                                                  size_t byte_size,
                                                  size_t *index_out,
                                                  triton_error **error_out);

/**
 * Adds an input with a copy of its data, which may be changed or freed after the function returns. Otherwise
 * the same as triton_infer_request_add_input_data.
 */
triton_status triton_infer_request_add_input_data_copy(triton_infer_request *request,
                                                       const char *name,
                                                       triton_datatype datatype,
                                                       const int64_t *shape,
                                                       size_t rank,
                                                       const void *data,
                                                       size_t byte_size,
                                                       size_t *index_out,
                                                       triton_error **error_out);

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
triton_status triton_infer_request_add_input_strings(triton_infer_request *request,
                                                     const char *name,
                                                     const int64_t *shape,
                                                     size_t rank,
                                                     const triton_bytes *strings,
                                                     size_t count,
                                                     size_t *index_out,
                                                     triton_error **error_out);

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
triton_status triton_infer_request_add_input(triton_infer_request *request,
                                             const char *name,
                                             triton_datatype datatype,
                                             const int64_t *shape,
                                             size_t rank,
                                             size_t *index_out,
                                             triton_error **error_out);

/**
 * Sets the shape of an input. The data stays as it is.
 *
 * @param input  the index of the input
 * @param shape  the dimensions; must not be negative
 * @param rank   the number of dimensions
 */
triton_status triton_infer_request_input_set_shape(triton_infer_request *request,
                                                   size_t input,
                                                   const int64_t *shape,
                                                   size_t rank,
                                                   triton_error **error_out);

/**
 * Sets the data of an input, which is borrowed. Replaces all data set or appended before.
 *
 * @param input      the index of the input
 * @param data       borrowed (BORROWED DATA); NULL with a byte_size of 0 leaves the input without data
 * @param byte_size  the size of data in bytes
 */
triton_status triton_infer_request_input_set_data(triton_infer_request *request,
                                                  size_t input,
                                                  const void *data,
                                                  size_t byte_size,
                                                  triton_error **error_out);

/**
 * Appends a segment to the data of an input. Segments are borrowed, and sent in the order of appending.
 *
 * @param input      the index of the input
 * @param data       borrowed (BORROWED DATA)
 * @param byte_size  the size of data in bytes
 */
triton_status triton_infer_request_input_append_data(triton_infer_request *request,
                                                     size_t input,
                                                     const void *data,
                                                     size_t byte_size,
                                                     triton_error **error_out);

/**
 * Appends a copy of a segment to the data of an input. The segment may be changed or freed after the
 * function returns.
 *
 * @param input      the index of the input
 * @param data       copied
 * @param byte_size  the size of data in bytes
 */
triton_status triton_infer_request_input_append_data_copy(triton_infer_request *request,
                                                          size_t input,
                                                          const void *data,
                                                          size_t byte_size,
                                                          triton_error **error_out);

/**
 * Appends elements to the data of a BYTES input. They are copied.
 *
 * @param input    the index of the input
 * @param strings  the elements, row-major
 * @param count    the number of elements
 */
triton_status triton_infer_request_input_append_strings(triton_infer_request *request,
                                                        size_t input,
                                                        const triton_bytes *strings,
                                                        size_t count,
                                                        triton_error **error_out);

/**
 * Takes the data of an input from shared memory that is registered with the server. Replaces the data set
 * before.
 *
 * @param input      the index of the input
 * @param region     the name under which the memory is registered; NULL undoes the function: the input then
 *                   has no data
 * @param byte_size  the size of the tensor in bytes
 * @param offset     the offset of the tensor from the start of the region, in bytes
 */
triton_status triton_infer_request_input_set_shared_memory(triton_infer_request *request,
                                                           size_t input,
                                                           const char *region,
                                                           uint64_t byte_size,
                                                           uint64_t offset,
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
triton_status triton_infer_request_input_set_json(triton_infer_request *request,
                                                  size_t input,
                                                  bool is_json,
                                                  triton_error **error_out);

/**
 * Takes the data of an input from a JSON array, flat or nested, which is copied and sent unchanged. HTTP
 * only. Replaces the data set before.
 *
 * @param input  the index of the input
 * @param json   for example "[[1, 2], [3, 4]]"; NULL undoes the function: the input then has no data
 */
triton_status triton_infer_request_input_set_json_text(triton_infer_request *request,
                                                       size_t input,
                                                       const char *json,
                                                       triton_error **error_out);

/**
 * Returns the number of inputs; 0 for NULL.
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
const int64_t *triton_infer_request_input_shape(const triton_infer_request *request,
                                                size_t input,
                                                size_t *rank_out);

/**
 * Returns the size in bytes of the data that an input has so far, or of its shared memory; 0 past the end.
 */
uint64_t triton_infer_request_input_byte_size(const triton_infer_request *request, size_t input);

/**
 * Returns the name of the shared-memory region that holds the data of an input; "" if none does, and past
 * the end. Valid until the request is changed or freed.
 *
 * @param byte_size_out  the size of the tensor in bytes; may be NULL
 * @param offset_out     its offset from the start of the region, in bytes; may be NULL
 */
const char *triton_infer_request_input_shared_memory(const triton_infer_request *request,
                                                     size_t input,
                                                     uint64_t *byte_size_out,
                                                     uint64_t *offset_out);

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
triton_status triton_infer_request_add_output(triton_infer_request *request,
                                              const char *name,
                                              size_t *index_out,
                                              triton_error **error_out);

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
triton_status triton_infer_request_output_set_buffer(triton_infer_request *request,
                                                     size_t output,
                                                     void *data,
                                                     size_t byte_size,
                                                     triton_error **error_out);

/**
 * Makes the server write an output to shared memory that is registered with it. The result then has the
 * output's shape and no data.
 *
 * @param output     the index of the output
 * @param region     the name under which the memory is registered; NULL undoes the function
 * @param byte_size  the space available, in bytes
 * @param offset     the offset of the output from the start of the region, in bytes
 */
triton_status triton_infer_request_output_set_shared_memory(triton_infer_request *request,
                                                            size_t output,
                                                            const char *region,
                                                            uint64_t byte_size,
                                                            uint64_t offset,
                                                            triton_error **error_out);

/**
 * Requests the best classes of an output instead of its tensor. They come as BYTES:
 * triton_infer_output_class reads them.
 *
 * @param output       the index of the output
 * @param class_count  the number of classes; 0 (the default): the tensor
 */
triton_status triton_infer_request_output_set_classification(triton_infer_request *request,
                                                             size_t output,
                                                             uint32_t class_count,
                                                             triton_error **error_out);

/**
 * Sets whether an output is requested as JSON over HTTP instead of in binary (the default); the result is
 * the same. Triton rejects FP16 and BF16; other servers send them as numbers, and NaN and infinities of any
 * floating-point datatype as null, which is read as NaN: binary data and gRPC keep infinities.
 *
 * @param output  the index of the output
 */
triton_status triton_infer_request_output_set_json(triton_infer_request *request,
                                                   size_t output,
                                                   bool is_json,
                                                   triton_error **error_out);

/**
 * Returns the number of requested outputs; 0 for NULL.
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
const char *triton_infer_request_output_shared_memory(const triton_infer_request *request,
                                                      size_t output,
                                                      uint64_t *byte_size_out,
                                                      uint64_t *offset_out);

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
 */

/**
 * Returns the parameters of a request, to be set and read; NULL for NULL.
 */
triton_parameters *triton_infer_request_parameters(triton_infer_request *request);

/**
 * Returns the parameters of an input, to be set and read; NULL past the end. They are the parameters of the
 * input that has this index: if the request is cleared, setting one is INVALID_ARGUMENT until an input of
 * this index is added.
 */
triton_parameters *triton_infer_request_input_parameters(triton_infer_request *request, size_t input);

/**
 * Returns the parameters of a requested output, to be set and read; NULL past the end. They belong to an
 * index as those of inputs do.
 */
triton_parameters *triton_infer_request_output_parameters(triton_infer_request *request, size_t output);

/**
 * Sets a parameter to a string. Replaces the value set before.
 *
 * @param parameters  of a request or one of its tensors; those of a result are INVALID_ARGUMENT
 * @param name        must not be empty or reserved
 * @param value       copied; NULL removes the parameter, of whatever kind it is
 */
triton_status triton_parameters_set_string(triton_parameters *parameters,
                                           const char *name,
                                           const char *value,
                                           triton_error **error_out);

/**
 * Sets a parameter to a signed integer. Otherwise the same as triton_parameters_set_string.
 */
triton_status triton_parameters_set_int64(triton_parameters *parameters,
                                          const char *name,
                                          int64_t value,
                                          triton_error **error_out);

/**
 * Sets a parameter to a Boolean. Otherwise the same as triton_parameters_set_string.
 */
triton_status triton_parameters_set_bool(triton_parameters *parameters,
                                         const char *name,
                                         bool value,
                                         triton_error **error_out);

/**
 * Sets a parameter to a floating-point number, which must be finite. Otherwise the same as
 * triton_parameters_set_string.
 */
triton_status triton_parameters_set_double(triton_parameters *parameters,
                                           const char *name,
                                           double value,
                                           triton_error **error_out);

/**
 * Returns the number of parameters; 0 for NULL.
 */
size_t triton_parameters_count(const triton_parameters *parameters);

/**
 * Returns a parameter, in the order of setting or receiving; NULL past the end. Valid until the parameters
 * are changed, or the request or result is freed.
 */
const triton_parameter *triton_parameters_entry(const triton_parameters *parameters, size_t index);

/**
 * Returns the parameter of a name, the last one if a server sent several; NULL if there is none. Valid as
 * long as that of triton_parameters_entry.
 */
const triton_parameter *triton_parameters_find(const triton_parameters *parameters, const char *name);

/**
 * Returns the name of a parameter; "" for NULL.
 */
const char *triton_parameter_name(const triton_parameter *parameter);

/**
 * Returns the kind of the value; TRITON_VALUE_NONE for NULL.
 */
triton_value_kind triton_parameter_kind(const triton_parameter *parameter);

/**
 * Returns the value of a TRITON_VALUE_BOOL; false for another kind and for NULL.
 */
bool triton_parameter_bool(const triton_parameter *parameter);

/**
 * Returns the value of a TRITON_VALUE_INT64; 0 for another kind and for NULL.
 */
int64_t triton_parameter_int64(const triton_parameter *parameter);

/**
 * Returns the value of a TRITON_VALUE_UINT64; 0 for another kind and for NULL.
 */
uint64_t triton_parameter_uint64(const triton_parameter *parameter);

/**
 * Returns the value of a TRITON_VALUE_DOUBLE; 0 for another kind and for NULL.
 */
double triton_parameter_double(const triton_parameter *parameter);

/**
 * Returns the value of a TRITON_VALUE_STRING; "" for another kind and for NULL.
 */
const char *triton_parameter_string(const triton_parameter *parameter);

/*
 * INFERENCE. A call sends a request and blocks until it has the result:
 *
 *     failed = triton_infer_request_new("simple", &request, &error)
 *         || triton_infer_request_add_input_data(request, "INPUT0", TRITON_DATATYPE_INT32, shape, 2, a, sizeof a,
 *                                                NULL, &error)
 *         || triton_client_infer(client, request, NULL, &result, &error)
 *         || triton_infer_result_output_as(result, "OUTPUT0", TRITON_DATATYPE_INT32, &data, &count, &error);
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
 *         output exceeds its buffer; DEADLINE_EXCEEDED; UNAVAILABLE; otherwise the server's status, for
 *         example NOT_FOUND for an unknown model
 */
triton_status triton_client_infer(const triton_client *client,
                                  const triton_infer_request *request,
                                  const triton_call_options *options,
                                  triton_infer_result **result_out,
                                  triton_error **error_out);

/*
 * RESULTS. A result has the outputs of a model and the metadata of the response. The data of an output is
 * aligned to 64 bytes, so that a cast to any element type is legal. What a function of this section returns is
 * valid until the result is freed, with one exception: data in a buffer of the caller's
 * (triton_infer_request_output_set_buffer) is valid for as long as the buffer is, and the next call with the
 * request overwrites it.
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
 * @return NOT_FOUND, with the names of all outputs, if there is no such output; otherwise the same as
 *         triton_infer_output_elements
 */
triton_status triton_infer_result_output_as(const triton_infer_result *result,
                                            const char *name,
                                            triton_datatype datatype,
                                            const void **data_out,
                                            size_t *count_out,
                                            triton_error **error_out);

/**
 * Gets the elements of a BYTES output by its name: triton_infer_result_find_output and
 * triton_infer_output_strings in one call.
 *
 * @param name         the name of the output
 * @param strings_out  the elements, row-major; never NULL on success
 * @param count_out    the number of elements; may be NULL
 * @return NOT_FOUND, with the names of all outputs, if there is no such output; otherwise the same as
 *         triton_infer_output_strings
 */
triton_status triton_infer_result_output_strings(const triton_infer_result *result,
                                                 const char *name,
                                                 const triton_bytes **strings_out,
                                                 size_t *count_out,
                                                 triton_error **error_out);

/**
 * Returns an output by its name; NULL if there is none, and if result or name is NULL.
 */
const triton_infer_output *triton_infer_result_find_output(const triton_infer_result *result,
                                                           const char *name);

/**
 * Returns the number of outputs; 0 for NULL.
 */
size_t triton_infer_result_output_count(const triton_infer_result *result);

/**
 * Returns an output, in the server's order; NULL past the end.
 */
const triton_infer_output *triton_infer_result_output(const triton_infer_result *result, size_t index);

/**
 * Returns the name of an output; "" for NULL.
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
 * the server sent none, and for NULL.
 */
const char *triton_infer_output_datatype_name(const triton_infer_output *output);

/**
 * Returns the shape of an output, the batch dimension first if the model has one; NULL if it has no
 * dimensions, and for NULL. If the server left one dimension open (-1), it is computed from the data, except
 * for an unknown datatype and for data in shared memory.
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
triton_status triton_infer_output_elements(const triton_infer_output *output,
                                           triton_datatype datatype,
                                           const void **data_out,
                                           size_t *count_out,
                                           triton_error **error_out);

/**
 * Gets the elements of a BYTES output, without copying them. The array takes 16 bytes for each element; the
 * elements are counted before it is allocated.
 *
 * @param strings_out  the elements, row-major; never NULL on success
 * @param count_out    the number of elements; may be NULL
 * @return INVALID_ARGUMENT if the output is not BYTES; INTERNAL if the server sent a malformed tensor, or
 *         one whose number of elements does not match its shape; FAILED_PRECONDITION if it was written to
 *         the caller's buffer or shared memory; RESOURCE_EXHAUSTED if there is no memory for the array
 */
triton_status triton_infer_output_strings(const triton_infer_output *output,
                                          const triton_bytes **strings_out,
                                          size_t *count_out,
                                          triton_error **error_out);

/**
 * Returns the bytes of an output's tensor, of whatever datatype: row-major, little-endian, aligned to 64
 * bytes, or in the buffer that the request set for the output (triton_infer_output_is_in_caller_buffer).
 * Each BYTES element follows its length, 4 bytes. NULL only for NULL.
 */
const void *triton_infer_output_data(const triton_infer_output *output);

/**
 * Returns the size of an output's tensor in bytes; 0 for one in shared memory.
 */
size_t triton_infer_output_byte_size(const triton_infer_output *output);

/**
 * Returns whether the data of an output is in the buffer that the request set for it: it is then valid for
 * as long as the buffer is, and the next call with the request overwrites it. Otherwise it is valid until
 * the result is freed. False for NULL.
 */
bool triton_infer_output_is_in_caller_buffer(const triton_infer_output *output);

/**
 * Gets a class of an output that was requested as classes: the best first, for each batch entry in turn.
 *
 * @param index      less than the number of the output's elements
 * @param class_out  the class; its label is valid until the result is freed, and has U+FFFD for bytes that
 *                   are not UTF-8
 * @return INVALID_ARGUMENT if the output is not BYTES; OUT_OF_RANGE past the end; INTERNAL if the element is
 *         not a class
 */
triton_status triton_infer_output_class(const triton_infer_output *output,
                                        size_t index,
                                        triton_class *class_out,
                                        triton_error **error_out);

/**
 * Returns the parameters of an output; NULL for NULL.
 */
const triton_parameters *triton_infer_output_parameters(const triton_infer_output *output);

/**
 * Returns the name of the model; "" for NULL.
 */
const char *triton_infer_result_model_name(const triton_infer_result *result);

/**
 * Returns the version of the model that the server chose, for example "1"; "" for NULL.
 */
const char *triton_infer_result_model_version(const triton_infer_result *result);

/**
 * Returns the id of the request; "" if it had none, and for NULL.
 */
const char *triton_infer_result_id(const triton_infer_result *result);

/**
 * Returns whether a result is the last response to its request. The server's word, parameter
 * "triton_final_response", decides. Without it the response of a call is TRITON_FINALITY_FINAL, since it is
 * the only one, and a result that was read from bytes is TRITON_FINALITY_UNKNOWN, as is NULL.
 */
triton_finality triton_infer_result_finality(const triton_infer_result *result);

/**
 * Returns whether the finality of a result is TRITON_FINALITY_FINAL; false for NULL.
 */
bool triton_infer_result_is_final(const triton_infer_result *result);

/**
 * Returns whether a result is the last response to its request and has no outputs; false for NULL.
 */
bool triton_infer_result_is_null(const triton_infer_result *result);

/**
 * Returns the parameters of a result as a whole; NULL for NULL.
 */
const triton_parameters *triton_infer_result_parameters(const triton_infer_result *result);

/**
 * The number of headers of the answer; over gRPC of its metadata. A name may be there several times.
 */
size_t triton_infer_result_header_count(const triton_infer_result *result);

/**
 * The name of a header, in lower case; an empty text past the end.
 */
const char *triton_infer_result_header_name(const triton_infer_result *result, size_t index);

/**
 * The value of a header; an empty text past the end. Over gRPC a value whose name ends in -bin is base64, as
 * it was sent.
 */
const char *triton_infer_result_header_value(const triton_infer_result *result, size_t index);

/**
 * Returns the URL of the server, for example "grpc://host:8001"; "" if the result was read from bytes, and
 * for NULL.
 */
const char *triton_infer_result_endpoint(const triton_infer_result *result);

/**
 * Gets the time of the call that received the result, by stages.
 *
 * @param times_out  its struct_size is set by the caller
 */
triton_status triton_infer_result_times(const triton_infer_result *result,
                                        triton_call_times *times_out,
                                        triton_error **error_out);

/**
 * Returns the model, outputs and parameters of a result as text without the data, for logs; "" for NULL. The
 * format may change. Strings are cut at 256 bytes, shapes at 8 dimensions, the whole at 64 KiB.
 */
const char *triton_infer_result_debug_string(const triton_infer_result *result);

/**
 * Frees a result and everything that was read from it, except data in a buffer of the caller's. NULL is
 * allowed.
 */
void triton_infer_result_free(triton_infer_result *result);

/*
 * STATISTICS of a client: what it has counted of its inferences since it was made.
 */

/**
 * Tells what a client has counted of its inferences. Does not block; calls that are under way may be counted in part.
 *
 * @param statistics_out  filled as far as its struct_size says, which stays as it is; 0 for what this version does not know
 * @return INVALID_ARGUMENT if struct_size has no room for the first count, or is beyond 4096
 */
triton_status triton_client_infer_statistics(const triton_client *client,
                                             triton_infer_statistics *statistics_out,
                                             triton_error **error_out);

/*
 * OFFLINE. Requests and responses are converted to and from bytes without a connection, for gateways such as
 * SageMaker and Vertex AI. Tensors are copied. The functions do not block, except
 * triton_client_infer_grpc_message.
 */

/**
 * Returns the bytes of a buffer; NULL only for NULL.
 */
const void *triton_buffer_data(const triton_buffer *buffer);

/**
 * Returns the size of a buffer in bytes; 0 for NULL.
 */
size_t triton_buffer_byte_size(const triton_buffer *buffer);

/**
 * Frees a buffer. NULL is allowed.
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
triton_status triton_infer_request_to_http_body(const triton_infer_request *request,
                                                triton_compression compression,
                                                triton_buffer **body_out,
                                                uint64_t *json_byte_size_out,
                                                triton_error **error_out);

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
 *                        RESOURCE_EXHAUSTED
 * @param result_out      the result; free it with triton_infer_result_free
 * @return INTERNAL if the body is malformed
 */
triton_status triton_infer_result_from_http_body(const void *data,
                                                 size_t byte_size,
                                                 uint64_t json_byte_size,
                                                 triton_compression compression,
                                                 size_t max_byte_size,
                                                 triton_infer_result **result_out,
                                                 triton_error **error_out);

/**
 * Encodes a request as a gRPC message, a ModelInferRequest.
 *
 * @param message_out  the message; free it with triton_buffer_free
 */
triton_status triton_infer_request_to_grpc_message(const triton_infer_request *request,
                                                   triton_buffer **message_out,
                                                   triton_error **error_out);

/**
 * Decodes a gRPC message, a ModelInferResponse. The finality of the result is TRITON_FINALITY_UNKNOWN unless
 * the response states it.
 *
 * @param data        the message
 * @param byte_size   the size of data in bytes
 * @param result_out  the result; free it with triton_infer_result_free
 * @return INTERNAL if the message is malformed
 */
triton_status triton_infer_result_from_grpc_message(const void *data,
                                                    size_t byte_size,
                                                    triton_infer_result **result_out,
                                                    triton_error **error_out);

/**
 * Sends an inference request that is already encoded as a gRPC message. Blocks as triton_client_infer does.
 *
 * @param data        a ModelInferRequest; read during the call only
 * @param byte_size   the size of data in bytes
 * @param options     the options of the call; NULL for the client's
 * @param result_out  the result; free it with triton_infer_result_free
 * @return INVALID_ARGUMENT over HTTP; otherwise the same as triton_client_infer
 */
triton_status triton_client_infer_grpc_message(const triton_client *client,
                                               const void *data,
                                               size_t byte_size,
                                               const triton_call_options *options,
                                               triton_infer_result **result_out,
                                               triton_error **error_out);

/*
 * ELEMENTS in the caller's memory. The elements of BYTES tensors are converted to and from the format of the
 * protocol, for shared memory and the caller's buffers, and 16-bit floating-point numbers to and from float.
 * The functions do not block.
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
triton_status triton_bytes_serialize(const triton_bytes *strings,
                                     size_t count,
                                     void *data,
                                     size_t byte_size,
                                     size_t *byte_size_out,
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
triton_status triton_bytes_parse(const void *data,
                                 size_t byte_size,
                                 triton_bytes *strings,
                                 size_t capacity,
                                 size_t *count_out,
                                 triton_error **error_out);

/**
 * Converts float to FP16: rounds to nearest, ties to even; too large values become infinite, NaN stays NaN.
 *
 * @param values  the numbers
 * @param count   the number of elements of values and of into
 * @param into    the results, each as its 16 bits; must not overlap values
 */
triton_status triton_fp16_from_fp32(const float *values,
                                    size_t count,
                                    uint16_t *into,
                                    triton_error **error_out);

/**
 * Converts FP16 to float, exactly.
 *
 * @param values  the numbers, each as its 16 bits
 * @param count   the number of elements of values and of into
 * @param into    the results; must not overlap values
 */
triton_status triton_fp16_to_fp32(const uint16_t *values,
                                  size_t count,
                                  float *into,
                                  triton_error **error_out);

/**
 * Converts float to BF16: rounds to nearest, ties to even; too large values become infinite, NaN stays NaN.
 *
 * @param values  the numbers
 * @param count   the number of elements of values and of into
 * @param into    the results, each as its 16 bits; must not overlap values
 */
triton_status triton_bf16_from_fp32(const float *values,
                                    size_t count,
                                    uint16_t *into,
                                    triton_error **error_out);

/**
 * Converts BF16 to float, exactly.
 *
 * @param values  the numbers, each as its 16 bits
 * @param count   the number of elements of values and of into
 * @param into    the results; must not overlap values
 */
triton_status triton_bf16_to_fp32(const uint16_t *values,
                                  size_t count,
                                  float *into,
                                  triton_error **error_out);

/*
 * CONFIGURATION of a model: typed, as far as programs need it, and whole as JSON. Indices are 0, 1, 2; past the end a getter
 * answers an empty text, NULL or 0.
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
triton_status triton_client_model_config(const triton_client *client,
                                         const char *model_name,
                                         const char *model_version,
                                         const triton_call_options *options,
                                         triton_model_config **config_out,
                                         triton_error **error_out);

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
 */

/**
 * Makes options for the repository, with the defaults: every repository, every model, the model's own configuration
 * and files.
 *
 * @param options_out  the options; free them with triton_repository_options_free
 */
triton_status triton_repository_options_new(triton_repository_options **options_out,
                                            triton_error **error_out);

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
triton_status triton_repository_options_set_repository_name(triton_repository_options *options,
                                                            const char *name,
                                                            triton_error **error_out);

/**
 * Sets whether an index has only the models that are ready.
 */
triton_status triton_repository_options_set_ready_only(triton_repository_options *options,
                                                       bool ready_only,
                                                       triton_error **error_out);

/**
 * Sets the configuration that a model is loaded with instead of its own.
 *
 * @param json  of the form that triton_model_config_json has; INVALID_ARGUMENT for what is no JSON object
 */
triton_status triton_repository_options_set_config(triton_repository_options *options,
                                                   const char *json,
                                                   triton_error **error_out);

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
triton_status triton_repository_options_add_file(triton_repository_options *options,
                                                 const char *path,
                                                 const void *content,
                                                 size_t byte_size,
                                                 triton_error **error_out);

/**
 * Sets whether the models of an ensemble that is unloaded go with it.
 */
triton_status triton_repository_options_set_unload_dependents(triton_repository_options *options,
                                                              bool unload_dependents,
                                                              triton_error **error_out);

/**
 * Asks for the models of the server's repositories, loaded or not. One whose files came with the load is in none of
 * them, and so not told by version 2.51. Blocks.
 *
 * @param repository  NULL for all models of all repositories
 * @param options     of the call; NULL for the client's
 * @param index_out   the answer; free it with triton_repository_index_free
 */
triton_status triton_client_repository_index(const triton_client *client,
                                             const triton_repository_options *repository,
                                             const triton_call_options *options,
                                             triton_repository_index **index_out,
                                             triton_error **error_out);

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
triton_status triton_client_load_model(const triton_client *client,
                                       const char *model_name,
                                       const triton_repository_options *repository,
                                       const triton_call_options *options,
                                       triton_error **error_out);

/**
 * Unloads a model; one that is not loaded is no error. Blocks, with the time limit of loading. The server may answer
 * before the model is gone.
 *
 * @param model_name  not empty, and without a slash
 * @param repository  NULL to leave the models of an ensemble loaded
 * @param options     of the call; NULL for the client's
 */
triton_status triton_client_unload_model(const triton_client *client,
                                         const char *model_name,
                                         const triton_repository_options *repository,
                                         const triton_call_options *options,
                                         triton_error **error_out);

/*
 * MODEL STATISTICS: what a server has counted of its models since each was loaded, typed and as JSON. Indices are 0, 1, 2; past
 * the end a getter answers an empty text, NULL or 0. Times are in nanoseconds.
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
triton_status triton_client_model_statistics(const triton_client *client,
                                             const char *model_name,
                                             const char *model_version,
                                             const triton_call_options *options,
                                             triton_statistics **statistics_out,
                                             triton_error **error_out);

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
uint64_t triton_model_statistics_duration_count(const triton_model_statistics *statistics,
                                                triton_statistic kind);

/**
 * How long a step took, for all requests together.
 */
uint64_t triton_model_statistics_duration_ns(const triton_model_statistics *statistics,
                                             triton_statistic kind);

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
uint64_t triton_model_statistics_batch_duration_count(const triton_model_statistics *statistics,
                                                      size_t index,
                                                      triton_statistic kind);

/**
 * How long a step took for the batches of one size, together.
 */
uint64_t triton_model_statistics_batch_duration_ns(const triton_model_statistics *statistics,
                                                   size_t index,
                                                   triton_statistic kind);

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
uint64_t triton_model_statistics_response_duration_count(const triton_model_statistics *statistics,
                                                         size_t index,
                                                         triton_statistic kind);

/**
 * How long a step took for the responses of one place, together.
 */
uint64_t triton_model_statistics_response_duration_ns(const triton_model_statistics *statistics,
                                                      size_t index,
                                                      triton_statistic kind);

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
 */

/**
 * Asks for the settings of tracing. Blocks.
 *
 * @param model_name    of a model; NULL or "" for those of all models
 * @param options       of the call; NULL for the client's
 * @param settings_out  the answer; free it with triton_settings_free
 */
triton_status triton_client_trace_settings(const triton_client *client,
                                           const char *model_name,
                                           const triton_call_options *options,
                                           triton_settings **settings_out,
                                           triton_error **error_out);

/**
 * Changes settings of tracing. Blocks.
 *
 * @param model_name    of a model; NULL or "" for those of all models
 * @param update        what is to change; what is not named stays
 * @param options       of the call; NULL for the client's
 * @param settings_out  all that hold then; free it with triton_settings_free
 * @return UNIMPLEMENTED for trace_file
 */
triton_status triton_client_update_trace_settings(const triton_client *client,
                                                  const char *model_name,
                                                  const triton_settings_update *update,
                                                  const triton_call_options *options,
                                                  triton_settings **settings_out,
                                                  triton_error **error_out);

/**
 * Asks for the settings of the server's log. Blocks.
 *
 * @param options       of the call; NULL for the client's
 * @param settings_out  the answer; free it with triton_settings_free
 */
triton_status triton_client_log_settings(const triton_client *client,
                                         const triton_call_options *options,
                                         triton_settings **settings_out,
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
triton_status triton_client_update_log_settings(const triton_client *client,
                                                const triton_settings_update *update,
                                                const triton_call_options *options,
                                                triton_settings **settings_out,
                                                triton_error **error_out);

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
triton_status triton_settings_update_new(triton_settings_update **update_out, triton_error **error_out);

/**
 * Frees an update; NULL is harmless.
 */
void triton_settings_update_free(triton_settings_update *update);

/**
 * Sets a setting to a text. Tracing takes numbers as texts too, "500".
 *
 * @param name  not empty
 */
triton_status triton_settings_update_set_string(triton_settings_update *update,
                                                const char *name,
                                                const char *value,
                                                triton_error **error_out);

/**
 * Sets a setting to several texts: trace_level.
 *
 * @param name    not empty
 * @param values  the texts
 * @param count   their number; 0 is INVALID_ARGUMENT
 */
triton_status triton_settings_update_set_strings(triton_settings_update *update,
                                                 const char *name,
                                                 const char *const *values,
                                                 size_t count,
                                                 triton_error **error_out);

/**
 * Sets a setting to yes or no: log_info. Tracing has it as text.
 *
 * @param name  not empty
 */
triton_status triton_settings_update_set_bool(triton_settings_update *update,
                                              const char *name,
                                              bool value,
                                              triton_error **error_out);

/**
 * Sets a setting to a number: log_verbose_level. Tracing has it as text.
 *
 * @param name  not empty
 */
triton_status triton_settings_update_set_uint32(triton_settings_update *update,
                                                const char *name,
                                                uint32_t value,
                                                triton_error **error_out);

/**
 * Gives a setting of tracing its default back: that of the server, or for a model the one of all models. Settings of
 * the log have none: an update of the log with one is INVALID_ARGUMENT.
 *
 * @param name  not empty
 */
triton_status triton_settings_update_clear(triton_settings_update *update,
                                           const char *name,
                                           triton_error **error_out);

/*
 * SHARED MEMORY as a server has it registered. The server has to be on the same machine, see the same memory (in containers:
 * --ipc=host), and, from version 2.69 on, be started with --allow-client-shm=true: else registering is UNIMPLEMENTED, and an
 * inference does not find the region. A frontend that runs in a Python program (tritonfrontend) has no shared memory:
 * UNAVAILABLE.
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
triton_status triton_client_register_system_shared_memory(const triton_client *client,
                                                          const char *name,
                                                          const char *key,
                                                          uint64_t byte_size,
                                                          uint64_t offset,
                                                          const triton_call_options *options,
                                                          triton_error **error_out);

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
triton_status triton_client_register_cuda_shared_memory(const triton_client *client,
                                                        const char *name,
                                                        const void *raw_handle,
                                                        size_t handle_byte_size,
                                                        int64_t device_id,
                                                        uint64_t byte_size,
                                                        const triton_call_options *options,
                                                        triton_error **error_out);

/**
 * Takes the registration of one region of system memory back. Blocks. A name that is not registered is no error.
 *
 * @param name     not empty: triton_client_unregister_all_system_shared_memory is for all
 * @param options  of the call; NULL for the client's
 * @return INTERNAL while a request uses the region: for Triton 2.51 a moment longer than its answer takes
 */
triton_status triton_client_unregister_system_shared_memory(const triton_client *client,
                                                            const char *name,
                                                            const triton_call_options *options,
                                                            triton_error **error_out);

/**
 * Takes the registration of one region of a GPU's memory back. Blocks. A name that is not registered is no error.
 *
 * @param name     not empty: triton_client_unregister_all_cuda_shared_memory is for all
 * @param options  of the call; NULL for the client's
 * @return INTERNAL while a request uses the region: for Triton 2.51 a moment longer than its answer takes
 */
triton_status triton_client_unregister_cuda_shared_memory(const triton_client *client,
                                                          const char *name,
                                                          const triton_call_options *options,
                                                          triton_error **error_out);

/**
 * Takes the registrations of all regions of system memory back, those of other programs too. Blocks.
 *
 * @param options  of the call; NULL for the client's
 */
triton_status triton_client_unregister_all_system_shared_memory(const triton_client *client,
                                                                const triton_call_options *options,
                                                                triton_error **error_out);

/**
 * Takes the registrations of all regions of GPUs' memory back, those of other programs too. Blocks.
 *
 * @param options  of the call; NULL for the client's
 */
triton_status triton_client_unregister_all_cuda_shared_memory(const triton_client *client,
                                                              const triton_call_options *options,
                                                              triton_error **error_out);

/**
 * Asks for the regions of system memory that are registered with the server. Blocks.
 *
 * @param name        of one region; NULL or "" for all
 * @param options     of the call; NULL for the client's
 * @param status_out  the answer; free it with triton_shared_memory_status_free
 * @return NOT_FOUND for a name that is not registered
 */
triton_status triton_client_system_shared_memory_status(const triton_client *client,
                                                        const char *name,
                                                        const triton_call_options *options,
                                                        triton_shared_memory_status **status_out,
                                                        triton_error **error_out);

/**
 * Asks for the regions of GPUs' memory that are registered with the server. Blocks.
 *
 * @param name        of one region; NULL or "" for all
 * @param options     of the call; NULL for the client's
 * @param status_out  the answer; free it with triton_shared_memory_status_free
 * @return NOT_FOUND for a name that is not registered
 */
triton_status triton_client_cuda_shared_memory_status(const triton_client *client,
                                                      const char *name,
                                                      const triton_call_options *options,
                                                      triton_shared_memory_status **status_out,
                                                      triton_error **error_out);

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
uint64_t triton_shared_memory_status_offset(const triton_shared_memory_status *status,
                                            size_t index);

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
triton_status triton_client_metrics(const triton_client *client,
                                    const triton_call_options *options,
                                    triton_metrics **metrics_out,
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
triton_status triton_client_generate(const triton_client *client,
                                     const char *model_name,
                                     const char *model_version,
                                     const char *json,
                                     const triton_call_options *options,
                                     triton_generated **generated_out,
                                     triton_error **error_out);

/**
 * The answer, a JSON object. Valid until it is freed.
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
triton_status triton_client_generate_stream(const triton_client *client,
                                            const char *model_name,
                                            const char *model_version,
                                            const char *json,
                                            const triton_call_options *options,
                                            triton_generate_callback callback,
                                            void *user_data,
                                            triton_error **error_out);

/*
 * LOAD REPORTS: what a server says of its load beside an answer, as ORCA has it, when triton_call_options_set_load_report asks.
 * Triton does so over HTTP for the backends that have such metrics, vLLM's and TensorRT-LLM's.
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
