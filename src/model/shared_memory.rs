//! Shared memory that is registered with a server. Creating the memory itself is not part of the control
//! plane.

use std::collections::HashMap;

use base64::prelude::{BASE64_STANDARD, Engine};
use prost::{Message, Name};
use serde_json::{Value, json};

use super::{
    Operation, Response, check_name,
    http_form::{self, HttpRequest, push_segment},
    not_json,
};
use crate::{
    error::{Error, Result},
    proto::{
        self,
        inference::{
            CudaSharedMemoryRegisterRequest, CudaSharedMemoryRegisterResponse, CudaSharedMemoryStatusRequest,
            CudaSharedMemoryStatusResponse, CudaSharedMemoryUnregisterRequest,
            CudaSharedMemoryUnregisterResponse, SystemSharedMemoryRegisterRequest,
            SystemSharedMemoryRegisterResponse, SystemSharedMemoryStatusRequest,
            SystemSharedMemoryStatusResponse, SystemSharedMemoryUnregisterRequest,
            SystemSharedMemoryUnregisterResponse,
            cuda_shared_memory_status_response::RegionStatus as CudaStatus,
            system_shared_memory_status_response::RegionStatus as SystemStatus,
        },
    },
};

/// The size of a `cudaIpcMemHandle_t`.
pub(crate) const CUDA_HANDLE_BYTE_SIZE: usize = 64;

/// A region of system memory that is registered with a server.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SystemRegion {
    /// The name by which requests refer to the region.
    pub name: String,
    /// The key of the memory, a name for `shm_open`.
    pub key: String,
    /// The offset of the region from the start of the memory, in bytes.
    pub offset: u64,
    /// The size of the region in bytes.
    pub byte_size: u64,
}

/// A region of a GPU's memory that is registered with a server.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CudaRegion {
    /// The name by which requests refer to the region.
    pub name: String,
    /// The GPU of the memory.
    pub device_id: i64,
    /// The size of the region in bytes.
    pub byte_size: u64,
}

/// The regions of system memory that are registered with a server.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct SystemRegions {
    /// The regions, sorted by name.
    pub regions: Vec<SystemRegion>,
    json: String,
}

impl SystemRegions {
    /// Returns the response as JSON, in its form over HTTP, where it is the body as received.
    pub fn json(&self) -> &str {
        &self.json
    }
}

/// The regions of GPUs' memory that are registered with a server.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct CudaRegions {
    /// The regions, sorted by name.
    pub regions: Vec<CudaRegion>,
    json: String,
}

impl CudaRegions {
    /// Returns the response as JSON, in its form over HTTP, where it is the body as received.
    pub fn json(&self) -> &str {
        &self.json
    }
}

/// Returns `/v2/KIND[/region/NAME]/VERB`.
fn path(kind: &str, name: &str, verb: &str) -> Result<String> {
    let mut path = format!("/v2/{kind}");
    if !name.is_empty() {
        path.push_str("/region/");
        push_segment(&mut path, "region name", name)?;
        // A server registers the escaped name, which no request would find.
        if path.contains('%') {
            return Err(Error::invalid(format!(
                "region name '{name}' would have to be escaped in the URL, which Triton does not decode: use gRPC"
            )));
        }
    }
    path.push('/');
    path.push_str(verb);
    Ok(path)
}

const SYSTEM: &str = "systemsharedmemory";
const CUDA: &str = "cudasharedmemory";

fn what(doing: &str, kind: &str, name: &str) -> String {
    match name {
        "" => format!("{doing} of all {kind} shared memory"),
        name => format!("{doing} of {kind} shared memory region '{name}'"),
    }
}

fn check_byte_size(name: &str, byte_size: u64) -> Result<()> {
    if byte_size == 0 {
        return Err(Error::invalid(format!("region '{name}' has a size of 0 bytes")));
    }
    Ok(())
}

/// Reads the regions: over HTTP a list, over gRPC a map.
fn read_regions<S: Message + Name + Default>(
    status: u16,
    body: &[u8],
    name: impl Fn(&S) -> &str,
) -> Result<HashMap<String, S>> {
    let body = http_form::succeeded(status, body)?;
    let what = "a JSON array of regions";
    if !body.trim_ascii_start().starts_with(b"[") {
        return Err(http_form::unexpected(status, what, body));
    }
    let list: Vec<Value> =
        serde_json::from_slice(body).map_err(|fault| http_form::malformed_json(status, fault))?;
    let region = |value: Value| {
        let region: S = proto::from_value(value).map_err(|fault| http_form::malformed_json(status, fault))?;
        match name(&region) {
            "" => Err(http_form::unexpected(status, what, body)),
            name => Ok((name.to_owned(), region)),
        }
    };
    list.into_iter().map(region).collect()
}

/// Writes the regions as a list, as over HTTP, sorted by name.
fn list_json<S: Message + Name>(regions: &HashMap<String, S>) -> Result<String> {
    let mut sorted: Vec<_> = regions.iter().collect();
    sorted.sort_by_key(|(name, _)| *name);
    let list: std::result::Result<Vec<Value>, String> =
        sorted.into_iter().map(|(_, region)| proto::to_json(region)).collect();
    Ok(Value::from(list.map_err(not_json)?).to_string())
}

