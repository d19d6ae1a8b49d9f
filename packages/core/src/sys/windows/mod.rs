//! Windows: Winsock. Type-checked for its target, not run so far; what is not made yet says ENOTSUP, with the call that would do.
//!
//! A descriptor is the low half of a `SOCKET`: Windows keeps handles within 32 bits and lets them be cut and sign-extended
//! ("Interprocess Communication Between 32-bit and 64-bit Applications", learn.microsoft.com). Error numbers are Windows's own:
//! those of Winsock by the names that POSIX has for them.

use std::convert::Infallible;
use std::ffi::{CStr, CString, c_int, c_void};
use std::os::windows::io::{AsRawSocket, BorrowedSocket, FromRawSocket, IntoRawSocket, OwnedSocket};
use std::ptr;
use std::time::Duration;

use windows_sys::Win32::Foundation::{
    ERROR_BUSY, ERROR_FILE_NOT_FOUND, ERROR_NOT_SUPPORTED, HANDLE_FLAG_INHERIT, SetHandleInformation,
};
use windows_sys::Win32::NetworkManagement::IpHelper;
use windows_sys::Win32::Networking::WinSock as winsock;
use windows_sys::Win32::Networking::WinSock::{SOCKET, SOCKET_ERROR};
use windows_sys::Win32::System::LibraryLoader::{
    GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS, GET_MODULE_HANDLE_EX_FLAG_PIN, GetModuleHandleExW,
    GetModuleHandleW, GetProcAddress,
};

use super::batch::Batch;
use super::js::{AddressBuffer, Buffers, Bytes};
use super::message::Envelope;
use super::names::{Abroad, InterfaceAddress};
use crate::error::Errno;

mod constants;
mod names;
mod poller;

pub use constants::{CONSTANTS, ERRNOS};
pub use names::{
    gai_strerror, getaddrinfo, gethostbyaddr, gethostbyname, gethostname, getnameinfo, getprotobyname,
    getprotobynumber, getservbyname, getservbyport, hstrerror, strerror,
};
pub use poller::Poller;
pub use winsock::socklen_t as SockLen;
pub use winsock::{MSG_PEEK, MSG_WAITALL, POLLHUP, POLLIN, POLLNVAL, POLLOUT, POLLPRI};

pub const EAGAIN: Errno = Errno(winsock::WSAEWOULDBLOCK);
pub const EBADF: Errno = Errno(winsock::WSAEBADF);
pub const EBUSY: Errno = Errno(ERROR_BUSY as i32);
pub const ECANCELED: Errno = Errno(winsock::WSAECANCELLED);
pub const EINPROGRESS: Errno = Errno(winsock::WSAEINPROGRESS);
pub const EINTR: Errno = Errno(winsock::WSAEINTR);
pub const EMFILE: Errno = Errno(winsock::WSAEMFILE);
pub const EMSGSIZE: Errno = Errno(winsock::WSAEMSGSIZE);
pub const ENOBUFS: Errno = Errno(winsock::WSAENOBUFS);
pub const ENOENT: Errno = Errno(ERROR_FILE_NOT_FOUND as i32);
pub const ENOTCONN: Errno = Errno(winsock::WSAENOTCONN);
pub const ENOTSUP: Errno = Errno(ERROR_NOT_SUPPORTED as i32);

/// Room for any address: `sizeof(SOCKADDR_STORAGE)`.
pub const SOCKADDR_STORAGE: usize = size_of::<winsock::SOCKADDR_STORAGE>();

/// Flags of receives that take nothing out of the socket's queue.
pub const NOT_TAKEN: i32 = MSG_PEEK;

/// Flags of receives that ask for what POLLIN does not tell of.
pub const NOT_IN_LINE: i32 = winsock::MSG_OOB;

/// How many places a message may be gathered from or scattered to. Winsock says no number: that of other systems.
pub const IOV_MAX: usize = 1024;

/// As Node.js writes it in `process.platform`.
pub const PLATFORM: &str = "win32";

