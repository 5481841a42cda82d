//! libtriton_client: a client for NVIDIA Triton Inference Server, over HTTP/REST and gRPC.
//!
//! A program makes a client from a URL, fills a request, and reads a result:
//!
//! ```text
//!     triton_client_new(url, NULL, &client, &error)
//!     triton_infer_request_new("simple", &request, &error)
//!     triton_infer_request_add_input_data(request, "INPUT0", TRITON_DATATYPE_INT32, shape, 2, a, sizeof a, &error)
//!     triton_client_infer(client, request, NULL, &result, &error)
//!     triton_infer_result_output_as(result, "OUTPUT0", TRITON_DATATYPE_INT32, &data, &count, &error)
//! ```
//!
//! What holds for every function, and is not said again below:
//!
//! STATUS. A function that can fail returns a triton_status, and TRITON_STATUS_OK is 0: steps chain with ||. It takes
//! a `triton_error **error_out`, always last and allowed to be NULL: on failure it points to an error that the caller
//! frees with triton_error_free, else to NULL. What stood there before is overwritten, not freed.
//!
//! OUT-PARAMETERS are named ..._out and are written on every path: the value on success, NULL, 0 or false otherwise.
//! A NULL out-parameter is TRITON_STATUS_INVALID_ARGUMENT, but for error_out, and rank_out where a shape is wanted alone.
//! A struct whose struct_size is refused stays as it is.
//!
//! HANDLES are opaque. Only a function whose name ends in _free consumes one; it takes NULL, and nothing that the
//! library returns is freed in any other way. A NULL handle elsewhere is TRITON_STATUS_INVALID_ARGUMENT. What a handle
//! needs it keeps alive by itself: a result outlives its request and its client. What a getter returns belongs to the
//! handle, is valid until that is freed or changed, and where it is text is never NULL.
//!
//! TEXT that comes in ends with a NUL and is UTF-8, else TRITON_STATUS_INVALID_ARGUMENT. Text that goes out ends with
//! a NUL and is UTF-8; a NUL inside of what a server said is replaced by U+FFFD.
//!
//! ARRAYS come as a pointer and a count. With a count of 0 the pointer may be NULL.
//!
//! BORROWED DATA. Where a function says that it borrows, the memory must stay valid until the handle is freed or
//! forgets it, and unchanged while a call uses it; between calls it may be refilled. A call ends, well or badly, only
//! when the library neither reads nor writes the caller's memory any more.
//!
//! THREADS. A const handle may be used by any number of threads at once; a triton_client always. A handle that is not
//! const is used by one thread at a time. No thread may be inside a function with a handle that another frees.
//!
//! TIME is in microseconds. TRITON_NO_TIMEOUT is no limit; a limit of 0 is TRITON_STATUS_INVALID_ARGUMENT. Every call
//! to a server has a limit (60 s unless told), and everything counts against it: names, connecting, sending, receiving.
//!
//! NOTHING ELSE. The library prints nothing, has no global state that a program could set, raises no SIGPIPE, and
//! never lets a panic of its own through: that comes out as TRITON_STATUS_INTERNAL. In a child made by fork no handle of
//! the parent may be used: threads are not there any more, and connections would be shared. Make a new client there.
//!
//! URLS of servers. A name, an IPv4 address, or an IPv6 address in brackets, which may have a zone, the name or number of a
//! network interface: [fe80::1%25eth0] or [fe80::1%eth0].
//!
//! ```text
//!     URL                                  protocol   port unless told
//!     host, host:port                      HTTP       8000
//!     host:port/base/path                  HTTP       8000    the base path stands before /v2
//!     http://host[:port][/base/path]       HTTP       8000
//!     grpc://host[:port]                   gRPC       8001    a path is TRITON_STATUS_INVALID_ARGUMENT
//!     https://host[:port][/base/path]      HTTP, TLS  443     TRITON_STATUS_UNIMPLEMENTED in this version
//!     grpcs://host[:port]                  gRPC, TLS  443     TRITON_STATUS_UNIMPLEMENTED in this version
//! ```

// The names are C's, and what C has to promise stands in the contract above, once.
#![allow(non_camel_case_types, clippy::missing_safety_doc)]

mod boundary;
mod convert;
mod handle;
mod headers;

mod call_options;
mod client;
mod config;
mod datatype;
mod elements;
mod error;
mod generate;
mod health;
mod infallible;
mod infer;
mod library;
mod load_report;
mod metadata;
mod metrics;
mod offline;
mod options;
mod parameters;
mod repository;
mod request;
mod request_tensors;
mod result;
mod server_statistics;
mod settings;
mod shared_memory;
mod statistics;
