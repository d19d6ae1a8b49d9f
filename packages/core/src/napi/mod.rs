//! What JavaScript sees. One method = one system call, and named after it; `…Sync` waits on this thread. All return a
//! number: a count or zero, `-errno`, or what `error` has below that.

mod batch;
mod constants;
mod file;
mod io;
mod mapping;
mod message;
mod netif;
mod poll;
mod resolve;
mod socket;
mod sockopt;
mod watch;

use crate::sys::js::Exports;

pub fn register(exports: &Exports) {
    batch::register(exports);
    constants::register(exports);
    file::register(exports);
    io::register(exports);
    mapping::register(exports);
    message::register(exports);
    netif::register(exports);
    poll::register(exports);
    resolve::register(exports);
    socket::register(exports);
    sockopt::register(exports);
    watch::register(exports);
}
