//! Options by number: integers, bytes, programs, and what makes a descriptor.

use crate::error::Result;
use crate::methods;
use crate::sys;
use crate::sys::js::{Call, Exports, Value};
use crate::table;

/// How far below an `int` its failures are told: 2^32.
const BELOW: f64 = 4_294_967_296.0;

pub fn register(exports: &Exports) {
    methods!(exports;
        c"getsockoptInt"(4) => getsockopt_int,
        c"getsockoptBytes"(5) => getsockopt_bytes,
        c"setsockoptInt"(5) => setsockopt_int,
        c"getsockoptDescriptor"(5) => getsockopt_descriptor,
        c"setsockoptBytes"(5) => setsockopt_bytes,
        c"setsockoptProgram"(5) => setsockopt_program,
    );
}

/// `getsockoptInt(slot, generation, level, name)`: getsockopt(2). The value may be any `int`, so what stands for a failure is
/// 2^32 below the usual: an array to put the value into would cost as much as the rest of the call.
fn getsockopt_int(call: &Call) -> Value {
    let value = || -> Result<i32> {
        let socket = table::acquire(call.handle(0)?)?;
        Ok(sys::getsockopt_int(socket.fd(), call.i32(2)?, call.i32(3)?)?)
    };
    match value() {
        Ok(value) => call.number(value.into()),
        Err(fault) => call.number(f64::from(fault.code()) - BELOW),
    }
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

/// `getsockoptDescriptor(slot, generation, level, name, out)`: getsockopt(2); slot and generation of what the kernel made.
fn getsockopt_descriptor(call: &Call) -> Result<()> {
    let out = call.numbers(4, 2)?;
    let socket = table::acquire(call.handle(0)?)?;
    let made = sys::getsockopt_descriptor(socket.fd(), call.i32(2)?, call.i32(3)?)?;
    let handle = table::insert(made, call.environment().id())?;
    out.put([handle.slot as i32, handle.generation as i32])
}

/// `setsockoptProgram(slot, generation, level, name, program)`: setsockopt(2) of a classic filter's instructions.
fn setsockopt_program(call: &Call) -> Result<()> {
    let socket = table::acquire(call.handle(0)?)?;
    Ok(sys::setsockopt_program(
        socket.fd(),
        call.i32(2)?,
        call.i32(3)?,
        call.bytes(4)?,
    )?)
}
