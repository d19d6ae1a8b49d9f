//! A socket's life: made, bound, connected, accepted, closed, given away.

use crate::error::Result;
use crate::methods;
use crate::sys::js::{self, Call, Exports};
use crate::sys::names::Abroad;
use crate::sys::wait::{self, Deadline};
use crate::sys::{self, OwnedFd};
use crate::table::{self, Use};

pub fn register(exports: &Exports) {
    methods!(exports;
        c"socket"(4) => socket,
        c"socketIn"(5) => socket_in,
        c"socketpair"(4) => socketpair,
        c"socketpairIn"(5) => socketpair_in,
        c"fromFd"(2) => from_fd,
        c"dup"(3) => dup,
        c"dupFd"(2) => dup_fd,
        c"setCloseOnExec"(1) => set_close_on_exec,
        c"handOver"(2) => hand_over,
        c"takeOver"(3) => take_over,
        c"detach"(2) => detach,
        c"close"(2) => close,
        c"fd"(2) => fd,
        c"describe"(3) => describe,
        c"isBlocking"(2) => is_blocking,
        c"setBlocking"(3) => set_blocking,
        c"bind"(3) => bind,
        c"listen"(3) => listen,
        c"connect"(3) => connect,
        c"connectSync"(5) => connect_sync,
        c"connected"(2) => connected,
        c"accept"(4) => accept,
        c"acceptSync"(6) => accept_sync,
        c"shutdown"(3) => shutdown,
        c"getsockname"(3) => getsockname,
        c"getpeername"(3) => getpeername,
    );
}

/// Takes a descriptor into the table and answers with slot and generation in the caller's array.
fn hand_out(call: &Call, numbers: js::Numbers, fd: OwnedFd) -> Result<()> {
    let handle = table::insert(fd, call.environment().id())?;
    numbers.put([handle.slot as i32, handle.generation as i32])
}

fn socket_of(call: &Call) -> Result<Use> {
    Ok(table::acquire(call.handle(0)?)?)
}

/// `socket(family, type, protocol, out)`: socket(2).
fn socket(call: &Call) -> Result<()> {
    let out = call.numbers(3, 2)?;
    hand_out(call, out, sys::socket(call.i32(0)?, call.i32(1)?, call.i32(2)?)?)
}

/// What happened in another namespace; the caller's array begins with 1 when the way there failed.
fn abroad<T>(out: js::Numbers, result: std::result::Result<T, Abroad>) -> Result<T> {
    match result {
        Ok(made) => Ok(made),
        Err(Abroad::There(errno)) => Err(errno.into()),
        Err(Abroad::Entering(errno)) => {
            out.put([1])?;
            Err(errno.into())
        }
    }
}

/// `socketIn(namespace, family, type, protocol, out)`: setns(2) and socket(2) on a thread that then ends.
fn socket_in(call: &Call) -> Result<()> {
    let (namespace, out) = (call.i32(0)?, call.numbers(4, 2)?);
    let (family, kind, protocol) = (call.i32(1)?, call.i32(2)?, call.i32(3)?);
    let made = sys::in_network_namespace(namespace, || sys::socket(family, kind, protocol));
    hand_out(call, out, abroad(out, made)?)
}

/// `socketpairIn(namespace, family, type, protocol, out)`: setns(2) and socketpair(2) on a thread that then ends.
fn socketpair_in(call: &Call) -> Result<()> {
    let (namespace, out) = (call.i32(0)?, call.numbers(4, 4)?);
    let (family, kind, protocol) = (call.i32(1)?, call.i32(2)?, call.i32(3)?);
    let made = sys::in_network_namespace(namespace, || sys::socketpair(family, kind, protocol));
    hand_out_pair(call, out, abroad(out, made)?)
}

/// `socketpair(family, type, protocol, out)`: socketpair(2); two handles, four numbers.
fn socketpair(call: &Call) -> Result<()> {
    let out = call.numbers(3, 4)?;
    hand_out_pair(
        call,
        out,
        sys::socketpair(call.i32(0)?, call.i32(1)?, call.i32(2)?)?,
    )
}

fn hand_out_pair(call: &Call, out: js::Numbers, (one, other): (OwnedFd, OwnedFd)) -> Result<()> {
    let owner = call.environment().id();
    let one = table::insert(one, owner)?;
    let other = table::insert(other, owner).inspect_err(|_| {
        // The first of the two must not outlive the failure of the second.
        let _ = table::close(one);
    })?;
    out.put([
        one.slot as i32,
        one.generation as i32,
        other.slot as i32,
        other.generation as i32,
    ])
}

/// `fromFd(fd, out)`: owns it from now on; fstat(2). EBUSY when a socket of this process's table owns it already.
fn from_fd(call: &Call) -> Result<()> {
    let (fd, out) = (call.i32(0)?, call.numbers(1, 2)?);
    if table::owns(fd) {
        return Err(sys::EBUSY.into());
    }
    hand_out(call, out, sys::adopt(fd)?)
}

/// `dup(slot, generation, out)`: fcntl(2) F_DUPFD_CLOEXEC.
fn dup(call: &Call) -> Result<()> {
    let out = call.numbers(2, 2)?;
    hand_out(call, out, sys::dup(table::acquire_own(call.handle(0)?)?.fd())?)
}

/// `dupFd(fd, out)`: fcntl(2) F_DUPFD_CLOEXEC of a socket's number that somebody else owns, and keeps.
fn dup_fd(call: &Call) -> Result<()> {
    let (fd, out) = (call.i32(0)?, call.numbers(1, 2)?);
    sys::expect_socket(fd)?;
    hand_out(call, out, sys::dup(fd)?)
}