/// There is no flag that makes one call non-blocking: sockets are so from birth.
pub const DONT_WAIT: i32 = 0;

/// A descriptor's number.
pub type RawFd = i32;

/// A socket that is owned.
pub struct OwnedFd(OwnedSocket);

/// As std's trait of this name, for numbers of 32 bits.
pub trait AsRawFd {
    fn as_raw_fd(&self) -> RawFd;
}

/// As std's trait of this name, for numbers of 32 bits.
pub trait IntoRawFd {
    fn into_raw_fd(self) -> RawFd;
}

impl AsRawFd for OwnedFd {
    fn as_raw_fd(&self) -> RawFd {
        self.0.as_raw_socket() as RawFd
    }
}

impl IntoRawFd for OwnedFd {
    fn into_raw_fd(self) -> RawFd {
        self.0.into_raw_socket() as RawFd
    }
}

/// The whole `SOCKET` of a number, by its sign.
fn whole(fd: RawFd) -> SOCKET {
    fd as isize as SOCKET
}

/// The thread's error: WSAGetLastError.
fn last_errno() -> Errno {
    // SAFETY: only asks.
    Errno(unsafe { winsock::WSAGetLastError() })
}

/// The one place where SOCKET_ERROR becomes an error.
fn check(result: c_int) -> Result<c_int, Errno> {
    if result == SOCKET_ERROR {
        Err(last_errno())
    } else {
        Ok(result)
    }
}

/// As [`check`], for calls that return a length.
fn check_length(result: c_int) -> Result<usize, Errno> {
    check(result).map(|length| length as usize)
}

/// A length as Winsock takes it: longer ones are cut, as a kernel may take less than it is given.
fn length(bytes: Bytes) -> c_int {
    bytes.len().min(c_int::MAX as usize) as c_int
}

/// Owns what a call just created, and makes it non-blocking: ioctlsocket FIONBIO.
fn owned(socket: SOCKET) -> Result<OwnedFd, Errno> {
    if socket == winsock::INVALID_SOCKET {
        return Err(last_errno());
    }
    // SAFETY: the call succeeded, so the socket is open and nobody else has it.
    let owned = OwnedFd(unsafe { OwnedSocket::from_raw_socket(socket as u64) });
    set_blocking(owned.as_raw_fd(), false)?;
    Ok(owned)
}

fn system_error(error: &std::io::Error) -> Errno {
    Errno(error.raw_os_error().unwrap_or(winsock::WSASYSCALLFAILURE))
}

/// What a process does before its first socket: WSAStartup, version 2.2.
pub fn prepare() {
    // SAFETY: a structure of numbers and texts, which the call fills. Where it fails, sockets say WSANOTINITIALISED.
    unsafe {
        let mut data: winsock::WSADATA = std::mem::zeroed();
        winsock::WSAStartup(0x0202, &mut data);
    }
}

/// WSASocketW, not inherited by other programs, then non-blocking.
pub fn socket(family: i32, kind: i32, protocol: i32) -> Result<OwnedFd, Errno> {
    let flags = winsock::WSA_FLAG_OVERLAPPED | winsock::WSA_FLAG_NO_HANDLE_INHERIT;
    // SAFETY: takes numbers only; no protocol is described.
    owned(unsafe { winsock::WSASocketW(family, kind, protocol, ptr::null(), 0, flags) })
}

/// ENOTSUP: Winsock has no socketpair.
pub fn socketpair(_: i32, _: i32, _: i32) -> Result<(OwnedFd, OwnedFd), Errno> {
    Err(ENOTSUP)
}

/// ENOTSUP: network namespaces are Linux's.
pub fn in_network_namespace<T: Send>(
    _: RawFd,
    _: impl FnOnce() -> Result<T, Errno> + Send,
) -> Result<T, Abroad> {
    Err(Abroad::Entering(ENOTSUP))
}

