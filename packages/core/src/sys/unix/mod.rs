//! The system calls that POSIX gives every Unix, with the manual page of each.

use std::ffi::CStr;
use std::mem::MaybeUninit;
use std::os::fd::FromRawFd;

use libc::{c_int, c_void, sockaddr, socklen_t};

use super::js::{AddressBuffer, Bytes};
use super::names::InterfaceAddress;
use super::os;
use crate::error::Errno;

pub(super) mod cmsg;
mod mapping;
pub(super) mod message;
pub(super) mod netdb;
mod resolve;

pub use libc::{MSG_PEEK, MSG_WAITALL, POLLHUP, POLLIN, POLLNVAL, POLLOUT, POLLPRI};
pub use mapping::{Mapped, mmap};
pub use message::{recvmsg, sendmsg};
pub use netdb::hstrerror;
pub use resolve::{gai_strerror, getaddrinfo, getnameinfo};
pub use std::os::fd::{AsRawFd, IntoRawFd, OwnedFd, RawFd};

/// `struct pollfd`.
pub use libc::pollfd as PollFd;

/// The length of an address or an option.
pub use libc::socklen_t as SockLen;

pub const EAGAIN: Errno = Errno(libc::EAGAIN);
pub const EBADF: Errno = Errno(libc::EBADF);
pub const EBUSY: Errno = Errno(libc::EBUSY);
pub const EINTR: Errno = Errno(libc::EINTR);
pub const EMSGSIZE: Errno = Errno(libc::EMSGSIZE);
pub const ENOENT: Errno = Errno(libc::ENOENT);
pub const EMFILE: Errno = Errno(libc::EMFILE);
pub const EINPROGRESS: Errno = Errno(libc::EINPROGRESS);
pub const ENOBUFS: Errno = Errno(libc::ENOBUFS);
pub const ENOTCONN: Errno = Errno(libc::ENOTCONN);
const ENOTSOCK: Errno = Errno(libc::ENOTSOCK);
pub const ENOTSUP: Errno = Errno(libc::ENOTSUP);
pub const ECANCELED: Errno = Errno(libc::ECANCELED);

/// Room for any address: `sizeof(struct sockaddr_storage)`.
pub const SOCKADDR_STORAGE: usize = size_of::<libc::sockaddr_storage>();

/// The thread's `errno`.
pub(super) fn last_errno() -> Errno {
    Errno(
        std::io::Error::last_os_error()
            .raw_os_error()
            .unwrap_or(libc::EIO),
    )
}

/// The one place where -1 becomes an error.
pub(super) fn check(result: c_int) -> Result<c_int, Errno> {
    if result == -1 {
        Err(last_errno())
    } else {
        Ok(result)
    }
}

/// As [`check`], for calls that return a length.
pub(super) fn check_length(result: isize) -> Result<usize, Errno> {
    usize::try_from(result).map_err(|_| last_errno())
}

/// Owns what a system call just created.
pub(super) fn owned(result: c_int) -> Result<OwnedFd, Errno> {
    // SAFETY: the call succeeded, so the descriptor is open and nobody else has it.
    check(result).map(|fd| unsafe { OwnedFd::from_raw_fd(fd) })
}

/// Owns a descriptor that the caller gives away; EBADF when it is not open, ENOTSOCK when it is no socket.
pub fn adopt(fd: RawFd) -> Result<OwnedFd, Errno> {
    expect_socket(fd)?;
    // SAFETY: it is open, and the caller hands over its ownership by contract of `fromFd`.
    Ok(unsafe { OwnedFd::from_raw_fd(fd) })
}

/// ENOTSOCK for anything but a socket: fstat(2).
pub fn expect_socket(fd: RawFd) -> Result<(), Errno> {
    if fstat(fd)?.st_mode & libc::S_IFMT == libc::S_IFSOCK {
        Ok(())
    } else {
        Err(ENOTSOCK)
    }
}