pub(crate) struct SystemStatusOf<'a> {
    /// Empty for all.
    pub name: &'a str,
}

impl Operation for SystemStatusOf<'_> {
    const GRPC: &'static str = "SystemSharedMemoryStatus";
    const IS_REFUSAL_PERMANENT: bool = true;
    type Message = SystemSharedMemoryStatusRequest;
    type Reply = SystemSharedMemoryStatusResponse;
    type Output = SystemRegions;

    fn what(&self) -> String {
        what("status", "system", self.name)
    }

    fn only_reads(&self) -> bool {
        true
    }

    fn to_grpc(&self) -> Result<SystemSharedMemoryStatusRequest> {
        Ok(SystemSharedMemoryStatusRequest { name: self.name.to_owned() })
    }

    fn to_http(&self) -> Result<HttpRequest> {
        Ok(HttpRequest::get(path(SYSTEM, self.name, "status")?))
    }

    fn read_http(&self, status: u16, body: &[u8]) -> Result<SystemSharedMemoryStatusResponse> {
        let regions = read_regions(status, body, |region: &SystemStatus| &region.name)?;
        Ok(SystemSharedMemoryStatusResponse { regions })
    }

    fn response(&self, mut response: Response<SystemSharedMemoryStatusResponse>) -> Result<SystemRegions> {
        let json = response.take_json(|reply| list_json(&reply.regions))?;
        let region =
            |SystemStatus { name, key, offset, byte_size }| SystemRegion { name, key, offset, byte_size };
        let mut regions: Vec<_> = response.reply.regions.into_values().map(region).collect();
        regions.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(SystemRegions { regions, json })
    }
}

pub(crate) struct RegisterSystem<'a> {
    pub name: &'a str,
    pub key: &'a str,
    pub byte_size: u64,
    pub offset: u64,
}

impl RegisterSystem<'_> {
    fn check(&self) -> Result<()> {
        check_name("region name", self.name)?;
        check_name("shared memory key", self.key)?;
        check_byte_size(self.name, self.byte_size)?;
        if self.offset.checked_add(self.byte_size).is_none() {
            let (offset, byte_size) = (self.offset, self.byte_size);
            return Err(Error::invalid(format!(
                "region '{}': the sum of offset {offset} and size {byte_size} exceeds 64 bits",
                self.name
            )));
        }
        Ok(())
    }
}

impl Operation for RegisterSystem<'_> {
    const GRPC: &'static str = "SystemSharedMemoryRegister";
    const IS_REFUSAL_PERMANENT: bool = true;
    type Message = SystemSharedMemoryRegisterRequest;
    type Reply = SystemSharedMemoryRegisterResponse;
    type Output = ();

    fn what(&self) -> String {
        what("registration", "system", self.name)
    }

    fn to_grpc(&self) -> Result<SystemSharedMemoryRegisterRequest> {
        self.check()?;
        Ok(SystemSharedMemoryRegisterRequest {
            name: self.name.to_owned(),
            key: self.key.to_owned(),
            offset: self.offset,
            byte_size: self.byte_size,
        })
    }

    fn to_http(&self) -> Result<HttpRequest> {
        self.check()?;
        let body = json!({ "key": self.key, "offset": self.offset, "byte_size": self.byte_size });
        Ok(HttpRequest::post(path(SYSTEM, self.name, "register")?, &body))
    }

    fn read_http(&self, status: u16, body: &[u8]) -> Result<SystemSharedMemoryRegisterResponse> {
        http_form::read_nothing(status, body)
    }

    fn response(&self, _: Response<SystemSharedMemoryRegisterResponse>) -> Result<()> {
        Ok(())
    }
}

pub(crate) struct UnregisterSystem<'a> {
    /// Empty for all.
    pub name: &'a str,
}

impl Operation for UnregisterSystem<'_> {
    const GRPC: &'static str = "SystemSharedMemoryUnregister";
    const IS_REFUSAL_PERMANENT: bool = true;
    type Message = SystemSharedMemoryUnregisterRequest;
    type Reply = SystemSharedMemoryUnregisterResponse;
    type Output = ();

    fn what(&self) -> String {
        what("unregistration", "system", self.name)
    }

    fn to_grpc(&self) -> Result<SystemSharedMemoryUnregisterRequest> {
        Ok(SystemSharedMemoryUnregisterRequest { name: self.name.to_owned() })
    }

    fn to_http(&self) -> Result<HttpRequest> {
        Ok(HttpRequest::post(path(SYSTEM, self.name, "unregister")?, &json!({})))
    }

    fn read_http(&self, status: u16, body: &[u8]) -> Result<SystemSharedMemoryUnregisterResponse> {
        http_form::read_nothing(status, body)
    }

    fn response(&self, _: Response<SystemSharedMemoryUnregisterResponse>) -> Result<()> {
        Ok(())
    }
}

pub(crate) struct CudaStatusOf<'a> {
    /// Empty for all.
    pub name: &'a str,
}

