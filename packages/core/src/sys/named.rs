//! Numbers by their C names, as a table.

/// A name as a C string.
macro_rules! name {
    ($name:ident) => {
        match std::ffi::CStr::from_bytes_with_nul(concat!(stringify!($name), "\0").as_bytes()) {
            Ok(name) => name,
            Err(_) => c"",
        }
    };
}

/// `named! { from libc: [EPERM, …] from "errno.h": [EMORE = 1, …] … }`: first what a module has, by paths of its own; then what
/// it lacks, with the header that has it.
macro_rules! named {
    ($(from $module:ident: [$($known:ident),* $(,)?])* $(from $header:literal: [$($name:ident = $value:literal),* $(,)?])*) => {
        &[
            $($((name!($known), $module::$known as i64),)*)*
            $($((name!($name), $value),)*)*
        ]
    };
}
