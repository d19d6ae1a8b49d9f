//! Readiness, told to one JavaScript function per environment.

use crate::error::{Fault, Result};
use crate::methods;
use crate::sys;
use crate::sys::js::{Call, Exports};
use crate::sys::wait::{self, Deadline};
use crate::table;

pub fn register(exports: &Exports) {
    methods!(exports;
        c"leaveHook"(0) => leave_hook,
        c"setup"(4) => setup,
        c"arm"(3) => arm,
        c"poll"(3) => poll,
        c"pollSync"(5) => poll_sync,
    );
}

/// `leaveHook()`: has the end of the environment leave the cleanup hook to the runtime, which frees it. Once, when the module
/// is loaded.
fn leave_hook(call: &Call) -> Result<()> {
    call.environment().leave_hook();
    Ok(())
}

/// `setup(onReady, nothing, hasLibuv, shared)`: once per environment, before anything waits. `onReady()` is
/// called on the event loop; `shared` says for whom, see `poll/mod.rs`. `nothing` does nothing, and is called to learn
/// whether JavaScript may still run.
fn setup(call: &Call) -> Result<()> {
    call.environment().setup(call)
}

/// `arm(slot, generation, events)`: watches for 1 (readable), 2 (writable), 4 (exceptional) joined by `|`, or for nothing
/// (0); with 16, without keeping the event loop alive. -ENOTSUP where the runtime has nothing to wait with.
fn arm(call: &Call) -> Result<()> {
    call.environment().arm(call.handle(0)?, call.i32(2)?)
}

/// `poll(slot, generation, events)`: what of poll(2)'s `events` stands now, beside POLLERR and POLLHUP. Does not wait.
fn poll(call: &Call) -> Result<i32> {
    let socket = table::acquire(call.handle(0)?)?;
    Ok(wait::poll(socket.fd(), events(call)?)?.into())
}

/// `pollSync(slot, generation, events, timeout, interruptible)`: ppoll(2) until one of them stands.
fn poll_sync(call: &Call) -> Result<i32> {
    let socket = table::acquire(call.handle(0)?)?;
    let (fd, events) = (socket.fd(), events(call)?);
    let happened = Deadline::of(call.wait(3)?).run(fd, events, || match wait::poll(fd, events)? {
        0 => Err(sys::EAGAIN),
        happened => Ok(happened),
    })?;
    Ok(happened.into())
}

/// The third argument, a `short` as poll(2) has it.
fn events(call: &Call) -> Result<i16> {
    i16::try_from(call.i32(2)?).map_err(|_| Fault::BadArgument)
}
