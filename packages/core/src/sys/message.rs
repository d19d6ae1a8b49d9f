//! Messages with addresses and ancillary data: recvmsg(2), sendmsg(2).

use std::os::fd::{AsRawFd, OwnedFd, RawFd};

use libc::{c_long, iovec, msghdr};

use super::cmsg;
use super::js::{AddressBuffer, Buffers, Bytes};
use super::unix::{SOCKADDR_STORAGE, check, check_length};
use crate::error::{Errno, Fault};

/// What a call tells of a message beside its bytes, in memory of JavaScript's (`ts/message.ts`): flags, the length of the
/// control data and the number of descriptors as 32-bit integers, and what room for control data was asked for; the address
/// as an [`AddressBuffer`]; control data; then slot and generation of each descriptor, for as many as there is room for.
#[derive(Clone, Copy)]
pub struct Envelope<'a> {
    bytes: Bytes<'a>,
    room: usize,
}

impl<'a> Envelope<'a> {
    const FLAGS: usize = 0;
    const CONTROL_LENGTH: usize = 4;
    const DESCRIPTORS: usize = 8;
    const ASKED: usize = 12;
    const ADDRESS: usize = 16;
    const CONTROL: usize = 152;

    pub fn of(bytes: Bytes<'a>) -> Result<Self, Fault> {
        // Each byte of control data has two beside it: four bytes of a descriptor become two integers.
        let rest = bytes.len().checked_sub(Self::CONTROL).ok_or(Fault::BadArgument)?;
        Ok(Envelope {
            bytes,
            room: (rest / 3) & !7,
        })
    }

    fn address(&self) -> AddressBuffer<'a> {
        AddressBuffer::within(self.bytes.skip(Self::ADDRESS))
    }

    /// What was asked for, to the byte: a kernel that is told of more fills it. Never more than there is, whatever is asked.
    fn control(&self) -> Bytes<'a> {
        let asked = self.bytes.read::<u32>(Self::ASKED).unwrap_or(0) as usize;
        self.bytes.skip(Self::CONTROL).first(asked.min(self.room))
    }

    fn tell(&self, at: usize, value: usize) {
        // `of` has seen to it that there is room.
        let _ = self.bytes.write(at, value as u32);
    }

    /// Says where the table has the descriptors that came.
    pub fn put_descriptors(&self, handles: &[crate::table::Handle]) {
        let places = self.bytes.skip(Self::CONTROL + self.room);
        for (index, handle) in handles.iter().enumerate() {
            let _ = places.write(index * 8, handle.slot);
            let _ = places.write(index * 8 + 4, handle.generation);
        }
        self.tell(Self::DESCRIPTORS, handles.len());
    }
}

/// Where the bytes are, as the kernel wants it told. A few need no memory of their own.
enum Places {
    Few([iovec; 8], usize),
    Many(Vec<iovec>),
}

pub(super) fn place(bytes: &Bytes) -> iovec {
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
pub(super) fn empty() -> msghdr {
    // SAFETY: a structure of numbers and pointers, for which zero bytes are a value.
    unsafe { std::mem::zeroed() }
}

/// Has a message take control data from these bytes, or put them there.
pub(super) fn set_control(message: &mut msghdr, control: &Bytes) {
    if control.len() > 0 {
        message.msg_control = control.as_ptr().cast();
        message.msg_controllen = control.len() as _;
    }
}

/// What came with a message: its descriptors are owned, and close-on-exec, before anything else is done.
pub(super) fn take_descriptors(control: Bytes, flags: i32, taken: &mut Vec<OwnedFd>) {
    let known = taken.len();
    // SAFETY: called once for what the kernel has just written.
    taken.extend(unsafe { cmsg::descriptors(control) });
    if flags & libc::MSG_CMSG_CLOEXEC == 0 {
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
    let header = &raw mut message;
    // SAFETY: address, places and control data are writable for the lengths given, as their makers checked.
    let result = unsafe { libc::syscall(libc::SYS_recvmsg, fd, header, flags) };
    let count = transferred(result)?;
    let control = envelope.control().first(message.msg_controllen);
    take_descriptors(control, flags, taken);
    envelope.address().set_length(message.msg_namelen);
    envelope.tell(
        Envelope::FLAGS,
        (message.msg_flags & !libc::MSG_CMSG_CLOEXEC) as usize,
    );
    envelope.tell(Envelope::CONTROL_LENGTH, control.len());
    envelope.tell(Envelope::DESCRIPTORS, 0);
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
    let header = &raw const message;
    // SAFETY: address, places and control data are readable for the lengths given, as their makers checked.
    transferred(unsafe { libc::syscall(libc::SYS_sendmsg, fd, header, flags) })
}

fn transferred(result: c_long) -> Result<usize, Errno> {
    check_length(result as isize)
}
