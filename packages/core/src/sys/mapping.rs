//! Memory that a descriptor and JavaScript share. It is unmapped when nobody is left who could look into it: neither the
//! environment's list, nor an ArrayBuffer over it.

use std::cell::RefCell;
use std::ffi::c_void;
use std::ptr;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Weak};

use napi_sys::{self as node, Status, napi_env, napi_ref, napi_value};

use super::js::{Bytes, Call, Value};
use super::os::Mapped;
use super::{EBADF, ENOTSUP, RawFd};
use crate::error::{Errno, Fault, Result};

/// Words in a mapping: `count` of them, the first at `offset`, each `stride` bytes behind the one before.
#[derive(Clone, Copy)]
pub struct Words {
    pub offset: usize,
    pub stride: usize,
    pub count: usize,
}

/// A mapping's memory, held to its bounds.
pub struct Mapping(Mapped);

impl Mapping {
    fn len(&self) -> usize {
        self.0.len()
    }

    /// All the words lie in the mapping, at multiples of their size.
    fn check(&self, words: Words) -> Result<()> {
        let size = size_of::<u32>();
        let fits = || {
            let last = words.count.checked_sub(1)?.checked_mul(words.stride)?;
            let end = last.checked_add(words.offset)?.checked_add(size)?;
            Some(end <= self.len())
        };
        let aligned = words.offset.is_multiple_of(size) && words.stride.is_multiple_of(size);
        if aligned && fits() == Some(true) {
            Ok(())
        } else {
            Err(Fault::BadArgument)
        }
    }

    /// A word that `check` has passed.
    fn word(&self, words: Words, index: usize) -> &AtomicU32 {
        let at = words.offset + index * words.stride;
        debug_assert!(at + size_of::<u32>() <= self.len());
        // SAFETY: within the mapping, which begins at a page, and aligned; any bytes are a value; it lives as long as `self`.
        unsafe { AtomicU32::from_ptr(self.0.as_ptr().add(at).cast()) }
    }

    /// How many of the words, from the first on, have `value` under `mask`. What whoever set them wrote before can be read.
    pub fn matching(&self, words: Words, mask: u32, value: u32) -> Result<usize> {
        self.check(words)?;
        let differs = |&index: &usize| self.word(words, index).load(Ordering::Acquire) & mask != value;
        Ok((0..words.count).find(differs).unwrap_or(words.count))
    }

    /// Sets the words. Whoever sees one of them sees what was written before.
    pub fn store(&self, words: Words, value: u32) -> Result<()> {
        self.check(words)?;
        for index in 0..words.count {
            self.word(words, index).store(value, Ordering::Release);
        }
        Ok(())
    }

    /// Where `length` bytes at `offset` are.
    fn range(&self, offset: usize, length: usize) -> Result<*mut u8> {
        let end = offset.checked_add(length).ok_or(Fault::BadArgument)?;
        if end > self.len() {
            return Err(Fault::BadArgument);
        }
        // SAFETY: within the mapping, or one past it.
        Ok(unsafe { self.0.as_ptr().add(offset) })
    }

    /// Copies what lies at `offset`.
    pub fn read(&self, offset: usize, into: Bytes) -> Result<()> {
        let from = self.range(offset, into.len())?;
        // SAFETY: both are as long as that, and may be the same memory; any bytes are a value, whoever writes meanwhile.
        unsafe { ptr::copy(from, into.as_ptr(), into.len()) };
        Ok(())
    }

    /// Copies to what lies at `offset`.
    pub fn write(&self, offset: usize, from: Bytes) -> Result<()> {
        let into = self.range(offset, from.len())?;
        // SAFETY: as in `read`.
        unsafe { ptr::copy(from.as_ptr(), into, from.len()) };
        Ok(())
    }
}

/// Where a mapping is in its environment's list.
#[derive(Clone, Copy)]
pub struct Place {
    pub index: u32,
    pub generation: u32,
}

struct Entry {
    generation: u32,
    /// Until JavaScript unmaps it.
    held: Option<Arc<Mapping>>,
    /// Tells whether an ArrayBuffer still has it.
    left: Weak<Mapping>,
    /// The ArrayBuffer, which lives until it is unmapped: the memory of one that was collected before would be given back when
    /// the next collection is, whenever that may be.
    buffer: Option<napi_ref>,
}

/// The mappings of one environment; only its thread is here.
#[derive(Default)]
pub struct Mappings(RefCell<Vec<Entry>>);

impl Mappings {
    /// mmap(2), and a place in the list.
    pub fn map(&self, fd: RawFd, length: usize) -> Result<Place> {
        let mapping = Arc::new(Mapping(super::mmap(fd, length)?));
        let mut list = self.0.borrow_mut();
        let free = list.iter().position(|entry| entry.left.strong_count() == 0);
        let index = free.unwrap_or(list.len());
        // Small integers in V8.
        let generation = free.map_or(1, |index| (list[index].generation + 1) % (1 << 30));
        let entry = Entry {
            generation,
            left: Arc::downgrade(&mapping),
            held: Some(mapping),
            buffer: None,
        };
        match list.get_mut(index) {
            Some(place) => *place = entry,
            None => list.push(entry),
        }
        let index = index as u32;
        Ok(Place { index, generation })
    }

