//! What calls are asked and what they answer, the same on every operating system.

use std::ffi::CString;

use super::InterfaceSockaddr;
use crate::error::Errno;

/// What getaddrinfo(3) is asked; 0 leaves a number open.
pub struct Question {
    pub host: Option<CString>,
    pub service: Option<CString>,
    pub flags: i32,
    pub family: i32,
    pub kind: i32,
    pub protocol: i32,
}

/// One of its answers.
pub struct Answer {
    pub family: i32,
    pub kind: i32,
    pub protocol: i32,
    pub canonical_name: Option<String>,
    pub address: Vec<u8>,
}

/// An `EAI_…` number, and errno where it is EAI_SYSTEM.
pub struct Failure {
    pub eai: i32,
    pub errno: i32,
}

/// `struct hostent`; the addresses are raw, in network byte order.
pub struct Host {
    pub name: String,
    pub aliases: Vec<String>,
    pub family: i32,
    pub addresses: Vec<Vec<u8>>,
}

/// `struct servent` and `struct protoent`: a port in host byte order, or the number of a protocol.
pub struct Numbered {
    pub name: String,
    pub aliases: Vec<String>,
    pub number: i32,
    /// Of a service.
    pub protocol: Option<String>,
}

/// Why there is none.
pub struct Missing {
    /// `h_errno` of a host, HOST_NOT_FOUND to NO_DATA; NETDB_INTERNAL (-1) when it is `errno` that says why; 0 when a
    /// service or a protocol is not in its database.
    pub h_errno: i32,
    pub errno: i32,
}

/// What a look-up in a database gives.
pub type Found<T> = Result<T, Missing>;

/// One line of getifaddrs(3): an address of an interface.
pub struct InterfaceAddress {
    pub name: String,
    /// IFF_… of netdevice(7).
    pub flags: u32,
    pub address: Option<InterfaceSockaddr>,
    pub netmask: Option<InterfaceSockaddr>,
    /// The broadcast address, or the peer of a point-to-point link.
    pub other: Option<InterfaceSockaddr>,
}

/// What failed on the way to a socket in another namespace.
pub enum Abroad {
    /// pthread_create(3) or setns(2).
    Entering(Errno),
    /// socket(2) or socketpair(2). Never, where there are no namespaces.
    #[allow(dead_code)]
    There(Errno),
}