pub(super) fn fstat(fd: RawFd) -> Result<libc::stat, Errno> {
    let mut status = MaybeUninit::<libc::stat>::uninit();
    // SAFETY: `status` is writable and large enough; any descriptor number may be asked.
    check(unsafe { libc::fstat(fd, status.as_mut_ptr()) })?;
    // SAFETY: fstat succeeded and has filled it.
    Ok(unsafe { status.assume_init() })
}

/// close(2). Never tried again: on Linux the number is free even after EINTR.
pub fn close(fd: RawFd) -> Result<(), Errno> {
    // SAFETY: the table hands each descriptor that it owns to this function once.
    match check(unsafe { libc::close(fd) }) {
        Ok(_) | Err(EINTR) => Ok(()),
        Err(errno) => Err(errno),
    }
}

/// fcntl(2) F_DUPFD_CLOEXEC: a second descriptor of the same socket.
pub fn dup(fd: RawFd) -> Result<OwnedFd, Errno> {
    // SAFETY: takes numbers only.
    owned(unsafe { libc::fcntl(fd, libc::F_DUPFD_CLOEXEC, 0) })
}

/// Closes the descriptor in programs that are executed: fcntl(2) F_GETFD, F_SETFD.
pub fn set_close_on_exec(fd: RawFd) -> Result<(), Errno> {
    // SAFETY: takes numbers only.
    let flags = check(unsafe { libc::fcntl(fd, libc::F_GETFD) })?;
    // SAFETY: takes numbers only.
    check(unsafe { libc::fcntl(fd, libc::F_SETFD, flags | libc::FD_CLOEXEC) }).map(drop)
}

/// Whether O_NONBLOCK is clear: fcntl(2) F_GETFL.
pub fn is_blocking(fd: RawFd) -> Result<bool, Errno> {
    // SAFETY: takes numbers only.
    check(unsafe { libc::fcntl(fd, libc::F_GETFL) }).map(|flags| flags & libc::O_NONBLOCK == 0)
}

/// Clears or sets O_NONBLOCK, which all descriptors of the open file share: fcntl(2) F_GETFL, F_SETFL.
pub fn set_blocking(fd: RawFd, blocking: bool) -> Result<(), Errno> {
    // SAFETY: takes numbers only.
    let flags = check(unsafe { libc::fcntl(fd, libc::F_GETFL) })?;
    let wanted = if blocking {
        flags & !libc::O_NONBLOCK
    } else {
        flags | libc::O_NONBLOCK
    };
    if wanted != flags {
        // SAFETY: takes numbers only.
        check(unsafe { libc::fcntl(fd, libc::F_SETFL, wanted) })?;
    }
    Ok(())
}

/// bind(2).
pub fn bind(fd: RawFd, address: Bytes) -> Result<(), Errno> {
    // SAFETY: the pointer is readable for the length given; the kernel checks the contents.
    check(unsafe { libc::bind(fd, address.as_ptr().cast(), address.socklen()) }).map(drop)
}

/// connect(2).
pub fn connect(fd: RawFd, address: Bytes) -> Result<(), Errno> {
    // SAFETY: the pointer is readable for the length given; the kernel checks the contents.
    check(unsafe { libc::connect(fd, address.as_ptr().cast(), address.socklen()) }).map(drop)
}

/// listen(2).
pub fn listen(fd: RawFd, backlog: i32) -> Result<(), Errno> {
    // SAFETY: takes numbers only.
    check(unsafe { libc::listen(fd, backlog) }).map(drop)
}

/// shutdown(2).
pub fn shutdown(fd: RawFd, how: i32) -> Result<(), Errno> {
    // SAFETY: takes numbers only.
    check(unsafe { libc::shutdown(fd, how) }).map(drop)
}

type NameCall = unsafe extern "C" fn(c_int, *mut sockaddr, *mut socklen_t) -> c_int;

