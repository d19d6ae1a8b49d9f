//! Readiness by a thread: not made yet. WSAPoll would do, with a socket of its own to end a wait.

use std::convert::Infallible;

use super::{ENOTSUP, OwnedFd};
use crate::error::Errno;
use crate::poll::Event;
use crate::table::Handle;

/// There is none.
pub struct Poller(Infallible);

impl Poller {
    /// ENOTSUP.
    pub fn new() -> Result<Poller, Errno> {
        Err(ENOTSUP)
    }

    pub fn add(&self, _: &OwnedFd, _: Handle) -> Result<(), Errno> {
        match self.0 {}
    }

    pub fn modify(&self, _: &OwnedFd, _: Handle, _: i32) -> Result<(), Errno> {
        match self.0 {}
    }

    pub fn remove(&self, _: &OwnedFd) -> Result<(), Errno> {
        match self.0 {}
    }

    pub fn wait(&self, _: &mut Vec<Event>) -> Result<bool, Errno> {
        match self.0 {}
    }

    pub fn stop(&self) {
        match self.0 {}
    }
}
