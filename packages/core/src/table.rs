//! The process-wide table of owned descriptors.
//!
//! JavaScript holds a slot and a generation, never a descriptor. A call counts itself in before it uses the
//! descriptor and out afterwards; the descriptor is closed by whoever is last, so no call in any thread can hit a
//! number that was closed and given to somebody else.

use std::collections::HashMap;
use std::os::fd::{AsRawFd, IntoRawFd, OwnedFd, RawFd};
use std::sync::atomic::{AtomicI32, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, OnceLock};

use crate::error::Errno;
use crate::sys;

const CHUNK: usize = 1024;
const CHUNKS: usize = 4096;
/// Set in a slot's state once its descriptor may not be used for new calls.
const CLOSED: u64 = 1 << 31;
const USERS: u64 = CLOSED - 1;
/// Generations stay below 2^30: a small integer in V8, so passing one allocates nothing.
const GENERATIONS: u64 = 1 << 30;

/// `state` is `generation << 32 | CLOSED | users`.
struct Slot {
    state: AtomicU64,
    fd: AtomicI32,
    /// What the descriptor's open file was when it came here: tells a number that was reused behind our back.
    identity: AtomicU64,
    /// The environment that owns it, so that a worker's end closes what it left open.
    owner: AtomicU64,
}

struct Ledger {
    free: Vec<u32>,
    used: u32,
    by_fd: HashMap<RawFd, u32>,
}

static SLOTS: [OnceLock<Box<[Slot]>>; CHUNKS] = [const { OnceLock::new() }; CHUNKS];
static LEDGER: OnceLock<Mutex<Ledger>> = OnceLock::new();

fn ledger() -> MutexGuard<'static, Ledger> {
    LEDGER
        .get_or_init(|| {
            Mutex::new(Ledger {
                free: Vec::new(),
                used: 0,
                by_fd: HashMap::new(),
            })
        })
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner)
}

fn slot(index: u32) -> Option<&'static Slot> {
    SLOTS
        .get(index as usize / CHUNK)?
        .get()?
        .get(index as usize % CHUNK)
}

fn make_chunk() -> Box<[Slot]> {
    (0..CHUNK)
        .map(|_| Slot {
            state: AtomicU64::new(CLOSED),
            fd: AtomicI32::new(-1),
            identity: AtomicU64::new(0),
            owner: AtomicU64::new(0),
        })
        .collect()
}

/// What JavaScript keeps: both numbers are small integers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Handle {
    pub slot: u32,
    pub generation: u32,
}

/// A use of a descriptor: while it lives, the number cannot be closed.
#[derive(Debug)]
pub struct Use {
    slot: u32,
    fd: RawFd,
}

impl Use {
    pub fn fd(&self) -> RawFd {
        self.fd
    }
}

impl Drop for Use {
    fn drop(&mut self) {
        let Some(entry) = slot(self.slot) else { return };
        let before = entry.state.fetch_sub(1, Ordering::AcqRel);
        if before & (CLOSED | USERS) == CLOSED | 1 {
            // Nobody is left to be told; a number that was taken over is left alone all the same.
            let _ = retire(self.slot, entry);
        }
    }
}

/// Takes a descriptor in. EMFILE when all slots are taken.
pub fn insert(fd: OwnedFd, owner: u64) -> Result<Handle, Errno> {
    let identity = sys::identity(fd.as_raw_fd())?;
    let mut ledger = ledger();
    let index = match ledger.free.pop() {
        Some(index) => index,
        None if (ledger.used as usize) < CHUNK * CHUNKS => {
            ledger.used += 1;
            ledger.used - 1
        }
        None => return Err(sys::EMFILE),
    };
    let chunk = SLOTS[index as usize / CHUNK].get_or_init(make_chunk);
    let entry = &chunk[index as usize % CHUNK];
    let fd = fd.into_raw_fd();
    entry.fd.store(fd, Ordering::Relaxed);
    entry.identity.store(identity, Ordering::Relaxed);
    entry.owner.store(owner, Ordering::Relaxed);
    let generation = ((entry.state.load(Ordering::Relaxed) >> 32) + 1) % GENERATIONS;
    ledger.by_fd.insert(fd, index);
    entry.state.store(generation << 32, Ordering::Release);
    Ok(Handle {
        slot: index,
        generation: generation as u32,
    })
}

