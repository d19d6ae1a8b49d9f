//! Messages with addresses and ancillary data: recvmsg(2), sendmsg(2).

use std::os::fd::{AsRawFd, OwnedFd, RawFd};

use libc::{iovec, msghdr};

use super::{SOCKADDR_STORAGE, check, cmsg};
use crate::error::Errno;
use crate::sys::js::{Buffers, Bytes};
use crate::sys::message::Envelope;
use crate::sys::os::{self, CMSG_CLOEXEC};

/// Where the bytes are, as the kernel wants it told. A few need no memory of their own.
enum Places {
    Few([iovec; 8], usize),
    Many(Vec<iovec>),
}

pub(in crate::sys) fn place(bytes: &Bytes) -> iovec {
    iovec {
        iov_base: bytes.as_ptr().cast(),
        iov_len: bytes.len(),
    }
}

impl Places {
    fn of(buffers: &Buffers) -> Places {
        let mut places = buffers.iter().map(place);
        if buffers.count() > 8 {
            return Places::Many(places.collect());
        }
        let none = iovec {
            iov_base: std::ptr::null_mut(),
            iov_len: 0,
        };
        Places::Few(
            std::array::from_fn(|_| places.next().unwrap_or(none)),
            buffers.count(),
        )
    }

    fn list(&mut self) -> &mut [iovec] {
        match self {
            Places::Few(list, count) => &mut list[..*count],
            Places::Many(list) => list,
        }
    }
}

/// A message without anything.
pub(in crate::sys) fn empty() -> msghdr {
    // SAFETY: a structure of numbers and pointers, for which zero bytes are a value.
    unsafe { std::mem::zeroed() }
}

/// Has a message take control data from these bytes, or put them there.
pub(in crate::sys) fn set_control(message: &mut msghdr, control: &Bytes) {
    if control.len() > 0 {
        message.msg_control = control.as_ptr().cast();
        message.msg_controllen = control.len() as _;
    }
}

/// What came with a message: its descriptors are owned, and close-on-exec, before anything else is done.
pub(in crate::sys) fn take_descriptors(control: Bytes, flags: i32, taken: &mut Vec<OwnedFd>) {
    let known = taken.len();
    // SAFETY: called once for what the kernel has just written.
    taken.extend(unsafe { cmsg::descriptors(control) });
    if flags & CMSG_CLOEXEC == 0 {
        for fd in &taken[known..] {
            // SAFETY: takes numbers only.
            let _ = check(unsafe { libc::fcntl(fd.as_raw_fd(), libc::F_SETFD, libc::FD_CLOEXEC) });
        }
    }
}

/// recvmsg(2). Descriptors that came along are in `taken`.
pub fn recvmsg(
    fd: RawFd,
    buffers: &Buffers,
    envelope: &Envelope,
    flags: i32,
    taken: &mut Vec<OwnedFd>,
) -> Result<usize, Errno> {
    let mut places = Places::of(buffers);
    let list = places.list();
    let mut message = empty();
    message.msg_name = envelope.address().as_ptr().cast();
    message.msg_namelen = SOCKADDR_STORAGE as libc::socklen_t;
    message.msg_iov = list.as_mut_ptr();
    message.msg_iovlen = list.len() as _;
    set_control(&mut message, &envelope.control());
    // SAFETY: address, places and control data are writable for the lengths given, as their makers checked.
    let count = unsafe { os::receive(fd, &mut message, flags) }?;
    let control = envelope.control().first(message.msg_controllen as _);
    take_descriptors(control, flags, taken);
    envelope.address().set_length(message.msg_namelen);
    envelope.tell(message.msg_flags & !CMSG_CLOEXEC, control.len());
    Ok(count)
}

/// sendmsg(2). No bytes of address or of control data mean none.
pub fn sendmsg(
    fd: RawFd,
    buffers: &Buffers,
    flags: i32,
    address: Bytes,
    control: Bytes,
) -> Result<usize, Errno> {
    let mut places = Places::of(buffers);
    let list = places.list();
    let mut message = empty();
    if address.len() > 0 {
        message.msg_name = address.as_ptr().cast();
        message.msg_namelen = address.socklen();
    }
    message.msg_iov = list.as_mut_ptr();
    message.msg_iovlen = list.len() as _;
    set_control(&mut message, &control);
    // SAFETY: address, places and control data are readable for the lengths given, as their makers checked.
    unsafe { os::transmit(fd, &message, flags) }
}
