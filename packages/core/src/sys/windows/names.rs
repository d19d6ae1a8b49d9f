//! Names and addresses as Winsock has them, and the system's words for its errors.

use std::ffi::{CStr, CString};
use std::mem::zeroed;
use std::ptr;

use windows_sys::Win32::Networking::WinSock as winsock;
use windows_sys::Win32::System::Diagnostics::Debug::{
    FORMAT_MESSAGE_FROM_SYSTEM, FORMAT_MESSAGE_IGNORE_INSERTS, FormatMessageW,
};

use super::{ENOTSUP, check, last_errno};
use crate::error::Errno;
use crate::sys::names::{Answer, Failure, Found, Host, Missing, Numbered, Question};

/// Up to the first NUL.
pub(super) fn text(bytes: &[u8]) -> String {
    let length = bytes.iter().position(|&byte| byte == 0).unwrap_or(bytes.len());
    String::from_utf8_lossy(&bytes[..length]).into_owned()
}

/// getaddrinfo, freeaddrinfo. Blocks for as long as the resolver takes.
pub fn getaddrinfo(question: &Question) -> Result<Vec<Answer>, Failure> {
    // SAFETY: a structure of numbers and pointers, for which zero bytes are "not given".
    let mut hints: winsock::ADDRINFOA = unsafe { zeroed() };
    hints.ai_flags = question.flags;
    hints.ai_family = question.family;
    hints.ai_socktype = question.kind;
    hints.ai_protocol = question.protocol;
    let text = |text: &Option<CString>| text.as_ref().map_or(ptr::null(), |text| text.as_ptr().cast());
    let (host, service) = (text(&question.host), text(&question.service));
    let mut list = ptr::null_mut();
    // SAFETY: the texts end in NUL or are null; `list` is freed below.
    let eai = unsafe { winsock::getaddrinfo(host, service, &hints, &mut list) };
    if eai != 0 {
        return Err(Failure {
            eai,
            errno: last_errno().0,
        });
    }
    let mut answers = Vec::new();
    let mut entry: *const winsock::ADDRINFOA = list;
    // SAFETY: Winsock made the list, its texts end in NUL, each address is readable for its length; it is freed once, after
    // the last look at it.
    unsafe {
        while let Some(info) = entry.as_ref() {
            let name: *const u8 = info.ai_canonname;
            answers.push(Answer {
                family: info.ai_family,
                kind: info.ai_socktype,
                protocol: info.ai_protocol,
                canonical_name: (!name.is_null())
                    .then(|| CStr::from_ptr(name.cast()).to_string_lossy().into_owned()),
                address: std::slice::from_raw_parts(info.ai_addr.cast::<u8>(), info.ai_addrlen).to_vec(),
            });
            entry = info.ai_next;
        }
        winsock::freeaddrinfo(list);
    }
    Ok(answers)
}

/// Room for a host's and a service's name: NI_MAXHOST, NI_MAXSERV of ws2tcpip.h.
const HOST: usize = 1025;
const SERVICE: usize = 32;

/// getnameinfo: the names of a host and a service. Blocks for as long as the resolver takes.
pub fn getnameinfo(address: &[u8], flags: i32) -> Result<(String, String), Failure> {
    let (mut host, mut service) = ([0u8; HOST], [0u8; SERVICE]);
    // SAFETY: the address is readable and the names are writable for their lengths; the call checks that the address is as
    // long as its family's.
    let eai = unsafe {
        winsock::getnameinfo(
            address.as_ptr().cast(),
            address.len() as winsock::socklen_t,
            host.as_mut_ptr(),
            HOST as u32,
            service.as_mut_ptr(),
            SERVICE as u32,
            flags,
        )
    };
    if eai != 0 {
        return Err(Failure {
            eai,
            errno: last_errno().0,
        });
    }
    Ok((text(&host), text(&service)))
}

/// gethostname.
pub fn gethostname() -> Result<String, Errno> {
    let mut name = [0u8; 257];
    // SAFETY: the buffer is writable for the length given.
    check(unsafe { winsock::gethostname(name.as_mut_ptr(), name.len() as i32 - 1) })?;
    Ok(text(&name))
}

/// FormatMessageW: the system's words for one of its error numbers.
pub fn strerror(number: i32) -> String {
    let mut words = [0u16; 512];
    let flags = FORMAT_MESSAGE_FROM_SYSTEM | FORMAT_MESSAGE_IGNORE_INSERTS;
    let (place, room) = (words.as_mut_ptr(), words.len() as u32);
    // SAFETY: the buffer is writable for the length given; the message takes no inserts.
    let length =
        unsafe { FormatMessageW(flags, ptr::null(), number as u32, 0, place, room, ptr::null()) } as usize;
    match String::from_utf16_lossy(&words[..length]).trim_end() {
        "" => format!("error {number}"),
        text => text.to_owned(),
    }
}

/// The words for an `EAI_…` number, which is one of Winsock's errors: FormatMessageW.
pub fn gai_strerror(eai: i32) -> String {
    strerror(eai)
}

/// The words for an `h_errno`, which is one of Winsock's errors: FormatMessageW.
pub fn hstrerror(h_errno: i32) -> String {
    strerror(h_errno)
}

/// Nothing is looked up; `errno` says so.
const NOT_MADE: Missing = Missing {
    h_errno: 0,
    errno: ENOTSUP.0,
};

/// ENOTSUP: not made yet; gethostbyname would do.
pub fn gethostbyname(_: &CStr, _: i32) -> Found<Host> {
    Err(NOT_MADE)
}

/// ENOTSUP: not made yet; gethostbyaddr would do.
pub fn gethostbyaddr(_: &[u8], _: i32) -> Found<Host> {
    Err(NOT_MADE)
}

/// ENOTSUP: not made yet; getservbyname would do.
pub fn getservbyname(_: &CStr, _: Option<&CStr>) -> Found<Numbered> {
    Err(NOT_MADE)
}

/// ENOTSUP: not made yet; getservbyport would do.
pub fn getservbyport(_: u16, _: Option<&CStr>) -> Found<Numbered> {
    Err(NOT_MADE)
}

/// ENOTSUP: not made yet; getprotobyname would do.
pub fn getprotobyname(_: &CStr) -> Found<Numbered> {
    Err(NOT_MADE)
}

/// ENOTSUP: not made yet; getprotobynumber would do.
pub fn getprotobynumber(_: i32) -> Found<Numbered> {
    Err(NOT_MADE)
}
