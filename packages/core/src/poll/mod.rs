//! Readiness: who waits for what on which event loop. With `sys`, the only place of `unsafe`.
//!
//! | file | holds |
//! | --- | --- |
//! | `env` | the state of one Node.js environment (main thread, worker, embedder's context) and its end |
//! | `uv` | the engine on libuv's loop: one `uv_poll_t` a socket |
//! | `thread` | the engine for runtimes without libuv: a thread in a poller of the system, and one thread-safe function |

pub mod env;
mod thread;
mod uv;

use crate::error::Result;
use crate::table::Handle;

/// What JavaScript asks for and hears of. Bits that may be joined.
pub const READABLE: i32 = 1;
pub const WRITABLE: i32 = 2;
/// select(2)'s exceptional condition, POLLPRI: urgent data, a filled error queue.
pub const EXCEPTIONAL: i32 = 4;
/// Heard only: the poller gave up on the descriptor, an error is pending or its error queue is filled. The call tells
/// which.
pub const FAULTY: i32 = 8;
/// Asked only, with the others: the watch does not keep the event loop alive.
pub const UNREFERENCED: i32 = 16;

/// What a poller can be asked for.
const DIRECTIONS: i32 = READABLE | WRITABLE | EXCEPTIONAL;

/// What JavaScript and the native part share, 32-bit integers: whose callback is running (slot and generation, -1 when
/// none), what happened to that socket, and what is to be watched for afterwards, so that neither has to be a call.
#[repr(usize)]
enum Shared {
    Slot,
    Generation,
    Happened,
    Wanted,
}
const SHARED: usize = 4;

/// What happened to one socket, as the thread hears of it.
pub struct Event {
    pub handle: Handle,
    /// READABLE … FAULTY joined.
    pub happened: i32,
}

/// Whether a watch for these events keeps the event loop alive.
fn keeps_alive(wanted: i32) -> bool {
    wanted & DIRECTIONS != 0 && wanted & UNREFERENCED == 0
}

/// How an environment learns that its sockets are ready. All methods are called on its thread.
///
/// An engine polls a descriptor of its own (dup(2)): the socket's may be closed or polled by others behind our back.
trait Engine {
    /// Watches a socket for these events from now on, and for nothing when there are none.
    fn arm(&self, handle: Handle, events: i32) -> Result<()>;

    /// Ends the watch of a socket that is about to be closed or given away.
    fn unwatch(&self, handle: Handle);

    /// The environment ends. Whether the engine is through; if not it calls [`env::Environment::engine_ended`] later.
    fn end(&self) -> bool;
}
