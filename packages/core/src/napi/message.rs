//! Messages with addresses, control data and descriptors.

use super::io::until_done;
use crate::error::Result;
use crate::methods;
use crate::sys::js::{Call, Exports};
use crate::sys::wait;
use crate::sys::{self, DONT_WAIT, Envelope, OwnedFd};
use crate::table::{self, Handle};

pub fn register(exports: &Exports) {
    methods!(exports;
        c"recvmsg"(5) => recvmsg,
        c"recvmsgSync"(7) => recvmsg_sync,
        c"sendmsg"(8) => sendmsg,
        c"sendmsgSync"(10) => sendmsg_sync,
    );
}

/// Takes descriptors that came with a message into the table. One that it has no room for is closed.
pub(super) fn adopt(call: &Call, taken: Vec<OwnedFd>) -> Vec<Handle> {
    let owner = call.environment().id();
    let adopt = |fd| table::insert(fd, owner).ok();
    taken.into_iter().filter_map(adopt).collect()
}

/// `recvmsg(slot, generation, buffers, envelope, flags)`: recvmsg(2). Descriptors that came are in the table.
fn recvmsg(call: &Call) -> Result<usize> {
    let socket = table::acquire(call.handle(0)?)?;
    let (buffers, envelope) = (call.buffers(2)?, Envelope::of(call.bytes(3)?)?);
    let flags = call.i32(4)? | DONT_WAIT;
    let mut taken = Vec::new();
    let count = sys::recvmsg(socket.fd(), &buffers, &envelope, flags, &mut taken)?;
    if !taken.is_empty() {
        envelope.put_descriptors(&adopt(call, taken));
    }
    Ok(socket.received(count, flags))
}

/// `recvmsgSync(slot, generation, buffers, envelope, flags, timeout, interruptible)`: recvmsg(2), ppoll(2).
fn recvmsg_sync(call: &Call) -> Result<usize> {
    let socket = table::acquire(call.handle(0)?)?;
    let (buffers, envelope) = (call.buffers(2)?, Envelope::of(call.bytes(3)?)?);
    let flags = call.i32(4)?;
    let mut taken = Vec::new();
    let once = || sys::recvmsg(socket.fd(), &buffers, &envelope, flags | DONT_WAIT, &mut taken);
    let count = until_done(call, 5, socket.fd(), (wait::receives(flags), flags), once)?;
    if !taken.is_empty() {
        envelope.put_descriptors(&adopt(call, taken));
    }
    Ok(socket.received(count, flags))
}

/// `sendmsg(slot, generation, buffers, flags, address, addressLength, control, controlLength)`: sendmsg(2). Address and
/// control data may be undefined.
fn sendmsg(call: &Call) -> Result<usize> {
    let socket = table::acquire(call.handle(0)?)?;
    let (buffers, flags) = (call.buffers(2)?, call.flags(3)?);
    let (address, control) = (call.optional_prefix(4)?, call.optional_prefix(6)?);
    let count = sys::sendmsg(socket.fd(), &buffers, flags | DONT_WAIT, address, control)?;
    Ok(socket.sent(count))
}

/// `sendmsgSync(slot, generation, buffers, flags, timeout, interruptible, address, addressLength, control, controlLength)`:
/// sendmsg(2), ppoll(2).
fn sendmsg_sync(call: &Call) -> Result<usize> {
    let socket = table::acquire(call.handle(0)?)?;
    let (buffers, flags) = (call.buffers(2)?, call.i32(3)?);
    let (address, control) = (call.optional_prefix(6)?, call.optional_prefix(8)?);
    let once = || sys::sendmsg(socket.fd(), &buffers, flags | DONT_WAIT, address, control);
    Ok(socket.sent(until_done(call, 4, socket.fd(), (sys::POLLOUT, flags), once)?))
}
