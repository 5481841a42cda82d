//! SHARED MEMORY as a server has it registered. The server has to be on the same machine, see the same memory (in containers:
//! --ipc=host), and, from version 2.69 on, be started with --allow-client-shm=true: else registering is UNIMPLEMENTED, and an
//! inference does not find the region. A frontend that runs in a Python program (tritonfrontend) has no shared memory:
//! UNAVAILABLE.

use std::{
    ffi::{CString, c_char, c_void},
    ptr,
};

use super::{
    boundary::boundary,
    call_options::{call_options, triton_call_options},
    client::triton_client,
    convert::{self, EMPTY, c_string, string_at},
    error::{triton_error, triton_status},
    handle::{Out, free, handle, new_handle, read},
    infallible::infallible,
};
use crate::model::{CudaRegions, SystemRegions};

/// The regions that are registered with a server. Freed with triton_shared_memory_status_free.
pub struct triton_shared_memory_status {
    names: Vec<CString>,
    keys: Vec<CString>,
    regions: Vec<Region>,
    json: CString,
}

/// What is told of a region in numbers.
struct Region {
    offset: u64,
    byte_size: u64,
    device_id: u64,
}

impl From<SystemRegions> for triton_shared_memory_status {
    fn from(status: SystemRegions) -> Self {
        Self {
            names: status.regions.iter().map(|region| c_string(&region.name)).collect(),
            keys: status.regions.iter().map(|region| c_string(&region.key)).collect(),
            regions: status
                .regions
                .iter()
                .map(|region| Region { offset: region.offset, byte_size: region.byte_size, device_id: 0 })
                .collect(),
            json: c_string(status.json()),
        }
    }
}

impl From<CudaRegions> for triton_shared_memory_status {
    fn from(status: CudaRegions) -> Self {
        Self {
            names: status.regions.iter().map(|region| c_string(&region.name)).collect(),
            keys: Vec::new(),
            regions: status
                .regions
                .iter()
                .map(|region| Region { offset: 0, byte_size: region.byte_size, device_id: region.device_id })
                .collect(),
            json: c_string(status.json()),
        }
    }
}

/// Registers system memory with the server. Blocks.
///
/// @param name       the name that requests call the region by; not empty
/// @param key        the name of the memory, as shm_open takes it, "/my_memory"; not empty
/// @param byte_size  of the region; not 0
/// @param offset     where the region begins, in bytes from the start of the memory; a multiple of the page size for
///                   Triton 2.51
/// @param options    of the call; NULL for the client's
/// @return ALREADY_EXISTS if the name is registered (over HTTP INVALID_ARGUMENT); INTERNAL if the server finds no such
///         memory, or not so much of it
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_client_register_system_shared_memory(
    client: *const triton_client,
    name: *const c_char,
    key: *const c_char,
    byte_size: u64,
    offset: u64,
    options: *const triton_call_options,
    error_out: *mut *mut triton_error,
) -> triton_status {
    // SAFETY: the contract's HANDLES, TEXT, OUT-PARAMETERS.
    unsafe {
        boundary(error_out, || {
            let client = &handle(client, "client")?.client;
            let (name, key) = (convert::string(name, "name")?, convert::string(key, "key")?);
            client.register_system_shared_memory(name, key, byte_size, offset, call_options(options))
        })
    }
}

/// Registers memory of a GPU with the server. Blocks.
///
/// @param name              the name that requests call the region by; not empty
/// @param raw_handle        a cudaIpcMemHandle_t
/// @param handle_byte_size  its size: 64
/// @param device_id         the GPU that the memory is of; not negative
/// @param byte_size         of the region; not 0
/// @param options           of the call; NULL for the client's
/// @return INVALID_ARGUMENT for a handle of another size, and from a server that has no such memory
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_client_register_cuda_shared_memory(
    client: *const triton_client,
    name: *const c_char,
    raw_handle: *const c_void,
    handle_byte_size: usize,
    device_id: i64,
    byte_size: u64,
    options: *const triton_call_options,
    error_out: *mut *mut triton_error,
) -> triton_status {
    // SAFETY: the contract's HANDLES, TEXT, ARRAYS, OUT-PARAMETERS.
    unsafe {
        boundary(error_out, || {
            let client = &handle(client, "client")?.client;
            let name = convert::string(name, "name")?;
            let raw_handle = convert::array(raw_handle.cast::<u8>(), handle_byte_size, "raw_handle")?;
            client.register_cuda_shared_memory(name, raw_handle, device_id, byte_size, call_options(options))
        })
    }
}

