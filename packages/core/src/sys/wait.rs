//! Calls that wait on this thread: poll(2) with a deadline around a call that does not wait by itself.

use std::time::{Duration, Instant};

use super::js::{Bytes, Interrupt};
use super::{EAGAIN, EBADF, EINPROGRESS, EINTR, ENOBUFS, ENOTCONN, NOT_IN_LINE};
use super::{POLLHUP, POLLIN, POLLNVAL, POLLOUT, POLLPRI, PollFd, RawFd};
use crate::error::{Errno, Fault, Result};

/// How long a thread that may be told to end sleeps before it looks whether it was.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// Pauses where no poll helps: the first, and the longest.
const FIRST_PAUSE: Duration = Duration::from_micros(500);
const LONGEST_PAUSE: Duration = Duration::from_millis(50);

/// How long a send without a deadline waits for buffer space; `ts/readiness.ts` has the same.
const LONGEST_FULL: Duration = Duration::from_secs(30);

/// Ready so often in a row, each time within this time, and nothing to be had.
const FRUITLESS: u32 = 2;
const AT_ONCE: Duration = Duration::from_micros(100);

/// How a `…Sync` call waits.
pub struct Wait<'a> {
    /// `None` waits for ever.
    pub timeout: Option<Duration>,
    /// EINTR is an answer, not a reason to go on.
    pub interruptible: bool,
    /// Whether this thread was told to end while it waited.
    pub interrupt: Interrupt<'a>,
}

/// A point in time after which waiting is over, and what to do about signals until then.
pub struct Deadline<'a> {
    at: Option<Instant>,
    wait: Wait<'a>,
}

impl<'a> Deadline<'a> {
    pub fn of(wait: Wait<'a>) -> Self {
        // A timeout too large for the clock is for ever.
        Deadline {
            at: wait
                .timeout
                .and_then(|timeout| Instant::now().checked_add(timeout)),
            wait,
        }
    }

    /// Runs `call` until it says something other than EAGAIN, waiting for `events` in between. Where poll keeps saying
    /// "ready" and the call "again" (a Unix datagram to a full receiver, an error queue beside data), it pauses. A send that
    /// is told ENOBUFS pauses too, since the queue of an interface has no poll.
    pub fn run<T>(
        &self,
        fd: RawFd,
        events: i16,
        mut call: impl FnMut() -> std::result::Result<T, Errno>,
    ) -> Result<T> {
        let mut pause = FIRST_PAUSE;
        let mut fruitless = 0;
        let mut full_since: Option<Instant> = None;
        loop {
            match call() {
                Err(ENOBUFS) if events & POLLOUT != 0 => {
                    let since = *full_since.get_or_insert_with(Instant::now);
                    if self.at.is_none() && since.elapsed() >= LONGEST_FULL {
                        return Err(ENOBUFS.into());
                    }
                    self.pause(pause).map_err(|fault| match fault {
                        Fault::TimedOut => Fault::TimedOutFull,
                        other => other,
                    })?;
                    pause = (pause * 2).min(LONGEST_PAUSE);
                }
                Err(EAGAIN) => {
                    if fruitless >= FRUITLESS {
                        self.pause(pause)?;
                        pause = (pause * 2).min(LONGEST_PAUSE);
                    }
                    let began = Instant::now();
                    self.ready(fd, events)?;
                    fruitless = if began.elapsed() < AT_ONCE {
                        fruitless + 1
                    } else {
                        0
                    };
                }
                Err(EINTR) if !self.wait.interruptible => {}
                result => return Ok(result?),
            }
        }
    }

    /// ppoll(2) until one of `events`, an error or a hang-up is there.
    fn ready(&self, fd: RawFd, events: i16) -> Result<()> {
        loop {
            let left = self.left()?;
            match poll_one(fd, events, self.nap(left)) {
                Ok(0) => self.wait.interrupt.check()?,
                Ok(_) => return Ok(()),
                Err(EINTR) if !self.wait.interruptible => self.wait.interrupt.check()?,
                Err(errno) => return Err(errno.into()),
            }
        }
    }

    /// poll(2) of many descriptors until something happens to one of them, errors and closed numbers included: to how many.
    pub fn run_many(&self, entries: &mut [PollFd]) -> Result<usize> {
        loop {
            // Once at least, also when the time is up already.
            let left = self.left().unwrap_or(Some(Duration::ZERO));
            match super::poll(entries, self.nap(left)) {
                Ok(0) if left == Some(Duration::ZERO) => return Ok(0),
                Ok(0) => self.wait.interrupt.check()?,
                Err(EINTR) if !self.wait.interruptible => self.wait.interrupt.check()?,
                result => return Ok(result?),
            }
        }
    }

    /// Sleeps, but not past the deadline; for what no poll can wait for.
    pub fn pause(&self, duration: Duration) -> Result<()> {
        let left = self.left()?;
        std::thread::sleep(left.map_or(duration, |left| left.min(duration)));
        self.wait.interrupt.check()
    }

