//! Servers that do what a real one can't be made to do, as a test tells them. Each is at a free port of
//! 127.0.0.1 and ends on drop. If a test's closure panics, dropping its server does; a closure that never
//! returns holds up the drop.

mod cases;
mod grpc;
mod http;
mod sockets;
mod wire;

pub use self::{
    cases::{Cases, GrpcTurn, HttpTurn, WRONG, close},
    grpc::{Grpc, GrpcResponse},
    http::{Http, Response},
    sockets::{Sockets, closing, refused_address, silent},
    wire::{Frame, Gate, Peer, Wire, frame},
};
pub use super::http1::{Request, response};
