//! What a call tells of a message beside its bytes.

use super::js::{AddressBuffer, Bytes};
use crate::error::Fault;

/// What a call tells of a message beside its bytes, in memory of JavaScript's (`ts/message.ts`): flags, the length of the
/// control data and the number of descriptors as 32-bit integers, and what room for control data was asked for; the address
/// as an [`AddressBuffer`]; control data; then slot and generation of each descriptor, for as many as there is room for.
#[derive(Clone, Copy)]
pub struct Envelope<'a> {
    bytes: Bytes<'a>,
    room: usize,
}

impl<'a> Envelope<'a> {
    const FLAGS: usize = 0;
    const CONTROL_LENGTH: usize = 4;
    const DESCRIPTORS: usize = 8;
    const ASKED: usize = 12;
    const ADDRESS: usize = 16;
    const CONTROL: usize = 152;

    pub fn of(bytes: Bytes<'a>) -> Result<Self, Fault> {
        // Each byte of control data has two beside it: four bytes of a descriptor become two integers.
        let rest = bytes.len().checked_sub(Self::CONTROL).ok_or(Fault::BadArgument)?;
        Ok(Envelope {
            bytes,
            room: (rest / 3) & !7,
        })
    }

    pub(super) fn address(&self) -> AddressBuffer<'a> {
        AddressBuffer::within(self.bytes.skip(Self::ADDRESS))
    }

    /// What was asked for, to the byte: a kernel that is told of more fills it. Never more than there is, whatever is asked.
    pub(super) fn control(&self) -> Bytes<'a> {
        let asked = self.bytes.read::<u32>(Self::ASKED).unwrap_or(0) as usize;
        self.bytes.skip(Self::CONTROL).first(asked.min(self.room))
    }

    fn put(&self, at: usize, value: usize) {
        // `of` has seen to it that there is room.
        let _ = self.bytes.write(at, value as u32);
    }

    /// Says the flags of a message and how long its control data are, of which no descriptors are known yet.
    pub(super) fn tell(&self, flags: i32, control_length: usize) {
        self.put(Self::FLAGS, flags as usize);
        self.put(Self::CONTROL_LENGTH, control_length);
        self.put(Self::DESCRIPTORS, 0);
    }

    /// Says where the table has the descriptors that came.
    pub fn put_descriptors(&self, handles: &[crate::table::Handle]) {
        let places = self.bytes.skip(Self::CONTROL + self.room);
        for (index, handle) in handles.iter().enumerate() {
            let _ = places.write(index * 8, handle.slot);
            let _ = places.write(index * 8 + 4, handle.generation);
        }
        self.put(Self::DESCRIPTORS, handles.len());
    }
}