/// Takes the registration of one region of system memory back. Blocks. A name that is not registered is no error.
///
/// @param name     not empty: triton_client_unregister_all_system_shared_memory is for all
/// @param options  of the call; NULL for the client's
/// @return INTERNAL while a request uses the region: for Triton 2.51 a moment longer than its answer takes
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_client_unregister_system_shared_memory(
    client: *const triton_client,
    name: *const c_char,
    options: *const triton_call_options,
    error_out: *mut *mut triton_error,
) -> triton_status {
    // SAFETY: the contract's HANDLES, TEXT, OUT-PARAMETERS.
    unsafe {
        boundary(error_out, || {
            let client = &handle(client, "client")?.client;
            client.unregister_system_shared_memory(convert::string(name, "name")?, call_options(options))
        })
    }
}

/// Takes the registration of one region of a GPU's memory back. Blocks. A name that is not registered is no error.
///
/// @param name     not empty: triton_client_unregister_all_cuda_shared_memory is for all
/// @param options  of the call; NULL for the client's
/// @return INTERNAL while a request uses the region: for Triton 2.51 a moment longer than its answer takes
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_client_unregister_cuda_shared_memory(
    client: *const triton_client,
    name: *const c_char,
    options: *const triton_call_options,
    error_out: *mut *mut triton_error,
) -> triton_status {
    // SAFETY: the contract's HANDLES, TEXT, OUT-PARAMETERS.
    unsafe {
        boundary(error_out, || {
            let client = &handle(client, "client")?.client;
            client.unregister_cuda_shared_memory(convert::string(name, "name")?, call_options(options))
        })
    }
}

/// Takes the registrations of all regions of system memory back, those of other programs too. Blocks.
///
/// @param options  of the call; NULL for the client's
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_client_unregister_all_system_shared_memory(
    client: *const triton_client,
    options: *const triton_call_options,
    error_out: *mut *mut triton_error,
) -> triton_status {
    // SAFETY: the contract's HANDLES, OUT-PARAMETERS.
    unsafe {
        boundary(error_out, || {
            let client = &handle(client, "client")?.client;
            client.unregister_all_system_shared_memory(call_options(options))
        })
    }
}

/// Takes the registrations of all regions of GPUs' memory back, those of other programs too. Blocks.
///
/// @param options  of the call; NULL for the client's
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_client_unregister_all_cuda_shared_memory(
    client: *const triton_client,
    options: *const triton_call_options,
    error_out: *mut *mut triton_error,
) -> triton_status {
    // SAFETY: the contract's HANDLES, OUT-PARAMETERS.
    unsafe {
        boundary(error_out, || {
            let client = &handle(client, "client")?.client;
            client.unregister_all_cuda_shared_memory(call_options(options))
        })
    }
}

/// Asks for the regions of system memory that are registered with the server. Blocks.
///
/// @param name        of one region; NULL or "" for all
/// @param options     of the call; NULL for the client's
/// @param status_out  the answer; free it with triton_shared_memory_status_free
/// @return NOT_FOUND for a name that is not registered
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_client_system_shared_memory_status(
    client: *const triton_client,
    name: *const c_char,
    options: *const triton_call_options,
    status_out: *mut *mut triton_shared_memory_status,
    error_out: *mut *mut triton_error,
) -> triton_status {
    // SAFETY: the contract's HANDLES, TEXT, OUT-PARAMETERS.
    unsafe {
        boundary(error_out, || {
            let out = Out::new(status_out, "status_out", ptr::null_mut()).required()?;
            let client = &handle(client, "client")?.client;
            let name = convert::optional_string(name, "name")?;
            out.set(new_handle(client.system_shared_memory_status(name, call_options(options))?.into()));
            Ok(())
        })
    }
}

