//! Memory that a descriptor and JavaScript share.

use crate::error::{Fault, Result};
use crate::methods;
use crate::sys::js::{Call, Exports, Value};
use crate::sys::mapping::{Mapping, Place, Words};
use crate::table;

pub fn register(exports: &Exports) {
    methods!(exports;
        c"mmap"(4) => mmap,
        c"munmap"(2) => munmap,
        c"mappingBuffer"(2) => buffer,
        c"mappingMatch"(7) => matching,
        c"mappingStore"(6) => store,
        c"mappingRead"(4) => read,
        c"mappingWrite"(4) => write,
    );
}

fn place(call: &Call) -> Result<Place> {
    let (index, generation) = (call.u32(0)?, call.u32(1)?);
    Ok(Place { index, generation })
}

fn with<T>(call: &Call, look: impl FnOnce(&Mapping) -> Result<T>) -> Result<T> {
    call.environment().mappings().with(place(call)?, look)
}

fn length(call: &Call, index: usize) -> Result<usize> {
    usize::try_from(call.size(index)?).map_err(|_| Fault::BadArgument)
}

/// `mmap(slot, generation, length, out)`: mmap(2) of a socket's memory; index and generation of the mapping.
fn mmap(call: &Call) -> Result<()> {
    let out = call.numbers(3, 2)?;
    let length = length(call, 2)?;
    let socket = table::acquire(call.handle(0)?)?;
    let place = call.environment().mappings().map(socket.fd(), length)?;
    out.put([place.index as i32, place.generation as i32])
}

/// `munmap(index, generation)`: munmap(2), when nobody can look into the memory any more; how many still can. May be called
/// again until it says 0.
fn munmap(call: &Call) -> Result<usize> {
    call.environment().mappings().unmap(call, place(call)?)
}

/// `mappingBuffer(index, generation)`: an ArrayBuffer over the memory, `-ENOTSUP` where the runtime allows none.
fn buffer(call: &Call) -> Result<Value> {
    call.environment().mappings().buffer(call, place(call)?)
}

/// The words that three arguments tell of.
fn words(call: &Call) -> Result<Words> {
    let (offset, stride, count) = (length(call, 2)?, call.u32(3)? as usize, call.u32(4)? as usize);
    Ok(Words {
        offset,
        stride,
        count,
    })
}

/// `mappingMatch(index, generation, offset, stride, count, …)`: as `mappingStore`, but reads, with acquire: how many words in a
/// row have `value` under `mask`.
fn matching(call: &Call) -> Result<usize> {
    let (words, mask, value) = (words(call)?, call.u32(5)?, call.u32(6)?);
    with(call, |mapping| mapping.matching(words, mask, value))
}

/// `mappingStore(index, generation, offset, stride, count, value)`: sets words, with release.
fn store(call: &Call) -> Result<()> {
    let (words, value) = (words(call)?, call.u32(5)?);
    with(call, |mapping| mapping.store(words, value))
}

/// `mappingRead(index, generation, offset, into)`: copies out of the memory.
fn read(call: &Call) -> Result<()> {
    let (offset, into) = (length(call, 2)?, call.bytes(3)?);
    with(call, |mapping| mapping.read(offset, into))
}

/// `mappingWrite(index, generation, offset, from)`: copies into the memory.
fn write(call: &Call) -> Result<()> {
    let (offset, from) = (length(call, 2)?, call.bytes(3)?);
    with(call, |mapping| mapping.write(offset, from))
}