    fn left(&self) -> Result<Option<Duration>> {
        let Some(at) = self.at else { return Ok(None) };
        match at.saturating_duration_since(Instant::now()) {
            Duration::ZERO => Err(Fault::TimedOut),
            left => Ok(Some(left)),
        }
    }

    fn nap(&self, left: Option<Duration>) -> Option<Duration> {
        match left {
            _ if !self.wait.interrupt.possible() => left,
            Some(left) => Some(left.min(LOOK_EVERY)),
            None => Some(LOOK_EVERY),
        }
    }
}

/// What a receive with these flags waits for. What some flags ask for is not what POLLIN tells of.
pub fn receives(flags: i32) -> i16 {
    match flags & NOT_IN_LINE {
        0 => POLLIN,
        _ => POLLPRI,
    }
}

/// What of `events`, errors and hang-ups stands now: poll(2) that does not wait. EBADF where the descriptor is not open.
pub fn poll(fd: RawFd, events: i16) -> std::result::Result<i16, Errno> {
    let mut entry = [PollFd {
        fd,
        events,
        revents: 0,
    }];
    poll_now(&mut entry)?;
    match entry[0].revents {
        happened if happened & POLLNVAL != 0 => Err(EBADF),
        happened => Ok(happened),
    }
}

/// poll(2) that does not wait. A signal that comes while it has found nothing yet makes it say EINTR: it is asked again.
pub fn poll_now(entries: &mut [PollFd]) -> std::result::Result<usize, Errno> {
    loop {
        match super::poll(entries, Some(Duration::ZERO)) {
            Err(EINTR) => {}
            said => return said,
        }
    }
}

/// poll(2) of one descriptor: what happened before the time was up.
fn poll_one(fd: RawFd, events: i16, timeout: Option<Duration>) -> std::result::Result<i16, Errno> {
    let mut entry = [PollFd {
        fd,
        events,
        revents: 0,
    }];
    super::poll(&mut entry, timeout)?;
    Ok(entry[0].revents)
}

/// Whether POLLHUP stands.
fn hung_up(fd: RawFd) -> std::result::Result<bool, Errno> {
    Ok(poll(fd, 0)? & POLLHUP != 0)
}

/// MSG_WAITALL on a stream: after `first`, recv(2) goes on until the buffer is full. The kernel would, if it were not told
/// not to wait. What came before an end, an error or the deadline is the result; an error that stands is the next call's.
pub fn recv_all(
    fd: RawFd,
    buffer: Bytes,
    flags: i32,
    deadline: &Deadline,
    first: impl FnMut() -> std::result::Result<usize, Errno>,
) -> Result<usize> {
    let mut count = deadline.run(fd, POLLIN, first)?;
    let mut ended = count == 0;
    while !ended && count < buffer.len() {
        match deadline.run(fd, POLLIN, || super::recv(fd, buffer.skip(count), flags)) {
            Ok(0) | Err(_) => ended = true,
            Ok(more) => count += more,
        }
    }
    Ok(count)
}

/// connect(2) that waits for the answer.
///
/// O_NONBLOCK is set for the time of the call when there is a deadline, since connect takes no flags. EAGAIN is a full
/// backlog of a Unix socket, which no poll announces: there we ask again with growing pauses.
pub fn connect(fd: RawFd, address: Bytes, deadline: &Deadline) -> Result<()> {
    let mut pause = FIRST_PAUSE;
    loop {
        match super::connect(fd, address) {
            Err(EAGAIN) => {
                deadline.pause(pause)?;
                pause = (pause * 2).min(LONGEST_PAUSE);
            }
            // An interrupted connect goes on in the kernel; asking again would be answered EALREADY.
            Err(EINPROGRESS) => return finish_connect(fd, address, deadline),
            Err(EINTR) if !deadline.wait.interruptible => return finish_connect(fd, address, deadline),
            result => return Ok(result?),
        }
    }
}

fn finish_connect(fd: RawFd, address: Bytes, deadline: &Deadline) -> Result<()> {
    loop {
        deadline.ready(fd, POLLOUT)?;
        match connected(fd) {
            Err(EAGAIN) => deadline.pause(Duration::from_millis(1))?,
            Err(errno) => return Err(errno.into()),
            Ok(()) => {
                // Until it is asked once more, Linux takes the connection for one under way, and the next connect(2) of the
                // caller's would succeed instead of saying EISCONN.
                let _ = super::connect(fd, address);
                return Ok(());
            }
        }
    }
}

/// How a connect that was under way came out; EAGAIN while it still is. getsockopt(2) SO_ERROR, getpeername(2), poll(2).
pub fn connected(fd: RawFd) -> std::result::Result<(), Errno> {
    super::pending_error(fd)?;
    match super::has_peer(fd) {
        // Under way still, unless it has hung up: then another call on this socket was told the error already.
        Err(ENOTCONN) if !hung_up(fd)? => Err(EAGAIN),
        // Bluetooth's sockets name the peer that they are connecting to. None is writable before it is connected.
        Ok(()) if poll(fd, POLLOUT)? == 0 => Err(EAGAIN),
        result => result,
    }
}
