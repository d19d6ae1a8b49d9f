//! Bytes in and out: the hot path. The plain names do not wait.

use crate::error::Result;
use crate::methods;
use crate::sys::js::{Call, Exports};
use crate::sys::wait::Deadline;
use crate::sys::{self, DONT_WAIT};
use crate::table;

pub fn register(exports: &Exports) {
    methods!(exports;
        c"recv"(6) => recv,
        c"recvSync"(8) => recv_sync,
        c"recvfrom"(7) => recvfrom,
        c"recvfromSync"(9) => recvfrom_sync,
        c"send"(6) => send,
        c"sendSync"(8) => send_sync,
        c"sendto"(8) => sendto,
        c"sendtoSync"(10) => sendto_sync,
    );
}

/// `recv(slot, generation, buffer)`, `recv(slot, generation, buffer, offset, length, flags)`: recv(2).
#[inline]
fn recv(call: &Call) -> Result<usize> {
    let socket = table::acquire(call.handle(0)?)?;
    Ok(sys::recv(
        socket.fd(),
        call.range(2)?,
        call.flags(5)? | DONT_WAIT,
    )?)
}

/// `recvSync(slot, generation, buffer, offset, length, flags, timeout, interruptible)`: recv(2), ppoll(2).
fn recv_sync(call: &Call) -> Result<usize> {
    let socket = table::acquire(call.handle(0)?)?;
    let (buffer, flags) = (call.range(2)?, call.i32(5)? | DONT_WAIT);
    let deadline = Deadline::of(call.wait(6)?);
    deadline.run(socket.fd(), libc::POLLIN, || {
        sys::recv(socket.fd(), buffer, flags)
    })
}

/// `recvfrom(slot, generation, buffer, offset, length, flags, addressBuffer)`: recvfrom(2).
#[inline]
fn recvfrom(call: &Call) -> Result<usize> {
    let socket = table::acquire(call.handle(0)?)?;
    Ok(sys::recvfrom(
        socket.fd(),
        call.range(2)?,
        call.i32(5)? | DONT_WAIT,
        call.address_buffer(6)?,
    )?)
}

/// `recvfromSync(slot, generation, buffer, offset, length, flags, timeout, interruptible, addressBuffer)`.
fn recvfrom_sync(call: &Call) -> Result<usize> {
    let socket = table::acquire(call.handle(0)?)?;
    let (buffer, flags) = (call.range(2)?, call.i32(5)? | DONT_WAIT);
    let address = call.address_buffer(8)?;
    let deadline = Deadline::of(call.wait(6)?);
    deadline.run(socket.fd(), libc::POLLIN, || {
        sys::recvfrom(socket.fd(), buffer, flags, address)
    })
}

/// `send(slot, generation, data)`, `send(slot, generation, data, offset, length, flags)`: send(2).
#[inline]
fn send(call: &Call) -> Result<usize> {
    let socket = table::acquire(call.handle(0)?)?;
    Ok(sys::send(
        socket.fd(),
        call.range(2)?,
        call.flags(5)? | DONT_WAIT,
    )?)
}

/// `sendSync(slot, generation, data, offset, length, flags, timeout, interruptible)`: send(2), ppoll(2).
fn send_sync(call: &Call) -> Result<usize> {
    let socket = table::acquire(call.handle(0)?)?;
    let (data, flags) = (call.range(2)?, call.i32(5)? | DONT_WAIT);
    let deadline = Deadline::of(call.wait(6)?);
    deadline.run(socket.fd(), libc::POLLOUT, || sys::send(socket.fd(), data, flags))
}

/// `sendto(slot, generation, data, offset, length, flags, address, addressLength)`: sendto(2).
#[inline]
fn sendto(call: &Call) -> Result<usize> {
    let socket = table::acquire(call.handle(0)?)?;
    Ok(sys::sendto(
        socket.fd(),
        call.range(2)?,
        call.i32(5)? | DONT_WAIT,
        call.prefix(6)?,
    )?)
}

/// `sendtoSync(slot, generation, data, offset, length, flags, timeout, interruptible, address, addressLength)`: sendto(2),
/// ppoll(2).
fn sendto_sync(call: &Call) -> Result<usize> {
    let socket = table::acquire(call.handle(0)?)?;
    let (data, flags) = (call.range(2)?, call.i32(5)? | DONT_WAIT);
    let address = call.prefix(8)?;
    let deadline = Deadline::of(call.wait(6)?);
    deadline.run(socket.fd(), libc::POLLOUT, || {
        sys::sendto(socket.fd(), data, flags, address)
    })
}
