//! The ways in which a native method fails, and the numbers by which JavaScript hears of them.

/// A system error number, positive, as `errno` has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Errno(pub i32);

/// Why a method did not do what it was asked. Methods return a number: a count, `-errno`, or [`BAD_ARGUMENT`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// An argument of the wrong type or range. TypeScript looks again, slowly, and names it.
    BadArgument,
    /// What the kernel said.
    Errno(Errno),
    /// The caller's timeout ran out: not the kernel's ETIMEDOUT.
    TimedOut,
    /// It ran out while the kernel had no buffer space (ENOBUFS).
    TimedOutFull,
}

/// Below every `-errno`, so that one comparison finds both.
pub const BAD_ARGUMENT: i32 = i32::MIN;
pub const TIMED_OUT: i32 = i32::MIN + 1;
pub const TIMED_OUT_FULL: i32 = i32::MIN + 2;

pub type Result<T> = std::result::Result<T, Fault>;

impl From<Errno> for Fault {
    fn from(errno: Errno) -> Self {
        Fault::Errno(errno)
    }
}

impl Fault {
    pub fn code(self) -> i32 {
        match self {
            Fault::BadArgument => BAD_ARGUMENT,
            Fault::TimedOut => TIMED_OUT,
            Fault::TimedOutFull => TIMED_OUT_FULL,
            Fault::Errno(Errno(number)) => -number,
        }
    }
}