impl Operation for CudaStatusOf<'_> {
    const GRPC: &'static str = "CudaSharedMemoryStatus";
    const IS_REFUSAL_PERMANENT: bool = true;
    type Message = CudaSharedMemoryStatusRequest;
    type Reply = CudaSharedMemoryStatusResponse;
    type Output = CudaRegions;

    fn what(&self) -> String {
        what("status", "CUDA", self.name)
    }

    fn only_reads(&self) -> bool {
        true
    }

    fn to_grpc(&self) -> Result<CudaSharedMemoryStatusRequest> {
        Ok(CudaSharedMemoryStatusRequest { name: self.name.to_owned() })
    }

    fn to_http(&self) -> Result<HttpRequest> {
        Ok(HttpRequest::get(path(CUDA, self.name, "status")?))
    }

    fn read_http(&self, status: u16, body: &[u8]) -> Result<CudaSharedMemoryStatusResponse> {
        let regions = read_regions(status, body, |region: &CudaStatus| &region.name)?;
        Ok(CudaSharedMemoryStatusResponse { regions })
    }

    fn response(&self, mut response: Response<CudaSharedMemoryStatusResponse>) -> Result<CudaRegions> {
        let json = response.take_json(|reply| list_json(&reply.regions))?;
        // A registration sends the same bits as a signed number.
        let region = |CudaStatus { name, device_id, byte_size }| CudaRegion {
            name,
            device_id: device_id.cast_signed(),
            byte_size,
        };
        let mut regions: Vec<_> = response.reply.regions.into_values().map(region).collect();
        regions.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(CudaRegions { regions, json })
    }
}

pub(crate) struct RegisterCuda<'a> {
    pub name: &'a str,
    pub raw_handle: &'a [u8],
    pub device_id: i64,
    pub byte_size: u64,
}

impl RegisterCuda<'_> {
    fn check(&self) -> Result<()> {
        check_name("region name", self.name)?;
        check_byte_size(self.name, self.byte_size)?;
        let byte_size = self.raw_handle.len();
        if byte_size != CUDA_HANDLE_BYTE_SIZE {
            let message =
                format!("invalid CUDA handle: expected {CUDA_HANDLE_BYTE_SIZE} bytes, got {byte_size}");
            return Err(Error::invalid(message));
        }
        if self.device_id < 0 {
            return Err(Error::invalid(format!("invalid GPU number: {}", self.device_id)));
        }
        Ok(())
    }
}

impl Operation for RegisterCuda<'_> {
    const GRPC: &'static str = "CudaSharedMemoryRegister";
    const IS_REFUSAL_PERMANENT: bool = true;
    type Message = CudaSharedMemoryRegisterRequest;
    type Reply = CudaSharedMemoryRegisterResponse;
    type Output = ();

    fn what(&self) -> String {
        what("registration", "CUDA", self.name)
    }

    fn to_grpc(&self) -> Result<CudaSharedMemoryRegisterRequest> {
        self.check()?;
        Ok(CudaSharedMemoryRegisterRequest {
            name: self.name.to_owned(),
            raw_handle: self.raw_handle.to_vec().into(),
            device_id: self.device_id,
            byte_size: self.byte_size,
        })
    }

    fn to_http(&self) -> Result<HttpRequest> {
        self.check()?;
        let body = json!({
            "raw_handle": { "b64": BASE64_STANDARD.encode(self.raw_handle) },
            "device_id": self.device_id,
            "byte_size": self.byte_size,
        });
        Ok(HttpRequest::post(path(CUDA, self.name, "register")?, &body))
    }

    fn read_http(&self, status: u16, body: &[u8]) -> Result<CudaSharedMemoryRegisterResponse> {
        http_form::read_nothing(status, body)
    }

    fn response(&self, _: Response<CudaSharedMemoryRegisterResponse>) -> Result<()> {
        Ok(())
    }
}

pub(crate) struct UnregisterCuda<'a> {
    /// Empty for all.
    pub name: &'a str,
}

impl Operation for UnregisterCuda<'_> {
    const GRPC: &'static str = "CudaSharedMemoryUnregister";
    const IS_REFUSAL_PERMANENT: bool = true;
    type Message = CudaSharedMemoryUnregisterRequest;
    type Reply = CudaSharedMemoryUnregisterResponse;
    type Output = ();

    fn what(&self) -> String {
        what("unregistration", "CUDA", self.name)
    }

    fn to_grpc(&self) -> Result<CudaSharedMemoryUnregisterRequest> {
        Ok(CudaSharedMemoryUnregisterRequest { name: self.name.to_owned() })
    }

    fn to_http(&self) -> Result<HttpRequest> {
        Ok(HttpRequest::post(path(CUDA, self.name, "unregister")?, &json!({})))
    }

    fn read_http(&self, status: u16, body: &[u8]) -> Result<CudaSharedMemoryUnregisterResponse> {
        http_form::read_nothing(status, body)
    }

    fn response(&self, _: Response<CudaSharedMemoryUnregisterResponse>) -> Result<()> {
        Ok(())
    }
}