    /// Looks into a mapping that was not unmapped; EBADF otherwise.
    pub fn with<T>(&self, place: Place, look: impl FnOnce(&Mapping) -> Result<T>) -> Result<T> {
        let list = self.0.borrow();
        let held = list.get(place.index as usize);
        let held = held.filter(|entry| entry.generation == place.generation);
        look(held.and_then(|entry| entry.held.as_deref()).ok_or(EBADF)?)
    }

    /// The ArrayBuffer over a mapping, always the same. ENOTSUP where the runtime allows none over memory that is
    /// not its own.
    pub fn buffer(&self, call: &Call, place: Place) -> Result<Value> {
        let env = call.raw();
        let (mapping, known) = {
            let list = self.0.borrow();
            let entry = list.get(place.index as usize);
            let entry = entry.filter(|entry| entry.generation == place.generation);
            let entry = entry.ok_or(EBADF)?;
            (entry.held.clone().ok_or(EBADF)?, entry.buffer)
        };
        if let Some(known) = known {
            return Ok(Value(referent(env, known).ok_or(ENOTSUP)?));
        }
        let made = lend(env, mapping).and_then(|buffer| {
            let mut reference = ptr::null_mut();
            // SAFETY: environment and value belong to this call.
            match unsafe { node::napi_create_reference(env, buffer, 1, &mut reference) } {
                Status::napi_ok => Ok((buffer, reference)),
                _ => Err(ENOTSUP),
            }
        });
        let mut list = self.0.borrow_mut();
        if let Some(entry) = list.get_mut(place.index as usize) {
            entry.buffer = made.ok().map(|(_, reference)| reference);
        }
        Ok(Value(made?.0))
    }

    /// Ends a mapping: the ArrayBuffer over it is detached, so that all views of it are empty. How many still hold the memory,
    /// which is unmapped when none does; again and again until it says 0.
    pub fn unmap(&self, call: &Call, place: Place) -> Result<usize> {
        let env = call.raw();
        let (held, left, buffer) = {
            let mut list = self.0.borrow_mut();
            let entry = list.get_mut(place.index as usize);
            let entry = entry.filter(|entry| entry.generation == place.generation);
            let entry = entry.ok_or(EBADF)?;
            (entry.held.take(), entry.left.clone(), entry.buffer.take())
        };
        drop(held);
        if let Some(reference) = buffer {
            if let Some(buffer) = referent(env, reference) {
                // SAFETY: environment and value belong to this call. One that was transferred away, or that the runtime does
                // not detach, is answered with a status: the memory stays then, until it is collected.
                unsafe { node::napi_detach_arraybuffer(env, buffer) };
            }
            // SAFETY: the reference is this environment's, and nobody else has it.
            unsafe { node::napi_delete_reference(env, reference) };
        }
        Ok(left.strong_count())
    }
}

/// What a reference refers to.
fn referent(env: napi_env, reference: napi_ref) -> Option<napi_value> {
    let mut value = ptr::null_mut();
    // SAFETY: environment and reference belong together.
    unsafe { node::napi_get_reference_value(env, reference, &mut value) };
    (!value.is_null()).then_some(value)
}

/// An ArrayBuffer over a mapping, which has a share in it until the runtime gives its memory back.
fn lend(env: napi_env, mapping: Arc<Mapping>) -> std::result::Result<napi_value, Errno> {
    let (data, length) = (mapping.0.as_ptr(), mapping.len());
    let share = Arc::into_raw(mapping).cast_mut().cast::<c_void>();
    let mut buffer = ptr::null_mut();
    // SAFETY: the memory is readable and writable for its length until `give_back` gives the share back.
    let status = unsafe {
        node::napi_create_external_arraybuffer(env, data.cast(), length, Some(give_back), share, &mut buffer)
    };
    if status == Status::napi_ok && !buffer.is_null() {
        return Ok(buffer);
    }
    // SAFETY: the runtime took nothing (napi_no_external_buffers_allowed), so the share is still ours.
    unsafe { give_back(env, data.cast(), share) };
    Err(ENOTSUP)
}

/// The runtime has no more use for the memory of an ArrayBuffer: it was collected or detached, or the environment ends.
unsafe extern "C" fn give_back(_: napi_env, _: *mut c_void, share: *mut c_void) {
    // SAFETY: `lend` made it of an Arc, and each buffer's end is told once. An Arc may go in any thread.
    drop(unsafe { Arc::from_raw(share.cast_const().cast::<Mapping>()) });
}
