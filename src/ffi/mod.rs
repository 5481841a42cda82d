//! libtriton_client: a client for NVIDIA Triton Inference Server over HTTP/REST and gRPC. For C99 and C++11,
//! and later.
//!
//! ```text
//!     int failed = triton_client_new("localhost:8000", NULL, &client, &error)
//!         || triton_infer_request_new("simple", &request, &error)
//!         || triton_infer_request_add_input_data(request, "INPUT0", TRITON_DATATYPE_INT32, shape, 2, a, 64, NULL, &error)
//!         || triton_infer_request_add_input_data(request, "INPUT1", TRITON_DATATYPE_INT32, shape, 2, b, 64, NULL, &error)
//!         || triton_client_infer(client, request, NULL, &result, &error)
//!         || triton_infer_result_output_as(result, "OUTPUT0", TRITON_DATATYPE_INT32, &data, &count, &error);
//!     if (failed) fprintf(stderr, "%s\n", triton_error_message(error));
//! ```
//!
//! The following applies to all functions and is not repeated for each of them.
//!
//! STATUS. A function that can fail returns a triton_status. TRITON_STATUS_OK is 0, so that || can chain
//! calls. The last parameter, `triton_error **error_out`, receives the error, which the caller frees with
//! triton_error_free, or NULL on success. error_out may be NULL. Below, a status may be named without its
//! prefix: NOT_FOUND is TRITON_STATUS_NOT_FOUND.
//!
//! OUT-PARAMETERS have names that end in _out and are always written: on failure with NULL, 0 or false. The
//! previous value is overwritten, not freed. NULL is allowed for an out-parameter whose value is not the
//! purpose of the function, such as index_out, rank_out, or a count or size beside data. For any other
//! out-parameter NULL is TRITON_STATUS_INVALID_ARGUMENT. A file descriptor is -1 on failure.
//!
//! HANDLES are pointers to opaque structs. A function whose name ends in _new, and any other whose
//! documentation says so, returns a handle that the caller frees with the _free function of its type. Only
//! _free functions consume a handle; they ignore NULL. A handle keeps alive what it needs: a result remains
//! valid after its request and its client are freed.
//!
//! GETTERS do not fail. The strings, arrays and handles that they return belong to the handle that they were
//! read from: they are valid until it is freed or changed, and the caller does not free them. For a NULL
//! handle getters return 0, false, "" or NULL, and functions that return nothing do nothing. All other
//! functions return TRITON_STATUS_INVALID_ARGUMENT for a NULL handle.
//!
//! LISTS. x_y_count(x) returns the number of elements, and x_y(x, index) the element at an index from 0.
//! Lists of names and values (headers, parameters, settings, load reports) have x_count, with x_entry or with
//! x_name and x_value. Past the end these functions return 0, false, "" or NULL. A function with find in its
//! name returns the element with a name, and NULL or false if there is none.
//!
//! STRINGS are UTF-8 and end with a NUL. A string parameter that is not UTF-8 is
//! TRITON_STATUS_INVALID_ARGUMENT. A returned string is never NULL, unless it was searched for by a name; ""
//! means none. A NUL in text from a server is replaced by U+FFFD.
//!
//! ARRAYS are passed as a pointer and a count. The pointer may be NULL if the count is 0.
//!
//! SIZES in the memory of the program are size_t. Sizes and offsets at the server, such as those of shared
//! memory regions, are uint64_t. A device id is int64_t.
//!
//! BORROWED DATA. Memory that a function borrows must stay valid until no call that uses it is under way and
//! the handle that borrowed it is freed or no longer refers to it. Freeing a request does not end the loan of
//! a call that is under way. The memory must not change while a call uses it, and may change between calls. A
//! call is complete, whether it succeeded or failed, only when the library no longer reads or writes the
//! memory of the caller. In a garbage-collected language, pin the memory, or use the function whose name ends
//! in _copy.
//!
//! An asynchronous call is under way from its submission until its callback is called, or until
//! triton_call_is_done returns true for it. The request itself is read by the submission alone: once that has
//! returned, the request may be changed and freed. The data that it borrowed, and the buffers of its outputs,
//! must remain until the call is complete, also if the call or the client is freed before. A program that
//! frees a call without a callback cannot learn when that is: it waits for the call first.
//! triton_stream_send copies everything.
//!
//! DEFAULTS. A set_ function that is called with NULL restores the default. So does 0 for a number, unless 0
//! has a meaning of its own. Timeouts and other durations are the exception: 0 is
//! TRITON_STATUS_INVALID_ARGUMENT, since a computed timeout of 0 must not become the default.
//!
//! STRUCTS with a member struct_size may get more members in later versions. Set it to sizeof of the struct
//! before the call. The function fills the members that fit, sets those that it does not know to 0, and
//! leaves struct_size as it is. Unless struct_size is a multiple of 8 with room for one value, and at most
//! 4096, it returns TRITON_STATUS_INVALID_ARGUMENT and changes nothing. All other structs are final.
//!
//! ENUMS have the size of int32_t. Later versions may add values: a switch over a value that the library
//! returns needs a default case. A number that is not a value of the enum is TRITON_STATUS_INVALID_ARGUMENT
//! as a parameter.
//!
//! CALLBACKS must not leave by longjmp or by an exception. user_data is passed to the callback unchanged. A
//! finalizer, where a function takes one, is called exactly once with user_data when the library no longer
//! uses it, on any thread; it is not called if the function fails. It may be NULL.
//!
//! The callbacks of asynchronous calls and of streams follow further rules:
//!
//! - If the function that takes the callback returns TRITON_STATUS_OK, the callback of a call is called
//!   exactly once, and the end of a stream is reported exactly once, as the last event: also if the call is
//!   cancelled, its deadline passes, the server is lost, or the call, the stream or the client is freed. If
//!   the function fails, the callback is never called.
//! - It is called on a thread of the library, never inside the function that takes it, but possibly before
//!   that function has returned. It may block, may call any function, and may free any handle, its own call,
//!   stream and client included. The exceptions are waits for callbacks (WAITS), and that submitting a call
//!   or sending to a stream never waits there for room: it returns TRITON_STATUS_RESOURCE_EXHAUSTED at once.
//! - It owns the result and the error that it receives, of which at most one is not NULL, and frees them.
//! - The calls of a client complete in any order. A client has one callback thread by default, which calls
//!   one callback after another, in the order in which the calls complete; with more
//!   (triton_client_options_set_callback_threads), callbacks of different calls and streams run at the same
//!   time, and may overtake each other. The callbacks of one stream never do either.
//! - A callback that blocks occupies its thread. It delays the callbacks that find no other thread, and
//!   nothing else: no call, no wait, no completion queue.
//!
//! WAITS. triton_call_wait, triton_completion_queue_next, triton_stream_next, triton_stream_wait and
//! triton_client_close wait at most timeout_us for what they are named after: 0 does not wait,
//! TRITON_NO_TIMEOUT waits without limit. They return TRITON_STATUS_OK once it has happened, whether it is a
//! success or a failure, and TRITON_STATUS_DEADLINE_EXCEEDED if it has not happened yet: nothing is cancelled
//! by that, and the wait can be repeated. On a callback thread of the client, a wait that could wait for the
//! calling thread itself returns TRITON_STATUS_FAILED_PRECONDITION at once: triton_client_close, and
//! triton_stream_wait for a stream with a callback.
//!
//! THREADS. Any number of threads may use a triton_client at once. Any number of threads may at once call
//! functions that take the same handle as a pointer to const; a function that takes it as a pointer to
//! non-const must be the only one that uses it. The parameters of a request are part of the request: setting
//! one changes it. A handle must not be freed while another thread uses it.
//!
//! A client that makes blocking calls only has no threads, except one that resolves the names of hosts. The
//! first asynchronous call, triton_client_infer_many or stream starts one thread for all I/O, the first that
//! has a callback starts the callback threads, and asynchronous calls that a server refuses start threads for
//! the HEADER CALLBACK. They end by themselves after the client and its streams are freed and everything that
//! was under way has completed.
//!
//! TIME. Timeouts are in microseconds. Every call to a server has a deadline, by default 60 s after its start
//! (10 min for loading and unloading models), which name resolution, connecting, sending and receiving count
//! against. TRITON_NO_TIMEOUT means no deadline. A stream has no deadline unless its own options set one.
//!
//! PROCESS. The library prints nothing, has no global state that a program could set, and raises no SIGPIPE.
//! A panic inside the library does not leave it: the function returns TRITON_STATUS_INTERNAL. After fork(),
//! the child must not use handles of the parent, whose threads it does not have and whose connections it
//! would share; it creates its own client, at any time. There, every function that is passed a client, call,
//! completion queue, stream or cancel token of the parent returns TRITON_STATUS_FAILED_PRECONDITION, and
//! freeing one is harmless: it releases nothing, and the parent's connections, calls and streams go on.
//!
//! URLS. The host is a name, an IPv4 address, or an IPv6 address in brackets, optionally with a zone: the
//! name or number of a network interface, [fe80::1%25eth0] or [fe80::1%eth0].
//!
//! ```text
//!     URL                                  protocol   default port
//!     host, host:port                      HTTP       8000
//!     host:port/base/path                  HTTP       8000          the base path precedes /v2
//!     http://host[:port][/base/path]       HTTP       8000
//!     grpc://host[:port]                   gRPC       8001          with a path: TRITON_STATUS_INVALID_ARGUMENT
//!     https://host[:port][/base/path]      HTTP, TLS  443           OPTIONS OF TLS
//!     grpcs://host[:port]                  gRPC, TLS  443           with a path: TRITON_STATUS_INVALID_ARGUMENT
//! ```

// The names are those of C, and what C must promise is said once, in the contract above.
#![allow(non_camel_case_types, clippy::missing_safety_doc)]

mod boundary;
mod convert;
mod handle;
mod headers;
mod user_data;

mod async_calls;
mod call_options;
mod cancel_token;
mod client;
mod completion_queue;
mod config;
mod connection_options;
mod connections;
mod datatype;
mod elements;
mod error;
mod generate;
mod header_callback;
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
mod stream;
mod stream_options;
mod tls_options;