/// Whether the table owns this descriptor number, as far as it knows.
pub fn owns(fd: RawFd) -> bool {
    let ledger = ledger();
    let Some(&index) = ledger.by_fd.get(&fd) else {
        return false;
    };
    slot(index).is_some_and(|entry| sys::identity(fd) == Ok(entry.identity.load(Ordering::Relaxed)))
}

/// Counts a use in. EBADF when the handle was closed.
#[inline]
pub fn acquire(handle: Handle) -> Result<Use, Errno> {
    let entry = slot(handle.slot).ok_or(sys::EBADF)?;
    let mut state = entry.state.load(Ordering::Relaxed);
    loop {
        if state >> 32 != u64::from(handle.generation) || state & CLOSED != 0 {
            return Err(sys::EBADF);
        }
        match entry
            .state
            .compare_exchange_weak(state, state + 1, Ordering::Acquire, Ordering::Relaxed)
        {
            Ok(_) => {
                return Ok(Use {
                    slot: handle.slot,
                    fd: entry.fd.load(Ordering::Relaxed),
                });
            }
            Err(now) => state = now,
        }
    }
}

/// Closes a handle: at once, or when the last call that uses it is through. EBADF when it was closed before, when the
/// descriptor was closed behind our back, and when its number belongs to somebody else by now (who keeps it).
pub fn close(handle: Handle) -> Result<(), Errno> {
    match mark_closed(handle)? {
        (entry, 0) => retire(handle.slot, entry),
        // The last of the calls that still use it retires it.
        _ => Ok(()),
    }
}

/// As [`acquire`], for calls that make another owner of the descriptor: EBADF as well when its number belongs to
/// somebody else by now.
pub fn acquire_own(handle: Handle) -> Result<Use, Errno> {
    let in_use = acquire(handle)?;
    let identity = slot(handle.slot).map(|entry| entry.identity.load(Ordering::Relaxed));
    if sys::identity(in_use.fd()).ok() == identity {
        Ok(in_use)
    } else {
        Err(sys::EBADF)
    }
}

/// Gives the descriptor back to the caller, open.
pub fn detach(handle: Handle) -> Result<RawFd, Errno> {
    let in_use = acquire_own(handle)?;
    let (entry, _) = mark_closed(handle)?;
    let fd = entry.fd.swap(-1, Ordering::AcqRel);
    forget(fd, handle.slot);
    drop(in_use);
    Ok(fd)
}

/// Closes all that an environment left open: a worker that ended, or an embedder's context.
pub fn close_all_of(owner: u64) {
    let used = ledger().used;
    for index in 0..used {
        let Some(entry) = slot(index) else { continue };
        // The state first: its generation is what `close` holds the slot to when it changes hands meanwhile.
        let state = entry.state.load(Ordering::Acquire);
        if state & CLOSED == 0 && entry.owner.load(Ordering::Relaxed) == owner {
            let _ = close(Handle {
                slot: index,
                generation: (state >> 32) as u32,
            });
        }
    }
}

/// Bars new calls, and says how many are still under way: whoever finds none left retires the slot, and nobody else.
fn mark_closed(handle: Handle) -> Result<(&'static Slot, u64), Errno> {
    let entry = slot(handle.slot).ok_or(sys::EBADF)?;
    let mut state = entry.state.load(Ordering::Relaxed);
    loop {
        if state >> 32 != u64::from(handle.generation) || state & CLOSED != 0 {
            return Err(sys::EBADF);
        }
        match entry
            .state
            .compare_exchange_weak(state, state | CLOSED, Ordering::AcqRel, Ordering::Relaxed)
        {
            Ok(_) => return Ok((entry, state & USERS)),
            Err(now) => state = now,
        }
    }
}

fn forget(fd: RawFd, index: u32) {
    let mut ledger = ledger();
    if ledger.by_fd.get(&fd) == Some(&index) {
        ledger.by_fd.remove(&fd);
    }
}

