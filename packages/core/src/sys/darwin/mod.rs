//! macOS: what POSIX has, and what it does in its own way. Type-checked for its target, not run so far.

use std::os::fd::FromRawFd;
use std::time::Duration;

use libc::{c_int, msghdr, socklen_t};

use super::js::{AddressBuffer, Bytes};
use super::names::Abroad;
use super::unix::{check, check_length, fstat, last_errno, owned};
use crate::error::Errno;

mod batch;
mod constants;
mod kqueue;
mod netdb;

pub use super::unix::*;
pub use batch::{recvmmsg, sendmmsg};
pub use constants::{CONSTANTS, ERRNOS};
pub use kqueue::Poller;
pub use netdb::{
    gethostbyaddr, gethostbyname, getprotobyname, getprotobynumber, getservbyname, getservbyport,
};

/// Flags of receives that take nothing out of the socket's queue.
pub const NOT_TAKEN: i32 = libc::MSG_PEEK;

/// Flags of receives that ask for what POLLIN does not tell of.
pub const NOT_IN_LINE: i32 = libc::MSG_OOB;

/// How many places a message may be gathered from or scattered to: IOV_MAX of sys/syslimits.h.
pub const IOV_MAX: usize = 1024;

/// There is no flag that has descriptors close on exec: they are told one by one.
pub(super) const CMSG_CLOEXEC: i32 = 0;

/// The type of `cmsg_len`.
pub(super) type ControlLength = socklen_t;

/// Whether the data of such a control message are descriptors: unix(4).
pub(super) fn brings_descriptors(level: c_int, kind: c_int) -> bool {
    (level, kind) == (libc::SOL_SOCKET, libc::SCM_RIGHTS)
}

/// As Node.js writes it in `process.platform`.
pub const PLATFORM: &str = "darwin";

/// Makes one call non-blocking whatever O_NONBLOCK says.
pub const DONT_WAIT: i32 = libc::MSG_DONTWAIT;

/// Makes a new socket close-on-exec and non-blocking, and has a send to a peer that is gone fail with EPIPE: fcntl(2),
/// setsockopt(2) SO_NOSIGPIPE. A program that another thread executes in between inherits it: no call makes it so from birth.
fn ready_made(fd: OwnedFd) -> Result<OwnedFd, Errno> {
    set_close_on_exec(fd.as_raw_fd())?;
    set_blocking(fd.as_raw_fd(), false)?;
    // SIGPIPE is ignored in any case.
    let _ = setsockopt_int(fd.as_raw_fd(), libc::SOL_SOCKET, libc::SO_NOSIGPIPE, 1);
    Ok(fd)
}

/// socket(2), then close-on-exec and non-blocking.
pub fn socket(family: i32, kind: i32, protocol: i32) -> Result<OwnedFd, Errno> {
    // SAFETY: takes numbers only.
    ready_made(owned(unsafe { libc::socket(family, kind, protocol) })?)
}

/// The two descriptors that a call has just made.
fn both(result: c_int, fds: [c_int; 2]) -> Result<(OwnedFd, OwnedFd), Errno> {
    check(result)?;
    // SAFETY: the call succeeded, so both are open and nobody else has them.
    Ok(unsafe { (OwnedFd::from_raw_fd(fds[0]), OwnedFd::from_raw_fd(fds[1])) })
}

/// socketpair(2), then close-on-exec and non-blocking.
pub fn socketpair(family: i32, kind: i32, protocol: i32) -> Result<(OwnedFd, OwnedFd), Errno> {
    let mut fds = [-1; 2];
    // SAFETY: `fds` has room for the two descriptors.
    let result = unsafe { libc::socketpair(family, kind, protocol, fds.as_mut_ptr()) };
    let (one, other) = both(result, fds)?;
    Ok((ready_made(one)?, ready_made(other)?))
}

