//! Many messages in one call: recvmmsg(2), sendmmsg(2).

use std::cell::RefCell;
use std::os::fd::{OwnedFd, RawFd};

use libc::{c_int, c_uint, iovec, mmsghdr, msghdr};

use crate::error::Errno;
use crate::sys::batch::Batch;
use crate::sys::js::Bytes;
use crate::sys::unix::check_length;
use crate::sys::unix::cmsg;
use crate::sys::unix::message::{empty, place, set_control, take_descriptors};

/// What the kernel is told of a batch: kept from call to call, so that none allocates.
#[derive(Default)]
struct Told {
    places: Vec<iovec>,
    messages: Vec<mmsghdr>,
}

thread_local! {
    static TOLD: RefCell<Told> = RefCell::default();
}

impl Told {
    /// A list of messages, each with one place for its payload.
    fn list(
        &mut self,
        count: usize,
        payload: impl Fn(usize) -> iovec,
        fill: impl Fn(usize, &mut msghdr),
    ) -> &mut [mmsghdr] {
        self.places.clear();
        self.places.extend((0..count).map(payload));
        self.messages.clear();
        for (index, place) in self.places.iter_mut().enumerate() {
            let mut header = empty();
            header.msg_iov = place;
            header.msg_iovlen = 1;
            fill(index, &mut header);
            self.messages.push(mmsghdr {
                msg_hdr: header,
                msg_len: 0,
            });
        }
        &mut self.messages
    }
}

/// recvmmsg(2), into the first messages of the batch, as many as `count`: how many came. Descriptors that came along are
/// in `taken`, with the index of their message.
pub fn recvmmsg(
    fd: RawFd,
    batch: &Batch,
    count: usize,
    flags: i32,
    taken: &mut Vec<(usize, Vec<OwnedFd>)>,
) -> Result<usize, Errno> {
    TOLD.with_borrow_mut(|told| {
        let list = told.list(
            batch.meant(0, count),
            |index| place(&batch.payload_of(index)),
            |index, header| {
                if let Some(address) = batch.address_of(index) {
                    header.msg_name = address.as_ptr().cast();
                    header.msg_namelen = address.socklen();
                }
                if let Some(control) = batch.control_of(index) {
                    set_control(header, &control);
                }
            },
        );
        let (messages, length, forever) = (
            list.as_mut_ptr(),
            list.len() as c_uint,
            std::ptr::null_mut::<u8>(),
        );
        // SAFETY: payloads, addresses and control data lie within the batch's memory, which is writable; no time is given.
        let result = unsafe { libc::syscall(libc::SYS_recvmmsg, fd, messages, length, flags, forever) };
        let came = check_length(result as isize)?;
        for (index, message) in list.iter().take(came).enumerate() {
            let header = &message.msg_hdr;
            let flags_told = header.msg_flags & !libc::MSG_CMSG_CLOEXEC;
            batch.put_message(
                index,
                message.msg_len as usize,
                flags_told,
                header.msg_namelen as usize,
            );
            if let Some(control) = batch.control_of(index) {
                let control = control.first(header.msg_controllen);
                let mut descriptors = Vec::new();
                take_descriptors(control, flags, &mut descriptors);
                if !descriptors.is_empty() {
                    taken.push((index, descriptors));
                }
                batch.put_control(index, control.len(), timestamp(control));
            }
        }
        Ok(came)
    })
}

/// sendmmsg(2) of `count` messages from `from`: how many the kernel took.
pub fn sendmmsg(fd: RawFd, batch: &Batch, from: usize, count: usize, flags: i32) -> Result<usize, Errno> {
    TOLD.with_borrow_mut(|told| {
        let list = told.list(
            batch.meant(from, count),
            |index| place(&batch.payload_to_send(from + index)),
            |index, header| {
                let address = batch.address_to_send(from + index);
                if address.len() > 0 {
                    header.msg_name = address.as_ptr().cast();
                    header.msg_namelen = address.socklen();
                }
                set_control(header, &batch.control_to_send(from + index));
            },
        );
        let (messages, length) = (list.as_mut_ptr(), list.len() as c_uint);
        // SAFETY: payloads, addresses and control data lie within the batch's memory.
        let result = unsafe { libc::syscall(libc::SYS_sendmmsg, fd, messages, length, flags) };
        check_length(result as isize)
    })
}

/// SO_TIMESTAMP, SO_TIMESTAMPNS and SO_TIMESTAMPING with times of 64 bits, asm-generic/socket.h.
const SO_TIMESTAMP_NEW: c_int = 63;
const SO_TIMESTAMPNS_NEW: c_int = 64;
const SO_TIMESTAMPING_NEW: c_int = 65;

/// When a message came: nanoseconds since the epoch, 0 where the kernel told none. Of several times the system clock's
/// goes before the device's. socket(7), Documentation/networking/timestamping.rst.
fn timestamp(control: Bytes) -> i64 {
    const SECOND: i64 = 1_000_000_000;
    for message in cmsg::each(control).filter(|message| message.level == libc::SOL_SOCKET) {
        let time = |at: usize, unit: i64| -> Option<i64> {
            let seconds = message.data.read::<i64>(at)?;
            let fraction = message.data.read::<i64>(at + size_of::<i64>())?;
            seconds
                .checked_mul(SECOND)?
                .checked_add(fraction.checked_mul(unit)?)
        };
        let found = match message.kind {
            libc::SO_TIMESTAMP | SO_TIMESTAMP_NEW => time(0, 1000),
            libc::SO_TIMESTAMPNS | SO_TIMESTAMPNS_NEW => time(0, 1),
            // Three times: by the system's clock, one that is no longer used, and by the device's.
            libc::SO_TIMESTAMPING | SO_TIMESTAMPING_NEW => match time(0, 1) {
                Some(0) => time(4 * size_of::<i64>(), 1),
                software => software,
            },
            _ => None,
        };
        if let Some(found) = found {
            return found;
        }
    }
    0
}