/// accept, then not inherited and non-blocking.
pub fn accept(fd: RawFd, address: Option<AddressBuffer>) -> Result<OwnedFd, Errno> {
    let mut length = SOCKADDR_STORAGE as SockLen;
    let accepted = match address {
        // SAFETY: the storage is writable for `length` bytes.
        Some(address) => unsafe { winsock::accept(whole(fd), address.as_ptr().cast(), &mut length) },
        // SAFETY: null pointers say that no address is wanted.
        None => unsafe { winsock::accept(whole(fd), ptr::null_mut(), ptr::null_mut()) },
    };
    let accepted = owned(accepted)?;
    set_close_on_exec(accepted.as_raw_fd())?;
    if let Some(address) = address {
        address.set_length(length);
    }
    Ok(accepted)
}

/// bind.
pub fn bind(fd: RawFd, address: Bytes) -> Result<(), Errno> {
    // SAFETY: the pointer is readable for the length given; the system checks the contents.
    check(unsafe { winsock::bind(whole(fd), address.as_ptr().cast(), address.socklen()) }).map(drop)
}

/// connect. While it is under way Winsock says WSAEWOULDBLOCK, POSIX EINPROGRESS.
pub fn connect(fd: RawFd, address: Bytes) -> Result<(), Errno> {
    // SAFETY: the pointer is readable for the length given; the system checks the contents.
    match check(unsafe { winsock::connect(whole(fd), address.as_ptr().cast(), address.socklen()) }) {
        Err(EAGAIN) => Err(EINPROGRESS),
        result => result.map(drop),
    }
}

/// listen.
pub fn listen(fd: RawFd, backlog: i32) -> Result<(), Errno> {
    // SAFETY: takes numbers only.
    check(unsafe { winsock::listen(whole(fd), backlog) }).map(drop)
}

/// shutdown.
pub fn shutdown(fd: RawFd, how: i32) -> Result<(), Errno> {
    // SAFETY: takes numbers only.
    check(unsafe { winsock::shutdown(whole(fd), how) }).map(drop)
}

/// getsockname.
pub fn getsockname(fd: RawFd, address: AddressBuffer) -> Result<(), Errno> {
    let mut length = SOCKADDR_STORAGE as SockLen;
    // SAFETY: the storage is writable for `length` bytes.
    check(unsafe { winsock::getsockname(whole(fd), address.as_ptr().cast(), &mut length) })?;
    address.set_length(length);
    Ok(())
}

/// getpeername.
pub fn getpeername(fd: RawFd, address: AddressBuffer) -> Result<(), Errno> {
    let mut length = SOCKADDR_STORAGE as SockLen;
    // SAFETY: the storage is writable for `length` bytes.
    check(unsafe { winsock::getpeername(whole(fd), address.as_ptr().cast(), &mut length) })?;
    address.set_length(length);
    Ok(())
}

/// Whether a connected peer is there: getpeername into nowhere.
pub fn has_peer(fd: RawFd) -> Result<(), Errno> {
    let mut storage = std::mem::MaybeUninit::<winsock::SOCKADDR_STORAGE>::uninit();
    let mut length = SOCKADDR_STORAGE as SockLen;
    // SAFETY: the storage is writable for `length` bytes and is not read.
    check(unsafe { winsock::getpeername(whole(fd), storage.as_mut_ptr().cast(), &mut length) }).map(drop)
}

/// The error that an asynchronous connect ended with, if any: getsockopt SO_ERROR.
pub fn pending_error(fd: RawFd) -> Result<(), Errno> {
    match getsockopt_int(fd, winsock::SOL_SOCKET, winsock::SO_ERROR)? {
        0 => Ok(()),
        number => Err(Errno(number)),
    }
}

/// Owns a socket that the caller gives away; WSAENOTSOCK when it is none.
pub fn adopt(fd: RawFd) -> Result<OwnedFd, Errno> {
    expect_socket(fd)?;
    // SAFETY: it is open, and the caller hands over its ownership by contract of `fromFd`.
    Ok(OwnedFd(unsafe { OwnedSocket::from_raw_socket(whole(fd) as u64) }))
}

