//! Many messages in one call.

use super::io::until_done;
use super::message::adopt;
use crate::error::Result;
use crate::methods;
use crate::sys::js::{Call, Exports};
use crate::sys::wait;
use crate::sys::{self, Batch, DONT_WAIT};
use crate::table;

pub fn register(exports: &Exports) {
    methods!(exports;
        c"recvmmsg"(5) => recvmmsg,
        c"recvmmsgSync"(7) => recvmmsg_sync,
        c"sendmmsg"(6) => sendmmsg,
        c"sendmmsgSync"(8) => sendmmsg_sync,
    );
}

/// `recvmmsg(slot, generation, batch, count, flags)`: recvmmsg(2) of up to `count` messages. Descriptors that came are in
/// the table.
fn recvmmsg(call: &Call) -> Result<usize> {
    let socket = table::acquire(call.handle(0)?)?;
    let (batch, count) = (Batch::of(call.bytes(2)?)?, call.u32(3)?);
    let flags = call.flags(4)?;
    let mut taken = Vec::new();
    let came = sys::recvmmsg(socket.fd(), &batch, count as usize, flags | DONT_WAIT, &mut taken)?;
    for (index, descriptors) in taken {
        batch.put_descriptors(index, &adopt(call, descriptors));
    }
    if flags & sys::NOT_TAKEN == 0 {
        socket.received_many(batch.bytes_in(0, came), came);
    }
    Ok(came)
}

/// `recvmmsgSync(slot, generation, batch, count, flags, timeout, interruptible)`: recvmmsg(2), ppoll(2). Waits for the
/// first message, not for all.
fn recvmmsg_sync(call: &Call) -> Result<usize> {
    let socket = table::acquire(call.handle(0)?)?;
    let (batch, count, flags) = (Batch::of(call.bytes(2)?)?, call.u32(3)?, call.i32(4)?);
    let mut taken = Vec::new();
    let once = || sys::recvmmsg(socket.fd(), &batch, count as usize, flags | DONT_WAIT, &mut taken);
    let came = until_done(call, 5, socket.fd(), (wait::receives(flags), flags), once)?;
    for (index, descriptors) in taken {
        batch.put_descriptors(index, &adopt(call, descriptors));
    }
    if flags & sys::NOT_TAKEN == 0 {
        socket.received_many(batch.bytes_in(0, came), came);
    }
    Ok(came)
}

/// `sendmmsg(slot, generation, batch, from, count, flags)`: sendmmsg(2) of `count` messages from `from`.
fn sendmmsg(call: &Call) -> Result<usize> {
    let socket = table::acquire(call.handle(0)?)?;
    let (batch, from, count) = (Batch::of(call.bytes(2)?)?, call.u32(3)?, call.u32(4)?);
    let flags = call.flags(5)? | DONT_WAIT;
    let (from, count) = (from as usize, count as usize);
    let took = sys::sendmmsg(socket.fd(), &batch, from, count, flags)?;
    socket.sent_many(batch.bytes_in(from, took), took);
    Ok(took)
}

/// `sendmmsgSync(slot, generation, batch, from, count, flags, timeout, interruptible)`: sendmmsg(2), ppoll(2). Waits for
/// room for the first, not for all.
fn sendmmsg_sync(call: &Call) -> Result<usize> {
    let socket = table::acquire(call.handle(0)?)?;
    let (batch, from, count) = (Batch::of(call.bytes(2)?)?, call.u32(3)?, call.u32(4)?);
    let (from, count, flags) = (from as usize, count as usize, call.i32(5)?);
    let once = || sys::sendmmsg(socket.fd(), &batch, from, count, flags | DONT_WAIT);
    let took = until_done(call, 6, socket.fd(), (sys::POLLOUT, flags), once)?;
    socket.sent_many(batch.bytes_in(from, took), took);
    Ok(took)
}
