//! Many messages, one after the other: macOS has no recvmmsg(2).

use std::os::fd::{OwnedFd, RawFd};

use libc::iovec;

use super::{receive, transmit};
use crate::error::Errno;
use crate::sys::batch::Batch;
use crate::sys::js::Bytes;
use crate::sys::unix::cmsg;
use crate::sys::unix::message::{empty, place, set_control, take_descriptors};

/// recvmsg(2) into the first messages of the batch, as many as `count`, until one would block or fail: how many came.
/// Descriptors that came along are in `taken`, with the index of their message.
pub fn recvmmsg(
    fd: RawFd,
    batch: &Batch,
    count: usize,
    flags: i32,
    taken: &mut Vec<(usize, Vec<OwnedFd>)>,
) -> Result<usize, Errno> {
    let most = batch.meant(0, count);
    for index in 0..most {
        let mut payload: iovec = place(&batch.payload_of(index));
        let mut header = empty();
        header.msg_iov = &mut payload;
        header.msg_iovlen = 1;
        if let Some(address) = batch.address_of(index) {
            header.msg_name = address.as_ptr().cast();
            header.msg_namelen = address.socklen();
        }
        let control = batch.control_of(index);
        if let Some(control) = &control {
            set_control(&mut header, control);
        }
        // SAFETY: payload, address and control data lie within the batch's memory, which is writable.
        let length = match unsafe { receive(fd, &mut header, flags) } {
            Ok(length) => length,
            Err(_) if index > 0 => return Ok(index),
            Err(errno) => return Err(errno),
        };
        batch.put_message(index, length, header.msg_flags, header.msg_namelen as usize);
        if let Some(control) = control {
            let control = control.first(header.msg_controllen as usize);
            let mut descriptors = Vec::new();
            take_descriptors(control, flags, &mut descriptors);
            if !descriptors.is_empty() {
                taken.push((index, descriptors));
            }
            batch.put_control(index, control.len(), timestamp(control));
        }
    }
    Ok(most)
}

/// sendmsg(2) of `count` messages from `from`, until one would block, fails or is taken in part: how many the kernel took.
pub fn sendmmsg(fd: RawFd, batch: &Batch, from: usize, count: usize, flags: i32) -> Result<usize, Errno> {
    let most = batch.meant(from, count);
    for index in 0..most {
        let bytes = batch.payload_to_send(from + index);
        let mut payload: iovec = place(&bytes);
        let mut header = empty();
        header.msg_iov = &mut payload;
        header.msg_iovlen = 1;
        let address = batch.address_to_send(from + index);
        if address.len() > 0 {
            header.msg_name = address.as_ptr().cast();
            header.msg_namelen = address.socklen();
        }
        set_control(&mut header, &batch.control_to_send(from + index));
        // SAFETY: payload, address and control data lie within the batch's memory.
        match unsafe { transmit(fd, &header, flags) } {
            Ok(length) if length < bytes.len() => return Ok(index + 1),
            Ok(_) => {}
            Err(_) if index > 0 => return Ok(index),
            Err(errno) => return Err(errno),
        }
    }
    Ok(most)
}

/// When a message came: nanoseconds since the epoch, 0 where the kernel told none. SO_TIMESTAMP of getsockopt(2), a
/// `struct timeval`: seconds in 64 bits, microseconds in 32.
fn timestamp(control: Bytes) -> i64 {
    let time = |data: Bytes| -> Option<i64> {
        let seconds = data.read::<i64>(0)?.checked_mul(1_000_000_000)?;
        seconds.checked_add(i64::from(data.read::<i32>(size_of::<i64>())?) * 1000)
    };
    cmsg::each(control)
        .find(|message| (message.level, message.kind) == (libc::SOL_SOCKET, libc::SCM_TIMESTAMP))
        .and_then(|message| time(message.data))
        .unwrap_or(0)
}
