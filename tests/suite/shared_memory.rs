//! Shared memory that is registered with a server: registering, listing and unregistering regions.

use std::{
    fs, process,
    sync::atomic::{AtomicUsize, Ordering},
};

use serde_json::Value;
use triton_client::{CallOptions, Client, Error, Origin, Status, SystemRegions};

use crate::{
    own_server::OwnServer,
    server::{clients, is_embedded},
    support::fault::{Grpc, GrpcResponse, Http, Response, response},
};

const PAGE: u64 = 4096;

/// Memory of two pages, until this is dropped.
struct Memory(String);

impl Memory {
    fn new() -> Self {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let memory = Self(format!("/triton_client_test_{}_{number}", process::id()));
        fs::write(memory.path(), [0; 2 * PAGE as usize]).unwrap();
        memory
    }

    fn path(&self) -> String {
        format!("/dev/shm{}", self.0)
    }
}

impl Drop for Memory {
    fn drop(&mut self) {
        let _ = fs::remove_file(self.path());
    }
}

fn register(client: &Client, name: &str, key: &str, byte_size: u64, offset: u64) -> Result<(), Error> {
    client.register_system_shared_memory(name, key, byte_size, offset, &CallOptions::new())
}

fn unregister(client: &Client, name: &str) {
    client.unregister_system_shared_memory(name, &CallOptions::new()).unwrap();
}

