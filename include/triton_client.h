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
 * URLS of servers. A name, an IPv4 address, or an IPv6 address in brackets:
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
 * The default size of the largest message: 2^31 - 1 bytes, as much as a Triton server takes over gRPC.
 */
#define TRITON_DEFAULT_MAX_MESSAGE_BYTE_SIZE 2147483647

/**
 * The default size of the memory that a client keeps for results: 64 MiB.
 */
#define TRITON_DEFAULT_RESULT_MEMORY_BYTE_SIZE 67108864

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
 * What the elements of a tensor are. The numbers are those of inference.DataType in the protocol.
 */
typedef enum triton_datatype {
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
 * What a model says of itself. Freed with triton_model_metadata_free.
 */
typedef struct triton_model_metadata triton_model_metadata;

/**
 * What a server says of itself. Freed with triton_server_metadata_free.
 */
typedef struct triton_server_metadata triton_server_metadata;

/**
 * What a model says of one input or output. Belongs to the model's metadata.
 */
typedef struct triton_tensor_metadata triton_tensor_metadata;

/**
 * Hears a message of the log: level, the part of the library that speaks, text. Both texts are valid for the call.
 * Any thread may call it, several at once; it must not call the library, nor leave by longjmp or an exception.
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
 *     409           10     ABORTED              yes        no
 *     412           9      FAILED_PRECONDITION  no         no
 *     413           8      RESOURCE_EXHAUSTED   no         no
 *     429           -      RESOURCE_EXHAUSTED   yes        no
 *     416           11     OUT_OF_RANGE         no         no
 *     499           1      CANCELLED            no         yes
 *     500           13     INTERNAL             no         no
 *     502           -      UNAVAILABLE          yes        yes
 *     503           14     UNAVAILABLE          yes        no
 *     -             15     DATA_LOSS            no         no
 *     -             2      UNKNOWN              no         no
 *     other 4xx     -      INVALID_ARGUMENT     no         no
 *     other 5xx     -      INTERNAL             no         no
 *     any other     other  UNKNOWN              no         no
 *
 * Failures that are no answer: a wrong argument is INVALID_ARGUMENT (origin argument); a server that can't be
 * reached or a connection that breaks UNAVAILABLE, retryable, an answer that is none INTERNAL (origin connection);
 * a time limit DEADLINE_EXCEEDED, retryable, a size limit RESOURCE_EXHAUSTED (origin client). Each is in doubt if
 * the request, or a part of it, was sent.
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
 * Frees an error; NULL is harmless.
 */
void triton_error_free(triton_error *error);

/**
 * The name of a status, "NOT_FOUND". Valid for ever; "UNKNOWN" for a number that is no status.
 */
const char *triton_status_name(triton_status status);

/*
 * DATATYPES of tensors: their names and sizes.
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
 * OPTIONS of a client and of a call. Where a function takes them, NULL stands for the defaults.
 *
 *     what                          default          set by
 *     time limit of connecting      10 s             triton_client_options_set_connect_timeout_us
 *     time limit of a call          60 s             triton_client_options_set_timeout_us, and for one call
 *                                                    triton_call_options_set_timeout_us
 *     largest message, either way   2^31 - 1 bytes   triton_client_options_set_max_message_byte_size
 *     memory kept for results       64 MiB           triton_client_options_set_result_memory_byte_size
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
 * Sets the size of the largest message that is sent or accepted. A larger request fails before it is sent, a larger
 * answer before memory is asked for it, both with RESOURCE_EXHAUSTED.
 *
 * @param byte_size  bytes; 0 is INVALID_ARGUMENT
 */
triton_status triton_client_options_set_max_message_byte_size(triton_client_options *options,
                                                              uint64_t byte_size,
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

/*
 * THE CLIENT of one server. It is made without touching the network, shared by any number of threads, and connects
 * when it is first used.
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
 * HEALTH of a server and its models. A server that can't be reached is an error, not "false".
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
 * Asks whether the server and all models that it is to serve are ready. Blocks.
 *
 * @param options    of the call; NULL for the client's
 * @param ready_out  the answer
 */
triton_status triton_client_is_server_ready(const triton_client *client,
                                            const triton_call_options *options,
                                            bool *ready_out,
                                            triton_error **error_out);

/**
 * Asks whether a model is ready. Blocks. A model that the server does not know is not ready.
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
 */

/**
 * Makes a request without inputs.
 *
 * @param model_name   the model's name on the server; not empty
 * @param request_out  the request; free it with triton_infer_request_free
 */
triton_status triton_infer_request_new(const char *model_name,
                                       triton_infer_request **request_out,
                                       triton_error **error_out);

/**
 * Frees a request; NULL is harmless. What it borrowed is the caller's alone again.
 */
void triton_infer_request_free(triton_infer_request *request);

/**
 * Sets the version of the model, "1".
 *
 * @param model_version  NULL or "" (the default) for the one that the server chooses
 */
triton_status triton_infer_request_set_model_version(triton_infer_request *request,
                                                     const char *model_version,
                                                     triton_error **error_out);

/**
 * Sets the id of the request, which comes back with the result and stands in errors.
 *
 * @param id  NULL or "" (the default) for none
 */
triton_status triton_infer_request_set_id(triton_infer_request *request,
                                          const char *id,
                                          triton_error **error_out);

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
triton_status triton_infer_request_add_input_data(triton_infer_request *request,
                                                  const char *name,
                                                  triton_datatype datatype,
                                                  const int64_t *shape,
                                                  size_t rank,
                                                  const void *data,
                                                  size_t byte_size,
                                                  triton_error **error_out);

/**
 * Adds an input and copies its data, which may be freed or changed at once. The parameters are those of
 * triton_infer_request_add_input_data.
 */
triton_status triton_infer_request_add_input_data_copy(triton_infer_request *request,
                                                       const char *name,
                                                       triton_datatype datatype,
                                                       const int64_t *shape,
                                                       size_t rank,
                                                       const void *data,
                                                       size_t byte_size,
                                                       triton_error **error_out);

/**
 * Adds a BYTES input from its elements, which are copied.
 *
 * @param name     the input's name; not empty, not in the request already
 * @param shape    the dimensions; as many elements as strings
 * @param rank     the number of dimensions
 * @param strings  the elements in row-major order
 * @param count    their number
 */
triton_status triton_infer_request_add_input_strings(triton_infer_request *request,
                                                     const char *name,
                                                     const int64_t *shape,
                                                     size_t rank,
                                                     const triton_bytes *strings,
                                                     size_t count,
                                                     triton_error **error_out);

/**
 * Adds an input without data; the data follows in segments, by triton_infer_request_input_append_data and its like.
 *
 * @param name       the input's name; not empty, not in the request already
 * @param datatype   what the elements are
 * @param shape      the dimensions, the batch dimension first where the model has one; none negative
 * @param rank       the number of dimensions
 * @param index_out  the input's index: 0, 1, 2 in the order of adding
 */
triton_status triton_infer_request_add_input(triton_infer_request *request,
                                             const char *name,
                                             triton_datatype datatype,
                                             const int64_t *shape,
                                             size_t rank,
                                             size_t *index_out,
                                             triton_error **error_out);

/**
 * Appends a segment to an input's data. Segments are borrowed, and sent in the order of appending.
 *
 * @param input      the input's index
 * @param data       borrowed (BORROWED DATA above)
 * @param byte_size  of data
 */
triton_status triton_infer_request_input_append_data(triton_infer_request *request,
                                                     size_t input,
                                                     const void *data,
                                                     size_t byte_size,
                                                     triton_error **error_out);

/**
 * Appends a copy of a segment to an input's data; the segment may be freed or changed at once.
 *
 * @param input      the input's index
 * @param data       copied
 * @param byte_size  of data
 */
triton_status triton_infer_request_input_append_data_copy(triton_infer_request *request,
                                                          size_t input,
                                                          const void *data,
                                                          size_t byte_size,
                                                          triton_error **error_out);

/**
 * Appends elements to the data of a BYTES input. They are copied.
 *
 * @param input    the input's index
 * @param strings  the elements in row-major order
 * @param count    their number
 */
triton_status triton_infer_request_input_append_strings(triton_infer_request *request,
                                                        size_t input,
                                                        const triton_bytes *strings,
                                                        size_t count,
                                                        triton_error **error_out);

/**
 * Asks for an output. A request that asks for none gets all outputs of the model.
 *
 * @param name       the output's name; not empty, not requested already
 * @param index_out  the requested output's index: 0, 1, 2 in the order of adding
 */
triton_status triton_infer_request_add_requested_output(triton_infer_request *request,
                                                        const char *name,
                                                        size_t *index_out,
                                                        triton_error **error_out);

/**
 * Makes an answer write a requested output straight into the caller's memory, which the request borrows. The result
 * then tells the output's shape and byte size, and its data is at `data`; a copy is saved. The memory must not overlap an
 * input or another buffer of the request. A request with a buffer is in one call at a time: a second one meanwhile is
 * FAILED_PRECONDITION. After a call that failed, what the memory holds is undefined.
 *
 * @param output     the requested output's index
 * @param data       where the bytes go, row-major, lowest byte first; aligned as the caller wants to read them. NULL,
 *                   with a byte_size of 0, gives the output back to the result.
 * @param byte_size  how many bytes there is room for; an output that has more is RESOURCE_EXHAUSTED from the call
 */
triton_status triton_infer_request_requested_output_set_buffer(triton_infer_request *request,
                                                               size_t output,
                                                               void *data,
                                                               size_t byte_size,
                                                               triton_error **error_out);

/*
 * RESULTS: what a model answered. Data stays where it arrived, aligned to 64 bytes, so that a cast to any element
 * type is legal; every pointer is valid until the result is freed.
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
 * @return NOT_FOUND if the result has no such output; INVALID_ARGUMENT, naming both datatypes, if it is of another
 */
triton_status triton_infer_result_output_as(const triton_infer_result *result,
                                            const char *name,
                                            triton_datatype datatype,
                                            const void **data_out,
                                            size_t *count_out,
                                            triton_error **error_out);

/**
 * Reads the elements of a BYTES output by its name, without a copy.
 *
 * @param name         the output's name
 * @param strings_out  the elements in row-major order, valid until the result is freed; never NULL on success
 * @param count_out    their number
 * @return NOT_FOUND if the result has no such output; INVALID_ARGUMENT if it is not BYTES; INTERNAL if what the
 *         server sent is no BYTES tensor; FAILED_PRECONDITION if it went to a buffer that the request set
 */
triton_status triton_infer_result_output_strings(const triton_infer_result *result,
                                                 const char *name,
                                                 const triton_bytes **strings_out,
                                                 size_t *count_out,
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
 * @return INVALID_ARGUMENT if struct_size has no room for the first stage, or is beyond 4096
 */
triton_status triton_infer_result_times(const triton_infer_result *result,
                                        triton_call_times *times_out,
                                        triton_error **error_out);

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
 * The datatype of an output; TRITON_DATATYPE_INVALID for one that this library does not know.
 */
triton_datatype triton_infer_output_datatype(const triton_infer_output *output);

/**
 * The shape of an output, the batch dimension first where the model has one.
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

/*
 * INFERENCE.
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
triton_status triton_client_infer(const triton_client *client,
                                  const triton_infer_request *request,
                                  const triton_call_options *options,
                                  triton_infer_result **result_out,
                                  triton_error **error_out);

#ifdef __cplusplus
} /* extern "C" */
#endif

#endif /* TRITON_CLIENT_H */
