//! Linux: what POSIX has, and what it does in its own way.

use std::os::fd::FromRawFd;
use std::time::Duration;

use libc::{c_int, c_long, msghdr, socklen_t};

use super::js::{AddressBuffer, Bytes};
use super::names::Abroad;
use super::unix::{check, check_length, fstat, owned};
use crate::error::Errno;

mod batch;
mod constants;
mod epoll;
mod netdb;

pub use super::unix::*;
pub use batch::{recvmmsg, sendmmsg};
pub use constants::{CONSTANTS, ERRNOS};
pub use epoll::{NOTHING, Poller, epoll_create, epoll_ctl, epoll_wait};
pub use netdb::{
    gethostbyaddr, gethostbyname, getprotobyname, getprotobynumber, getservbyname, getservbyport,
};

/// Flags of receives that take nothing out of the socket's queue.
pub const NOT_TAKEN: i32 = libc::MSG_PEEK | libc::MSG_ERRQUEUE;

/// Flags of receives that ask for what POLLIN does not tell of.
pub const NOT_IN_LINE: i32 = libc::MSG_ERRQUEUE | libc::MSG_OOB;

/// How many places a message may be gathered from or scattered to: UIO_MAXIOV of linux/uio.h.
pub const IOV_MAX: usize = libc::UIO_MAXIOV as usize;

/// Has descriptors that come with a message close on exec.
pub(super) const CMSG_CLOEXEC: i32 = libc::MSG_CMSG_CLOEXEC;

/// The type of `cmsg_len`.
pub(super) type ControlLength = libc::size_t;

/// SCM_PIDFD, which the `libc` crate lacks: a process of the sender, as a descriptor; since Linux 6.5.
const SCM_PIDFD: c_int = 4;

/// Whether the data of such a control message are descriptors: unix(7).
pub(super) fn brings_descriptors(level: c_int, kind: c_int) -> bool {
    level == libc::SOL_SOCKET && matches!(kind, libc::SCM_RIGHTS | SCM_PIDFD)
}

/// As Node.js writes it in `process.platform`.
pub const PLATFORM: &str = "linux";

/// Makes one call non-blocking whatever O_NONBLOCK says.
pub const DONT_WAIT: i32 = libc::MSG_DONTWAIT;

/// socket(2), close-on-exec and non-blocking from birth.
pub fn socket(family: i32, kind: i32, protocol: i32) -> Result<OwnedFd, Errno> {
    // SAFETY: takes numbers only.
    owned(unsafe { libc::socket(family, kind | libc::SOCK_CLOEXEC | libc::SOCK_NONBLOCK, protocol) })
}

/// socketpair(2), close-on-exec and non-blocking from birth.
pub fn socketpair(family: i32, kind: i32, protocol: i32) -> Result<(OwnedFd, OwnedFd), Errno> {
    let mut fds = [-1; 2];
    // SAFETY: `fds` has room for the two descriptors.
    check(unsafe {
        libc::socketpair(
            family,
            kind | libc::SOCK_CLOEXEC | libc::SOCK_NONBLOCK,
            protocol,
            fds.as_mut_ptr(),
        )
    })?;
    // SAFETY: the call succeeded, so both are open and nobody else has them.
    Ok(unsafe { (OwnedFd::from_raw_fd(fds[0]), OwnedFd::from_raw_fd(fds[1])) })
}

/// accept4(2): the new socket is close-on-exec and non-blocking from birth.
pub fn accept(fd: RawFd, address: Option<AddressBuffer>) -> Result<OwnedFd, Errno> {
    let flags = libc::SOCK_CLOEXEC | libc::SOCK_NONBLOCK;
    let Some(address) = address else {
        // SAFETY: null pointers say that no address is wanted.
        return owned(unsafe { libc::accept4(fd, std::ptr::null_mut(), std::ptr::null_mut(), flags) });
    };
    let mut length = SOCKADDR_STORAGE as socklen_t;
    // SAFETY: the storage is writable for `length` bytes.
    let accepted = owned(unsafe { libc::accept4(fd, address.as_ptr().cast(), &mut length, flags) })?;
    address.set_length(length);
    Ok(accepted)
}

