//! The databases of hosts, services and protocols, netdb.h: by the calls that threads may make at the same time, which
//! Linux's C library has beside POSIX's.

use std::ffi::{CStr, c_char, c_int, c_void};
use std::mem::zeroed;
use std::ptr;

use libc::{hostent, protoent, servent, size_t, socklen_t};

use crate::sys::names::{Found, Host, Missing, Numbered};
use crate::sys::unix::netdb::{host, optional, protocol, service};

// As netdb.h declares them; the libc crate has them not.
unsafe extern "C" {
    fn gethostbyname_r(
        name: *const c_char,
        entry: *mut hostent,
        buffer: *mut c_char,
        length: size_t,
        result: *mut *mut hostent,
        h_errno: *mut c_int,
    ) -> c_int;
    fn gethostbyname2_r(
        name: *const c_char,
        family: c_int,
        entry: *mut hostent,
        buffer: *mut c_char,
        length: size_t,
        result: *mut *mut hostent,
        h_errno: *mut c_int,
    ) -> c_int;
    fn gethostbyaddr_r(
        address: *const c_void,
        size: socklen_t,
        family: c_int,
        entry: *mut hostent,
        buffer: *mut c_char,
        length: size_t,
        result: *mut *mut hostent,
        h_errno: *mut c_int,
    ) -> c_int;
    fn getservbyname_r(
        name: *const c_char,
        protocol: *const c_char,
        entry: *mut servent,
        buffer: *mut c_char,
        length: size_t,
        result: *mut *mut servent,
    ) -> c_int;
    fn getservbyport_r(
        port: c_int,
        protocol: *const c_char,
        entry: *mut servent,
        buffer: *mut c_char,
        length: size_t,
        result: *mut *mut servent,
    ) -> c_int;
    fn getprotobyname_r(
        name: *const c_char,
        entry: *mut protoent,
        buffer: *mut c_char,
        length: size_t,
        result: *mut *mut protoent,
    ) -> c_int;
    fn getprotobynumber_r(
        number: c_int,
        entry: *mut protoent,
        buffer: *mut c_char,
        length: size_t,
        result: *mut *mut protoent,
    ) -> c_int;
}

/// Where the C library puts the texts of an entry: large enough for most, and no larger than this.
const ROOM: usize = 1024;
const MOST_ROOM: usize = 1 << 20;

/// Asks with more and more room until the entry fits; `call` returns an error number and writes the entry, its place, and
/// `h_errno`.
fn ask<E, T>(
    mut call: impl FnMut(*mut E, *mut c_char, size_t, *mut *mut E, *mut c_int) -> c_int,
    read: impl FnOnce(&E) -> T,
) -> Found<T> {
    let mut buffer = vec![0u8; ROOM];
    loop {
        // SAFETY: structures of numbers and pointers, for which zero bytes are a value.
        let mut entry: E = unsafe { zeroed() };
        let mut result = ptr::null_mut();
        let mut h_errno = 0;
        let errno = call(
            &mut entry,
            buffer.as_mut_ptr().cast(),
            buffer.len(),
            &mut result,
            &mut h_errno,
        );
        if errno == libc::ERANGE && buffer.len() < MOST_ROOM {
            buffer.resize(buffer.len() * 4, 0);
            continue;
        }
        // SAFETY: null, or the entry, whose texts lie in the buffer.
        return match unsafe { result.as_ref() } {
            Some(entry) => Ok(read(entry)),
            None => Err(Missing { h_errno, errno }),
        };
    }
}

/// gethostbyname_r(3), or gethostbyname2_r(3) where a family is given. Blocks for as long as the resolver takes.
pub fn gethostbyname(name: &CStr, family: i32) -> Found<Host> {
    ask(
        |entry, buffer, length, result, h_errno| {
            // SAFETY: the name ends in NUL; the rest is `ask`'s, writable for the lengths given.
            unsafe {
                if family == 0 {
                    gethostbyname_r(name.as_ptr(), entry, buffer, length, result, h_errno)
                } else {
                    gethostbyname2_r(name.as_ptr(), family, entry, buffer, length, result, h_errno)
                }
            }
        },
        // SAFETY: what the C library has just filled.
        |entry| unsafe { host(entry) },
    )
}

/// gethostbyaddr_r(3) of a raw address. Blocks for as long as the resolver takes.
pub fn gethostbyaddr(address: &[u8], family: i32) -> Found<Host> {
    ask(
        |entry, buffer, length, result, h_errno| {
            let (data, size) = (address.as_ptr().cast(), address.len() as socklen_t);
            // SAFETY: the address is readable for its length, which the call holds against the family's; the rest is
            // `ask`'s, writable for the lengths given.
            unsafe { gethostbyaddr_r(data, size, family, entry, buffer, length, result, h_errno) }
        },
        // SAFETY: what the C library has just filled.
        |entry| unsafe { host(entry) },
    )
}

/// getservbyname_r(3); of any protocol where none is given.
pub fn getservbyname(name: &CStr, protocol: Option<&CStr>) -> Found<Numbered> {
    ask(
        |entry, buffer, length, result, _| {
            // SAFETY: the texts end in NUL or are null; the rest is `ask`'s, writable for the lengths given.
            unsafe { getservbyname_r(name.as_ptr(), optional(protocol), entry, buffer, length, result) }
        },
        // SAFETY: what the C library has just filled.
        |entry| unsafe { service(entry) },
    )
}

/// getservbyport_r(3), with the port in host byte order.
pub fn getservbyport(port: u16, protocol: Option<&CStr>) -> Found<Numbered> {
    ask(
        |entry, buffer, length, result, _| {
            let port = port.to_be().into();
            // SAFETY: the text ends in NUL or is null; the rest is `ask`'s, writable for the lengths given.
            unsafe { getservbyport_r(port, optional(protocol), entry, buffer, length, result) }
        },
        // SAFETY: what the C library has just filled.
        |entry| unsafe { service(entry) },
    )
}

/// getprotobyname_r(3).
pub fn getprotobyname(name: &CStr) -> Found<Numbered> {
    ask(
        |entry, buffer, length, result, _| {
            // SAFETY: the name ends in NUL; the rest is `ask`'s, writable for the lengths given.
            unsafe { getprotobyname_r(name.as_ptr(), entry, buffer, length, result) }
        },
        // SAFETY: what the C library has just filled.
        |entry| unsafe { protocol(entry) },
    )
}

/// getprotobynumber_r(3).
pub fn getprotobynumber(number: i32) -> Found<Numbered> {
    ask(
        |entry, buffer, length, result, _| {
            // SAFETY: a number, and what is `ask`'s, writable for the lengths given.
            unsafe { getprotobynumber_r(number, entry, buffer, length, result) }
        },
        // SAFETY: what the C library has just filled.
        |entry| unsafe { protocol(entry) },
    )
}
