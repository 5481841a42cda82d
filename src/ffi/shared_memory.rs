//! SHARED MEMORY of a server: registering regions by name, so that requests can refer to them, and listing
//! those that are registered. The server must be on the same machine and see the same memory (containers:
//! --ipc=host). Triton from 2.69 on must be started with --allow-client-shm=true; otherwise registering is
//! UNIMPLEMENTED. A server that runs inside a Python program (tritonfrontend) has no shared memory:
//! UNAVAILABLE.

use std::{
    ffi::{CString, c_char, c_void},
    ptr,
};

use super::{
    boundary::boundary,
    call_options::{call_options, triton_call_options},
    client::triton_client,
    convert::{self, EMPTY, c_string},
    error::{triton_error, triton_status},
    handle::{Out, free, handle, new_handle, read},
    infallible::infallible,
};
use crate::model::{CudaRegion, CudaRegions, SystemRegion, SystemRegions};

/// The regions that are registered with a server. Freed with triton_registered_memory_free.
pub struct triton_registered_memory {
    regions: Vec<triton_registered_region>,
    json: CString,
}

/// One region that is registered with a server. Belongs to the triton_registered_memory.
pub struct triton_registered_region {
    name: CString,
    /// Empty for a region of a GPU.
    key: CString,
    offset: u64,
    byte_size: u64,
    device_id: i64,
}

impl From<SystemRegions> for triton_registered_memory {
    fn from(list: SystemRegions) -> Self {
        let region = |region: &SystemRegion| triton_registered_region {
            name: c_string(&region.name),
            key: c_string(&region.key),
            offset: region.offset,
            byte_size: region.byte_size,
            device_id: 0,
        };
        Self { regions: list.regions.iter().map(region).collect(), json: c_string(list.json()) }
    }
}

impl From<CudaRegions> for triton_registered_memory {
    fn from(list: CudaRegions) -> Self {
        let region = |region: &CudaRegion| triton_registered_region {
            name: c_string(&region.name),
            key: CString::default(),
            offset: 0,
            byte_size: region.byte_size,
            device_id: region.device_id,
        };
        Self { regions: list.regions.iter().map(region).collect(), json: c_string(list.json()) }
    }
}

/// Registers a region of system memory with the server. Blocks.
///
/// @param name       the name by which requests refer to the region; must not be empty
/// @param key        the name of the memory for shm_open, for example "/my_memory"; must not be empty
/// @param byte_size  the size of the region in bytes; must not be 0
/// @param offset     the offset of the region from the start of the memory, in bytes; a multiple of the page
///                   size for Triton 2.51
/// @param options    the options of the call; NULL for the client's
/// @return ALREADY_EXISTS if the name is registered (over HTTP INVALID_ARGUMENT); from Triton, INTERNAL if
///         the memory does not exist and INVALID_ARGUMENT if it is too small
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
    // SAFETY: the contract's HANDLES, STRINGS, OUT-PARAMETERS.
    unsafe {
        boundary(error_out, || {
            let client = &handle(client, "client")?.client;
            let (name, key) = (convert::string(name, "name")?, convert::string(key, "key")?);
            client.register_system_shared_memory(name, key, byte_size, offset, call_options(options))
        })
    }
}

/// Registers a region of a GPU's memory with the server. Blocks.
///
/// @param name              the name by which requests refer to the region; must not be empty
/// @param raw_handle        a cudaIpcMemHandle_t
/// @param handle_byte_size  the size of the handle in bytes, 64
/// @param device_id         the GPU of the memory; must not be negative
/// @param byte_size         the size of the region in bytes; must not be 0
/// @param options           the options of the call; NULL for the client's
/// @return INVALID_ARGUMENT for a handle of another size, and, from Triton, if the memory does not exist
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
    // SAFETY: the contract's HANDLES, STRINGS, ARRAYS, OUT-PARAMETERS.
    unsafe {
        boundary(error_out, || {
            let client = &handle(client, "client")?.client;
            let name = convert::string(name, "name")?;
            let raw_handle = convert::array(raw_handle.cast::<u8>(), handle_byte_size, "raw_handle")?;
            client.register_cuda_shared_memory(name, raw_handle, device_id, byte_size, call_options(options))
        })
    }
}

/// Gets the registered regions of system memory. Blocks.
///
/// @param name        the name of one region; NULL or "" for all
/// @param options     the options of the call; NULL for the client's
/// @param memory_out  the regions; free them with triton_registered_memory_free
/// @return NOT_FOUND if no region has that name
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_client_system_shared_memory_status(
    client: *const triton_client,
    name: *const c_char,
    options: *const triton_call_options,
    memory_out: *mut *mut triton_registered_memory,
    error_out: *mut *mut triton_error,
) -> triton_status {
    // SAFETY: the contract's HANDLES, STRINGS, OUT-PARAMETERS.
    unsafe {
        boundary(error_out, || {
            let out = Out::new(memory_out, "memory_out", ptr::null_mut()).required()?;
            let client = &handle(client, "client")?.client;
            let name = convert::optional_string(name, "name")?;
            out.set(new_handle(client.system_shared_memory_status(name, call_options(options))?.into()));
            Ok(())
        })
    }
}