/// accept(2), then close-on-exec and non-blocking.
pub fn accept(fd: RawFd, address: Option<AddressBuffer>) -> Result<OwnedFd, Errno> {
    let Some(address) = address else {
        // SAFETY: null pointers say that no address is wanted.
        return ready_made(owned(unsafe {
            libc::accept(fd, std::ptr::null_mut(), std::ptr::null_mut())
        })?);
    };
    let mut length = SOCKADDR_STORAGE as socklen_t;
    // SAFETY: the storage is writable for `length` bytes.
    let accepted = owned(unsafe { libc::accept(fd, address.as_ptr().cast(), &mut length) })?;
    address.set_length(length);
    ready_made(accepted)
}

/// Family, type and protocol of a socket: getsockname(2), getsockopt(2) SO_TYPE. No call tells the protocol: 0.
pub fn describe(fd: RawFd) -> Result<(i32, i32, i32), Errno> {
    // SAFETY: a structure of numbers, for which zero bytes are a value.
    let mut storage: libc::sockaddr_storage = unsafe { std::mem::zeroed() };
    let mut length = SOCKADDR_STORAGE as socklen_t;
    // SAFETY: the storage is writable for `length` bytes.
    check(unsafe { libc::getsockname(fd, (&raw mut storage).cast(), &mut length) })?;
    let kind = getsockopt_int(fd, libc::SOL_SOCKET, libc::SO_TYPE)?;
    Ok((storage.ss_family.into(), kind, 0))
}

/// What the length of an option counts: bytes.
pub(super) fn option_unit(_: i32, _: i32) -> usize {
    1
}

/// Whether getsockopt(2) of this option makes a descriptor: of none.
pub(super) fn makes_descriptor(_: i32, _: i32) -> bool {
    false
}

/// ENOTSUP: sockets take no programs; bpf(4) has devices of its own.
pub fn setsockopt_program(_: RawFd, _: i32, _: i32, _: Bytes) -> Result<(), Errno> {
    Err(ENOTSUP)
}

/// Whether this thread is the process's first: pthread_main_np(3). Others can be told to end while they wait.
pub fn is_first_thread() -> bool {
    // SAFETY: only asks.
    unsafe { libc::pthread_main_np() != 0 }
}

/// Sockets have no error queue.
pub fn mark_error_queue(_: RawFd) {}

/// What tells one open file from another, as far as the system has it: inode and device, in one number; fstat(2). Sockets
/// other than Unix ones have no inode, so of those a number that somebody else reused is not noticed.
pub fn identity(fd: RawFd) -> Result<u64, Errno> {
    let status = fstat(fd)?;
    Ok(status.st_ino ^ (status.st_dev as u64).rotate_right(16))
}

/// poll(2): to how many something happened before the time was up, in whole milliseconds.
pub fn poll(entries: &mut [PollFd], timeout: Option<Duration>) -> Result<usize, Errno> {
    let milliseconds = timeout.map_or(-1, |timeout| {
        // Rounded up: woken before its time, a caller would ask in a loop.
        c_int::try_from(timeout.as_nanos().div_ceil(1_000_000)).unwrap_or(c_int::MAX)
    });
    let count = libc::nfds_t::try_from(entries.len()).map_err(|_| Errno(libc::EINVAL))?;
    // SAFETY: the entries are writable.
    let happened = check(unsafe { libc::poll(entries.as_mut_ptr(), count, milliseconds) })?;
    Ok(happened as usize)
}

/// As Linux's `struct epoll_event`.
#[derive(Clone, Copy)]
pub struct EpollEvent {
    pub events: u32,
    pub u64: u64,
}

pub const NOTHING: EpollEvent = EpollEvent { events: 0, u64: 0 };

/// ENOTSUP: epoll(7) is Linux's.
pub fn epoll_create() -> Result<OwnedFd, Errno> {
    Err(ENOTSUP)
}

/// ENOTSUP: epoll(7) is Linux's.
pub fn epoll_ctl(_: RawFd, _: i32, _: RawFd, _: u32, _: u64) -> Result<(), Errno> {
    Err(ENOTSUP)
}

/// ENOTSUP: epoll(7) is Linux's.
pub fn epoll_wait(_: RawFd, _: &mut [EpollEvent], _: i32) -> Result<&[EpollEvent], Errno> {
    Err(ENOTSUP)
}