/// `setCloseOnExec(fd)`: fcntl(2) F_GETFD, F_SETFD, of a number that came from outside.
fn set_close_on_exec(call: &Call) -> Result<()> {
    Ok(sys::set_close_on_exec(call.i32(0)?)?)
}

/// `handOver(slot, generation)`: the generation of a ticket for this slot. The handle is dead from now on.
fn hand_over(call: &Call) -> Result<i32> {
    let handle = call.handle(0)?;
    let ticket = table::give(handle)?;
    call.environment().unwatch(handle);
    Ok(ticket.generation as i32)
}

/// `takeOver(slot, generation, out)`: the descriptor of a ticket is this environment's from now on.
fn take_over(call: &Call) -> Result<()> {
    let (ticket, out) = (call.handle(0)?, call.numbers(2, 2)?);
    let handle = table::take(ticket, call.environment().id())?;
    out.put([handle.slot as i32, handle.generation as i32])
}

/// `detach(slot, generation)`: the descriptor, open, the caller's from now on.
fn detach(call: &Call) -> Result<i32> {
    let handle = call.handle(0)?;
    call.environment().unwatch(handle);
    Ok(table::detach(handle)?)
}

/// `close(slot, generation)`: close(2), when the last call that uses it is through.
fn close(call: &Call) -> Result<()> {
    let handle = call.handle(0)?;
    call.environment().unwatch(handle);
    Ok(table::close(handle)?)
}

/// `fd(slot, generation)`.
fn fd(call: &Call) -> Result<i32> {
    Ok(socket_of(call)?.fd())
}

/// `describe(slot, generation, out)`: family, type, protocol by getsockopt(2).
fn describe(call: &Call) -> Result<()> {
    let (family, kind, protocol) = sys::describe(socket_of(call)?.fd())?;
    call.numbers(2, 3)?.put([family, kind, protocol])
}

/// `isBlocking(slot, generation)`: 1 when O_NONBLOCK is clear; fcntl(2).
fn is_blocking(call: &Call) -> Result<i32> {
    Ok(sys::is_blocking(socket_of(call)?.fd())?.into())
}

/// `setBlocking(slot, generation, blocking)`: fcntl(2).
fn set_blocking(call: &Call) -> Result<()> {
    Ok(sys::set_blocking(socket_of(call)?.fd(), call.bool(2)?)?)
}

/// `bind(slot, generation, address)`: bind(2).
fn bind(call: &Call) -> Result<()> {
    Ok(sys::bind(socket_of(call)?.fd(), call.bytes(2)?)?)
}

/// `listen(slot, generation, backlog)`: listen(2).
fn listen(call: &Call) -> Result<()> {
    Ok(sys::listen(socket_of(call)?.fd(), call.i32(2)?)?)
}

/// Runs a call that takes no flags with O_NONBLOCK set, and puts back what was there.
pub(super) fn without_blocking<T>(socket: &Use, call: impl FnOnce() -> Result<T>) -> Result<T> {
    if !sys::is_blocking(socket.fd())? {
        return call();
    }
    sys::set_blocking(socket.fd(), false)?;
    let result = call();
    sys::set_blocking(socket.fd(), true)?;
    result
}

/// `connect(slot, generation, address)`: connect(2), -EINPROGRESS while it is under way.
fn connect(call: &Call) -> Result<()> {
    let socket = socket_of(call)?;
    let address = call.bytes(2)?;
    without_blocking(&socket, || Ok(sys::connect(socket.fd(), address)?))
}

/// `connectSync(slot, generation, address, timeout, interruptible)`: connect(2), ppoll(2), getsockopt(2) SO_ERROR.
fn connect_sync(call: &Call) -> Result<()> {
    let socket = socket_of(call)?;
    let address = call.bytes(2)?;
    let deadline = Deadline::of(call.wait(3)?);
    without_blocking(&socket, || wait::connect(socket.fd(), address, &deadline))
}

/// `connected(slot, generation)`: how a connect came out, -EAGAIN while it is under way; getsockopt(2), getpeername(2).
fn connected(call: &Call) -> Result<()> {
    Ok(wait::connected(socket_of(call)?.fd())?)
}

/// `accept(slot, generation, out, addressBuffer?)`: accept4(2).
fn accept(call: &Call) -> Result<()> {
    let socket = socket_of(call)?;
    let (out, address) = (call.numbers(2, 2)?, call.optional_address_buffer(3)?);
    let accepted = without_blocking(&socket, || Ok(sys::accept(socket.fd(), address)?))?;
    socket.received_many(0, 1);
    hand_out(call, out, accepted)
}

/// `acceptSync(slot, generation, out, timeout, interruptible, addressBuffer?)`: accept4(2), ppoll(2).
fn accept_sync(call: &Call) -> Result<()> {
    let socket = socket_of(call)?;
    let (out, address) = (call.numbers(2, 2)?, call.optional_address_buffer(5)?);
    let deadline = Deadline::of(call.wait(3)?);
    let accepted = without_blocking(&socket, || {
        deadline.run(socket.fd(), sys::POLLIN, || sys::accept(socket.fd(), address))
    })?;
    socket.received_many(0, 1);
    hand_out(call, out, accepted)
}

/// `shutdown(slot, generation, how)`: shutdown(2).
fn shutdown(call: &Call) -> Result<()> {
    Ok(sys::shutdown(socket_of(call)?.fd(), call.i32(2)?)?)
}

/// `getsockname(slot, generation, addressBuffer)`: getsockname(2).
fn getsockname(call: &Call) -> Result<()> {
    Ok(sys::getsockname(socket_of(call)?.fd(), call.address_buffer(2)?)?)
}

/// `getpeername(slot, generation, addressBuffer)`: getpeername(2).
fn getpeername(call: &Call) -> Result<()> {
    Ok(sys::getpeername(socket_of(call)?.fd(), call.address_buffer(2)?)?)
}
