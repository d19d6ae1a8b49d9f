//! Network interfaces by name and by index.

use crate::error::{Fault, Result};
use crate::methods;
use crate::sys;
use crate::sys::js::{Call, Exports, Value};

pub fn register(exports: &Exports) {
    methods!(exports;
        c"ifNameToIndex"(1) => if_name_to_index,
        c"ifIndexToName"(1) => if_index_to_name,
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