/// Family, type and protocol of a socket: getsockopt(2) SO_DOMAIN, SO_TYPE, SO_PROTOCOL.
pub fn describe(fd: RawFd) -> Result<(i32, i32, i32), Errno> {
    let ask = |name| getsockopt_int(fd, libc::SOL_SOCKET, name);
    Ok((
        ask(libc::SO_DOMAIN)?,
        ask(libc::SO_TYPE)?,
        ask(libc::SO_PROTOCOL)?,
    ))
}

/// What the length of an option counts: bytes, but for SO_GET_FILTER, which counts the instructions of the filter; socket(7).
pub(super) fn option_unit(level: i32, name: i32) -> usize {
    if (level, name) == (libc::SOL_SOCKET, libc::SO_GET_FILTER) {
        size_of::<libc::sock_filter>()
    } else {
        1
    }
}

/// Whether getsockopt(2) of this option makes a descriptor: unix(7).
pub(super) fn makes_descriptor(level: i32, name: i32) -> bool {
    (level, name) == (libc::SOL_SOCKET, libc::SO_PEERPIDFD)
}

/// setsockopt(2) of a `struct sock_fprog`: a program of `struct sock_filter`, which the kernel reads and checks.
pub fn setsockopt_program(fd: RawFd, level: i32, name: i32, program: Bytes) -> Result<(), Errno> {
    let instructions = program.len() / size_of::<libc::sock_filter>();
    let whole = instructions * size_of::<libc::sock_filter>() == program.len();
    let Some(len) = u16::try_from(instructions).ok().filter(|_| whole) else {
        return Err(Errno(libc::EINVAL));
    };
    let value = libc::sock_fprog {
        len,
        filter: program.as_ptr().cast(),
    };
    let length = size_of::<libc::sock_fprog>() as socklen_t;
    // SAFETY: the structure is readable, and what it points to for as many instructions as it says; the kernel copies both.
    check(unsafe { libc::setsockopt(fd, level, name, (&raw const value).cast(), length) }).map(drop)
}

/// Whether this thread is the process's first: gettid(2), getpid(2). Others can be told to end while they wait.
pub fn is_first_thread() -> bool {
    // SAFETY: both only ask.
    unsafe { libc::gettid() == libc::getpid() }
}

/// Has a filled error queue poll as POLLPRI too, so that libuv does not take it for a dead descriptor. Since Linux 3.10.
pub fn mark_error_queue(fd: RawFd) {
    // A family that refuses it keeps polling as POLLERR alone, which the poller survives.
    let _ = setsockopt_int(fd, libc::SOL_SOCKET, libc::SO_SELECT_ERR_QUEUE, 1);
}

/// What tells one open file from another: inode and device, in one number; fstat(2). No two sockets share it.
pub fn identity(fd: RawFd) -> Result<u64, Errno> {
    let status = fstat(fd)?;
    // Inode numbers are per file system: a file may have that of a socket.
    Ok(status.st_ino ^ status.st_dev.rotate_right(16))
}

/// ppoll(2): to how many something happened before the time was up.
pub fn poll(entries: &mut [PollFd], timeout: Option<Duration>) -> Result<usize, Errno> {
    let spec = timeout.map(|timeout| libc::timespec {
        tv_sec: timeout.as_secs() as libc::time_t,
        tv_nsec: timeout.subsec_nanos().into(),
    });
    let spec = spec.as_ref().map_or(std::ptr::null(), std::ptr::from_ref);
    let count = entries.len() as libc::nfds_t;
    // SAFETY: the entries are writable; the time, where there is one, outlives the call; no signal mask.
    let happened = check(unsafe { libc::ppoll(entries.as_mut_ptr(), count, spec, std::ptr::null()) })?;
    Ok(happened as usize)
}

// The C library's recv and its kin are cancellation points: in a process with threads, each call enables and disables
// cancellation, which costs 30 ns. Nobody cancels threads here, so the hot ones go to the kernel directly.

fn transferred(result: c_long) -> Result<usize, Errno> {
    check_length(result as isize)
}

/// recv(2).
#[inline]
pub fn recv(fd: RawFd, buffer: Bytes, flags: i32) -> Result<usize, Errno> {
    let nowhere = std::ptr::null_mut::<u8>();
    // SAFETY: the buffer is writable for its length, as its maker checked; no address is wanted.
    transferred(unsafe {
        libc::syscall(
            libc::SYS_recvfrom,
            fd,
            buffer.as_ptr(),
            buffer.len(),
            flags,
            nowhere,
            nowhere,
        )
    })
}

