//! Names to addresses, by the C library.

use std::ffi::CString;

use crate::error::{Fault, Result};
use crate::methods;
use crate::sys::js::{Call, Exports, Value};
use crate::sys::resolve::{self, Answer, Failure, Question};
use crate::sys::work;

pub fn register(exports: &Exports) {
    methods!(exports;
        c"getaddrinfo"(6) => getaddrinfo,
        c"getaddrinfoSync"(6) => getaddrinfo_sync,
        c"gaiStrerror"(1) => gai_strerror,
    );
}

fn question(call: &Call) -> Result<Question> {
    let text = |index| -> Result<Option<CString>> {
        // A NUL cannot be part of a C string.
        call.string(index)?
            .map(|text| CString::new(text).map_err(|_| Fault::BadArgument))
            .transpose()
    };
    Ok(Question {
        host: text(0)?,
        service: text(1)?,
        flags: call.i32(2)?,
        family: call.i32(3)?,
        kind: call.i32(4)?,
        protocol: call.i32(5)?,
    })
}

/// An array of `{ family, type, protocol, canonicalName, address }`, or `{ eai, errno }`.
fn answer(call: &Call, result: std::result::Result<Vec<Answer>, Failure>) -> Value {
    let number = |number: i32| call.number(f64::from(number));
    match result {
        Err(failure) => call.object([(c"eai", number(failure.eai)), (c"errno", number(failure.errno))]),
        Ok(answers) => call.array(answers.into_iter().map(|answer| {
            let name = answer
                .canonical_name
                .map(|name| (c"canonicalName", call.text(&name)));
            let fields = [
                (c"family", number(answer.family)),
                (c"type", number(answer.kind)),
                (c"protocol", number(answer.protocol)),
                (c"address", call.buffer(&answer.address)),
            ];
            call.object(fields.into_iter().chain(name))
        })),
    }
}

/// `getaddrinfo(host, service, flags, family, type, protocol)`: getaddrinfo(3) on a thread of the pool; a promise.
fn getaddrinfo(call: &Call) -> Result<Value> {
    let question = question(call)?;
    work::promise(
        call,
        "sockeye.getaddrinfo",
        move || resolve::getaddrinfo(&question),
        answer,
    )
}

/// `getaddrinfoSync(host, service, flags, family, type, protocol)`: getaddrinfo(3).
fn getaddrinfo_sync(call: &Call) -> Result<Value> {
    Ok(answer(call, resolve::getaddrinfo(&question(call)?)))
}

/// `gaiStrerror(eai)`: gai_strerror(3), a string.
fn gai_strerror(call: &Call) -> Result<Value> {
    Ok(call.text(&resolve::gai_strerror(call.i32(0)?)))
}
