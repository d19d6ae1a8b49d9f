//! epoll(7): the calls, and an instance of the thread engine's with an eventfd(2) to end its wait.

use std::os::fd::{AsRawFd, OwnedFd, RawFd};

use crate::error::Errno;
use crate::poll::{EXCEPTIONAL, Event, FAULTY, READABLE, WRITABLE};
use crate::sys::unix::{EINTR, check, owned};
use crate::table::Handle;

/// The key of the eventfd: no handle has it, since generations stay below 2^30.
const STOP: u64 = u64::MAX;

/// `struct epoll_event`: what happened, and the key.
pub use libc::epoll_event as EpollEvent;

pub const NOTHING: EpollEvent = EpollEvent { events: 0, u64: 0 };

/// epoll_create1(2), close-on-exec.
pub fn epoll_create() -> Result<OwnedFd, Errno> {
    // SAFETY: takes numbers only.
    owned(unsafe { libc::epoll_create1(libc::EPOLL_CLOEXEC) })
}

/// epoll_ctl(2).
pub fn epoll_ctl(epoll: RawFd, operation: i32, fd: RawFd, events: u32, key: u64) -> Result<(), Errno> {
    let mut event = EpollEvent { events, u64: key };
    // SAFETY: the structure is readable for the time of the call.
    check(unsafe { libc::epoll_ctl(epoll, operation, fd, &mut event) }).map(drop)
}

/// epoll_wait(2), for `timeout` milliseconds, -1 for ever: those that happened.
pub fn epoll_wait(epoll: RawFd, events: &mut [EpollEvent], timeout: i32) -> Result<&[EpollEvent], Errno> {
    let most = i32::try_from(events.len()).unwrap_or(i32::MAX);
    // SAFETY: the slice is writable for as many structures as are said.
    let count = check(unsafe { libc::epoll_wait(epoll, events.as_mut_ptr(), most, timeout) })?;
    Ok(&events[..count as usize])
}

/// Which descriptors to tell of, and of what.
pub struct Poller {
    epoll: OwnedFd,
    stop: OwnedFd,
}

impl Poller {
    /// epoll_create1(2), eventfd(2).
    pub fn new() -> Result<Poller, Errno> {
        let epoll = epoll_create()?;
        // SAFETY: takes numbers only.
        let stop = owned(unsafe { libc::eventfd(0, libc::EFD_CLOEXEC | libc::EFD_NONBLOCK) })?;
        let this = Poller { epoll, stop };
        this.control(libc::EPOLL_CTL_ADD, this.stop.as_raw_fd(), libc::EPOLLIN, STOP)?;
        Ok(this)
    }

    /// Knows a descriptor from now on; nothing is told of it before [`modify`](Self::modify).
    pub fn add(&self, fd: &OwnedFd, handle: Handle) -> Result<(), Errno> {
        // A fault is told even when nothing is asked for: once, and modify makes that harmless.
        self.control(
            libc::EPOLL_CTL_ADD,
            fd.as_raw_fd(),
            libc::EPOLLONESHOT,
            key(handle),
        )
    }

    /// Tells once of any of these events.
    pub fn modify(&self, fd: &OwnedFd, handle: Handle, events: i32) -> Result<(), Errno> {
        let mut wanted = libc::EPOLLONESHOT;
        wanted |= if events & READABLE != 0 { libc::EPOLLIN } else { 0 };
        wanted |= if events & WRITABLE != 0 { libc::EPOLLOUT } else { 0 };
        wanted |= if events & EXCEPTIONAL != 0 {
            libc::EPOLLPRI
        } else {
            0
        };
        self.control(libc::EPOLL_CTL_MOD, fd.as_raw_fd(), wanted, key(handle))
    }

    pub fn remove(&self, fd: &OwnedFd) -> Result<(), Errno> {
        self.control(libc::EPOLL_CTL_DEL, fd.as_raw_fd(), 0, 0)
    }

    fn control(&self, operation: i32, fd: RawFd, events: i32, key: u64) -> Result<(), Errno> {
        epoll_ctl(self.epoll.as_raw_fd(), operation, fd, events as u32, key)
    }

    /// Appends what happens next. False when it is time to end. epoll_wait(2).
    pub fn wait(&self, into: &mut Vec<Event>) -> Result<bool, Errno> {
        let mut events = [NOTHING; 64];
        let happened = match epoll_wait(self.epoll.as_raw_fd(), &mut events, -1) {
            Err(EINTR) => return Ok(true),
            happened => happened?,
        };
        for &EpollEvent { events, u64: key } in happened {
            if key == STOP {
                return Ok(false);
            }
            let has = |bits: i32| events & bits as u32 != 0;
            // An error wakes whoever waits: which of the calls is meant, they tell.
            let all = has(libc::EPOLLERR | libc::EPOLLHUP);
            let told = [
                (all || has(libc::EPOLLIN), READABLE),
                (all || has(libc::EPOLLOUT), WRITABLE),
                (all || has(libc::EPOLLPRI), EXCEPTIONAL),
                (has(libc::EPOLLERR), FAULTY),
            ];
            let happened = told
                .into_iter()
                .filter(|(happened, _)| *happened)
                .fold(0, |bits, (_, bit)| bits | bit);
            let handle = Handle {
                slot: (key >> 32) as u32,
                generation: key as u32,
            };
            into.push(Event { handle, happened });
        }
        Ok(true)
    }

    /// Ends the wait of another thread: eventfd_write(3).
    pub fn stop(&self) {
        let one = 1u64;
        // SAFETY: eight bytes are readable; the counter cannot be full.
        unsafe { libc::write(self.stop.as_raw_fd(), (&raw const one).cast(), size_of::<u64>()) };
    }
}

fn key(handle: Handle) -> u64 {
    u64::from(handle.slot) << 32 | u64::from(handle.generation)
}