/// recvfrom(2).
#[inline]
pub fn recvfrom(fd: RawFd, buffer: Bytes, flags: i32, address: AddressBuffer) -> Result<usize, Errno> {
    let mut length = SOCKADDR_STORAGE as socklen_t;
    // SAFETY: both buffers are writable for the lengths given, as their makers checked.
    let received = transferred(unsafe {
        let length = &raw mut length;
        libc::syscall(
            libc::SYS_recvfrom,
            fd,
            buffer.as_ptr(),
            buffer.len(),
            flags,
            address.as_ptr(),
            length,
        )
    })?;
    address.set_length(length);
    Ok(received)
}

/// send(2).
#[inline]
pub fn send(fd: RawFd, data: Bytes, flags: i32) -> Result<usize, Errno> {
    let nowhere = std::ptr::null_mut::<u8>();
    // SAFETY: the data is readable for its length, as its maker checked; there is no address.
    transferred(unsafe { libc::syscall(libc::SYS_sendto, fd, data.as_ptr(), data.len(), flags, nowhere, 0) })
}

/// sendto(2).
#[inline]
pub fn sendto(fd: RawFd, data: Bytes, flags: i32, address: Bytes) -> Result<usize, Errno> {
    let (to, length) = (address.as_ptr(), address.socklen());
    // SAFETY: data and address are readable for their lengths, as their makers checked.
    transferred(unsafe { libc::syscall(libc::SYS_sendto, fd, data.as_ptr(), data.len(), flags, to, length) })
}

/// recvmsg(2).
///
/// # Safety
/// What the message points to is writable for the lengths it says.
pub(super) unsafe fn receive(fd: RawFd, message: &mut msghdr, flags: i32) -> Result<usize, Errno> {
    // SAFETY: as the caller says.
    transferred(unsafe { libc::syscall(libc::SYS_recvmsg, fd, &raw mut *message, flags) })
}

/// sendmsg(2).
///
/// # Safety
/// What the message points to is readable for the lengths it says.
pub(super) unsafe fn transmit(fd: RawFd, message: &msghdr, flags: i32) -> Result<usize, Errno> {
    // SAFETY: as the caller says.
    transferred(unsafe { libc::syscall(libc::SYS_sendmsg, fd, &raw const *message, flags) })
}

/// sendfile(2) from `offset` of a file.
pub fn sendfile(socket: RawFd, file: RawFd, offset: u64, count: usize) -> Result<usize, Errno> {
    let mut offset = i64::try_from(offset).map_err(|_| Errno(libc::EOVERFLOW))?;
    // SAFETY: takes numbers and the place of the offset, which is writable.
    check_length(unsafe { libc::sendfile64(socket, file, &mut offset, count) })
}

/// splice(2) between a pipe and a socket, which have no offsets. Neither end is waited for.
pub fn splice(from: RawFd, into: RawFd, count: usize, flags: u32) -> Result<usize, Errno> {
    let nowhere = std::ptr::null_mut();
    let flags = flags | libc::SPLICE_F_NONBLOCK;
    // SAFETY: takes numbers only.
    check_length(unsafe { libc::splice(from, nowhere, into, nowhere, count, flags) })
}

/// pipe2(2), close-on-exec: the end to read from, and the end to write to.
pub fn pipe() -> Result<(OwnedFd, OwnedFd), Errno> {
    let mut fds = [-1; 2];
    // SAFETY: `fds` has room for the two descriptors.
    check(unsafe { libc::pipe2(fds.as_mut_ptr(), libc::O_CLOEXEC) })?;
    // SAFETY: the call succeeded, so both are open and nobody else has them.
    Ok(unsafe { (OwnedFd::from_raw_fd(fds[0]), OwnedFd::from_raw_fd(fds[1])) })
}

/// Leaves a mapping out of what fork(2) copies: madvise(2) MADV_DONTFORK.
pub(super) fn keep_from_children(mapped: &Mapped) {
    // SAFETY: all of one mapping, which stays as it is. A kernel that refuses it copies it to children.
    unsafe { libc::madvise(mapped.as_ptr().cast(), mapped.len(), libc::MADV_DONTFORK) };
}

/// `sizeof(struct ifreq)`, net/if.h.
const IFREQ: usize = size_of::<libc::ifreq>();
/// `sizeof(struct timeval)` and of `timespec`, with times of 64 bits.
const TIME: usize = 16;

