//! Options by number: integers and bytes.

use crate::error::Result;
use crate::methods;
use crate::sys;
use crate::sys::js::{Call, Exports};
use crate::table;

pub fn register(exports: &Exports) {
    methods!(exports;
        c"getsockoptInt"(5) => getsockopt_int,
        c"getsockoptBytes"(5) => getsockopt_bytes,
        c"setsockoptInt"(5) => setsockopt_int,
        c"setsockoptBytes"(5) => setsockopt_bytes,
    );
}

/// `getsockoptInt(slot, generation, level, name, out)`: getsockopt(2).
fn getsockopt_int(call: &Call) -> Result<()> {
    let socket = table::acquire(call.handle(0)?)?;
    let value = sys::getsockopt_int(socket.fd(), call.i32(2)?, call.i32(3)?)?;
    call.numbers(4, 1)?.put([value])
}

/// `getsockoptBytes(slot, generation, level, name, buffer)`: getsockopt(2); how many bytes the kernel wrote.
fn getsockopt_bytes(call: &Call) -> Result<usize> {
    let socket = table::acquire(call.handle(0)?)?;
    Ok(sys::getsockopt_bytes(
        socket.fd(),
        call.i32(2)?,
        call.i32(3)?,
        call.bytes(4)?,
    )?)
}

/// `setsockoptInt(slot, generation, level, name, value)`: setsockopt(2).
fn setsockopt_int(call: &Call) -> Result<()> {
    let socket = table::acquire(call.handle(0)?)?;
    Ok(sys::setsockopt_int(
        socket.fd(),
        call.i32(2)?,
        call.i32(3)?,
        call.i32(4)?,
    )?)
}

/// `setsockoptBytes(slot, generation, level, name, value)`: setsockopt(2).
fn setsockopt_bytes(call: &Call) -> Result<()> {
    let socket = table::acquire(call.handle(0)?)?;
    Ok(sys::setsockopt_bytes(
        socket.fd(),
        call.i32(2)?,
        call.i32(3)?,
        call.bytes(4)?,
    )?)
}
