//! JavaScript's memory, for the time of one call: looked into and written only within its length.

use std::marker::PhantomData;
use std::ptr;

use super::{SOCKADDR_STORAGE, SockLen};
use crate::error::{Fault, Result};

/// The caller's bytes, for the time of one call. Never turned into a slice: JavaScript may share them with threads.
#[derive(Clone, Copy)]
pub struct Bytes<'a> {
    pub(super) data: *mut u8,
    pub(super) length: usize,
    pub(super) scope: PhantomData<&'a ()>,
}

/// Numbers of which any bytes are a value.
pub trait Integer: Copy {}
impl Integer for f64 {}
impl Integer for i32 {}
impl Integer for u32 {}
impl Integer for i64 {}
impl Integer for usize {}

impl<'a> Bytes<'a> {
    /// The bytes of somebody who gave a pointer away for the time of a call.
    ///
    /// # Safety
    /// `data` is readable and writable for `length` bytes as long as `'a`.
    pub(super) unsafe fn of(data: *mut u8, length: usize) -> Bytes<'a> {
        Bytes {
            data,
            length,
            scope: PhantomData,
        }
    }

    pub fn as_ptr(&self) -> *mut u8 {
        self.data
    }

    /// The integer at this offset, in the machine's byte order; nothing where the bytes end before it does.
    pub fn read<T: Integer>(&self, at: usize) -> Option<T> {
        let end = at.checked_add(size_of::<T>())?;
        // SAFETY: within the bytes; it may be unaligned.
        (end <= self.length).then(|| unsafe { self.data.add(at).cast::<T>().read_unaligned() })
    }

    /// Writes a number at this offset; nothing where the bytes end before it does.
    pub fn write<T: Integer>(&self, at: usize, value: T) -> Option<()> {
        let end = at.checked_add(size_of::<T>())?;
        // SAFETY: within the bytes; it may be unaligned.
        (end <= self.length).then(|| unsafe { self.data.add(at).cast::<T>().write_unaligned(value) })
    }

    /// The first `count` bytes, or all where there are fewer.
    pub fn first(self, count: usize) -> Self {
        Bytes {
            length: count.min(self.length),
            ..self
        }
    }

    pub fn len(&self) -> usize {
        self.length
    }

    /// A copy to keep after the call.
    pub fn to_vec(self) -> Vec<u8> {
        let mut copy = vec![0; self.length];
        // SAFETY: both are as long as that; where JavaScript's other threads write meanwhile, any bytes are a value.
        unsafe { ptr::copy(self.data, copy.as_mut_ptr(), self.length) };
        copy
    }

    /// All but the first `count` bytes.
    pub fn skip(self, count: usize) -> Self {
        let count = count.min(self.length);
        // SAFETY: within the bytes, or one past them.
        let data = unsafe { self.data.add(count) };
        Bytes {
            data,
            length: self.length - count,
            ..self
        }
    }

    pub fn socklen(&self) -> SockLen {
        self.length.min(SockLen::MAX as usize) as SockLen
    }
}

/// Bytes in several places, in order: what a message is gathered from or scattered to.
pub struct Buffers<'a> {
    pub(super) one: Option<Bytes<'a>>,
    pub(super) more: Vec<Bytes<'a>>,
}

impl<'a> Buffers<'a> {
    pub fn iter(&self) -> impl Iterator<Item = &Bytes<'a>> {
        self.one.iter().chain(&self.more)
    }

    pub fn count(&self) -> usize {
        self.one.iter().len() + self.more.len()
    }
}

/// Where an address is received: `sockaddr_storage`, then its length as a native 32-bit integer.
#[derive(Clone, Copy)]
pub struct AddressBuffer<'a>(pub(super) Bytes<'a>);

impl<'a> AddressBuffer<'a> {
    /// An address buffer at the start of these bytes, which have room for it.
    pub(super) fn within(bytes: Bytes<'a>) -> Self {
        debug_assert!(bytes.len() >= SOCKADDR_STORAGE + size_of::<u32>());
        AddressBuffer(bytes)
    }

    pub fn as_ptr(&self) -> *mut u8 {
        self.0.data
    }

    /// A kernel that had a longer address to tell cut it at the storage.
    pub fn set_length(&self, length: SockLen) {
        let length = length.min(SOCKADDR_STORAGE as SockLen);
        // SAFETY: the maker checked that four bytes follow the storage; they may be unaligned.
        unsafe {
            self.0
                .data
                .add(SOCKADDR_STORAGE)
                .cast::<u32>()
                .write_unaligned(length as _)
        };
    }
}

/// Where numbers are given back: 32-bit integers in an `Int32Array` of the caller's.
#[derive(Clone, Copy)]
pub struct Numbers<'a>(pub(super) Bytes<'a>);

impl Numbers<'_> {
    pub fn put<const N: usize>(&self, values: [i32; N]) -> Result<()> {
        if self.0.length < N * size_of::<i32>() {
            return Err(Fault::BadArgument);
        }
        for (index, value) in values.into_iter().enumerate() {
            // SAFETY: within the length that was just checked; it may be unaligned.
            unsafe { self.0.data.cast::<i32>().add(index).write_unaligned(value) };
        }
        Ok(())
    }
}
