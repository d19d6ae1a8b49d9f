//! kqueue(2), with a filter of its own to end a wait.

use std::os::fd::{AsRawFd, OwnedFd};

use libc::{c_int, kevent64_s};

use crate::error::Errno;
use crate::poll::{EXCEPTIONAL, Event, FAULTY, READABLE, WRITABLE};
use crate::sys::unix::{EINTR, ENOENT, check, owned};
use crate::table::Handle;

/// The key of the filter that ends a wait: no handle has it, since generations stay below 2^30.
const STOP: u64 = u64::MAX;

/// Which filter tells of what. EVFILT_EXCEPT knows out-of-band data, since macOS 10.12.
const FILTERS: [(i32, i16, u32); 3] = [
    (READABLE, libc::EVFILT_READ, 0),
    (WRITABLE, libc::EVFILT_WRITE, 0),
    (EXCEPTIONAL, libc::EVFILT_EXCEPT, libc::NOTE_OOB),
];

/// Which descriptors to tell of, and of what.
pub struct Poller {
    queue: OwnedFd,
}

impl Poller {
    /// kqueue(2), close-on-exec.
    pub fn new() -> Result<Poller, Errno> {
        // SAFETY: takes nothing.
        let queue = owned(unsafe { libc::kqueue() })?;
        super::set_close_on_exec(queue.as_raw_fd())?;
        let this = Poller { queue };
        this.change(change(
            0,
            libc::EVFILT_USER,
            libc::EV_ADD | libc::EV_CLEAR,
            0,
            STOP,
        ))?;
        Ok(this)
    }

    /// Knows a descriptor from now on; nothing is told of it before [`modify`](Self::modify).
    pub fn add(&self, fd: &OwnedFd, handle: Handle) -> Result<(), Errno> {
        self.modify(fd, handle, 0)
    }

    /// Tells of each of these events once.
    pub fn modify(&self, fd: &OwnedFd, handle: Handle, events: i32) -> Result<(), Errno> {
        for (event, filter, flags) in FILTERS {
            if events & event == 0 {
                self.forget(fd, filter)?;
                continue;
            }
            // EV_DISPATCH: it stops after each event.
            let how = libc::EV_ADD | libc::EV_ENABLE | libc::EV_DISPATCH;
            self.change(change(fd.as_raw_fd(), filter, how, flags, key(handle)))?;
        }
        Ok(())
    }

    pub fn remove(&self, fd: &OwnedFd) -> Result<(), Errno> {
        FILTERS
            .into_iter()
            .try_for_each(|(_, filter, _)| self.forget(fd, filter))
    }

    fn forget(&self, fd: &OwnedFd, filter: i16) -> Result<(), Errno> {
        match self.change(change(fd.as_raw_fd(), filter, libc::EV_DELETE, 0, 0)) {
            // It was not there.
            Err(ENOENT) => Ok(()),
            result => result,
        }
    }

    /// kevent64(2) of one change.
    fn change(&self, change: kevent64_s) -> Result<(), Errno> {
        let queue = self.queue.as_raw_fd();
        // SAFETY: one change is readable, and no events are wanted: a failure is told by the call.
        check(unsafe { libc::kevent64(queue, &change, 1, std::ptr::null_mut(), 0, 0, std::ptr::null()) })
            .map(drop)
    }

    /// Appends what happens next. False when it is time to end. kevent64(2).
    pub fn wait(&self, into: &mut Vec<Event>) -> Result<bool, Errno> {
        let mut events = [change(0, 0, 0, 0, 0); 64];
        let (queue, most) = (self.queue.as_raw_fd(), events.len() as c_int);
        // SAFETY: the array is writable for as many structures as are said.
        let count = check(unsafe {
            let none = std::ptr::null();
            libc::kevent64(queue, none, 0, events.as_mut_ptr(), most, 0, none.cast())
        });
        let count = match count {
            Err(EINTR) => return Ok(true),
            count => count? as usize,
        };
        for event in events.into_iter().take(count) {
            if event.udata == STOP {
                return Ok(false);
            }
            let told = FILTERS
                .into_iter()
                .find(|(_, filter, _)| *filter == event.filter)
                .map_or(0, |(happened, _, _)| happened);
            // With EV_EOF `fflags` is the socket's error, if it has one.
            let failed = event.flags & libc::EV_EOF != 0 && event.fflags != 0 && told != EXCEPTIONAL;
            let happened = if failed {
                told | READABLE | WRITABLE | EXCEPTIONAL | FAULTY
            } else {
                told
            };
            let handle = Handle {
                slot: (event.udata >> 32) as u32,
                generation: event.udata as u32,
            };
            into.push(Event { handle, happened });
        }
        Ok(true)
    }

    /// Ends the wait of another thread: EVFILT_USER.
    pub fn stop(&self) {
        // The filter is there as long as the queue.
        let _ = self.change(change(0, libc::EVFILT_USER, 0, libc::NOTE_TRIGGER, STOP));
    }
}

fn change(ident: c_int, filter: i16, flags: u16, fflags: u32, udata: u64) -> kevent64_s {
    kevent64_s {
        ident: ident as u64,
        filter,
        flags,
        fflags,
        data: 0,
        udata,
        ext: [0; 2],
    }
}

fn key(handle: Handle) -> u64 {
    u64::from(handle.slot) << 32 | u64::from(handle.generation)
}
