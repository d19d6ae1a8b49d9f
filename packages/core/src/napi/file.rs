//! Files and pipes beside sockets, and what ioctl(2) tells of a socket.

use super::io::until_done;
use super::socket::without_blocking;
use crate::error::Result;
use crate::methods;
use crate::sys;
use crate::sys::js::{Call, Exports};
use crate::table;

pub fn register(exports: &Exports) {
    methods!(exports;
        c"sendfile"(5) => sendfile,
        c"sendfileSync"(7) => sendfile_sync,
        c"spliceFrom"(5) => splice_from,
        c"spliceFromSync"(7) => splice_from_sync,
        c"spliceInto"(5) => splice_into,
        c"spliceIntoSync"(7) => splice_into_sync,
        c"pipe"(1) => pipe,
        c"ioctl"(4) => ioctl,
    );
}

/// `sendfile(slot, generation, file, offset, count)`: sendfile(2) from the descriptor `file`.
fn sendfile(call: &Call) -> Result<usize> {
    let socket = table::acquire(call.handle(0)?)?;
    let (file, offset, count) = (call.i32(2)?, call.size(3)?, call.u32(4)? as usize);
    without_blocking(&socket, || {
        Ok(socket.sent(sys::sendfile(socket.fd(), file, offset, count)?))
    })
}

/// `sendfileSync(slot, generation, file, offset, count, timeout, interruptible)`: sendfile(2), ppoll(2).
fn sendfile_sync(call: &Call) -> Result<usize> {
    let socket = table::acquire(call.handle(0)?)?;
    let (file, offset, count) = (call.i32(2)?, call.size(3)?, call.u32(4)? as usize);
    let once = || sys::sendfile(socket.fd(), file, offset, count);
    without_blocking(&socket, || {
        Ok(socket.sent(until_done(call, 5, socket.fd(), (sys::POLLOUT, 0), once)?))
    })
}

/// `spliceFrom(slot, generation, pipe, count, flags)`: splice(2) out of a pipe into the socket.
fn splice_from(call: &Call) -> Result<usize> {
    let socket = table::acquire(call.handle(0)?)?;
    let (pipe, count, flags) = (call.i32(2)?, call.u32(3)? as usize, call.u32(4)?);
    without_blocking(&socket, || {
        Ok(socket.sent(sys::splice(pipe, socket.fd(), count, flags)?))
    })
}

/// `spliceFromSync(slot, generation, pipe, count, flags, timeout, interruptible)`: splice(2), ppoll(2).
fn splice_from_sync(call: &Call) -> Result<usize> {
    let socket = table::acquire(call.handle(0)?)?;
    let (pipe, count, flags) = (call.i32(2)?, call.u32(3)? as usize, call.u32(4)?);
    let once = || sys::splice(pipe, socket.fd(), count, flags);
    without_blocking(&socket, || {
        Ok(socket.sent(until_done(call, 5, socket.fd(), (sys::POLLOUT, 0), once)?))
    })
}

/// `spliceInto(slot, generation, pipe, count, flags)`: splice(2) out of the socket into a pipe.
fn splice_into(call: &Call) -> Result<usize> {
    let socket = table::acquire(call.handle(0)?)?;
    let (pipe, count, flags) = (call.i32(2)?, call.u32(3)? as usize, call.u32(4)?);
    without_blocking(&socket, || {
        Ok(socket.received(sys::splice(socket.fd(), pipe, count, flags)?, 0))
    })
}

/// `spliceIntoSync(slot, generation, pipe, count, flags, timeout, interruptible)`: splice(2), ppoll(2).
fn splice_into_sync(call: &Call) -> Result<usize> {
    let socket = table::acquire(call.handle(0)?)?;
    let (pipe, count, flags) = (call.i32(2)?, call.u32(3)? as usize, call.u32(4)?);
    let once = || sys::splice(socket.fd(), pipe, count, flags);
    without_blocking(&socket, || {
        Ok(socket.received(until_done(call, 5, socket.fd(), (sys::POLLIN, 0), once)?, 0))
    })
}

/// `pipe(out)`: pipe2(2); slot and generation of the end to read from, then of the end to write to.
fn pipe(call: &Call) -> Result<()> {
    let out = call.numbers(0, 4)?;
    let (read, write) = sys::pipe()?;
    let owner = call.environment().id();
    let read = table::insert(read, owner)?;
    let write = table::insert(write, owner).inspect_err(|_| {
        // The first of the two must not outlive the failure of the second.
        let _ = table::close(read);
    })?;
    out.put([
        read.slot as i32,
        read.generation as i32,
        write.slot as i32,
        write.generation as i32,
    ])
}

/// `ioctl(slot, generation, request, argument)`: ioctl(2) of a request whose argument has a size that is known; ENOTSUP
/// for others, since the kernel would write as it likes.
fn ioctl(call: &Call) -> Result<i32> {
    let socket = table::acquire(call.handle(0)?)?;
    Ok(sys::ioctl(socket.fd(), call.u32(2)?, call.bytes(3)?)?)
}