fn status(client: &Client, name: &str) -> Result<SystemRegions, Error> {
    client.system_shared_memory_status(name, &CallOptions::new())
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

#[test]
fn a_region_is_registered_listed_and_unregistered_by_its_name() {
    if is_embedded() {
        return;
    }
    let clients = clients();
    let memory = Memory::new();
    for (client, protocol) in clients.iter().zip(["http", "grpc"]) {
        let name = format!("shared_memory_{protocol}");
        register(client, &name, &memory.0, PAGE, PAGE).unwrap();
        let [a, b] = [0, 1].map(|at: usize| status(&clients[at], &name).unwrap());
        let [region] = &a.regions[..] else { panic!("{a:?}") };
        assert_eq!(
            (&region.name, &region.key, region.offset, region.byte_size),
            (&name, &memory.0, PAGE, PAGE)
        );
        assert_eq!((&a.regions, json(a.json())), (&b.regions, json(b.json())));
        assert!(status(client, "").unwrap().regions.contains(region));
        let again = register(client, &name, &memory.0, PAGE, 0).unwrap_err();
        let code = if protocol == "http" { Status::InvalidArgument } else { Status::AlreadyExists };
        assert_eq!((again.status(), again.origin()), (code, Origin::Server), "{again:?}");
        assert!(again.to_string().contains("already in manager"), "{again}");
        // Unregistering a region that is not registered is not an error.
        for _ in 0..2 {
            unregister(client, &name);
        }
        for client in &clients {
            let unregistered = status(client, &name).unwrap_err();
            assert_eq!(
                (unregistered.status(), unregistered.origin()),
                (Status::NotFound, Origin::Server),
                "{unregistered:?}"
            );
            assert!(unregistered.to_string().contains(&format!("'{name}'")), "{unregistered}");
        }
    }
}

#[test]
fn memory_that_is_missing_or_too_small_is_refused_by_the_server() {
    if is_embedded() {
        return;
    }
    let memory = Memory::new();
    for (client, protocol) in clients().iter().zip(["http", "grpc"]) {
        let name = format!("shared_memory_refused_{protocol}");
        for (key, byte_size, offset, code, hint) in [
            ("/triton_client_test_absent", 8, 0, Status::Internal, "Unable to open shared memory region"),
            (&memory.0, 3 * PAGE, 0, Status::InvalidArgument, "invalid args"),
            (&memory.0, PAGE, 2 * PAGE, Status::InvalidArgument, "invalid args"),
            // 2.51 maps the memory at the offset, which must be a multiple of the page size.
            (&memory.0, PAGE, 8, Status::InvalidArgument, "address space"),
        ] {
            let error = register(client, &name, key, byte_size, offset).unwrap_err();
            assert_eq!((error.status(), error.origin()), (code, Origin::Server), "{error:?}");
            assert!(error.to_string().contains(hint) && error.to_string().contains(&name), "{error}");
            assert_eq!(status(client, &name).unwrap_err().status(), Status::NotFound);
        }
    }
}

#[test]
fn cuda_regions_are_listed_and_refused_without_a_gpu() {
    if is_embedded() {
        return;
    }
    let options = CallOptions::new();
    for client in clients() {
        let all = client.cuda_shared_memory_status("", &options).unwrap();
        assert_eq!((all.regions.len(), all.json()), (0, "[]"));
        let error = client.register_cuda_shared_memory("cuda", &[0; 64], 0, 8, &options).unwrap_err();
        assert_eq!((error.status(), error.origin()), (Status::InvalidArgument, Origin::Server), "{error:?}");
        assert!(error.to_string().contains("registration of CUDA shared memory region 'cuda'"), "{error}");
        assert_eq!(
            client.cuda_shared_memory_status("cuda", &options).unwrap_err().status(),
            Status::NotFound
        );
        client.unregister_cuda_shared_memory("cuda", &options).unwrap();
        client.unregister_all_cuda_shared_memory(&options).unwrap();
    }
}

#[test]
fn all_regions_are_unregistered_by_a_method_of_its_own() {
    if is_embedded() {
        return;
    }
    // No other test registers regions with this server.
    let server = OwnServer::start("params", "");
    // 2.51 refuses a second region of the same memory.
    let memories = [Memory::new(), Memory::new()];
    for client in server.clients() {
        assert!(status(&client, "").unwrap().regions.is_empty());
        for (name, memory) in ["b", "a"].iter().zip(&memories) {
            register(&client, name, &memory.0, PAGE, 0).unwrap();
        }
        let all = status(&client, "").unwrap();
        let names: Vec<_> = all.regions.iter().map(|region| region.name.as_str()).collect();
        assert_eq!(names, ["a", "b"]);
        assert_eq!(json(all.json()).as_array().unwrap().len(), 2);
        // A name is required, so that an empty one does not unregister all regions by accident.
        let error = client.unregister_system_shared_memory("", &CallOptions::new()).unwrap_err();
        assert_eq!((error.status(), error.origin()), (Status::InvalidArgument, Origin::Argument));
        assert_eq!(status(&client, "").unwrap().regions.len(), 2);
        client.unregister_all_system_shared_memory(&CallOptions::new()).unwrap();
        assert!(status(&client, "").unwrap().regions.is_empty());
    }
}

#[test]
fn an_invalid_region_is_refused_without_a_request() {
    let http = Http::start(|_| Response::Bytes(response(200, &[], b"[]")));
    let grpc =
        Grpc::start(|_, _| GrpcResponse::Reply { messages: vec![vec![]], status: 0, message: String::new() });
    let options = CallOptions::new();
    for url in [format!("http://{}", http.address()), format!("grpc://{}", grpc.address())] {
        let client = Client::new(&url).unwrap();
        let cuda = |name: &str, handle: usize, device, byte_size| {
            client.register_cuda_shared_memory(name, &vec![0; handle], device, byte_size, &options)
        };
        let mut refused = vec![
            (register(&client, "", "/k", 8, 0), "empty"),
            (register(&client, "a\0", "/k", 8, 0), "NUL"),
            (register(&client, "a", "", 8, 0), "key"),
            (register(&client, "a", "/k\0", 8, 0), "NUL"),
            (register(&client, "a", "/k", 0, 0), "0 bytes"),
            (register(&client, "a", "/k", 1, u64::MAX), "offset"),
            (register(&client, "a", "/k", u64::MAX, 1), "offset"),
            (cuda("", 64, 0, 8), "empty"),
            (cuda("a", 64, 0, 0), "0 bytes"),
            (cuda("a", 63, 0, 8), "63"),
            (cuda("a", 65, 0, 8), "65"),
            (cuda("a", 0, 0, 8), "0"),
            (cuda("a", 64, -1, 8), "GPU number: -1"),
        ];
        for name in ["", "a\0"] {
            refused.push((client.unregister_system_shared_memory(name, &options), "region name"));
            refused.push((client.unregister_cuda_shared_memory(name, &options), "region name"));
        }
        if url.starts_with("http") {
            refused.push((register(&client, "a/b", "/k", 8, 0), "path"));
            refused.push((client.unregister_system_shared_memory("..", &options), "path"));
        }
        for (outcome, hint) in refused {
            let error = outcome.unwrap_err();
            assert_eq!(
                (error.status(), error.origin()),
                (Status::InvalidArgument, Origin::Argument),
                "{error}"
            );
            assert!(error.to_string().contains(hint), "{hint}: {error}");
        }
        assert_eq!((http.requests(), grpc.requests()), (0, 0));
    }
}

#[test]
fn regions_are_listed_with_any_numbers_and_names() {
    use std::sync::{Arc, Mutex};
    let received = Arc::new(Mutex::new(Vec::new()));
    let note = received.clone();
    let http = Http::start(move |request| {
        note.lock().unwrap().push(request.body.clone());
        let body =
            br#"[{"name":"b\u0000","device_id":18446744073709551615,"byte_size":"8"},{"name":"a","new":[]}]"#;
        let body = if request.path.ends_with("/status") { &body[..] } else { b"" };
        Response::Bytes(response(200, &[], body))
    });
    let options = CallOptions::new();
    let client = Client::new(&format!("http://{}", http.address())).unwrap();
    let regions = client.cuda_shared_memory_status("", &options).unwrap().regions;
    assert_eq!((&regions[0].name[..], &regions[1].name[..]), ("a", "b\0"));
    assert_eq!((regions[1].device_id, regions[1].byte_size), (-1, 8));
    let handle: [u8; 64] = std::array::from_fn(|at| at as u8);
    client.register_cuda_shared_memory("a", &handle, 3, u64::MAX, &options).unwrap();
    register(&client, "a", "/k", i64::MAX as u64, 1 << 40).unwrap();
    let received = received.lock().unwrap();
    let cuda = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8gISIjJCUmJygpKissLS4vMDEyMzQ1Njc4OTo7PD0+Pw==";
    let actual = |at: usize| json(std::str::from_utf8(&received[at]).unwrap());
    assert_eq!(
        actual(1),
        serde_json::json!({ "raw_handle": { "b64": cuda }, "device_id": 3, "byte_size": u64::MAX })
    );
    assert_eq!(actual(2), serde_json::json!({ "key": "/k", "offset": 1u64 << 40, "byte_size": i64::MAX }));
}