/// WSAENOTSOCK for anything but a socket: getsockopt SO_TYPE.
pub fn expect_socket(fd: RawFd) -> Result<(), Errno> {
    getsockopt_int(fd, winsock::SOL_SOCKET, winsock::SO_TYPE).map(drop)
}

/// Nothing tells one socket from another: 0 for any. So a number that somebody else reused is not noticed.
pub fn identity(fd: RawFd) -> Result<u64, Errno> {
    expect_socket(fd)?;
    Ok(0)
}

/// closesocket.
pub fn close(fd: RawFd) -> Result<(), Errno> {
    // SAFETY: the table hands each socket that it owns to this function once.
    check(unsafe { winsock::closesocket(whole(fd)) }).map(drop)
}

/// WSADuplicateSocketW, WSASocketW: a second descriptor of the same socket.
pub fn dup(fd: RawFd) -> Result<OwnedFd, Errno> {
    expect_socket(fd)?;
    // SAFETY: it is an open socket, and its user keeps it so for the time of the call.
    let socket = unsafe { BorrowedSocket::borrow_raw(whole(fd) as u64) };
    socket
        .try_clone_to_owned()
        .map(OwnedFd)
        .map_err(|error| system_error(&error))
}

/// Other programs do not inherit it: SetHandleInformation.
pub fn set_close_on_exec(fd: RawFd) -> Result<(), Errno> {
    // SAFETY: a handle's value and numbers.
    match unsafe { SetHandleInformation(whole(fd) as *mut c_void, HANDLE_FLAG_INHERIT, 0) } {
        0 => Err(system_error(&std::io::Error::last_os_error())),
        _ => Ok(()),
    }
}

/// ENOTSUP: Winsock sets FIONBIO and does not tell it.
pub fn is_blocking(_: RawFd) -> Result<bool, Errno> {
    Err(ENOTSUP)
}

/// ioctlsocket FIONBIO.
pub fn set_blocking(fd: RawFd, blocking: bool) -> Result<(), Errno> {
    let mut value = u32::from(!blocking);
    // SAFETY: the value is readable and writable.
    check(unsafe { winsock::ioctlsocket(whole(fd), winsock::FIONBIO, &mut value) }).map(drop)
}

/// Family, type and protocol of a socket: getsockopt SO_PROTOCOL_INFOW.
pub fn describe(fd: RawFd) -> Result<(i32, i32, i32), Errno> {
    // SAFETY: a structure of numbers, for which zero bytes are a value.
    let mut info: winsock::WSAPROTOCOL_INFOW = unsafe { std::mem::zeroed() };
    let mut length = size_of::<winsock::WSAPROTOCOL_INFOW>() as SockLen;
    let (level, name) = (winsock::SOL_SOCKET, winsock::SO_PROTOCOL_INFOW);
    // SAFETY: the structure is writable for `length` bytes.
    check(unsafe { winsock::getsockopt(whole(fd), level, name, (&raw mut info).cast(), &mut length) })?;
    Ok((info.iAddressFamily, info.iSocketType, info.iProtocol))
}

/// Whether a socket has no message boundaries: getsockopt SO_TYPE.
pub fn is_stream(fd: RawFd) -> Result<bool, Errno> {
    Ok(getsockopt_int(fd, winsock::SOL_SOCKET, winsock::SO_TYPE)? == winsock::SOCK_STREAM)
}

/// recv.
#[inline]
pub fn recv(fd: RawFd, buffer: Bytes, flags: i32) -> Result<usize, Errno> {
    // SAFETY: the buffer is writable for its length, as its maker checked.
    check_length(unsafe { winsock::recv(whole(fd), buffer.as_ptr(), length(buffer), flags) })
}

