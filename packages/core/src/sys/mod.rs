//! System calls, and the glue to Node-API: with `poll`, the only place of `unsafe`.
//!
//! Each operating system's file has the same functions; what POSIX makes common stands in `unix`. The choice is made
//! here and nowhere else. A function here is one system call and is named after it, or says which calls it makes.

mod bytes;
mod cmsg;
pub mod js;
mod message;
pub mod resolve;
mod unix;
pub mod wait;
pub mod work;

#[cfg(target_os = "linux")]
mod batch;
#[cfg(target_os = "linux")]
#[path = "linux_constants.rs"]
pub mod constants;
#[cfg(target_os = "linux")]
mod epoll;
#[cfg(target_os = "linux")]
#[path = "linux_netdb.rs"]
pub mod netdb;
#[cfg(target_os = "linux")]
#[path = "linux.rs"]
mod os;
#[cfg(not(target_os = "linux"))]
compile_error!(
    "@sockeye/core has no system calls for this operating system yet: add a file like sys/linux.rs"
);

pub use batch::*;
pub use epoll::{Epoll, Event, NOTHING, epoll_create, epoll_ctl, epoll_wait};
pub use message::*;
pub use os::*;
pub use unix::*;
