//! The databases of hosts, services and protocols, netdb.h. The calls share their memory, as gethostbyname(3) warns: those made
//! here go one at a time, and what they answer is copied before the next.

use std::ffi::{CStr, c_char, c_int, c_void};
use std::sync::{Mutex, PoisonError};

use libc::{hostent, socklen_t};

use crate::sys::names::{Found, Host, Missing, Numbered};
use crate::sys::unix::last_errno;
use crate::sys::unix::netdb::{host, optional, protocol, service};

/// As netdb.h declares them; the libc crate has them not.
mod c {
    use super::{c_char, c_int, c_void, hostent, socklen_t};
    unsafe extern "C" {
        pub fn gethostbyname(name: *const c_char) -> *mut hostent;
        pub fn gethostbyname2(name: *const c_char, family: c_int) -> *mut hostent;
        pub fn gethostbyaddr(address: *const c_void, size: socklen_t, family: c_int) -> *mut hostent;
        #[link_name = "h_errno"]
        pub static mut H_ERRNO: c_int;
    }
}

/// Asks while nobody else does; `read` copies the entry, of which `call` returns the place or null.
fn ask<E, T>(
    call: impl FnOnce() -> *mut E,
    read: impl FnOnce(&E) -> T,
    missing: fn() -> Missing,
) -> Found<T> {
    static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
    let _held = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    // SAFETY: null, or what the C library has just filled, which stays until the next call.
    match unsafe { call().as_ref() } {
        Some(entry) => Ok(read(entry)),
        None => Err(missing()),
    }
}

/// Of a host, `h_errno` says why.
fn no_host() -> Missing {
    Missing {
        // SAFETY: an integer of the C library's, written by the call that has just ended.
        h_errno: unsafe { c::H_ERRNO },
        errno: last_errno().0,
    }
}

/// Of a service or a protocol, nothing says why: it is not in its database.
fn no_entry() -> Missing {
    Missing { h_errno: 0, errno: 0 }
}

/// gethostbyname(3), or gethostbyname2(3) where a family is given. Blocks for as long as the resolver takes.
pub fn gethostbyname(name: &CStr, family: i32) -> Found<Host> {
    ask(
        // SAFETY: the name ends in NUL.
        || unsafe {
            match family {
                0 => c::gethostbyname(name.as_ptr()),
                _ => c::gethostbyname2(name.as_ptr(), family),
            }
        },
        // SAFETY: what the C library has just filled.
        |entry| unsafe { host(entry) },
        no_host,
    )
}

/// gethostbyaddr(3) of a raw address. Blocks for as long as the resolver takes.
pub fn gethostbyaddr(address: &[u8], family: i32) -> Found<Host> {
    ask(
        // SAFETY: the address is readable for its length, which the call holds against the family's.
        || unsafe { c::gethostbyaddr(address.as_ptr().cast(), address.len() as socklen_t, family) },
        // SAFETY: what the C library has just filled.
        |entry| unsafe { host(entry) },
        no_host,
    )
}

/// getservbyname(3); of any protocol where none is given.
pub fn getservbyname(name: &CStr, protocol: Option<&CStr>) -> Found<Numbered> {
    ask(
        // SAFETY: the texts end in NUL or are null.
        || unsafe { libc::getservbyname(name.as_ptr(), optional(protocol)) },
        // SAFETY: what the C library has just filled.
        |entry| unsafe { service(entry) },
        no_entry,
    )
}

/// getservbyport(3), with the port in host byte order.
pub fn getservbyport(port: u16, protocol: Option<&CStr>) -> Found<Numbered> {
    ask(
        // SAFETY: the text ends in NUL or is null.
        || unsafe { libc::getservbyport(port.to_be().into(), optional(protocol)) },
        // SAFETY: what the C library has just filled.
        |entry| unsafe { service(entry) },
        no_entry,
    )
}

/// getprotobyname(3).
pub fn getprotobyname(name: &CStr) -> Found<Numbered> {
    ask(
        // SAFETY: the name ends in NUL.
        || unsafe { libc::getprotobyname(name.as_ptr()) },
        // SAFETY: what the C library has just filled.
        |entry| unsafe { protocol(entry) },
        no_entry,
    )
}

/// getprotobynumber(3).
pub fn getprotobynumber(number: i32) -> Found<Numbered> {
    ask(
        // SAFETY: a number.
        || unsafe { libc::getprotobynumber(number) },
        // SAFETY: what the C library has just filled.
        |entry| unsafe { protocol(entry) },
        no_entry,
    )
}