/// How many bytes the argument of a request has: asm-generic/sockios.h, linux/sockios.h. Requests whose argument holds
/// pointers are not among them.
fn ioctl_argument(request: u32) -> Option<usize> {
    const INT: usize = size_of::<libc::c_int>();
    Some(match request {
        // FIONCLEX, FIOCLEX.
        0x5450 | 0x5451 => 0,
        // FIONREAD (SIOCINQ), TIOCOUTQ (SIOCOUTQ), FIONBIO, FIOASYNC.
        0x541b | 0x5411 | 0x5421 | 0x5452 => INT,
        // FIOSETOWN, SIOCSPGRP, FIOGETOWN, SIOCGPGRP, SIOCATMARK.
        0x8901..=0x8905 => INT,
        // SIOCGSTAMP_OLD, SIOCGSTAMPNS_OLD; SIOCGSTAMP_NEW, SIOCGSTAMPNS_NEW.
        0x8906 | 0x8907 | 0x8010_8906 | 0x8010_8907 => TIME,
        // SIOCOUTQNSD.
        0x894b => INT,
        // SIOCGIFNAME; SIOCGIFFLAGS to SIOCSIFMEM without SIOCGIFCONF and SIOCSIFLINK; SIOCGIFMTU, SIOCSIFMTU, SIOCSIFNAME,
        // SIOCSIFHWADDR; SIOCGIFHWADDR; SIOCSIFHWBROADCAST, SIOCGIFINDEX; SIOCSIFPFLAGS, SIOCGIFPFLAGS; SIOCGIFTXQLEN, SIOCSIFTXQLEN.
        0x8910
        | 0x8913..=0x8920
        | 0x8921..=0x8924
        | 0x8927
        | 0x8933
        | 0x8934
        | 0x8935
        | 0x8937
        | 0x8942
        | 0x8943 => IFREQ,
        _ => return None,
    })
}

/// ioctl(2): what it returned; its argument is read and written in place. ENOTSUP for a request that is not known here,
/// EINVAL when the argument is shorter than the kernel takes it to be.
pub fn ioctl(fd: RawFd, request: u32, argument: Bytes) -> Result<i32, Errno> {
    let size = ioctl_argument(request).ok_or(ENOTSUP)?;
    if argument.len() < size {
        return Err(Errno(libc::EINVAL));
    }
    // SAFETY: the argument is as long as this request takes it to be, and holds no pointers.
    check(unsafe { libc::ioctl(fd, request as libc::c_ulong as _, argument.as_ptr()) })
}

/// sethostname(2).
pub fn sethostname(name: &str) -> Result<(), Errno> {
    // SAFETY: the name is readable for its length.
    check(unsafe { libc::sethostname(name.as_ptr().cast(), name.len()) }).map(drop)
}

/// A sockaddr whose length its family says, with what stands behind it.
pub type InterfaceSockaddr = [u8; 36];

/// A sockaddr of getifaddrs(3).
///
/// # Safety
/// The C library made it, or it is null.
pub(super) unsafe fn interface_sockaddr(at: *const libc::sockaddr) -> Option<InterfaceSockaddr> {
    // SAFETY: as the caller says; glibc and musl keep each sockaddr in a union as large as their largest, a link-layer
    // address of 36 bytes.
    unsafe { at.cast::<InterfaceSockaddr>().as_ref().copied() }
}

/// The broadcast address of a line of getifaddrs(3), or the peer.
pub(super) fn interface_other(line: &libc::ifaddrs) -> *const libc::sockaddr {
    line.ifa_ifu
}

/// Runs `call` in a network namespace, by a thread that ends with it: setns(2) moves one thread, and none of Node.js's.
pub fn in_network_namespace<T: Send>(
    namespace: RawFd,
    call: impl FnOnce() -> Result<T, Errno> + Send,
) -> Result<T, Abroad> {
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new()
            .name("sockeye.netns".into())
            // It makes two system calls.
            .stack_size(64 * 1024)
            .spawn_scoped(scope, || {
                // SAFETY: takes numbers only.
                check(unsafe { libc::setns(namespace, libc::CLONE_NEWNET) }).map_err(Abroad::Entering)?;
                call().map_err(Abroad::There)
            })
            .map_err(|error| Abroad::Entering(spawn_error(&error)))?;
        thread.join().unwrap_or(Err(Abroad::Entering(ECANCELED)))
    })
}
