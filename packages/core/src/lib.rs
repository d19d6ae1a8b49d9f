//! The native part of `@sockeye/core`: descriptors, bytes, flags and readiness. It names no address family.
//!
//! | module | holds |
//! | --- | --- |
//! | `napi` | what JavaScript sees: one method = one system call; no `unsafe` |
//! | `sys` | system calls per operating system, and the Node-API glue: the fence around `unsafe` |
//! | `poll` | readiness on libuv's loop, and the state of one Node.js environment |
//! | `table` | the process-wide table of owned descriptors |

#[forbid(unsafe_code)]
mod error;
#[forbid(unsafe_code)]
mod napi;
mod poll;
mod sys;
#[forbid(unsafe_code)]
mod table;
