//! Servers whose behaviour a test scripts, for what a real server can't be made to do. Each is on a free port
//! of 127.0.0.1 and stops on drop. If a test's closure panics, dropping the server does too; a closure that
//! never returns blocks the drop.

mod cases;
mod grpc;
mod http;
mod sockets;
mod wire;

pub use self::{
    cases::{Cases, GrpcTurn, HttpTurn, WRONG, close},
    grpc::{Grpc, GrpcResponse},
    http::{Http, Response},
    sockets::{
        Backlog, Sockets, closing, refused_address, silent, wait_until, wait_until_ended, wait_until_full,
        wait_until_read,
    },
    wire::{Frame, Gate, Peer, Wire, frame},
};
pub use super::http1::{Request, response};
