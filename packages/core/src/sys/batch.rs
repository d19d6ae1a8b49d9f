//! Many messages in one call: recvmmsg(2), sendmmsg(2).

use std::cell::RefCell;
use std::os::fd::{OwnedFd, RawFd};

use libc::{c_uint, iovec, mmsghdr, msghdr};

use super::cmsg;
use super::js::Bytes;
use super::message::{empty, place, set_control, take_descriptors};
use super::unix::{SOCKADDR_STORAGE, check_length};
use crate::error::{Errno, Fault};
use crate::table::Handle;

/// The memory of a batch, JavaScript's (`ts/batch.ts`). It begins with how many messages it has room for, and how many
/// bytes of payload, control data and address each; then, one after the other, an array of each:
///
/// | array | of | received | sent |
/// | --- | --- | --- | --- |
/// | times | `i64` | nanoseconds since the epoch, or 0 | |
/// | lengths | `u32` | bytes of the message | the same |
/// | flags | `i32` | `msg_flags` | |
/// | address lengths | `u32` | | the same, 0 for none |
/// | control lengths | `u32` | | the same |
/// | descriptors | `u32` | how many came | |
/// | addresses, control data | bytes | | the same |
/// | handles | 2 × `u32` | slot and generation of each descriptor | |
/// | payloads | bytes | | the same |
///
/// The sizes are read once and held to the memory's length: JavaScript can write what it likes.
pub struct Batch<'a> {
    memory: Bytes<'a>,
    messages: usize,
    payload: usize,
    control: usize,
    address: usize,
}

const TIMES: usize = 16;

impl<'a> Batch<'a> {
    pub fn of(memory: Bytes<'a>) -> Result<Self, Fault> {
        let size = |index: usize| memory.read::<u32>(index * 4).map(|size| size as usize);
        let batch = || {
            let batch = Batch {
                memory,
                messages: size(0)?,
                payload: size(1)?,
                control: size(2)?,
                address: size(3)?,
            };
            let each = batch.payload + batch.address + 3 * batch.control + 28;
            let whole = batch.messages.checked_mul(each)?.checked_add(TIMES)?;
            let known = batch.address == 0 || batch.address == SOCKADDR_STORAGE;
            (whole <= memory.len() && known && batch.control.is_multiple_of(8)).then_some(batch)
        };
        batch().ok_or(Fault::BadArgument)
    }

    fn numbers(&self, array: usize, index: usize) -> usize {
        TIMES + self.messages * (8 + 4 * array) + 4 * index
    }

    fn addresses(&self) -> usize {
        TIMES + self.messages * 28
    }

    fn bytes(&self, at: usize, each: usize, index: usize) -> Bytes<'a> {
        self.memory.skip(at + each * index).first(each)
    }

    fn address_of(&self, index: usize) -> Bytes<'a> {
        self.bytes(self.addresses(), self.address, index)
    }

    fn control_of(&self, index: usize) -> Bytes<'a> {
        let at = self.addresses() + self.messages * self.address;
        self.bytes(at, self.control, index)
    }

    fn handles_of(&self, index: usize) -> Bytes<'a> {
        let at = self.addresses() + self.messages * (self.address + self.control);
        self.bytes(at, 2 * self.control, index)
    }

    fn payload_of(&self, index: usize) -> Bytes<'a> {
        let at = self.addresses() + self.messages * (self.address + 3 * self.control);
        self.bytes(at, self.payload, index)
    }

    fn tell(&self, array: usize, index: usize, value: u32) {
        // `of` has seen to it that there is room.
        let _ = self.memory.write(self.numbers(array, index), value);
    }

    fn told(&self, array: usize, index: usize) -> usize {
        self.memory
            .read::<u32>(self.numbers(array, index))
            .map_or(0, |value| value as usize)
    }

    /// How many bytes these messages have together.
    pub fn bytes_in(&self, from: usize, count: usize) -> usize {
        (from..from + count).map(|index| self.told(LENGTHS, index)).sum()
    }

    /// Says where the table has the descriptors that came with a message.
    pub fn put_descriptors(&self, index: usize, handles: &[Handle]) {
        let places = self.handles_of(index);
        for (at, handle) in handles.iter().enumerate() {
            let _ = places.write(at * 8, handle.slot);
            let _ = places.write(at * 8 + 4, handle.generation);
        }
        self.tell(DESCRIPTORS, index, handles.len() as u32);
    }
}

const LENGTHS: usize = 0;
const FLAGS: usize = 1;
const ADDRESS_LENGTHS: usize = 2;
const CONTROL_LENGTHS: usize = 3;
const DESCRIPTORS: usize = 4;

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

/// The part of a batch that is meant: `count` messages from `from`.
fn meant(batch: &Batch, from: usize, count: usize) -> usize {
    count.min(batch.messages.saturating_sub(from))
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
            meant(batch, 0, count),
            |index| place(&batch.payload_of(index)),
            |index, header| {
                if batch.address > 0 {
                    header.msg_name = batch.address_of(index).as_ptr().cast();
                    header.msg_namelen = SOCKADDR_STORAGE as libc::socklen_t;
                }
                set_control(header, &batch.control_of(index));
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
            let address_length = (header.msg_namelen as usize).min(batch.address);
            batch.tell(LENGTHS, index, message.msg_len);
            batch.tell(FLAGS, index, (header.msg_flags & !libc::MSG_CMSG_CLOEXEC) as u32);
            batch.tell(ADDRESS_LENGTHS, index, address_length as u32);
            if batch.control > 0 {
                let control = batch.control_of(index).first(header.msg_controllen);
                let mut descriptors = Vec::new();
                take_descriptors(control, flags, &mut descriptors);
                if !descriptors.is_empty() {
                    taken.push((index, descriptors));
                }
                batch.tell(CONTROL_LENGTHS, index, control.len() as u32);
                batch.tell(DESCRIPTORS, index, 0);
                let _ = batch.memory.write(TIMES + 8 * index, cmsg::timestamp(control));
            }
        }
        Ok(came)
    })
}

/// sendmmsg(2) of `count` messages from `from`: how many the kernel took.
pub fn sendmmsg(fd: RawFd, batch: &Batch, from: usize, count: usize, flags: i32) -> Result<usize, Errno> {
    TOLD.with_borrow_mut(|told| {
        let list = told.list(
            meant(batch, from, count),
            |index| {
                place(
                    &batch
                        .payload_of(from + index)
                        .first(batch.told(LENGTHS, from + index)),
                )
            },
            |index, header| {
                let index = from + index;
                let address = batch.address_of(index).first(batch.told(ADDRESS_LENGTHS, index));
                if address.len() > 0 {
                    header.msg_name = address.as_ptr().cast();
                    header.msg_namelen = address.socklen();
                }
                let control = batch.control_of(index).first(batch.told(CONTROL_LENGTHS, index));
                set_control(header, &control);
            },
        );
        let (messages, length) = (list.as_mut_ptr(), list.len() as c_uint);
        // SAFETY: payloads, addresses and control data lie within the batch's memory.
        let result = unsafe { libc::syscall(libc::SYS_sendmmsg, fd, messages, length, flags) };
        check_length(result as isize)
    })
}
