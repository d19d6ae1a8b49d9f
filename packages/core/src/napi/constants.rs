//! The numbers of this platform, by their C names.

use crate::error::Result;
use crate::methods;
use crate::sys::js::{Call, Exports, Value};
use crate::sys::{self, CONSTANTS, ERRNOS, PLATFORM};

pub fn register(exports: &Exports) {
    methods!(exports;
        c"constants"(0) => constants,
        c"errnos"(0) => errnos,
        c"platform"(0) => platform,
        c"strerror"(1) => strerror,
    );
}

/// `constants()`: an object of numbers.
fn constants(call: &Call) -> Value {
    call.object(
        CONSTANTS
            .iter()
            .map(|&(name, value)| (name, call.number(value as f64))),
    )
}

/// `errnos()`: an object of positive numbers.
fn errnos(call: &Call) -> Value {
    call.object(
        ERRNOS
            .iter()
            .map(|&(name, value)| (name, call.number(value as f64))),
    )
}

/// `platform()`: a string.
fn platform(call: &Call) -> Value {
    call.text(PLATFORM)
}

/// `strerror(errno)`: strerror(3), a string.
fn strerror(call: &Call) -> Result<Value> {
    Ok(call.text(&sys::strerror(call.i32(0)?)))
}
