//! The databases of hosts, services and protocols, netdb.h: by the calls that threads may make at the same time, which
//! Linux's C library has beside POSIX's.

use std::ffi::{CStr, c_char, c_int, c_void};
use std::mem::zeroed;
use std::ptr;

use libc::{hostent, protoent, servent, size_t, socklen_t};

use super::unix::lossy;

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

/// `struct hostent`; the addresses are raw, in network byte order.
pub struct Host {
    pub name: String,
    pub aliases: Vec<String>,
    pub family: i32,
    pub addresses: Vec<Vec<u8>>,
}

/// `struct servent` and `struct protoent`: a port in host byte order, or the number of a protocol.
pub struct Numbered {
    pub name: String,
    pub aliases: Vec<String>,
    pub number: i32,
    /// Of a service.
    pub protocol: Option<String>,
}

/// Why there is none.
pub struct Missing {
    /// `h_errno` of a host, HOST_NOT_FOUND to NO_DATA; NETDB_INTERNAL (-1) when it is `errno` that says why; 0 when a
    /// service or a protocol is not in its database.
    pub h_errno: i32,
    pub errno: i32,
}

type Answer<T> = std::result::Result<T, Missing>;

/// Where the C library puts the texts of an entry: large enough for most, and no larger than this.
const ROOM: usize = 1024;
const MOST_ROOM: usize = 1 << 20;

/// Asks with more and more room until the entry fits; `call` returns an error number and writes the entry, its place, and
/// `h_errno`.
fn ask<E, T>(
    mut call: impl FnMut(*mut E, *mut c_char, size_t, *mut *mut E, *mut c_int) -> c_int,
    read: impl FnOnce(&E) -> T,
) -> Answer<T> {
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
unsafe fn host(entry: &hostent) -> Host {
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

/// gethostbyname_r(3), or gethostbyname2_r(3) where a family is given. Blocks for as long as the resolver takes.
pub fn gethostbyname(name: &CStr, family: i32) -> Answer<Host> {
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
pub fn gethostbyaddr(address: &[u8], family: i32) -> Answer<Host> {
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

/// # Safety
/// The C library made the entry.
unsafe fn service(entry: &servent) -> Numbered {
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

fn optional(text: Option<&CStr>) -> *const c_char {
    text.map_or(ptr::null(), CStr::as_ptr)
}

/// getservbyname_r(3); of any protocol where none is given.
pub fn getservbyname(name: &CStr, protocol: Option<&CStr>) -> Answer<Numbered> {
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
pub fn getservbyport(port: u16, protocol: Option<&CStr>) -> Answer<Numbered> {
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

/// # Safety
/// The C library made the entry.
unsafe fn protocol(entry: &protoent) -> Numbered {
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

/// getprotobyname_r(3).
pub fn getprotobyname(name: &CStr) -> Answer<Numbered> {
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
pub fn getprotobynumber(number: i32) -> Answer<Numbered> {
    ask(
        |entry, buffer, length, result, _| {
            // SAFETY: a number, and what is `ask`'s, writable for the lengths given.
            unsafe { getprotobynumber_r(number, entry, buffer, length, result) }
        },
        // SAFETY: what the C library has just filled.
        |entry| unsafe { protocol(entry) },
    )
}

/// hstrerror(3): the C library's words for an `h_errno`.
pub fn hstrerror(h_errno: i32) -> String {
    // SAFETY: the C library returns a text that lives for ever, whatever the number.
    unsafe { lossy(libc::hstrerror(h_errno)) }
}
