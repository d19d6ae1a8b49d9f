//! System calls, and the glue to Node-API: with `poll`, the only place of `unsafe`.
//!
//! | room | holds |
//! | --- | --- |
//! | `linux`, `darwin`, `windows` | an operating system each: all of the list below, some of it shared by way of `unix` |
//! | `unix` | what POSIX makes common to Linux and macOS |
//! | `js`, `bytes` | Node-API made safe, and JavaScript's memory |
//! | `mapping` | memory that a descriptor and JavaScript share |
//! | `batch`, `message`, `names` | what calls fill and answer, laid out alike everywhere |
//! | `wait`, `work` | calls that block a thread, and threads for those that may take long |
//!
//! The operating system is chosen here and nowhere else. A function of the list is one system call and is named after it, or
//! says which calls it makes. Where an operating system has none such, its function says ENOTSUP.

// Windows has no messages with control data yet, so what they are laid out by is not used there.
#[cfg_attr(windows, allow(dead_code))]
mod batch;
#[cfg_attr(windows, allow(dead_code))]
mod bytes;
pub mod js;
pub mod mapping;
#[cfg_attr(windows, allow(dead_code))]
mod message;
#[macro_use]
mod named;
pub mod names;
#[cfg(unix)]
mod unix;
pub mod wait;
pub mod work;

#[cfg(target_os = "macos")]
mod darwin;
#[cfg(target_os = "macos")]
use darwin as os;
#[cfg(target_os = "linux")]
mod linux;
#[cfg(target_os = "linux")]
use linux as os;
#[cfg(windows)]
mod windows;
#[cfg(windows)]
use windows as os;
#[cfg(not(any(target_os = "linux", target_os = "macos", windows)))]
compile_error!(
    "@sockeye/core has no system calls for this operating system yet: add a folder like sys/linux"
);

pub use batch::Batch;
pub use message::Envelope;

// The list. What is missing in an operating system's room is an error here; what one has that is not here is dead code.

// Descriptors, and the numbers of the system.
pub use os::{AsRawFd, IntoRawFd, OwnedFd, RawFd, SOCKADDR_STORAGE, SockLen, UvSocket};
pub use os::{CONSTANTS, ERRNOS, IOV_MAX, PLATFORM, UV_POLL_INIT};
pub use os::{DONT_WAIT, MSG_PEEK, MSG_WAITALL, NOT_IN_LINE, NOT_TAKEN};
pub use os::{EAGAIN, EBADF, EBUSY, ECANCELED, EINPROGRESS, EINTR, EMFILE, EMSGSIZE, ENOBUFS, ENOENT};
pub use os::{ENOTCONN, ENOTSUP};
pub use os::{POLLHUP, POLLIN, POLLNVAL, POLLOUT, POLLPRI};

// A socket's life.
pub use os::{accept, bind, connect, has_peer, listen, pending_error, shutdown};
pub use os::{adopt, close, dup, expect_socket, identity, set_close_on_exec};
pub use os::{describe, getpeername, getsockname, is_blocking, is_stream, set_blocking};
pub use os::{in_network_namespace, prepare, socket, socketpair};

// Bytes, messages, files.
pub use os::{ioctl, mmap, pipe, sendfile, splice};
pub use os::{recv, recvfrom, recvmmsg, recvmsg, send, sendmmsg, sendmsg, sendto};

// Options.
pub use os::{getsockopt_bytes, getsockopt_descriptor, getsockopt_int};
pub use os::{mark_error_queue, setsockopt_bytes, setsockopt_int, setsockopt_program};

// Readiness.
pub use os::{NOTHING, PollFd, Poller};
pub use os::{epoll_create, epoll_ctl, epoll_wait, poll, uv_error, uv_socket};

// Names and interfaces.
pub use os::InterfaceSockaddr;
pub use os::{gai_strerror, getaddrinfo, getnameinfo, hstrerror, strerror};
pub use os::{gethostbyaddr, gethostbyname, gethostname, sethostname};
pub use os::{getifaddrs, if_indextoname, if_nameindex, if_nametoindex};
pub use os::{getprotobyname, getprotobynumber, getservbyname, getservbyport};

// This process.
pub use os::{find_node_api, is_first_thread, open_files_limit, spawn_error, stay_loaded, symbol};

#[cfg(test)]
pub use os::replace_for_test;
