// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The if_tap_rs contributors

//! The discard service of TCP (RFC 863), for those who want to send a lot: one connection at a time.

use smoltcp::iface::{SocketHandle, SocketSet};
use smoltcp::socket::tcp::{Socket, SocketBuffer};

use crate::world::enter;

/// Its port.
const PORT: u16 = 9;
/// What the peer may send before it is acknowledged.
const WINDOW: usize = 1 << 20;

/// Offers the service on the addresses of an interface; whether it has any.
pub fn offer(name: &str) -> bool {
    enter().stack_of(name).map(|stack| stack.discard()).is_some()
}

/// The service.
pub struct Discard(SocketHandle);

impl Discard {
    /// Begins it.
    pub fn new(sockets: &mut SocketSet<'static>) -> Discard {
        let buffer = |len| SocketBuffer::new(vec![0; len]);
        let mut socket = Socket::new(buffer(WINDOW), buffer(64));
        // There is no clock that a delayed acknowledgement could wait for.
        socket.set_ack_delay(None);
        Discard(sockets.add(socket))
    }

    /// Takes what has come, and listens again once the peer has closed. Whether there is something
    /// to send after that.
    pub fn serve(&self, sockets: &mut SocketSet<'static>) -> bool {
        let socket = sockets.get_mut::<Socket<'_>>(self.0);
        let mut came = false;
        while let Ok(1..) = socket.recv(|bytes| (bytes.len(), bytes.len())) {
            came = true;
        }
        if socket.is_open() {
            if !socket.may_recv() && socket.may_send() && !socket.is_listening() {
                socket.close();
                came = true;
            }
        } else {
            // The port is not 0, and the socket is closed.
            let listening = socket.listen(PORT).is_ok();
            debug_assert!(listening);
        }
        came
    }
}