fn name(call: NameCall, fd: RawFd, address: AddressBuffer) -> Result<(), Errno> {
    let mut length = SOCKADDR_STORAGE as socklen_t;
    // SAFETY: `call` is getsockname or getpeername; the storage is writable for `length` bytes.
    check(unsafe { call(fd, address.as_ptr().cast(), &mut length) })?;
    address.set_length(length);
    Ok(())
}

/// getsockname(2).
pub fn getsockname(fd: RawFd, address: AddressBuffer) -> Result<(), Errno> {
    name(libc::getsockname, fd, address)
}

/// getpeername(2).
pub fn getpeername(fd: RawFd, address: AddressBuffer) -> Result<(), Errno> {
    name(libc::getpeername, fd, address)
}

/// Whether a connected peer is there: getpeername(2) into nowhere.
pub fn has_peer(fd: RawFd) -> Result<(), Errno> {
    let mut storage = MaybeUninit::<libc::sockaddr_storage>::uninit();
    let mut length = SOCKADDR_STORAGE as socklen_t;
    // SAFETY: the storage is writable for `length` bytes and is not read.
    check(unsafe { libc::getpeername(fd, storage.as_mut_ptr().cast(), &mut length) }).map(drop)
}

/// getsockopt(2) of an `int`.
pub fn getsockopt_int(fd: RawFd, level: i32, name: i32) -> Result<i32, Errno> {
    let mut value: c_int = 0;
    let mut length = (size_of::<c_int>() / os::option_unit(level, name)) as socklen_t;
    // SAFETY: the value is writable for `length` units of the option.
    check(unsafe { libc::getsockopt(fd, level, name, (&raw mut value).cast::<c_void>(), &mut length) })?;
    Ok(value)
}

/// getsockopt(2) into bytes; how many the kernel wrote.
pub fn getsockopt_bytes(fd: RawFd, level: i32, name: i32, buffer: Bytes) -> Result<usize, Errno> {
    let unit = os::option_unit(level, name);
    let room = buffer.socklen() / unit as socklen_t;
    let mut length = room;
    // SAFETY: the buffer is writable for `length` units of the option.
    check(unsafe { libc::getsockopt(fd, level, name, buffer.as_ptr().cast(), &mut length) })?;
    // Some options say how much there would be.
    Ok(length.min(room) as usize * unit)
}

/// getsockopt(2) of an option that answers with a descriptor of its own making, close-on-exec.
pub fn getsockopt_descriptor(fd: RawFd, level: i32, name: i32) -> Result<OwnedFd, Errno> {
    // The caller's word is not enough to own a number: the kernel has made one when the option is such a one.
    if !os::makes_descriptor(level, name) {
        return Err(Errno(libc::ENOPROTOOPT));
    }
    owned(getsockopt_int(fd, level, name)?)
}

/// setsockopt(2) of an `int`.
pub fn setsockopt_int(fd: RawFd, level: i32, name: i32, value: i32) -> Result<(), Errno> {
    let length = size_of::<c_int>() as socklen_t;
    // SAFETY: the value is readable for `length` bytes.
    check(unsafe { libc::setsockopt(fd, level, name, (&raw const value).cast::<c_void>(), length) }).map(drop)
}

/// setsockopt(2) of bytes; of none, with a null pointer, as some options without a value want it.
pub fn setsockopt_bytes(fd: RawFd, level: i32, name: i32, value: Bytes) -> Result<(), Errno> {
    let pointer = if value.len() == 0 {
        std::ptr::null()
    } else {
        value.as_ptr().cast_const()
    };
    // SAFETY: the value is readable for its length.
    check(unsafe { libc::setsockopt(fd, level, name, pointer.cast(), value.socklen()) }).map(drop)
}

/// Whether a socket has no message boundaries: getsockopt(2) SO_TYPE.
pub fn is_stream(fd: RawFd) -> Result<bool, Errno> {
    Ok(getsockopt_int(fd, libc::SOL_SOCKET, libc::SO_TYPE)? == libc::SOCK_STREAM)
}

