//! The memory of many messages in one call.

use super::SOCKADDR_STORAGE;
use super::js::Bytes;
use crate::error::Fault;
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

    /// The part of a batch that is meant: `count` messages from `from`.
    pub(super) fn meant(&self, from: usize, count: usize) -> usize {
        count.min(self.messages.saturating_sub(from))
    }

    /// Where the address of a message is received, if it is.
    pub(super) fn address_of(&self, index: usize) -> Option<Bytes<'a>> {
        (self.address > 0).then(|| self.bytes(self.addresses(), self.address, index))
    }

    /// Where the control data of a message are received, if they are.
    pub(super) fn control_of(&self, index: usize) -> Option<Bytes<'a>> {
        let at = self.addresses() + self.messages * self.address;
        (self.control > 0).then(|| self.bytes(at, self.control, index))
    }

    pub(super) fn payload_to_send(&self, index: usize) -> Bytes<'a> {
        self.payload_of(index).first(self.told(LENGTHS, index))
    }

    /// No bytes mean none.
    pub(super) fn address_to_send(&self, index: usize) -> Bytes<'a> {
        self.bytes(self.addresses(), self.address, index)
            .first(self.told(ADDRESS_LENGTHS, index))
    }

    /// No bytes mean none.
    pub(super) fn control_to_send(&self, index: usize) -> Bytes<'a> {
        let at = self.addresses() + self.messages * self.address;
        self.bytes(at, self.control, index)
            .first(self.told(CONTROL_LENGTHS, index))
    }

    /// Says how long a message is, its flags, and how long its address would be.
    pub(super) fn put_message(&self, index: usize, length: usize, flags: i32, address: usize) {
        self.tell(LENGTHS, index, length as u32);
        self.tell(FLAGS, index, flags as u32);
        self.tell(ADDRESS_LENGTHS, index, address.min(self.address) as u32);
    }

    /// Says how long its control data are and when it came; of descriptors none is known yet.
    pub(super) fn put_control(&self, index: usize, length: usize, time: i64) {
        self.tell(CONTROL_LENGTHS, index, length as u32);
        self.tell(DESCRIPTORS, index, 0);
        let _ = self.memory.write(TIMES + 8 * index, time);
    }

    fn handles_of(&self, index: usize) -> Bytes<'a> {
        let at = self.addresses() + self.messages * (self.address + self.control);
        self.bytes(at, 2 * self.control, index)
    }

    pub(super) fn payload_of(&self, index: usize) -> Bytes<'a> {
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
