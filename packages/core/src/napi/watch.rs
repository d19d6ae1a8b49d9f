//! Readiness, told to one JavaScript function per environment; and what is counted.

use crate::error::{Fault, Result};
use crate::methods;
use crate::sys;
use crate::sys::js::{Bytes, Call, Exports};
use crate::sys::wait::{self, Deadline};
use crate::table;

pub fn register(exports: &Exports) {
    methods!(exports;
        c"leaveHook"(0) => leave_hook,
        c"setup"(4) => setup,
        c"arm"(3) => arm,
        c"poll"(3) => poll,
        c"pollSync"(5) => poll_sync,
        c"counts"(3) => counts,
        c"totals"(1) => totals,
        c"nextOpen"(3) => next_open,
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

/// `counts(slot, generation, out)`: bytes in, messages in, bytes out, messages out, as doubles; 1, or 0 where all are 0.
fn counts(call: &Call) -> Result<i32> {
    let counts = table::acquire(call.handle(0)?)?.counts();
    put(call.bytes(2)?, counts.into_iter().map(|count| count as f64))?;
    Ok((counts != [0; 4]).into())
}

/// `totals(out)`: the same four of the whole process, then how many descriptors the table has.
fn totals(call: &Call) -> Result<()> {
    let (counts, held) = table::totals();
    let numbers = counts.into_iter().map(|count| count as f64);
    put(call.bytes(0)?, numbers.chain([held as f64]))
}

/// `nextOpen(from, place, age)`: the first descriptor in a slot from `from` on: slot, generation and whether this environment
/// owns it go into `place`, and how many milliseconds it has been here into `age`. -ENOENT after the last one.
fn next_open(call: &Call) -> Result<()> {
    let place = call.numbers(1, 3)?;
    let owner = call.environment().id();
    let (handle, age, own) = table::next_open(call.u32(0)?, owner).ok_or(sys::ENOENT)?;
    put(call.bytes(2)?, [age])?;
    place.put([handle.slot as i32, handle.generation as i32, own.into()])
}

/// Writes doubles into bytes that have room for them.
fn put(out: Bytes, numbers: impl IntoIterator<Item = f64>) -> Result<()> {
    for (index, number) in numbers.into_iter().enumerate() {
        out.write(index * size_of::<f64>(), number)
            .ok_or(Fault::BadArgument)?;
    }
    Ok(())
}
