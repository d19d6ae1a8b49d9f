//! Names and addresses as the C library has them: getaddrinfo(3), getnameinfo(3).

use std::ffi::{CStr, CString};
use std::mem::zeroed;
use std::ptr;

use super::last_errno;
use crate::sys::names::{Answer, Failure, Question};

/// getaddrinfo(3), freeaddrinfo(3). Blocks for as long as the resolver takes.
pub fn getaddrinfo(question: &Question) -> Result<Vec<Answer>, Failure> {
    // SAFETY: a structure of numbers and pointers, for which zero bytes are "not given".
    let mut hints: libc::addrinfo = unsafe { zeroed() };
    hints.ai_flags = question.flags;
    hints.ai_family = question.family;
    hints.ai_socktype = question.kind;
    hints.ai_protocol = question.protocol;
    let text = |text: &Option<CString>| text.as_ref().map_or(ptr::null(), |text| text.as_ptr());
    let mut list = ptr::null_mut();
    // SAFETY: the texts end in NUL or are null; `list` is freed below.
    let eai = unsafe { libc::getaddrinfo(text(&question.host), text(&question.service), &hints, &mut list) };
    if eai != 0 {
        return Err(Failure {
            eai,
            errno: last_errno().0,
        });
    }
    let mut answers = Vec::new();
    let mut entry: *const libc::addrinfo = list;
    // SAFETY: the C library made the list, its texts end in NUL, each address is readable for its length; it is freed
    // once, after the last look at it.
    unsafe {
        while let Some(info) = entry.as_ref() {
            let name = info.ai_canonname;
            answers.push(Answer {
                family: info.ai_family,
                kind: info.ai_socktype,
                protocol: info.ai_protocol,
                canonical_name: (!name.is_null())
                    .then(|| CStr::from_ptr(name).to_string_lossy().into_owned()),
                address: std::slice::from_raw_parts(info.ai_addr.cast::<u8>(), info.ai_addrlen as usize)
                    .to_vec(),
            });
            entry = info.ai_next;
        }
        libc::freeaddrinfo(list);
    }
    Ok(answers)
}

/// Room for a host's and a service's name: NI_MAXHOST, NI_MAXSERV of netdb.h.
const HOST: usize = 1025;
const SERVICE: usize = 32;

/// getnameinfo(3): the names of a host and a service. Blocks for as long as the resolver takes.
pub fn getnameinfo(address: &[u8], flags: i32) -> Result<(String, String), Failure> {
    let (mut host, mut service) = ([0u8; HOST], [0u8; SERVICE]);
    // SAFETY: the address is readable and the names are writable for their lengths; the call checks that the address is as
    // long as its family's.
    let eai = unsafe {
        libc::getnameinfo(
            address.as_ptr().cast(),
            address.len() as libc::socklen_t,
            host.as_mut_ptr().cast(),
            HOST as libc::socklen_t,
            service.as_mut_ptr().cast(),
            SERVICE as libc::socklen_t,
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

/// Up to the first NUL.
fn text(bytes: &[u8]) -> String {
    let length = bytes.iter().position(|&byte| byte == 0).unwrap_or(bytes.len());
    String::from_utf8_lossy(&bytes[..length]).into_owned()
}

/// gai_strerror(3): the C library's words for an `EAI_…` number.
pub fn gai_strerror(eai: i32) -> String {
    // SAFETY: the C library returns a text that lives for ever, whatever the number.
    unsafe { CStr::from_ptr(libc::gai_strerror(eai)) }
        .to_string_lossy()
        .into_owned()
}