/// What a process does before its first socket. Has a send to a peer that is gone fail with EPIPE and not end the process:
/// sigaction(2). Runtimes do so when they start; where one did not, it is done here. MSG_NOSIGNAL would do it for each call,
/// but RDS and QRTR refuse it.
pub fn prepare() {
    // SAFETY: a structure of numbers, for which zero bytes are a value; the calls fill and read it.
    unsafe {
        let mut action: libc::sigaction = std::mem::zeroed();
        if libc::sigaction(libc::SIGPIPE, std::ptr::null(), &mut action) == 0
            && action.sa_sigaction == libc::SIG_DFL
        {
            action.sa_sigaction = libc::SIG_IGN;
            libc::sigaction(libc::SIGPIPE, &action, std::ptr::null_mut());
        }
    }
}

/// The error that an asynchronous connect ended with, if any: getsockopt(2) SO_ERROR, which also clears it.
pub fn pending_error(fd: RawFd) -> Result<(), Errno> {
    match getsockopt_int(fd, libc::SOL_SOCKET, libc::SO_ERROR)? {
        0 => Ok(()),
        number => Err(Errno(number)),
    }
}

/// if_nametoindex(3).
pub fn if_nametoindex(name: &str) -> Result<u32, Errno> {
    let name = std::ffi::CString::new(name).map_err(|_| Errno(libc::ENODEV))?;
    // SAFETY: the name ends in NUL.
    match unsafe { libc::if_nametoindex(name.as_ptr()) } {
        0 => Err(last_errno()),
        index => Ok(index),
    }
}

/// if_indextoname(3).
pub fn if_indextoname(index: u32) -> Result<String, Errno> {
    let mut name = [0u8; libc::IF_NAMESIZE];
    // SAFETY: the buffer has IF_NAMESIZE bytes, which is what the call may write.
    if unsafe { libc::if_indextoname(index, name.as_mut_ptr().cast()) }.is_null() {
        return Err(last_errno());
    }
    let length = name.iter().position(|&byte| byte == 0).unwrap_or(name.len());
    Ok(String::from_utf8_lossy(&name[..length]).into_owned())
}

/// if_nameindex(3), if_freenameindex(3): index and name of every interface.
pub fn if_nameindex() -> Result<Vec<(u32, String)>, Errno> {
    // SAFETY: takes nothing.
    let list = unsafe { libc::if_nameindex() };
    if list.is_null() {
        return Err(last_errno());
    }
    let mut interfaces = Vec::new();
    let mut entry: *const libc::if_nameindex = list;
    // SAFETY: the C library made the list, which ends with an entry without a name; it is freed once, after the last look.
    unsafe {
        while !(*entry).if_name.is_null() {
            interfaces.push(((*entry).if_index, lossy((*entry).if_name)));
            entry = entry.add(1);
        }
        libc::if_freenameindex(list);
    }
    Ok(interfaces)
}

/// A text of the C library's.
///
/// # Safety
/// It ends in NUL.
pub(super) unsafe fn lossy(text: *const libc::c_char) -> String {
    // SAFETY: as the caller says.
    unsafe { CStr::from_ptr(text) }.to_string_lossy().into_owned()
}

/// getifaddrs(3), freeifaddrs(3).
pub fn getifaddrs() -> Result<Vec<InterfaceAddress>, Errno> {
    let mut list = std::ptr::null_mut();
    // SAFETY: the place of the list is writable.
    check(unsafe { libc::getifaddrs(&mut list) })?;
    let mut addresses = Vec::new();
    let mut entry: *const libc::ifaddrs = list;
    // SAFETY: the C library made the list with its addresses, whose names end in NUL; it is freed once, after the last look.
    unsafe {
        while let Some(line) = entry.as_ref() {
            addresses.push(InterfaceAddress {
                name: lossy(line.ifa_name),
                flags: line.ifa_flags,
                address: os::interface_sockaddr(line.ifa_addr),
                netmask: os::interface_sockaddr(line.ifa_netmask),
                other: os::interface_sockaddr(os::interface_other(line)),
            });
            entry = line.ifa_next;
        }
        libc::freeifaddrs(list);
    }
    Ok(addresses)
}

