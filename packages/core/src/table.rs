//! The process-wide table of owned descriptors.
//!
//! JavaScript holds a slot and a generation, never a descriptor. A call counts itself in before it uses the
//! descriptor and out afterwards; the descriptor is closed by whoever is last, so no call in any thread can hit a
//! number that was closed and given to somebody else.

use std::collections::HashMap;
use std::sync::atomic::{AtomicI32, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, OnceLock};
use std::time::Instant;

use crate::error::Errno;
use crate::sys::{self, AsRawFd, IntoRawFd, OwnedFd, RawFd};

const CHUNK: usize = 1024;
const CHUNKS: usize = 4096;
/// Set in a slot's state once its descriptor may not be used for new calls.
const CLOSED: u64 = 1 << 31;
/// Set while a handle was given away and not taken yet: as closed for calls, but the descriptor stays.
const GIVEN: u64 = 1 << 30;
const USERS: u64 = GIVEN - 1;
/// Generations stay below 2^30: a small integer in V8, so passing one allocates nothing.
const GENERATIONS: u64 = 1 << 30;

/// `state` is `generation << 32 | CLOSED | GIVEN | users`.
#[derive(Debug)]
struct Slot {
    state: AtomicU64,
    fd: AtomicI32,
    /// What the descriptor's open file was when it came here: tells a number that was reused behind our back.
    identity: AtomicU64,
    /// The environment that owns it, so that a worker's end closes what it left open. Changes under the ledger's lock.
    owner: AtomicU64,
    /// When it came here, in nanoseconds of [`since_start`].
    opened: AtomicU64,
    traffic: Traffic,
}

/// What has been received and sent. Only threads of the owner write, one at a time: plain additions, which cost nothing
/// beside a system call, and which other threads may read.
#[derive(Debug, Default)]
struct Traffic {
    bytes_in: AtomicU64,
    messages_in: AtomicU64,
    bytes_out: AtomicU64,
    messages_out: AtomicU64,
}

/// What was received and sent: bytes in, messages in, bytes out, messages out.
pub type Counts = [u64; 4];

impl Traffic {
    fn read(&self) -> Counts {
        self.cells().map(|cell| cell.load(Ordering::Relaxed))
    }

    fn clear(&self) {
        for cell in self.cells() {
            cell.store(0, Ordering::Relaxed);
        }
    }

    fn cells(&self) -> [&AtomicU64; 4] {
        [
            &self.bytes_in,
            &self.messages_in,
            &self.bytes_out,
            &self.messages_out,
        ]
    }
}

#[inline]
fn add(cell: &AtomicU64, count: usize) {
    cell.store(cell.load(Ordering::Relaxed) + count as u64, Ordering::Relaxed);
}

/// The counts of all that is closed by now.
static PAST: Traffic = Traffic {
    bytes_in: AtomicU64::new(0),
    messages_in: AtomicU64::new(0),
    bytes_out: AtomicU64::new(0),
    messages_out: AtomicU64::new(0),
};

/// Nanoseconds since the first descriptor came here.
fn since_start() -> u64 {
    static START: OnceLock<Instant> = OnceLock::new();
    START.get_or_init(Instant::now).elapsed().as_nanos() as u64
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
            opened: AtomicU64::new(0),
            traffic: Traffic::default(),
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
    entry: &'static Slot,
    fd: RawFd,
}

impl Use {
    pub fn fd(&self) -> RawFd {
        self.fd
    }

    /// Counts what a receive with these flags gave, and says it again. What stays in the queue is not counted, nor what comes
    /// out of the error queue.
    #[inline]
    pub fn received(&self, count: usize, flags: i32) -> usize {
        if flags & sys::NOT_TAKEN == 0 {
            self.received_many(count, usize::from(count > 0));
        }
        count
    }

    /// Counts what several messages gave.
    #[inline]
    pub fn received_many(&self, bytes: usize, messages: usize) {
        add(&self.entry.traffic.bytes_in, bytes);
        add(&self.entry.traffic.messages_in, messages);
    }

    /// Counts what a send took, and says it again.
    #[inline]
    pub fn sent(&self, count: usize) -> usize {
        self.sent_many(count, usize::from(count > 0));
        count
    }

    /// Counts what a send of several messages took.
    #[inline]
    pub fn sent_many(&self, bytes: usize, messages: usize) {
        add(&self.entry.traffic.bytes_out, bytes);
        add(&self.entry.traffic.messages_out, messages);
    }

    /// What has been received and sent so far.
    pub fn counts(&self) -> Counts {
        self.entry.traffic.read()
    }
}