/// Closes the descriptor of a slot that nobody uses any more, and frees the slot.
fn retire(index: u32, entry: &Slot) -> Result<(), Errno> {
    let fd = entry.fd.swap(-1, Ordering::AcqRel);
    let mut closed = Ok(());
    if fd != -1 {
        // The number leaves the ledger before the kernel may give it out again; the lock is not held while a
        // lingering close waits.
        forget(fd, index);
        closed = match sys::identity(fd) {
            Ok(now) if now == entry.identity.load(Ordering::Relaxed) => sys::close(fd),
            _ => Err(sys::EBADF),
        };
    }
    ledger().free.push(index);
    closed
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::net::UnixStream;

    fn end() -> OwnedFd {
        let (one, _) = UnixStream::pair().expect("socketpair");
        one.into()
    }

    #[test]
    fn a_closed_handle_is_refused_even_when_its_slot_is_taken_again() {
        let first = insert(end(), 1).expect("insert");
        close(first).expect("close");
        assert_eq!(close(first), Err(sys::EBADF));
        let second = insert(end(), 1).expect("insert");
        assert_eq!(acquire(first).err(), Some(sys::EBADF));
        assert!(acquire(second).is_ok());
        close(second).expect("close");
    }

    #[test]
    fn a_descriptor_stays_open_while_a_call_uses_it() {
        let handle = insert(end(), 2).expect("insert");
        let in_use = acquire(handle).expect("acquire");
        close(handle).expect("close");
        assert_eq!(acquire(handle).err(), Some(sys::EBADF));
        assert!(sys::identity(in_use.fd()).is_ok(), "still open");
        let fd = in_use.fd();
        assert!(owns(fd));
        drop(in_use);
        assert!(!owns(fd));
    }

    #[test]
    fn a_number_that_somebody_else_reused_is_left_to_them() {
        let handle = insert(end(), 3).expect("insert");
        let fd = acquire(handle).expect("acquire").fd();
        let other = end();
        sys::replace_for_test(&other, fd);
        assert!(!owns(fd));
        assert_eq!(close(handle), Err(sys::EBADF));
        assert!(
            sys::identity(fd).is_ok(),
            "the other one's descriptor is still open"
        );
        sys::close(fd).expect("close");
    }

    #[test]
    fn detach_hands_the_descriptor_over_open() {
        let handle = insert(end(), 4).expect("insert");
        let fd = detach(handle).expect("detach");
        assert_eq!(close(handle), Err(sys::EBADF));
        assert!(!owns(fd));
        sys::close(fd).expect("it was open");
    }

    #[test]
    fn an_environment_that_ends_takes_only_its_own_with_it() {
        let mine = insert(end(), 50).expect("insert");
        let theirs = insert(end(), 51).expect("insert");
        close_all_of(50);
        assert_eq!(acquire(mine).err(), Some(sys::EBADF));
        assert!(acquire(theirs).is_ok());
        close(theirs).expect("close");
    }

    #[test]
    fn eight_threads_that_use_and_close_at_once_close_each_descriptor_once() {
        for _ in 0..200 {
            let handle = insert(end(), 6).expect("insert");
            let closed = std::thread::scope(|scope| {
                let threads: Vec<_> = (0..8)
                    .map(|_| {
                        scope.spawn(move || {
                            let in_use = acquire(handle);
                            let closed = close(handle).is_ok();
                            drop(in_use);
                            closed
                        })
                    })
                    .collect();
                threads
                    .into_iter()
                    .filter_map(|thread| thread.join().ok())
                    .filter(|&closed| closed)
                    .count()
            });
            assert_eq!(closed, 1);
        }
    }

    #[test]
    fn an_environment_that_ends_spares_a_slot_that_changes_hands_meanwhile() {
        use std::sync::atomic::AtomicBool;
        let stop = AtomicBool::new(false);
        let mut lost = 0u64;
        let mut opened = 0u64;
        std::thread::scope(|scope| {
            scope.spawn(|| {
                while !stop.load(Ordering::Relaxed) {
                    close_all_of(700);
                }
            });
            let begin = std::time::Instant::now();
            while begin.elapsed() < std::time::Duration::from_secs(3) && lost == 0 {
                // The slot's last owner was 700, which closed it itself; then 701 takes it.
                let old = insert(end(), 700).expect("insert");
                let _ = close(old);
                let mine = insert(end(), 701).expect("insert");
                opened += 1;
                if close(mine).is_err() {
                    lost += 1;
                }
            }
            stop.store(true, Ordering::Relaxed);
        });
        assert_eq!(
            lost, 0,
            "after {opened} sockets of 701, one was closed by the end of 700"
        );
    }
}