/// getrlimit(2) RLIMIT_NOFILE: how many descriptors this process may have open, and how many it may allow itself.
pub fn open_files_limit() -> Result<(u64, u64), Errno> {
    let mut limit = MaybeUninit::<libc::rlimit>::uninit();
    // SAFETY: the place of the limit is writable.
    check(unsafe { libc::getrlimit(libc::RLIMIT_NOFILE, limit.as_mut_ptr()) })?;
    // SAFETY: the call succeeded and has filled it.
    let limit = unsafe { limit.assume_init() };
    Ok((limit.rlim_cur, limit.rlim_max))
}

/// gethostname(2).
pub fn gethostname() -> Result<String, Errno> {
    // Linux has names of up to 64 bytes, POSIX of up to 255; one more byte is a NUL in any case.
    let mut name = [0u8; 257];
    // SAFETY: the buffer is writable for the length given.
    check(unsafe { libc::gethostname(name.as_mut_ptr().cast(), name.len() - 1) })?;
    // SAFETY: the last byte is NUL.
    Ok(unsafe { lossy(name.as_ptr().cast()) })
}

/// strerror(3): the C library's words for an error number.
pub fn strerror(number: i32) -> String {
    let mut text = [0u8; 128];
    // SAFETY: the buffer is writable for its length; the XSI form writes a NUL-terminated string, and says EINVAL where
    // the number is unknown, of which it has words all the same.
    unsafe { libc::strerror_r(number, text.as_mut_ptr().cast(), text.len()) };
    let length = text.iter().position(|&byte| byte == 0).unwrap_or(0);
    String::from_utf8_lossy(&text[..length]).into_owned()
}

/// Looks a function or a variable up in the whole process: dlsym(3). Null where there is none of that name.
pub fn symbol(name: &CStr) -> *mut c_void {
    // SAFETY: the name ends in NUL.
    unsafe { libc::dlsym(libc::RTLD_DEFAULT, name.as_ptr()) }
}

/// Keeps the library that has this function in memory until the process ends: dladdr(3), dlopen(3) RTLD_NODELETE.
pub fn stay_loaded(function: *const c_void) {
    // SAFETY: a structure of pointers, which dladdr fills; the name that it gives lives as long as the library, which is loaded
    // already.
    unsafe {
        let mut found: libc::Dl_info = std::mem::zeroed();
        if libc::dladdr(function, &mut found) != 0 && !found.dli_fname.is_null() {
            libc::dlopen(
                found.dli_fname,
                libc::RTLD_LAZY | libc::RTLD_NOLOAD | libc::RTLD_NODELETE,
            );
        }
    }
}

/// Finds Node-API's functions where the loader has not: here it has, from the process.
pub fn find_node_api() {}

/// What libuv calls a socket in `uv_poll_init`.
pub type UvSocket = c_int;

/// libuv's function that takes a socket to poll.
pub const UV_POLL_INIT: &CStr = c"uv_poll_init";

/// The descriptor as libuv takes it.
pub fn uv_socket(fd: &OwnedFd) -> UvSocket {
    fd.as_raw_fd()
}

/// The system's error behind one of libuv's, which on Unix are negative error numbers.
pub fn uv_error(status: c_int) -> Errno {
    Errno(-status)
}

/// Why a thread could not be had: pthread_create(3).
pub fn spawn_error(error: &std::io::Error) -> Errno {
    Errno(error.raw_os_error().unwrap_or(libc::EAGAIN))
}

/// Puts a copy of `other` at the number `fd`, as code outside may do to a descriptor of ours: dup2(2).
#[cfg(test)]
pub fn replace_for_test(other: &OwnedFd, fd: RawFd) {
    // SAFETY: the test owns both.
    check(unsafe { libc::dup2(other.as_raw_fd(), fd) }).expect("dup2");
}
