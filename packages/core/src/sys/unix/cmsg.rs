//! Ancillary data as the kernel lays it out, cmsg(3): only what memory and descriptors need. Codecs are in TypeScript.

use std::os::fd::{FromRawFd, OwnedFd};

use libc::{c_int, cmsghdr};

use crate::sys::js::Bytes;
use crate::sys::os::{ControlLength, brings_descriptors};

/// `CMSG_ALIGN(sizeof(struct cmsghdr))`: Linux aligns to the size of `cmsg_len`, and so does macOS, whose is shorter.
const HEADER: usize = align(size_of::<cmsghdr>());

const fn align(length: usize) -> usize {
    (length + size_of::<ControlLength>() - 1) & !(size_of::<ControlLength>() - 1)
}

/// One control message: its level, its type, its data.
pub(in crate::sys) struct ControlMessage<'a> {
    pub level: c_int,
    pub kind: c_int,
    pub data: Bytes<'a>,
}

/// The control messages in these bytes, which end at one that is malformed or was cut off before its data.
pub(in crate::sys) fn each<'a>(control: Bytes<'a>) -> impl Iterator<Item = ControlMessage<'a>> {
    let mut rest = control;
    std::iter::from_fn(move || {
        let length: usize = rest.read::<ControlLength>(std::mem::offset_of!(cmsghdr, cmsg_len))? as _;
        let level = rest.read::<c_int>(std::mem::offset_of!(cmsghdr, cmsg_level))?;
        let kind = rest.read::<c_int>(std::mem::offset_of!(cmsghdr, cmsg_type))?;
        if length < HEADER {
            return None;
        }
        let data = rest.skip(HEADER).first(length - HEADER);
        rest = rest.skip(align(length.min(rest.len())));
        Some(ControlMessage { level, kind, data })
    })
}

/// The descriptors that came with a message, owned from here on, in their order; unix(7).
///
/// # Safety
/// The kernel has just written these bytes, and this is called once for them.
pub(in crate::sys) unsafe fn descriptors(control: Bytes) -> impl Iterator<Item = OwnedFd> {
    each(control)
        .filter(|message| brings_descriptors(message.level, message.kind))
        .flat_map(|message| {
            (0..message.data.len() / size_of::<c_int>())
                .filter_map(move |index| message.data.read::<c_int>(index * size_of::<c_int>()))
        })
        // For a process that is gone the kernel tells an error number.
        .filter(|&fd| fd >= 0)
        // SAFETY: the kernel has made these descriptors for this call, and nobody else knows them.
        .map(|fd| unsafe { OwnedFd::from_raw_fd(fd) })
}