/// recvfrom.
#[inline]
pub fn recvfrom(fd: RawFd, buffer: Bytes, flags: i32, address: AddressBuffer) -> Result<usize, Errno> {
    let mut address_length = SOCKADDR_STORAGE as SockLen;
    let from = address.as_ptr().cast();
    // SAFETY: both buffers are writable for the lengths given, as their makers checked.
    let received = check_length(unsafe {
        let (data, size) = (buffer.as_ptr(), length(buffer));
        winsock::recvfrom(whole(fd), data, size, flags, from, &mut address_length)
    })?;
    address.set_length(address_length);
    Ok(received)
}

/// send.
#[inline]
pub fn send(fd: RawFd, data: Bytes, flags: i32) -> Result<usize, Errno> {
    // SAFETY: the data is readable for its length, as its maker checked.
    check_length(unsafe { winsock::send(whole(fd), data.as_ptr(), length(data), flags) })
}

/// sendto.
#[inline]
pub fn sendto(fd: RawFd, data: Bytes, flags: i32, address: Bytes) -> Result<usize, Errno> {
    let (to, size) = (address.as_ptr().cast(), address.socklen());
    // SAFETY: data and address are readable for their lengths, as their makers checked.
    check_length(unsafe { winsock::sendto(whole(fd), data.as_ptr(), length(data), flags, to, size) })
}

/// ENOTSUP: not made yet; WSARecvMsg would do for datagrams.
pub fn recvmsg(_: RawFd, _: &Buffers, _: &Envelope, _: i32, _: &mut Vec<OwnedFd>) -> Result<usize, Errno> {
    Err(ENOTSUP)
}

/// ENOTSUP: not made yet; WSASendMsg would do for datagrams.
pub fn sendmsg(_: RawFd, _: &Buffers, _: i32, _: Bytes, _: Bytes) -> Result<usize, Errno> {
    Err(ENOTSUP)
}

/// ENOTSUP: Winsock has no such call.
pub fn recvmmsg(
    _: RawFd,
    _: &Batch,
    _: usize,
    _: i32,
    _: &mut Vec<(usize, Vec<OwnedFd>)>,
) -> Result<usize, Errno> {
    Err(ENOTSUP)
}

/// ENOTSUP: Winsock has no such call.
pub fn sendmmsg(_: RawFd, _: &Batch, _: usize, _: usize, _: i32) -> Result<usize, Errno> {
    Err(ENOTSUP)
}

/// ENOTSUP: not made yet; TransmitFile would do.
pub fn sendfile(_: RawFd, _: RawFd, _: u64, _: usize) -> Result<usize, Errno> {
    Err(ENOTSUP)
}

/// ENOTSUP: splice(2) is Linux's.
pub fn splice(_: RawFd, _: RawFd, _: usize, _: u32) -> Result<usize, Errno> {
    Err(ENOTSUP)
}

/// ENOTSUP: pipes are no sockets here.
pub fn pipe() -> Result<(OwnedFd, OwnedFd), Errno> {
    Err(ENOTSUP)
}

/// Memory that a socket shares: there is none.
pub struct Mapped(Infallible);

impl Mapped {
    pub fn as_ptr(&self) -> *mut u8 {
        match self.0 {}
    }

    pub fn len(&self) -> usize {
        match self.0 {}
    }
}

/// ENOTSUP: sockets have no memory to map.
pub fn mmap(_: RawFd, _: usize) -> Result<Mapped, Errno> {
    Err(ENOTSUP)
}

/// ioctlsocket of FIONREAD, FIONBIO or SIOCATMARK, whose argument is a `u_long` of four bytes; ENOTSUP for others, WSAEINVAL
/// when the argument is shorter.
pub fn ioctl(fd: RawFd, request: u32, argument: Bytes) -> Result<i32, Errno> {
    let request = request as i32;
    if ![winsock::FIONREAD, winsock::FIONBIO, winsock::SIOCATMARK].contains(&request) {
        return Err(ENOTSUP);
    }
    let mut value = argument.read::<u32>(0).ok_or(Errno(winsock::WSAEINVAL))?;
    // SAFETY: the value is readable and writable.
    let result = check(unsafe { winsock::ioctlsocket(whole(fd), request, &mut value) })?;
    let _ = argument.write(0, value);
    Ok(result)
}

