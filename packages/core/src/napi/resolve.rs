//! Names to addresses and back, by the C library. What can take long has two forms: `name` on a thread of its own, a promise,
//! and `nameSync` on this one. The promise's form takes an `Int32Array` at the end, which gets the ticket to cancel it by.

use std::ffi::CString;

use crate::error::{Fault, Result};
use crate::methods;
use crate::sys;
use crate::sys::js::{Call, Exports, Value};
use crate::sys::names::{Answer, Failure, Host, Missing, Numbered, Question};
use crate::sys::work;

pub fn register(exports: &Exports) {
    methods!(exports;
        c"getaddrinfo"(7) => getaddrinfo,
        c"getaddrinfoSync"(6) => getaddrinfo_sync,
        c"getnameinfo"(3) => getnameinfo,
        c"getnameinfoSync"(2) => getnameinfo_sync,
        c"gethostbyname"(3) => gethostbyname,
        c"gethostbynameSync"(2) => gethostbyname_sync,
        c"gethostbyaddr"(3) => gethostbyaddr,
        c"gethostbyaddrSync"(2) => gethostbyaddr_sync,
        c"getservbyname"(3) => getservbyname,
        c"getservbynameSync"(2) => getservbyname_sync,
        c"getservbyport"(3) => getservbyport,
        c"getservbyportSync"(2) => getservbyport_sync,
        c"getprotobyname"(2) => getprotobyname,
        c"getprotobynameSync"(1) => getprotobyname_sync,
        c"getprotobynumber"(2) => getprotobynumber,
        c"getprotobynumberSync"(1) => getprotobynumber_sync,
        c"cancelLookup"(1) => cancel_lookup,
        c"gaiStrerror"(1) => gai_strerror,
        c"hstrerror"(1) => hstrerror,
    );
}

type Outcome<T, E> = std::result::Result<T, E>;

fn optional_text(call: &Call, index: usize) -> Result<Option<CString>> {
    // A NUL cannot be part of a C string.
    call.string(index)?
        .map(|text| CString::new(text).map_err(|_| Fault::BadArgument))
        .transpose()
}

fn text(call: &Call, index: usize) -> Result<CString> {
    optional_text(call, index)?.ok_or(Fault::BadArgument)
}

fn number(call: &Call, number: i32) -> Value {
    call.number(f64::from(number))
}

fn question(call: &Call) -> Result<Question> {
    Ok(Question {
        host: optional_text(call, 0)?,
        service: optional_text(call, 1)?,
        flags: call.i32(2)?,
        family: call.i32(3)?,
        kind: call.i32(4)?,
        protocol: call.i32(5)?,
    })
}

/// `{ eai, errno }`.
fn failure(call: &Call, failure: &Failure) -> Value {
    call.object([
        (c"eai", number(call, failure.eai)),
        (c"errno", number(call, failure.errno)),
    ])
}

/// An array of `{ family, type, protocol, canonicalName, address }`, or `{ eai, errno }`.
fn answer(call: &Call, result: Outcome<Vec<Answer>, Failure>) -> Value {
    match result {
        Err(reason) => failure(call, &reason),
        Ok(answers) => call.array(answers.into_iter().map(|answer| {
            let name = answer
                .canonical_name
                .map(|name| (c"canonicalName", call.text(&name)));
            let fields = [
                (c"family", number(call, answer.family)),
                (c"type", number(call, answer.kind)),
                (c"protocol", number(call, answer.protocol)),
                (c"address", call.buffer(&answer.address)),
            ];
            call.object(fields.into_iter().chain(name))
        })),
    }
}

/// `getaddrinfo(host, service, flags, family, type, protocol, out)`: getaddrinfo(3).
fn getaddrinfo(call: &Call) -> Result<Value> {
    let question = question(call)?;
    work::promise(
        call,
        call.numbers(6, 1)?,
        move || sys::getaddrinfo(&question),
        answer,
    )
}

/// `getaddrinfoSync(host, service, flags, family, type, protocol)`: getaddrinfo(3).
fn getaddrinfo_sync(call: &Call) -> Result<Value> {
    Ok(answer(call, sys::getaddrinfo(&question(call)?)))
}

/// `{ host, service }`, or `{ eai, errno }`.
fn names(call: &Call, result: Outcome<(String, String), Failure>) -> Value {
    match result {
        Err(reason) => failure(call, &reason),
        Ok((host, service)) => call.object([(c"host", call.text(&host)), (c"service", call.text(&service))]),
    }
}

/// `getnameinfo(address, flags, out)`: getnameinfo(3).
fn getnameinfo(call: &Call) -> Result<Value> {
    let (address, flags) = (call.bytes(0)?.to_vec(), call.i32(1)?);
    work::promise(
        call,
        call.numbers(2, 1)?,
        move || sys::getnameinfo(&address, flags),
        names,
    )
}

/// `getnameinfoSync(address, flags)`: getnameinfo(3).
fn getnameinfo_sync(call: &Call) -> Result<Value> {
    let (address, flags) = (call.bytes(0)?.to_vec(), call.i32(1)?);
    Ok(names(call, sys::getnameinfo(&address, flags)))
}

fn texts(call: &Call, texts: &[String]) -> Value {
    call.array(texts.iter().map(|text| call.text(text)))
}

/// `{ hErrno, errno }`.
fn missing(call: &Call, missing: &Missing) -> Value {
    call.object([
        (c"hErrno", number(call, missing.h_errno)),
        (c"errno", number(call, missing.errno)),
    ])
}