impl Drop for Use {
    fn drop(&mut self) {
        let entry = self.entry;
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
    entry.opened.store(since_start(), Ordering::Relaxed);
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
        if state >> 32 != u64::from(handle.generation) || state & (CLOSED | GIVEN) != 0 {
            return Err(sys::EBADF);
        }
        match entry
            .state
            .compare_exchange_weak(state, state + 1, Ordering::Acquire, Ordering::Relaxed)
        {
            Ok(_) => {
                return Ok(Use {
                    slot: handle.slot,
                    entry,
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
    let known = ledger().by_fd.get(&in_use.fd()) == Some(&handle.slot);
    if known && sys::identity(in_use.fd()).ok() == identity {
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

/// Readies a handle for another environment, or the same, to [`take`]: it is dead from now on, and the ticket in its place is
/// good for that alone. Until then the descriptor is still its environment's, with whose end it closes.
pub fn give(handle: Handle) -> Result<Handle, Errno> {
    let in_use = acquire_own(handle)?;
    let generation = pass_on(handle, 0, GIVEN)?;
    drop(in_use);
    Ok(Handle { generation, ..handle })
}

/// Makes a ticket of [`give`] into a handle that `owner` owns. EBADF for any other handle, for a ticket that was taken, whose
/// giver ended, or whose descriptor something else closed.
pub fn take(ticket: Handle, owner: u64) -> Result<Handle, Errno> {
    let entry = slot(ticket.slot).ok_or(sys::EBADF)?;
    // While the lock is held, `close_all_of` cannot find the new handle with its old owner.
    let ledger = ledger();
    let fd = entry.fd.load(Ordering::Relaxed);
    if entry.state.load(Ordering::Acquire) >> 32 != u64::from(ticket.generation)
        || ledger.by_fd.get(&fd) != Some(&ticket.slot)
        || sys::identity(fd) != Ok(entry.identity.load(Ordering::Relaxed))
    {
        return Err(sys::EBADF);
    }
    let generation = pass_on(ticket, GIVEN, 0)?;
    entry.owner.store(owner, Ordering::Relaxed);
    Ok(Handle { generation, ..ticket })
}

/// Gives an open slot its next generation and `GIVEN` a new value, both at once; EBADF unless it was `before`.
fn pass_on(handle: Handle, before: u64, after: u64) -> Result<u32, Errno> {
    let entry = slot(handle.slot).ok_or(sys::EBADF)?;
    let generation = (u64::from(handle.generation) + 1) % GENERATIONS;
    let mut state = entry.state.load(Ordering::Relaxed);
    loop {
        if state >> 32 != u64::from(handle.generation) || state & (CLOSED | GIVEN) != before {
            return Err(sys::EBADF);
        }
        // Those that use it count themselves out whatever the generation.
        let next = generation << 32 | after | state & USERS;
        match entry
            .state
            .compare_exchange_weak(state, next, Ordering::AcqRel, Ordering::Relaxed)
        {
            Ok(_) => return Ok(generation as u32),
            Err(now) => state = now,
        }
    }
}

/// Closes all that an environment left open, and what it gave away that nobody took: a worker that ended, or an embedder's
/// context.
pub fn close_all_of(owner: u64) {
    let used = ledger().used;
    for index in 0..used {
        let Some(entry) = slot(index) else { continue };
        let held = ledger();
        let state = entry.state.load(Ordering::Acquire);
        if state & CLOSED != 0 || entry.owner.load(Ordering::Relaxed) != owner {
            continue;
        }
        let marked = mark_closed(Handle {
            slot: index,
            generation: (state >> 32) as u32,
        });
        drop(held);
        if let Ok((entry, 0)) = marked {
            let _ = retire(index, entry);
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

/// Takes a number out of the ledger, and says whether it was this slot's: another one may have it, even for the same open
/// file, when something else closed it and dup(2) or a message gave it anew.
fn forget(fd: RawFd, index: u32) -> bool {
    let mut ledger = ledger();
    let ours = ledger.by_fd.get(&fd) == Some(&index);
    if ours {
        ledger.by_fd.remove(&fd);
    }
    ours
}

/// Closes the descriptor of a slot that nobody uses any more, and frees the slot.
fn retire(index: u32, entry: &Slot) -> Result<(), Errno> {
    let fd = entry.fd.swap(-1, Ordering::AcqRel);
    let mut closed = Ok(());
    if fd != -1 {
        // The number leaves the ledger before the kernel may give it out again; the lock is not held while a
        // lingering close waits.
        let ours = forget(fd, index);
        closed = match sys::identity(fd) {
            Ok(now) if ours && now == entry.identity.load(Ordering::Relaxed) => sys::close(fd),
            _ => Err(sys::EBADF),
        };
    }
    let mut ledger = ledger();
    // Whoever adds or sums up holds the ledger.
    let counts = entry.traffic.read();
    if counts != [0; 4] {
        for (past, count) in PAST.cells().into_iter().zip(counts) {
            add(past, count as usize);
        }
        entry.traffic.clear();
    }
    ledger.free.push(index);
    closed
}

/// What all sockets of the process have received and sent, those that are closed too; and how many descriptors are held.
pub fn totals() -> (Counts, usize) {
    let ledger = ledger();
    let mut sum = PAST.read();
    for index in 0..ledger.used {
        let counts = slot(index).map_or([0; 4], |entry| entry.traffic.read());
        for (total, count) in sum.iter_mut().zip(counts) {
            *total += count;
        }
    }
    (sum, ledger.used as usize - ledger.free.len())
}

/// The next open descriptor from slot `from` on: its handle, how many milliseconds it has been here, and whether `owner`
/// owns it.
pub fn next_open(from: u32, owner: u64) -> Option<(Handle, f64, bool)> {
    let used = ledger().used;
    let now = since_start();
    (from..used).find_map(|index| {
        let entry = slot(index)?;
        let state = entry.state.load(Ordering::Acquire);
        let handle = Handle {
            slot: index,
            generation: (state >> 32) as u32,
        };
        let age = now.saturating_sub(entry.opened.load(Ordering::Relaxed)) as f64 / 1e6;
        let own = entry.owner.load(Ordering::Relaxed) == owner;
        (state & CLOSED == 0).then_some((handle, age, own))
    })
}

#[cfg(test)]
mod tests;