/// recv(2).
#[inline]
pub fn recv(fd: RawFd, buffer: Bytes, flags: i32) -> Result<usize, Errno> {
    // SAFETY: the buffer is writable for its length, as its maker checked.
    check_length(unsafe { libc::recv(fd, buffer.as_ptr().cast(), buffer.len(), flags) })
}

/// recvfrom(2).
#[inline]
pub fn recvfrom(fd: RawFd, buffer: Bytes, flags: i32, address: AddressBuffer) -> Result<usize, Errno> {
    let mut length = SOCKADDR_STORAGE as socklen_t;
    let (data, from) = (buffer.as_ptr().cast(), address.as_ptr().cast());
    // SAFETY: both buffers are writable for the lengths given, as their makers checked.
    let received = check_length(unsafe { libc::recvfrom(fd, data, buffer.len(), flags, from, &mut length) })?;
    address.set_length(length);
    Ok(received)
}

/// send(2).
#[inline]
pub fn send(fd: RawFd, data: Bytes, flags: i32) -> Result<usize, Errno> {
    // SAFETY: the data is readable for its length, as its maker checked.
    check_length(unsafe { libc::send(fd, data.as_ptr().cast(), data.len(), flags) })
}

/// sendto(2).
#[inline]
pub fn sendto(fd: RawFd, data: Bytes, flags: i32, address: Bytes) -> Result<usize, Errno> {
    let (bytes, to) = (data.as_ptr().cast(), address.as_ptr().cast());
    // SAFETY: data and address are readable for their lengths, as their makers checked.
    check_length(unsafe { libc::sendto(fd, bytes, data.len(), flags, to, address.socklen()) })
}

/// recvmsg(2).
///
/// # Safety
/// What the message points to is writable for the lengths it says.
pub(super) unsafe fn receive(fd: RawFd, message: &mut msghdr, flags: i32) -> Result<usize, Errno> {
    // SAFETY: as the caller says.
    check_length(unsafe { libc::recvmsg(fd, message, flags) })
}

/// sendmsg(2).
///
/// # Safety
/// What the message points to is readable for the lengths it says.
pub(super) unsafe fn transmit(fd: RawFd, message: &msghdr, flags: i32) -> Result<usize, Errno> {
    // SAFETY: as the caller says.
    check_length(unsafe { libc::sendmsg(fd, message, flags) })
}

/// sendfile(2) from `offset` of a file. What was sent before it would have blocked or was interrupted is the result.
pub fn sendfile(socket: RawFd, file: RawFd, offset: u64, count: usize) -> Result<usize, Errno> {
    let offset = i64::try_from(offset).map_err(|_| Errno(libc::EOVERFLOW))?;
    let mut length = i64::try_from(count).map_err(|_| Errno(libc::EOVERFLOW))?;
    if length == 0 {
        // To the system 0 means all of the file.
        return Ok(0);
    }
    // SAFETY: takes numbers and the place of the length, which is writable; there are no headers.
    let result = unsafe { libc::sendfile(file, socket, offset, &mut length, std::ptr::null_mut(), 0) };
    match check(result) {
        Err(EAGAIN | EINTR) if length > 0 => {}
        result => drop(result?),
    }
    usize::try_from(length).map_err(|_| last_errno())
}

/// ENOTSUP: splice(2) is Linux's.
pub fn splice(_: RawFd, _: RawFd, _: usize, _: u32) -> Result<usize, Errno> {
    Err(ENOTSUP)
}

/// pipe(2), then close-on-exec: the end to read from, and the end to write to.
pub fn pipe() -> Result<(OwnedFd, OwnedFd), Errno> {
    let mut fds = [-1; 2];
    // SAFETY: `fds` has room for the two descriptors.
    let result = unsafe { libc::pipe(fds.as_mut_ptr()) };
    let (read, write) = both(result, fds)?;
    set_close_on_exec(read.as_raw_fd())?;
    set_close_on_exec(write.as_raw_fd())?;
    Ok((read, write))
}

