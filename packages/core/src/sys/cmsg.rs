//! Ancillary data as the kernel lays it out, cmsg(3): only what memory and descriptors need. Codecs are in TypeScript.

use std::os::fd::{FromRawFd, OwnedFd};

use libc::{c_int, cmsghdr, size_t};

use super::js::Bytes;

/// `CMSG_ALIGN(sizeof(struct cmsghdr))`.
const HEADER: usize = align(size_of::<cmsghdr>());

const fn align(length: usize) -> usize {
    (length + size_of::<size_t>() - 1) & !(size_of::<size_t>() - 1)
}

/// One control message: its level, its type, its data.
pub struct ControlMessage<'a> {
    pub level: c_int,
    pub kind: c_int,
    pub data: Bytes<'a>,
}

/// The control messages in these bytes, which end at one that is malformed or was cut off before its data.
pub fn each<'a>(control: Bytes<'a>) -> impl Iterator<Item = ControlMessage<'a>> {
    let mut rest = control;
    std::iter::from_fn(move || {
        let length = rest.read::<size_t>(std::mem::offset_of!(cmsghdr, cmsg_len))?;
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

/// SCM_PIDFD, which the `libc` crate lacks: a process of the sender, as a descriptor; since Linux 6.5.
const SCM_PIDFD: c_int = 4;

/// The descriptors that came with a message, owned from here on, in their order; unix(7).
///
/// # Safety
/// The kernel has just written these bytes, and this is called once for them.
pub(super) unsafe fn descriptors(control: Bytes) -> impl Iterator<Item = OwnedFd> {
    each(control)
        .filter(|message| {
            message.level == libc::SOL_SOCKET && matches!(message.kind, libc::SCM_RIGHTS | SCM_PIDFD)
        })
        .flat_map(|message| {
            (0..message.data.len() / size_of::<c_int>())
                .filter_map(move |index| message.data.read::<c_int>(index * size_of::<c_int>()))
        })
        // For a process that is gone the kernel tells an error number.
        .filter(|&fd| fd >= 0)
        // SAFETY: the kernel has made these descriptors for this call, and nobody else knows them.
        .map(|fd| unsafe { OwnedFd::from_raw_fd(fd) })
}

/// SO_TIMESTAMP, SO_TIMESTAMPNS and SO_TIMESTAMPING with times of 64 bits, asm-generic/socket.h.
const SO_TIMESTAMP_NEW: c_int = 63;
const SO_TIMESTAMPNS_NEW: c_int = 64;
const SO_TIMESTAMPING_NEW: c_int = 65;

/// When a message came: nanoseconds since the epoch, 0 where the kernel told none. Of several times the system clock's
/// goes before the device's. socket(7), Documentation/networking/timestamping.rst.
pub fn timestamp(control: Bytes) -> i64 {
    const SECOND: i64 = 1_000_000_000;
    for message in each(control).filter(|message| message.level == libc::SOL_SOCKET) {
        let time = |at: usize, unit: i64| -> Option<i64> {
            let seconds = message.data.read::<i64>(at)?;
            let fraction = message.data.read::<i64>(at + size_of::<i64>())?;
            seconds
                .checked_mul(SECOND)?
                .checked_add(fraction.checked_mul(unit)?)
        };
        let found = match message.kind {
            libc::SO_TIMESTAMP | SO_TIMESTAMP_NEW => time(0, 1000),
            libc::SO_TIMESTAMPNS | SO_TIMESTAMPNS_NEW => time(0, 1),
            // Three times: by the system's clock, one that is no longer used, and by the device's.
            libc::SO_TIMESTAMPING | SO_TIMESTAMPING_NEW => match time(0, 1) {
                Some(0) => time(4 * size_of::<i64>(), 1),
                software => software,
            },
            _ => None,
        };
        if let Some(found) = found {
            return found;
        }
    }
    0
}