/// Asks for the regions of GPUs' memory that are registered with the server. Blocks.
///
/// @param name        of one region; NULL or "" for all
/// @param options     of the call; NULL for the client's
/// @param status_out  the answer; free it with triton_shared_memory_status_free
/// @return NOT_FOUND for a name that is not registered
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_client_cuda_shared_memory_status(
    client: *const triton_client,
    name: *const c_char,
    options: *const triton_call_options,
    status_out: *mut *mut triton_shared_memory_status,
    error_out: *mut *mut triton_error,
) -> triton_status {
    // SAFETY: the contract's HANDLES, TEXT, OUT-PARAMETERS.
    unsafe {
        boundary(error_out, || {
            let out = Out::new(status_out, "status_out", ptr::null_mut()).required()?;
            let client = &handle(client, "client")?.client;
            let name = convert::optional_string(name, "name")?;
            out.set(new_handle(client.cuda_shared_memory_status(name, call_options(options))?.into()));
            Ok(())
        })
    }
}

/// The answer as JSON, in the form that it has over HTTP: there as it came. Valid until the status is freed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_shared_memory_status_json(
    status: *const triton_shared_memory_status,
) -> *const c_char {
    // SAFETY: the contract's HANDLES.
    infallible(EMPTY, || unsafe { read(status, EMPTY, |status| status.json.as_ptr()) })
}

/// The number of regions.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_shared_memory_status_count(
    status: *const triton_shared_memory_status,
) -> usize {
    // SAFETY: the contract's HANDLES.
    infallible(0, || unsafe { read(status, 0, |status| status.regions.len()) })
}

/// The name of a region; an empty text past the end.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_shared_memory_status_name(
    status: *const triton_shared_memory_status,
    index: usize,
) -> *const c_char {
    // SAFETY: the contract's HANDLES.
    infallible(EMPTY, || unsafe { read(status, EMPTY, |status| string_at(&status.names, index)) })
}

/// The name of a region's memory, as shm_open takes it; an empty text for a GPU's, and past the end.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_shared_memory_status_key(
    status: *const triton_shared_memory_status,
    index: usize,
) -> *const c_char {
    // SAFETY: the contract's HANDLES.
    infallible(EMPTY, || unsafe { read(status, EMPTY, |status| string_at(&status.keys, index)) })
}

/// The bytes of a region; 0 past the end.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_shared_memory_status_byte_size(
    status: *const triton_shared_memory_status,
    index: usize,
) -> u64 {
    // SAFETY: the contract's HANDLES.
    infallible(0, || unsafe {
        read(status, 0, |status| status.regions.get(index).map_or(0, |region| region.byte_size))
    })
}

/// Where a region of system memory begins, in bytes from the start of the memory; 0 for a GPU's, and past the end.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_shared_memory_status_offset(
    status: *const triton_shared_memory_status,
    index: usize,
) -> u64 {
    // SAFETY: the contract's HANDLES.
    infallible(0, || unsafe {
        read(status, 0, |status| status.regions.get(index).map_or(0, |region| region.offset))
    })
}

/// The GPU that a region is of; 0 for system memory, and past the end.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_shared_memory_status_device_id(
    status: *const triton_shared_memory_status,
    index: usize,
) -> u64 {
    // SAFETY: the contract's HANDLES.
    infallible(0, || unsafe {
        read(status, 0, |status| status.regions.get(index).map_or(0, |region| region.device_id))
    })
}

/// Frees a status; NULL is harmless.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_shared_memory_status_free(status: *mut triton_shared_memory_status) {
    // SAFETY: the contract's HANDLES.
    infallible((), || unsafe { free(status) });
}
