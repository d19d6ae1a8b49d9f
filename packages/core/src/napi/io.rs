//! Bytes in and out: the hot path. The plain names do not wait.

use crate::error::{Errno, Result};
use crate::methods;
use crate::sys::js::{Call, Exports};
use crate::sys::wait::{self, Deadline};
use crate::sys::{self, DONT_WAIT, RawFd};
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
    let flags = call.flags(5)? | DONT_WAIT;
    Ok(socket.received(sys::recv(socket.fd(), call.range(2)?, flags)?, flags))
}

/// Waits for a call of the Sync form, by its timeout and interruptible, the arguments from `at`. MSG_DONTWAIT of the
/// caller's asks once.
pub(super) fn until_done(
    call: &Call,
    at: usize,
    fd: RawFd,
    (events, flags): (i16, i32),
    once: impl FnMut() -> std::result::Result<usize, Errno>,
) -> Result<usize> {
    let mut once = once;
    if flags & DONT_WAIT != 0 {
        return Ok(once()?);
    }
    Deadline::of(call.wait(at)?).run(fd, events, once)
}

/// `recvSync(slot, generation, buffer, offset, length, flags, timeout, interruptible)`: recv(2), ppoll(2).
fn recv_sync(call: &Call) -> Result<usize> {
    let socket = table::acquire(call.handle(0)?)?;
    let (fd, buffer, flags) = (socket.fd(), call.range(2)?, call.i32(5)?);
    let once = || sys::recv(fd, buffer, flags | DONT_WAIT);
    let count = if wants_all(fd, flags)? {
        wait::recv_all(fd, buffer, flags | DONT_WAIT, &Deadline::of(call.wait(6)?), once)?
    } else {
        until_done(call, 6, fd, (wait::receives(flags), flags), once)?
    };
    Ok(socket.received(count, flags))
}

/// Whether MSG_WAITALL is ours to keep: with MSG_DONTWAIT, which every call here has, the kernel does not.
fn wants_all(fd: RawFd, flags: i32) -> Result<bool> {
    let all = flags & (sys::MSG_WAITALL | sys::MSG_PEEK | DONT_WAIT) == sys::MSG_WAITALL;
    Ok(all && sys::is_stream(fd)?)
}

/// `recvfrom(slot, generation, buffer, offset, length, flags, addressBuffer)`: recvfrom(2).
#[inline]
fn recvfrom(call: &Call) -> Result<usize> {
    let socket = table::acquire(call.handle(0)?)?;
    let flags = call.i32(5)? | DONT_WAIT;
    let count = sys::recvfrom(socket.fd(), call.range(2)?, flags, call.address_buffer(6)?)?;
    Ok(socket.received(count, flags))
}

/// `recvfromSync(slot, generation, buffer, offset, length, flags, timeout, interruptible, addressBuffer)`.
fn recvfrom_sync(call: &Call) -> Result<usize> {
    let socket = table::acquire(call.handle(0)?)?;
    let (buffer, flags) = (call.range(2)?, call.i32(5)?);
    let (fd, address) = (socket.fd(), call.address_buffer(8)?);
    let once = || sys::recvfrom(fd, buffer, flags | DONT_WAIT, address);
    let count = if wants_all(fd, flags)? {
        wait::recv_all(fd, buffer, flags | DONT_WAIT, &Deadline::of(call.wait(6)?), once)?
    } else {
        until_done(call, 6, fd, (wait::receives(flags), flags), once)?
    };
    Ok(socket.received(count, flags))
}

/// `send(slot, generation, data)`, `send(slot, generation, data, offset, length, flags)`: send(2).
#[inline]
fn send(call: &Call) -> Result<usize> {
    let socket = table::acquire(call.handle(0)?)?;
    let flags = call.flags(5)? | DONT_WAIT;
    Ok(socket.sent(sys::send(socket.fd(), call.range(2)?, flags)?))
}

/// `sendSync(slot, generation, data, offset, length, flags, timeout, interruptible)`: send(2), ppoll(2).
fn send_sync(call: &Call) -> Result<usize> {
    let socket = table::acquire(call.handle(0)?)?;
    let (data, flags) = (call.range(2)?, call.i32(5)?);
    let once = || sys::send(socket.fd(), data, flags | DONT_WAIT);
    Ok(socket.sent(until_done(call, 6, socket.fd(), (sys::POLLOUT, flags), once)?))
}

/// `sendto(slot, generation, data, offset, length, flags, address, addressLength)`: sendto(2).
#[inline]
fn sendto(call: &Call) -> Result<usize> {
    let socket = table::acquire(call.handle(0)?)?;
    let flags = call.i32(5)? | DONT_WAIT;
    Ok(socket.sent(sys::sendto(socket.fd(), call.range(2)?, flags, call.prefix(6)?)?))
}

/// `sendtoSync(slot, generation, data, offset, length, flags, timeout, interruptible, address, addressLength)`: sendto(2),
/// ppoll(2).
fn sendto_sync(call: &Call) -> Result<usize> {
    let socket = table::acquire(call.handle(0)?)?;
    let (data, flags) = (call.range(2)?, call.i32(5)?);
    let address = call.prefix(8)?;
    let once = || sys::sendto(socket.fd(), data, flags | DONT_WAIT, address);
    Ok(socket.sent(until_done(call, 6, socket.fd(), (sys::POLLOUT, flags), once)?))
}
