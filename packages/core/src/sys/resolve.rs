//! Name resolution as the C library does it.

use std::ffi::{CStr, CString};
use std::mem::zeroed;
use std::ptr;

use super::unix::last_errno;

/// What getaddrinfo(3) is asked; 0 leaves a number open.
pub struct Question {
    pub host: Option<CString>,
    pub service: Option<CString>,
    pub flags: i32,
    pub family: i32,
    pub kind: i32,
    pub protocol: i32,
}

/// One of its answers.
pub struct Answer {
    pub family: i32,
    pub kind: i32,
    pub protocol: i32,
    pub canonical_name: Option<String>,
    pub address: Vec<u8>,
}

/// An `EAI_…` number, and errno where it is EAI_SYSTEM.
pub struct Failure {
    pub eai: i32,
    pub errno: i32,
}

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

/// gai_strerror(3): the C library's words for an `EAI_…` number.
pub fn gai_strerror(eai: i32) -> String {
    // SAFETY: the C library returns a text that lives for ever, whatever the number.
    unsafe { CStr::from_ptr(libc::gai_strerror(eai)) }
        .to_string_lossy()
        .into_owned()
}
