//! Readiness: who waits for what on which event loop. With `sys`, the only place of `unsafe`.
//!
//! | file | holds |
//! | --- | --- |
//! | `env` | the state of one Node.js environment (main thread, worker, embedder's context) and its end |
//! | `uv` | one `uv_poll_t` a socket on that environment's own loop |

pub mod env;
mod uv;

/// What JavaScript asks for and hears of. Bits that may be joined.
pub const READABLE: i32 = 1;
pub const WRITABLE: i32 = 2;
/// The poller gave up on the descriptor: an error is pending or its error queue is filled. The call tells which.
pub const FAULTY: i32 = 4;