/// `{ name, aliases, family, addresses }`, or `{ hErrno, errno }`.
fn host(call: &Call, result: Outcome<Host, Missing>) -> Value {
    match result {
        Err(reason) => missing(call, &reason),
        Ok(host) => call.object([
            (c"name", call.text(&host.name)),
            (c"aliases", texts(call, &host.aliases)),
            (c"family", number(call, host.family)),
            (
                c"addresses",
                call.array(host.addresses.iter().map(|address| call.buffer(address))),
            ),
        ]),
    }
}

/// `{ name, aliases, number, protocol }`, or `{ hErrno, errno }`.
fn numbered(call: &Call, result: Outcome<Numbered, Missing>) -> Value {
    match result {
        Err(reason) => missing(call, &reason),
        Ok(entry) => {
            let protocol = entry.protocol.map(|name| (c"protocol", call.text(&name)));
            let fields = [
                (c"name", call.text(&entry.name)),
                (c"aliases", texts(call, &entry.aliases)),
                (c"number", number(call, entry.number)),
            ];
            call.object(fields.into_iter().chain(protocol))
        }
    }
}

/// `gethostbyname(name, family, out)`: gethostbyname_r(3), or gethostbyname2_r(3) with a family other than 0.
fn gethostbyname(call: &Call) -> Result<Value> {
    let (name, family) = (text(call, 0)?, call.i32(1)?);
    work::promise(
        call,
        call.numbers(2, 1)?,
        move || sys::gethostbyname(&name, family),
        host,
    )
}

/// `gethostbynameSync(name, family)`.
fn gethostbyname_sync(call: &Call) -> Result<Value> {
    Ok(host(call, sys::gethostbyname(&text(call, 0)?, call.i32(1)?)))
}

/// `gethostbyaddr(address, family, out)`: gethostbyaddr_r(3) of a raw address.
fn gethostbyaddr(call: &Call) -> Result<Value> {
    let (address, family) = (call.bytes(0)?.to_vec(), call.i32(1)?);
    work::promise(
        call,
        call.numbers(2, 1)?,
        move || sys::gethostbyaddr(&address, family),
        host,
    )
}

/// `gethostbyaddrSync(address, family)`.
fn gethostbyaddr_sync(call: &Call) -> Result<Value> {
    let (address, family) = (call.bytes(0)?.to_vec(), call.i32(1)?);
    Ok(host(call, sys::gethostbyaddr(&address, family)))
}

/// `getservbyname(name, protocol, out)`: getservbyname_r(3).
fn getservbyname(call: &Call) -> Result<Value> {
    let (name, protocol) = (text(call, 0)?, optional_text(call, 1)?);
    work::promise(
        call,
        call.numbers(2, 1)?,
        move || sys::getservbyname(&name, protocol.as_deref()),
        numbered,
    )
}

/// `getservbynameSync(name, protocol)`.
fn getservbyname_sync(call: &Call) -> Result<Value> {
    let (name, protocol) = (text(call, 0)?, optional_text(call, 1)?);
    Ok(numbered(call, sys::getservbyname(&name, protocol.as_deref())))
}

fn port(call: &Call) -> Result<(u16, Option<CString>)> {
    let port = u16::try_from(call.u32(0)?).map_err(|_| Fault::BadArgument)?;
    Ok((port, optional_text(call, 1)?))
}

/// `getservbyport(port, protocol, out)`: getservbyport_r(3).
fn getservbyport(call: &Call) -> Result<Value> {
    let (port, protocol) = port(call)?;
    work::promise(
        call,
        call.numbers(2, 1)?,
        move || sys::getservbyport(port, protocol.as_deref()),
        numbered,
    )
}

/// `getservbyportSync(port, protocol)`.
fn getservbyport_sync(call: &Call) -> Result<Value> {
    let (port, protocol) = port(call)?;
    Ok(numbered(call, sys::getservbyport(port, protocol.as_deref())))
}

/// `getprotobyname(name, out)`: getprotobyname_r(3).
fn getprotobyname(call: &Call) -> Result<Value> {
    let name = text(call, 0)?;
    work::promise(
        call,
        call.numbers(1, 1)?,
        move || sys::getprotobyname(&name),
        numbered,
    )
}

/// `getprotobynameSync(name)`.
fn getprotobyname_sync(call: &Call) -> Result<Value> {
    Ok(numbered(call, sys::getprotobyname(&text(call, 0)?)))
}

/// `getprotobynumber(number, out)`: getprotobynumber_r(3).
fn getprotobynumber(call: &Call) -> Result<Value> {
    let number = call.i32(0)?;
    work::promise(
        call,
        call.numbers(1, 1)?,
        move || sys::getprotobynumber(number),
        numbered,
    )
}

/// `getprotobynumberSync(number)`.
fn getprotobynumber_sync(call: &Call) -> Result<Value> {
    Ok(numbered(call, sys::getprotobynumber(call.i32(0)?)))
}

/// `cancelLookup(ticket)`: nobody waits for it any longer; its promise is resolved with `undefined`.
fn cancel_lookup(call: &Call) -> Result<()> {
    call.environment().desk(call)?.cancel(call.i32(0)? as u32);
    Ok(())
}

/// `gaiStrerror(eai)`: gai_strerror(3), a string.
fn gai_strerror(call: &Call) -> Result<Value> {
    Ok(call.text(&sys::gai_strerror(call.i32(0)?)))
}

/// `hstrerror(hErrno)`: hstrerror(3), a string.
fn hstrerror(call: &Call) -> Result<Value> {
    Ok(call.text(&sys::hstrerror(call.i32(0)?)))
}