/// getsockopt of an `int`.
pub fn getsockopt_int(fd: RawFd, level: i32, name: i32) -> Result<i32, Errno> {
    let mut value: c_int = 0;
    let mut length = size_of::<c_int>() as SockLen;
    // SAFETY: the value is writable for `length` bytes.
    check(unsafe { winsock::getsockopt(whole(fd), level, name, (&raw mut value).cast(), &mut length) })?;
    Ok(value)
}

/// getsockopt into bytes; how many the system wrote.
pub fn getsockopt_bytes(fd: RawFd, level: i32, name: i32, buffer: Bytes) -> Result<usize, Errno> {
    let mut length = buffer.socklen();
    // SAFETY: the buffer is writable for `length` bytes.
    check(unsafe { winsock::getsockopt(whole(fd), level, name, buffer.as_ptr(), &mut length) })?;
    Ok(length.min(buffer.socklen()) as usize)
}

/// WSAENOPROTOOPT: no option makes a descriptor.
pub fn getsockopt_descriptor(_: RawFd, _: i32, _: i32) -> Result<OwnedFd, Errno> {
    Err(Errno(winsock::WSAENOPROTOOPT))
}

/// setsockopt of an `int`.
pub fn setsockopt_int(fd: RawFd, level: i32, name: i32, value: i32) -> Result<(), Errno> {
    let length = size_of::<c_int>() as SockLen;
    // SAFETY: the value is readable for `length` bytes.
    check(unsafe { winsock::setsockopt(whole(fd), level, name, (&raw const value).cast(), length) }).map(drop)
}

/// setsockopt of bytes; of none, with a null pointer.
pub fn setsockopt_bytes(fd: RawFd, level: i32, name: i32, value: Bytes) -> Result<(), Errno> {
    let pointer = if value.len() == 0 {
        ptr::null()
    } else {
        value.as_ptr().cast_const()
    };
    // SAFETY: the value is readable for its length.
    check(unsafe { winsock::setsockopt(whole(fd), level, name, pointer, value.socklen()) }).map(drop)
}

/// ENOTSUP: sockets take no programs.
pub fn setsockopt_program(_: RawFd, _: i32, _: i32, _: Bytes) -> Result<(), Errno> {
    Err(ENOTSUP)
}

/// Sockets have no error queue.
pub fn mark_error_queue(_: RawFd) {}

/// As POSIX's `struct pollfd`.
pub struct PollFd {
    pub fd: RawFd,
    pub events: i16,
    pub revents: i16,
}