/// How many bytes the argument of a request has: sys/filio.h, sys/ttycom.h, sys/sockio.h. Requests whose argument holds
/// pointers are not among them.
fn ioctl_argument(request: u32) -> Option<usize> {
    match request {
        // FIOCLEX, FIONCLEX.
        0x2000_6601 | 0x2000_6602 => {}
        // FIONREAD, FIONBIO, FIOASYNC, FIOSETOWN, FIOGETOWN.
        0x4004_667f | 0x8004_667e | 0x8004_667d | 0x8004_667c | 0x4004_667b => {}
        // TIOCOUTQ; SIOCATMARK, SIOCSPGRP, SIOCGPGRP.
        0x4004_7473 | 0x4004_7307 | 0x8004_7308 | 0x4004_7309 => {}
        // SIOCGIFFLAGS, SIOCSIFFLAGS, SIOCGIFMETRIC, SIOCGIFADDR, SIOCGIFDSTADDR, SIOCGIFBRDADDR, SIOCGIFNETMASK, SIOCGIFMTU,
        // SIOCSIFMTU.
        0xc020_6911 | 0x8020_6910 | 0xc020_6917 | 0xc020_6921..=0xc020_6923 | 0xc020_6925 => {}
        0xc020_6933 | 0x8020_6934 => {}
        _ => return None,
    }
    // Requests say so themselves: IOCPARM_LEN of sys/ioccom.h.
    Some((request >> 16 & 0x1fff) as usize)
}

/// ioctl(2): what it returned; its argument is read and written in place. ENOTSUP for a request that is not known here,
/// EINVAL when the argument is shorter than the kernel takes it to be.
pub fn ioctl(fd: RawFd, request: u32, argument: Bytes) -> Result<i32, Errno> {
    let size = ioctl_argument(request).ok_or(ENOTSUP)?;
    if argument.len() < size {
        return Err(Errno(libc::EINVAL));
    }
    // SAFETY: the argument is as long as this request says it is, and holds no pointers.
    check(unsafe { libc::ioctl(fd, request.into(), argument.as_ptr()) })
}

/// Leaves a mapping out of what fork(2) copies: minherit(2) VM_INHERIT_NONE.
pub(super) fn keep_from_children(mapped: &Mapped) {
    // SAFETY: all of one mapping, which stays as it is. A kernel that refuses it copies it to children.
    unsafe { libc::minherit(mapped.as_ptr().cast(), mapped.len(), VM_INHERIT_NONE) };
}

/// VM_INHERIT_NONE of mach/vm_inherit.h, which the `libc` crate lacks.
const VM_INHERIT_NONE: c_int = 2;

/// sethostname(3).
pub fn sethostname(name: &str) -> Result<(), Errno> {
    let length = c_int::try_from(name.len()).map_err(|_| Errno(libc::EINVAL))?;
    // SAFETY: the name is readable for its length.
    check(unsafe { libc::sethostname(name.as_ptr().cast(), length) }).map(drop)
}

/// A sockaddr, as long as it says it is.
pub type InterfaceSockaddr = Vec<u8>;

/// A sockaddr of getifaddrs(3).
///
/// # Safety
/// The C library made it, or it is null.
pub(super) unsafe fn interface_sockaddr(at: *const libc::sockaddr) -> Option<InterfaceSockaddr> {
    // SAFETY: as the caller says; a sockaddr is as long as its first byte has it.
    unsafe {
        let length = at.as_ref()?.sa_len.into();
        Some(std::slice::from_raw_parts(at.cast::<u8>(), length).to_vec())
    }
}

/// The broadcast address of a line of getifaddrs(3), or the peer.
pub(super) fn interface_other(line: &libc::ifaddrs) -> *const libc::sockaddr {
    line.ifa_dstaddr
}

/// ENOTSUP: network namespaces are Linux's.
pub fn in_network_namespace<T: Send>(
    _: RawFd,
    _: impl FnOnce() -> Result<T, Errno> + Send,
) -> Result<T, Abroad> {
    Err(Abroad::Entering(ENOTSUP))
}
