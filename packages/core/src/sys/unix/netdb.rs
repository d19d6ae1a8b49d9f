//! Entries of the databases of hosts, services and protocols, netdb.h.

use std::ffi::{CStr, c_char};
use std::ptr;

use libc::{hostent, protoent, servent};

use super::lossy;
use crate::sys::names::{Host, Numbered};

/// The texts of a list that ends with null.
///
/// # Safety
/// The C library made it, or it is null.
unsafe fn list<T>(mut at: *mut *mut c_char, read: impl Fn(*const c_char) -> T) -> Vec<T> {
    let mut all = Vec::new();
    // SAFETY: as the caller says.
    unsafe {
        while !at.is_null() && !(*at).is_null() {
            all.push(read(*at));
            at = at.add(1);
        }
    }
    all
}

/// # Safety
/// The C library made the entry.
pub(in crate::sys) unsafe fn host(entry: &hostent) -> Host {
    let length = entry.h_length.max(0) as usize;
    // SAFETY: its texts end in NUL, its lists in null; each address has `h_length` bytes.
    unsafe {
        Host {
            name: lossy(entry.h_name),
            aliases: list(entry.h_aliases, |text| lossy(text)),
            family: entry.h_addrtype,
            addresses: list(entry.h_addr_list, |address| {
                std::slice::from_raw_parts(address.cast::<u8>(), length).to_vec()
            }),
        }
    }
}

/// # Safety
/// The C library made the entry.
pub(in crate::sys) unsafe fn service(entry: &servent) -> Numbered {
    // SAFETY: its texts end in NUL, its list in null.
    unsafe {
        Numbered {
            name: lossy(entry.s_name),
            aliases: list(entry.s_aliases, |text| lossy(text)),
            number: u16::from_be(entry.s_port as u16).into(),
            protocol: Some(lossy(entry.s_proto)),
        }
    }
}

/// # Safety
/// The C library made the entry.
pub(in crate::sys) unsafe fn protocol(entry: &protoent) -> Numbered {
    // SAFETY: its texts end in NUL, its list in null.
    unsafe {
        Numbered {
            name: lossy(entry.p_name),
            aliases: list(entry.p_aliases, |text| lossy(text)),
            number: entry.p_proto,
            protocol: None,
        }
    }
}

/// A text, or null where there is none.
pub(in crate::sys) fn optional(text: Option<&CStr>) -> *const c_char {
    text.map_or(ptr::null(), CStr::as_ptr)
}

/// hstrerror(3): the C library's words for an `h_errno`.
pub fn hstrerror(h_errno: i32) -> String {
    // SAFETY: the C library returns a text that lives for ever, whatever the number.
    unsafe { lossy(libc::hstrerror(h_errno)) }
}
