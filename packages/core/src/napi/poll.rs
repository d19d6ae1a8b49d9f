//! Many descriptors at once: epoll(7) and poll(2).

use crate::error::{Errno, Fault, Result};
use crate::methods;
use crate::sys;
use crate::sys::js::{Bytes, Call, Exports};
use crate::sys::wait::{self, Deadline};
use crate::table;

pub fn register(exports: &Exports) {
    methods!(exports;
        c"epollCreate"(1) => epoll_create,
        c"epollCtl"(7) => epoll_ctl,
        c"epollCtlFd"(6) => epoll_ctl_fd,
        c"epollWait"(3) => epoll_wait,
        c"epollWaitSync"(5) => epoll_wait_sync,
        c"pollMany"(1) => poll_many,
        c"pollManySync"(3) => poll_many_sync,
    );
}

/// Integers of an event: descriptor, serial number, events.
const EVENT: usize = 3;
/// Events of one epoll_wait(2) at most.
const EVENTS: usize = 512;
/// Integers of a `struct pollfd`: the descriptor, then events and revents.
const POLLFD: usize = 2;

/// `epollCreate(out)`: epoll_create1(2).
fn epoll_create(call: &Call) -> Result<()> {
    let out = call.numbers(0, 2)?;
    let handle = table::insert(sys::epoll_create()?, call.environment().id())?;
    out.put([handle.slot as i32, handle.generation as i32])
}

/// `epollCtl(slot, generation, operation, slot, generation, events, serial)`: epoll_ctl(2) for a descriptor of the table; which
/// number it has.
fn epoll_ctl(call: &Call) -> Result<i32> {
    let epoll = table::acquire(call.handle(0)?)?;
    let target = table::acquire(call.handle(3)?)?;
    let (operation, events, serial) = (call.i32(2)?, call.u32(5)?, call.u32(6)?);
    sys::epoll_ctl(
        epoll.fd(),
        operation,
        target.fd(),
        events,
        key(target.fd(), serial),
    )?;
    Ok(target.fd())
}

/// `epollCtlFd(slot, generation, operation, fd, events, serial)`: epoll_ctl(2) for any descriptor.
fn epoll_ctl_fd(call: &Call) -> Result<()> {
    let epoll = table::acquire(call.handle(0)?)?;
    let (operation, fd, events, serial) = (call.i32(2)?, call.i32(3)?, call.u32(4)?, call.u32(5)?);
    Ok(sys::epoll_ctl(
        epoll.fd(),
        operation,
        fd,
        events,
        key(fd, serial),
    )?)
}

/// What an event says of its descriptor: the number, and which of those that had it.
fn key(fd: i32, serial: u32) -> u64 {
    u64::from(serial) << 32 | u64::from(fd as u32)
}

/// `epollWait(slot, generation, out)`: epoll_wait(2) that does not wait; -EAGAIN where nothing has happened.
fn epoll_wait(call: &Call) -> Result<usize> {
    let epoll = table::acquire(call.handle(0)?)?;
    Ok(happened(epoll.fd(), call.bytes(2)?)?)
}

/// `epollWaitSync(slot, generation, out, timeout, interruptible)`: epoll_wait(2), ppoll(2).
fn epoll_wait_sync(call: &Call) -> Result<usize> {
    let epoll = table::acquire(call.handle(0)?)?;
    let out = call.bytes(2)?;
    Deadline::of(call.wait(3)?).run(epoll.fd(), sys::POLLIN, || happened(epoll.fd(), out))
}

/// Writes what has happened: as many events as there is room for, and not more than [`EVENTS`].
fn happened(epoll: i32, out: Bytes) -> std::result::Result<usize, Errno> {
    let mut events = [sys::NOTHING; EVENTS];
    let room = EVENTS.min(out.len() / (EVENT * size_of::<i32>()));
    let happened = sys::epoll_wait(epoll, &mut events[..room], 0)?;
    for (index, event) in happened.iter().enumerate() {
        let (key, at) = (event.u64, index * EVENT * size_of::<i32>());
        for (field, value) in [key as u32, (key >> 32) as u32, event.events]
            .into_iter()
            .enumerate()
        {
            // There is room, as was just said.
            let _ = out.write(at + field * size_of::<u32>(), value);
        }
    }
    match happened.len() {
        0 => Err(sys::EAGAIN),
        count => Ok(count),
    }
}

/// `pollMany(entries)`: poll(2) that does not wait; `entries` are `struct pollfd`, whose revents are written.
fn poll_many(call: &Call) -> Result<usize> {
    let entries = call.bytes(0)?;
    polled(entries, |polled| Ok(wait::poll_now(polled)?))
}

/// `pollManySync(entries, timeout, interruptible)`: ppoll(2). 0 when the time was up.
fn poll_many_sync(call: &Call) -> Result<usize> {
    let (entries, deadline) = (call.bytes(0)?, Deadline::of(call.wait(1)?));
    polled(entries, |polled| deadline.run_many(polled))
}

/// Has a copy of the entries polled, since JavaScript may share them with threads.
fn polled(entries: Bytes, poll: impl FnOnce(&mut [sys::PollFd]) -> Result<usize>) -> Result<usize> {
    let count = entries.len() / size_of::<sys::PollFd>();
    let integer = |at: usize| {
        entries
            .read::<i32>(at * size_of::<i32>())
            .ok_or(Fault::BadArgument)
    };
    let mut copy = Vec::with_capacity(count);
    for index in 0..count {
        copy.push(sys::PollFd {
            fd: integer(POLLFD * index)?,
            // The lower half of the second integer, and the upper is for the answer.
            events: integer(POLLFD * index + 1)? as i16,
            revents: 0,
        });
    }
    let happened = poll(&mut copy)?;
    for (index, entry) in copy.iter().enumerate() {
        let both = i32::from(entry.events as u16) | i32::from(entry.revents as u16) << 16;
        entries
            .write((POLLFD * index + 1) * size_of::<i32>(), both)
            .ok_or(Fault::BadArgument)?;
    }
    Ok(happened)
}