/// WSAPoll: to how many something happened before the time was up, in whole milliseconds.
pub fn poll(entries: &mut [PollFd], timeout: Option<Duration>) -> Result<usize, Errno> {
    let mut told: Vec<_> = entries
        .iter()
        .map(|entry| winsock::WSAPOLLFD {
            fd: whole(entry.fd),
            events: entry.events,
            revents: 0,
        })
        .collect();
    let milliseconds = timeout.map_or(-1, |timeout| {
        // Rounded up: woken before its time, a caller would ask in a loop.
        c_int::try_from(timeout.as_nanos().div_ceil(1_000_000)).unwrap_or(c_int::MAX)
    });
    let count = u32::try_from(told.len()).map_err(|_| Errno(winsock::WSAEINVAL))?;
    // SAFETY: the entries are writable.
    let happened = check(unsafe { winsock::WSAPoll(told.as_mut_ptr(), count, milliseconds) })?;
    for (entry, told) in entries.iter_mut().zip(told) {
        entry.revents = told.revents;
    }
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

/// if_nametoindex.
pub fn if_nametoindex(name: &str) -> Result<u32, Errno> {
    let name = CString::new(name).map_err(|_| ENOENT)?;
    // SAFETY: the name ends in NUL. The call says nothing of why there is none.
    match unsafe { IpHelper::if_nametoindex(name.as_ptr().cast()) } {
        0 => Err(ENOENT),
        index => Ok(index),
    }
}

/// if_indextoname.
pub fn if_indextoname(index: u32) -> Result<String, Errno> {
    // NDIS_IF_MAX_STRING_SIZE and a NUL.
    let mut name = [0u8; 257];
    // SAFETY: the buffer has room for the longest name. The call says nothing of why there is none.
    if unsafe { IpHelper::if_indextoname(index, name.as_mut_ptr()) }.is_null() {
        return Err(ENOENT);
    }
    Ok(names::text(&name))
}

/// ENOTSUP: not made yet; GetIfTable2 would do.
pub fn if_nameindex() -> Result<Vec<(u32, String)>, Errno> {
    Err(ENOTSUP)
}

/// A sockaddr, as long as the system says.
pub type InterfaceSockaddr = Vec<u8>;

/// ENOTSUP: not made yet; GetAdaptersAddresses would do.
pub fn getifaddrs() -> Result<Vec<InterfaceAddress>, Errno> {
    Err(ENOTSUP)
}

/// ENOTSUP: SetComputerNameExW changes it with the next start of the machine.
pub fn sethostname(_: &str) -> Result<(), Errno> {
    Err(ENOTSUP)
}

/// ENOTSUP: a process has no limit of handles that it could ask for.
pub fn open_files_limit() -> Result<(u64, u64), Errno> {
    Err(ENOTSUP)
}

/// Whether this thread is the process's first: nothing tells, so no thread counts as such, and each looks whether it was told
/// to end while it waits.
pub fn is_first_thread() -> bool {
    false
}

/// Looks a function up in the program: GetModuleHandleW, GetProcAddress. Null where there is none of that name.
pub fn symbol(name: &CStr) -> *mut c_void {
    // SAFETY: the program's own module is always there; the name ends in NUL.
    let found = unsafe { GetProcAddress(GetModuleHandleW(ptr::null()), name.as_ptr().cast()) };
    found.map_or(ptr::null_mut(), |function| function as *mut c_void)
}

/// Keeps the library that has this function in memory until the process ends: GetModuleHandleExW.
pub fn stay_loaded(function: *const c_void) {
    let flags = GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS | GET_MODULE_HANDLE_EX_FLAG_PIN;
    let mut module = ptr::null_mut();
    // SAFETY: with these flags the name is an address in the module; the place of the module is writable.
    unsafe { GetModuleHandleExW(flags, function.cast(), &mut module) };
}

/// Finds Node-API's functions in the program, whatever its name is.
pub fn find_node_api() {
    static ONCE: std::sync::Once = std::sync::Once::new();
    // SAFETY: called before any of those functions; the program stays loaded, and so does this handle to it.
    ONCE.call_once(|| std::mem::forget(unsafe { napi_sys::setup() }));
}

/// What libuv calls a socket in `uv_poll_init_socket`.
pub type UvSocket = SOCKET;

/// libuv's function that takes a socket to poll.
pub const UV_POLL_INIT: &CStr = c"uv_poll_init_socket";

/// The descriptor as libuv takes it.
pub fn uv_socket(fd: &OwnedFd) -> UvSocket {
    whole(fd.as_raw_fd())
}

/// The system's error behind one of libuv's, which has numbers of its own here: uv/errno.h.
pub fn uv_error(status: c_int) -> Errno {
    Errno(match status {
        -4083 => winsock::WSAEBADF,
        -4071 => winsock::WSAEINVAL,
        -4050 => winsock::WSAENOTSOCK,
        _ => winsock::WSASYSCALLFAILURE,
    })
}

/// Why a thread could not be had: CreateThread.
pub fn spawn_error(error: &std::io::Error) -> Errno {
    system_error(error)
}
