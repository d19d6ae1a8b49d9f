//! Readiness, told to one JavaScript function per environment.

use crate::error::Result;
use crate::methods;
use crate::sys::js::{Call, Exports};

pub fn register(exports: &Exports) {
    methods!(exports;
        c"setup"(4) => setup,
        c"arm"(3) => arm,
    );
}

/// `setup(onReady, nothing, hasLibuv, removesHook)`: once per environment, before anything waits. `onReady(slot, events)` is
/// called on the event loop; `nothing` does nothing, and is called to learn whether JavaScript may still run.
fn setup(call: &Call) -> Result<()> {
    call.environment().setup(call)
}

/// `arm(slot, generation, events)`: watches for 1 (readable), 2 (writable), 3 (both) or 0 (nothing). -ENOTSUP where the
/// runtime has no libuv.
fn arm(call: &Call) -> Result<()> {
    call.environment().arm(call.handle(0)?, call.i32(2)?)
}
