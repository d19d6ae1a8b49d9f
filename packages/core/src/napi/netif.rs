//! Network interfaces, this machine's name, and what this process may.

use crate::error::{Fault, Result};
use crate::methods;
use crate::sys::js::{Call, Exports, Value};
use crate::sys::{self, InterfaceSockaddr};

pub fn register(exports: &Exports) {
    methods!(exports;
        c"ifNameToIndex"(1) => if_name_to_index,
        c"ifIndexToName"(1) => if_index_to_name,
        c"ifNameIndex"(0) => if_name_index,
        c"getifaddrs"(0) => getifaddrs,
        c"gethostname"(0) => gethostname,
        c"openFilesLimit"(0) => open_files_limit,
        c"sethostname"(1) => sethostname,
    );
}

/// `ifNameToIndex(name)`: if_nametoindex(3).
fn if_name_to_index(call: &Call) -> Result<i32> {
    Ok(sys::if_nametoindex(&call.string(0)?.ok_or(Fault::BadArgument)?)? as i32)
}

/// `ifIndexToName(index)`: if_indextoname(3), a string.
fn if_index_to_name(call: &Call) -> Result<Value> {
    Ok(call.text(&sys::if_indextoname(call.u32(0)?)?))
}

/// `ifNameIndex()`: if_nameindex(3), an array of `{ index, name }`.
fn if_name_index(call: &Call) -> Result<Value> {
    let interfaces = sys::if_nameindex()?;
    Ok(call.array(interfaces.iter().map(|(index, name)| {
        call.object([
            (c"index", call.number(f64::from(*index))),
            (c"name", call.text(name)),
        ])
    })))
}

/// `getifaddrs()`: getifaddrs(3), an array of `{ name, flags, address, netmask, other }`, of which the last three may be
/// missing and are as long as the longest sockaddr of an interface.
fn getifaddrs(call: &Call) -> Result<Value> {
    let addresses = sys::getifaddrs()?;
    let bytes = |sockaddr: &Option<InterfaceSockaddr>| {
        sockaddr
            .as_ref()
            .map_or_else(|| call.undefined(), |bytes| call.buffer(bytes))
    };
    Ok(call.array(addresses.iter().map(|line| {
        call.object([
            (c"name", call.text(&line.name)),
            (c"flags", call.number(f64::from(line.flags))),
            (c"address", bytes(&line.address)),
            (c"netmask", bytes(&line.netmask)),
            (c"other", bytes(&line.other)),
        ])
    })))
}

/// `gethostname()`: gethostname(2), a string.
fn gethostname(call: &Call) -> Result<Value> {
    Ok(call.text(&sys::gethostname()?))
}

/// `sethostname(name)`: sethostname(2).
fn sethostname(call: &Call) -> Result<()> {
    Ok(sys::sethostname(&call.string(0)?.ok_or(Fault::BadArgument)?)?)
}

/// `openFilesLimit()`: getrlimit(2) RLIMIT_NOFILE, `{ soft, hard }`.
fn open_files_limit(call: &Call) -> Result<Value> {
    let (soft, hard) = sys::open_files_limit()?;
    Ok(call.object([
        (c"soft", call.number(soft as f64)),
        (c"hard", call.number(hard as f64)),
    ]))
}