/// Gets the registered regions of GPUs' memory. Blocks.
///
/// @param name        the name of one region; NULL or "" for all
/// @param options     the options of the call; NULL for the client's
/// @param memory_out  the regions; free them with triton_registered_memory_free
/// @return NOT_FOUND if no region has that name
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_client_cuda_shared_memory_status(
    client: *const triton_client,
    name: *const c_char,
    options: *const triton_call_options,
    memory_out: *mut *mut triton_registered_memory,
    error_out: *mut *mut triton_error,
) -> triton_status {
    // SAFETY: the contract's HANDLES, STRINGS, OUT-PARAMETERS.
    unsafe {
        boundary(error_out, || {
            let out = Out::new(memory_out, "memory_out", ptr::null_mut()).required()?;
            let client = &handle(client, "client")?.client;
            let name = convert::optional_string(name, "name")?;
            out.set(new_handle(client.cuda_shared_memory_status(name, call_options(options))?.into()));
            Ok(())
        })
    }
}

/// Returns the number of regions.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_registered_memory_region_count(
    memory: *const triton_registered_memory,
) -> usize {
    // SAFETY: the contract's HANDLES.
    infallible(0, || unsafe { read(memory, 0, |memory| memory.regions.len()) })
}

/// Returns a region; NULL past the end. Regions are sorted by name, and valid until the list is freed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_registered_memory_region(
    memory: *const triton_registered_memory,
    index: usize,
) -> *const triton_registered_region {
    // SAFETY: the contract's HANDLES.
    infallible(ptr::null(), || unsafe {
        read(memory, ptr::null(), |memory| convert::item_at(&memory.regions, index))
    })
}

/// Returns the response as JSON, in the form that it has over HTTP: there it is the body as received. Valid
/// until the list is freed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_registered_memory_json(
    memory: *const triton_registered_memory,
) -> *const c_char {
    // SAFETY: the contract's HANDLES.
    infallible(EMPTY, || unsafe { read(memory, EMPTY, |memory| memory.json.as_ptr()) })
}

/// Frees a list of regions. NULL is ignored. The regions stay registered.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_registered_memory_free(memory: *mut triton_registered_memory) {
    // SAFETY: the contract's HANDLES.
    infallible((), || unsafe { free(memory) });
}

/// Returns the name by which requests refer to the region.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_registered_region_name(
    region: *const triton_registered_region,
) -> *const c_char {
    // SAFETY: the contract's HANDLES.
    infallible(EMPTY, || unsafe { read(region, EMPTY, |region| region.name.as_ptr()) })
}

/// Returns the key of the memory, a name for shm_open; "" for memory of a GPU.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_registered_region_key(
    region: *const triton_registered_region,
) -> *const c_char {
    // SAFETY: the contract's HANDLES.
    infallible(EMPTY, || unsafe { read(region, EMPTY, |region| region.key.as_ptr()) })
}

/// Returns the offset of the region from the start of the memory, in bytes; 0 for memory of a GPU.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_registered_region_offset(region: *const triton_registered_region) -> u64 {
    // SAFETY: the contract's HANDLES.
    infallible(0, || unsafe { read(region, 0, |region| region.offset) })
}

/// Returns the size of the region in bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_registered_region_byte_size(region: *const triton_registered_region) -> u64 {
    // SAFETY: the contract's HANDLES.
    infallible(0, || unsafe { read(region, 0, |region| region.byte_size) })
}

/// Returns the GPU of the memory; 0 for system memory.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_registered_region_device_id(region: *const triton_registered_region) -> i64 {
    // SAFETY: the contract's HANDLES.
    infallible(0, || unsafe { read(region, 0, |region| region.device_id) })
}

/// Unregisters a region of system memory. Blocks. A name that is not registered is not an error.
///
/// @param name     must not be empty
/// @param options  the options of the call; NULL for the client's
/// @return INTERNAL, from Triton, while a request uses the region: for 2.51 until shortly after the response
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_client_unregister_system_shared_memory(
    client: *const triton_client,
    name: *const c_char,
    options: *const triton_call_options,
    error_out: *mut *mut triton_error,
) -> triton_status {
    // SAFETY: the contract's HANDLES, STRINGS, OUT-PARAMETERS.
    unsafe {
        boundary(error_out, || {
            let client = &handle(client, "client")?.client;
            client.unregister_system_shared_memory(convert::string(name, "name")?, call_options(options))
        })
    }
}

/// Unregisters a region of a GPU's memory. Blocks. A name that is not registered is not an error.
///
/// @param name     must not be empty
/// @param options  the options of the call; NULL for the client's
/// @return INTERNAL, from Triton, while a request uses the region: for 2.51 until shortly after the response
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_client_unregister_cuda_shared_memory(
    client: *const triton_client,
    name: *const c_char,
    options: *const triton_call_options,
    error_out: *mut *mut triton_error,
) -> triton_status {
    // SAFETY: the contract's HANDLES, STRINGS, OUT-PARAMETERS.
    unsafe {
        boundary(error_out, || {
            let client = &handle(client, "client")?.client;
            client.unregister_cuda_shared_memory(convert::string(name, "name")?, call_options(options))
        })
    }
}

/// Unregisters all regions of system memory, including those of other programs. Blocks.
///
/// @param options  the options of the call; NULL for the client's
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

/// Unregisters all regions of GPUs' memory, including those of other programs. Blocks.
///
/// @param options  the options of the call; NULL for the client's
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
