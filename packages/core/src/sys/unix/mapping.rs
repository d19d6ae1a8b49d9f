//! Memory that a socket and this process share.

use std::ptr::{self, NonNull};

use super::{Errno, RawFd, expect_socket, last_errno};
use crate::sys::os;

/// A socket's memory, mapped until it is dropped. The kernel keeps the socket for as long, also when its descriptor is closed.
pub struct Mapped {
    at: NonNull<u8>,
    length: usize,
}

// SAFETY: an address of the process, good in every thread until it is dropped; what it gives out are pointers, whose use is
// for others to answer for.
unsafe impl Send for Mapped {}
// SAFETY: as above.
unsafe impl Sync for Mapped {}

impl Mapped {
    pub fn as_ptr(&self) -> *mut u8 {
        self.at.as_ptr()
    }

    pub fn len(&self) -> usize {
        self.length
    }
}

impl Drop for Mapped {
    /// munmap(2).
    fn drop(&mut self) {
        // SAFETY: `mmap` made it, for this length, and nobody uses it after the last owner.
        unsafe { libc::munmap(self.at.as_ptr().cast(), self.length) };
    }
}

/// mmap(2) of a socket's memory, shared, to be read and written; ENOTSOCK for anything else, since a file may be cut under a
/// mapping. Children of this process do not get it.
pub fn mmap(fd: RawFd, length: usize) -> Result<Mapped, Errno> {
    expect_socket(fd)?;
    let access = libc::PROT_READ | libc::PROT_WRITE;
    // SAFETY: the kernel chooses an address where nothing is.
    let at = unsafe { libc::mmap(ptr::null_mut(), length, access, libc::MAP_SHARED, fd, 0) };
    if at == libc::MAP_FAILED {
        return Err(last_errno());
    }
    let Some(at) = NonNull::new(at.cast::<u8>()) else {
        return Err(Errno(libc::ENOMEM));
    };
    let mapped = Mapped { at, length };
    os::keep_from_children(&mapped);
    Ok(mapped)
}
