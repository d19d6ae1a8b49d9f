//! Node-API, made safe: arguments, results, and the functions that JavaScript calls.
//!
//! Written on `napi-sys` and not with napi-rs's macros, since a call is the hot path: with six arguments it costs 38 ns
//! this way and 104 ns through the macros (measured in one run).

use std::ffi::{CStr, c_char, c_void};
use std::marker::PhantomData;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr;
use std::time::Duration;

use napi_sys::{self as node, Status, TypedarrayType, napi_callback_info, napi_env, napi_ref, napi_value};

pub use super::bytes::{AddressBuffer, Buffers, Bytes, Numbers};
use super::wait::Wait;
use super::{ECANCELED, EMSGSIZE, IOV_MAX, SOCKADDR_STORAGE};
use crate::error::{Fault, Result};
use crate::poll::env::Environment;
use crate::table::Handle;

/// The most arguments that a method takes.
const MOST: usize = 10;

/// One call from JavaScript.
pub struct Call<'a> {
    env: napi_env,
    /// How many arguments there are; those that a method takes beyond are undefined.
    count: usize,
    args: [napi_value; MOST],
    scope: PhantomData<&'a ()>,
}

/// A value that is on its way back to JavaScript.
#[derive(Clone, Copy)]
pub struct Value(pub(super) napi_value);

/// Asks, while a thread sleeps in a `…Sync` call, whether it was told to end (`worker.terminate()`).
pub struct Interrupt<'a> {
    environment: Option<&'a Environment>,
}

impl Interrupt<'_> {
    /// Only a worker can be told to end while it waits; the main thread ends by signals.
    pub fn possible(&self) -> bool {
        self.environment.is_some()
    }

    pub fn check(&self) -> Result<()> {
        match self.environment {
            Some(environment) if !environment.may_run() => Err(ECANCELED.into()),
            _ => Ok(()),
        }
    }
}

impl<'a> Call<'a> {
    pub(crate) fn raw(&self) -> napi_env {
        self.env
    }

    fn arg(&self, index: usize) -> napi_value {
        self.args[index]
    }

    pub fn u32(&self, index: usize) -> Result<u32> {
        let mut value = 0;
        // SAFETY: environment and value belong to this call.
        ok(unsafe { node::napi_get_value_uint32(self.env, self.arg(index), &mut value) })?;
        Ok(value)
    }

    pub fn i32(&self, index: usize) -> Result<i32> {
        let mut value = 0;
        // SAFETY: environment and value belong to this call.
        ok(unsafe { node::napi_get_value_int32(self.env, self.arg(index), &mut value) })?;
        Ok(value)
    }

    /// Flags of a call; 0 when it ends before them.
    #[inline]
    pub fn flags(&self, index: usize) -> Result<i32> {
        if self.count <= index {
            Ok(0)
        } else {
            self.i32(index)
        }
    }

    pub fn bool(&self, index: usize) -> Result<bool> {
        let mut value = false;
        // SAFETY: environment and value belong to this call.
        ok(unsafe { node::napi_get_value_bool(self.env, self.arg(index), &mut value) })?;
        Ok(value)
    }

    /// A whole number of bytes, up to 2^53.
    pub fn size(&self, index: usize) -> Result<u64> {
        let value = self.f64(index)?;
        if (0.0..=9_007_199_254_740_992.0).contains(&value) && value.fract() == 0.0 {
            Ok(value as u64)
        } else {
            Err(Fault::BadArgument)
        }
    }

    fn f64(&self, index: usize) -> Result<f64> {
        let mut value = 0.0;
        // SAFETY: environment and value belong to this call.
        ok(unsafe { node::napi_get_value_double(self.env, self.arg(index), &mut value) })?;
        Ok(value)
    }

    /// Two arguments: slot and generation.
    pub fn handle(&self, index: usize) -> Result<Handle> {
        Ok(Handle {
            slot: self.u32(index)?,
            generation: self.u32(index + 1)?,
        })
    }

    /// A string, or nothing for `null` and `undefined`.
    pub fn string(&self, index: usize) -> Result<Option<String>> {
        let mut kind = 0;
        // SAFETY: environment and value belong to this call.
        ok(unsafe { node::napi_typeof(self.env, self.arg(index), &mut kind) })?;
        if kind == node::ValueType::napi_null || kind == node::ValueType::napi_undefined {
            return Ok(None);
        }
        let mut length = 0;
        // SAFETY: no buffer asks for the length alone.
        ok(unsafe {
            node::napi_get_value_string_utf8(self.env, self.arg(index), ptr::null_mut(), 0, &mut length)
        })?;
        let mut text = vec![0u8; length + 1];
        // SAFETY: the buffer has room for the text and its final NUL.
        ok(unsafe {
            let data = text.as_mut_ptr().cast::<c_char>();
            node::napi_get_value_string_utf8(self.env, self.arg(index), data, text.len(), &mut length)
        })?;
        text.truncate(length);
        String::from_utf8(text).map(Some).map_err(|_| Fault::BadArgument)
    }

    /// A whole Uint8Array that is not detached.
    pub fn bytes(&self, index: usize) -> Result<Bytes<'a>> {
        let (data, length) = self.view(index, TypedarrayType::uint8_array)?;
        Ok(Bytes {
            data,
            length,
            scope: PhantomData,
        })
    }

    /// Three arguments: a Uint8Array, an offset into it, and a length, of which `u32::MAX` means the rest. A call that
    /// ends with the Uint8Array means all of it: each argument costs 5 ns.
    #[inline]
    pub fn range(&self, index: usize) -> Result<Bytes<'a>> {
        let (data, whole) = self.view(index, TypedarrayType::uint8_array)?;
        if self.count <= index + 1 {
            return Ok(Bytes {
                data,
                length: whole,
                scope: PhantomData,
            });
        }
        let offset = self.u32(index + 1)? as usize;
        let length = self.u32(index + 2)?;
        let rest = whole.checked_sub(offset).ok_or(Fault::BadArgument)?;
        let length = if length == u32::MAX { rest } else { length as usize };
        if length > rest {
            return Err(Fault::BadArgument);
        }
        // SAFETY: offset ≤ whole, so the pointer stays within the caller's bytes or one past them.
        let data = unsafe { data.add(offset) };
        Ok(Bytes {
            data,
            length,
            scope: PhantomData,
        })
    }

    /// A Uint8Array, or an array of them.
    pub fn buffers(&self, index: usize) -> Result<Buffers<'a>> {
        if let Ok(one) = self.bytes(index) {
            return Ok(Buffers {
                one: Some(one),
                more: Vec::new(),
            });
        }
        let mut length = 0;
        // SAFETY: environment and value belong to this call; anything but an array is refused with a status.
        ok(unsafe { node::napi_get_array_length(self.env, self.arg(index), &mut length) })?;
        // The kernel's own answer, before memory is taken for what it would not look at.
        if length as usize > IOV_MAX {
            return Err(EMSGSIZE.into());
        }
        // An element may be a getter, which may take away the memory of another: all are fetched before one is looked into.
        let mut elements = Vec::new();
        for at in 0..length {
            let mut element = ptr::null_mut();
            // SAFETY: as above; what a getter throws is pending when this call returns.
            ok(unsafe { node::napi_get_element(self.env, self.arg(index), at, &mut element) })?;
            elements.push(element);
        }
        let more = elements.into_iter().map(|element| {
            let (data, length) = self.view_of(element, TypedarrayType::uint8_array)?;
            Ok(Bytes {
                data,
                length,
                scope: PhantomData,
            })
        });
        Ok(Buffers {
            one: None,
            more: more.collect::<Result<_>>()?,
        })
    }

    /// As [`prefix`](Self::prefix), or no bytes for `undefined`.
    pub fn optional_prefix(&self, index: usize) -> Result<Bytes<'a>> {
        if self.count <= index || self.is_undefined(index)? {
            // SAFETY: no bytes are readable anywhere.
            Ok(unsafe { Bytes::of(ptr::NonNull::dangling().as_ptr(), 0) })
        } else {
            self.prefix(index)
        }
    }

    fn is_undefined(&self, index: usize) -> Result<bool> {
        let mut kind = 0;
        // SAFETY: environment and value belong to this call.
        ok(unsafe { node::napi_typeof(self.env, self.arg(index), &mut kind) })?;
        Ok(kind == node::ValueType::napi_undefined)
    }

    /// Two arguments: a Uint8Array and how many of its first bytes are meant.
    pub fn prefix(&self, index: usize) -> Result<Bytes<'a>> {
        let bytes = self.bytes(index)?;
        let length = self.u32(index + 1)? as usize;
        if length > bytes.length {
            return Err(Fault::BadArgument);
        }
        Ok(Bytes { length, ..bytes })
    }

    pub fn address_buffer(&self, index: usize) -> Result<AddressBuffer<'a>> {
        let bytes = self.bytes(index)?;
        if bytes.length < SOCKADDR_STORAGE + size_of::<u32>() {
            return Err(Fault::BadArgument);
        }
        Ok(AddressBuffer(bytes))
    }

    /// As [`address_buffer`](Self::address_buffer), or nothing for `undefined`.
    pub fn optional_address_buffer(&self, index: usize) -> Result<Option<AddressBuffer<'a>>> {
        if self.is_undefined(index)? {
            Ok(None)
        } else {
            self.address_buffer(index).map(Some)
        }
    }

    /// An Int32Array with room for `least` numbers: looked at before the call that makes what they tell of.
    pub fn numbers(&self, index: usize, least: usize) -> Result<Numbers<'a>> {
        let (data, length) = self.view(index, TypedarrayType::int32_array)?;
        if length < least {
            return Err(Fault::BadArgument);
        }
        Ok(Numbers(Bytes {
            data,
            length: length * size_of::<i32>(),
            scope: PhantomData,
        }))
    }

    /// Two arguments: a timeout in milliseconds, negative for none, and whether EINTR ends the wait.
    pub fn wait(&self, index: usize) -> Result<Wait<'_>> {
        let milliseconds = self.f64(index)?;
        let timeout = match milliseconds {
            value if value.is_nan() => return Err(Fault::BadArgument),
            value if value < 0.0 => None,
            value => Duration::try_from_secs_f64(value / 1000.0).ok(),
        };
        let environment = self.environment();
        let interrupt = Interrupt {
            environment: environment.is_worker().then_some(environment),
        };
        Ok(Wait {
            timeout,
            interruptible: self.bool(index + 1)?,
            interrupt,
        })
    }

    fn view(&self, index: usize, wanted: i32) -> Result<(*mut u8, usize)> {
        self.view_of(self.arg(index), wanted)
    }

    #[inline]
    fn view_of(&self, value: napi_value, wanted: i32) -> Result<(*mut u8, usize)> {
        let mut kind = -1;
        let mut length = 0;
        let mut data: *mut c_void = ptr::null_mut();
        let mut buffer = ptr::null_mut();
        // SAFETY: environment and value belong to this call; anything but a typed array is refused with a status.
        ok(unsafe {
            node::napi_get_typedarray_info(
                self.env,
                value,
                &mut kind,
                &mut length,
                &mut data,
                &mut buffer,
                ptr::null_mut(),
            )
        })?;
        if kind != wanted {
            return Err(Fault::BadArgument);
        }
        if length == 0 {
            let mut detached = false;
            // SAFETY: as above; a SharedArrayBuffer is answered with a status or with false.
            unsafe { node::napi_is_detached_arraybuffer(self.env, buffer, &mut detached) };
            if detached {
                return Err(Fault::BadArgument);
            }
            // An empty view may have no memory; the kernel wants a pointer that is not null.
            data = ptr::NonNull::<u8>::dangling().as_ptr().cast();
        }
        Ok((data.cast(), length))
    }

    /// The state of the environment that this call comes from.
    pub fn environment(&self) -> &Environment {
        let mut data = ptr::null_mut();
        // SAFETY: the instance data was set to a leaked `Environment` when this environment loaded the module, and lives
        // until its cleanup hook, after which no JavaScript runs there.
        unsafe {
            node::napi_get_instance_data(self.env, &mut data);
            &*data.cast::<Environment>()
        }
    }

    pub fn text(&self, text: &str) -> Value {
        let mut value = ptr::null_mut();
        // SAFETY: the text is readable for its length; Node-API copies it.
        unsafe {
            node::napi_create_string_utf8(self.env, text.as_ptr().cast(), text.len() as isize, &mut value)
        };
        Value(value)
    }

    pub fn undefined(&self) -> Value {
        let mut value = ptr::null_mut();
        // SAFETY: the environment belongs to this call.
        unsafe { node::napi_get_undefined(self.env, &mut value) };
        Value(value)
    }

    pub fn number(&self, number: f64) -> Value {
        let mut value = ptr::null_mut();
        // SAFETY: the environment belongs to this call.
        unsafe { node::napi_create_double(self.env, number, &mut value) };
        Value(value)
    }

    /// An object with these properties.
    pub fn object<'k>(&self, properties: impl IntoIterator<Item = (&'k CStr, Value)>) -> Value {
        let mut object = ptr::null_mut();
        // SAFETY: the environment belongs to this call; names end in NUL and values belong to this call.
        unsafe {
            node::napi_create_object(self.env, &mut object);
            for (name, value) in properties {
                node::napi_set_named_property(self.env, object, name.as_ptr(), value.0);
            }
        }
        Value(object)
    }

    /// An array of these values.
    pub fn array(&self, values: impl IntoIterator<Item = Value>) -> Value {
        let mut array = ptr::null_mut();
        // SAFETY: the environment and the values belong to this call.
        unsafe {
            node::napi_create_array(self.env, &mut array);
            for (index, value) in values.into_iter().enumerate() {
                node::napi_set_element(self.env, array, index as u32, value.0);
            }
        }
        Value(array)
    }

    /// A Buffer with a copy of these bytes.
    pub fn buffer(&self, bytes: &[u8]) -> Value {
        let mut value = ptr::null_mut();
        // SAFETY: the bytes are readable for their length; Node-API copies them.
        unsafe {
            node::napi_create_buffer_copy(
                self.env,
                bytes.len(),
                bytes.as_ptr().cast(),
                ptr::null_mut(),
                &mut value,
            )
        };
        Value(value)
    }

    /// A reference that keeps a function alive until its environment ends.
    pub fn keep_function(&self, index: usize) -> Result<napi_ref> {
        let mut kind = 0;
        let mut reference = ptr::null_mut();
        // SAFETY: environment and value belong to this call.
        unsafe {
            ok(node::napi_typeof(self.env, self.arg(index), &mut kind))?;
            if kind != node::ValueType::napi_function {
                return Err(Fault::BadArgument);
            }
            ok(node::napi_create_reference(
                self.env,
                self.arg(index),
                1,
                &mut reference,
            ))?;
        }
        Ok(reference)
    }

    /// Memory that JavaScript and the native part share until the environment ends: an `Int32Array` of `N` numbers, over an
    /// ArrayBuffer that its owner keeps to itself, and a reference that keeps it alive.
    pub fn keep_numbers<const N: usize>(&self, index: usize) -> Result<(*mut [i32; N], napi_ref)> {
        let (data, length) = self.view(index, TypedarrayType::int32_array)?;
        let shared: *mut [i32; N] = data.cast();
        if length != N || !shared.is_aligned() {
            return Err(Fault::BadArgument);
        }
        let mut reference = ptr::null_mut();
        // SAFETY: environment and value belong to this call.
        ok(unsafe { node::napi_create_reference(self.env, self.arg(index), 1, &mut reference) })?;
        Ok((shared, reference))
    }

    /// For results that are made outside a call, in a handle scope of their own.
    pub(super) fn of_environment(env: napi_env) -> Call<'static> {
        Call {
            env,
            count: 0,
            args: [ptr::null_mut(); MOST],
            scope: PhantomData,
        }
    }
}

fn ok(status: i32) -> Result<()> {
    if status == Status::napi_ok {
        Ok(())
    } else {
        Err(Fault::BadArgument)
    }
}

/// What a method may return.
pub trait Answer {
    fn value(self, call: &Call) -> napi_value;
}

impl Answer for i32 {
    fn value(self, call: &Call) -> napi_value {
        let mut value = ptr::null_mut();
        // SAFETY: the environment belongs to the call.
        unsafe { node::napi_create_int32(call.env, self, &mut value) };
        value
    }
}

impl Answer for () {
    fn value(self, call: &Call) -> napi_value {
        0.value(call)
    }
}

/// Counts come from the kernel and stay below 2^31 there.
impl Answer for usize {
    fn value(self, call: &Call) -> napi_value {
        (self.min(i32::MAX as usize) as i32).value(call)
    }
}

impl Answer for Value {
    fn value(self, _: &Call) -> napi_value {
        self.0
    }
}

impl<T: Answer> Answer for Result<T> {
    fn value(self, call: &Call) -> napi_value {
        match self {
            Ok(answer) => answer.value(call),
            Err(fault) => fault.code().value(call),
        }
    }
}

/// A function of `napi`, with the number of its arguments. Made by [`methods!`].
pub trait Method {
    const ARGUMENTS: usize;
    fn answer(call: &Call) -> napi_value;
}

unsafe extern "C" fn enter<M: Method>(env: napi_env, info: napi_callback_info) -> napi_value {
    let mut call = Call {
        env,
        count: M::ARGUMENTS,
        args: [ptr::null_mut(); MOST],
        scope: PhantomData,
    };
    // SAFETY: `args` has room for `count` values; missing ones are filled with undefined.
    unsafe {
        node::napi_get_cb_info(
            env,
            info,
            &mut call.count,
            call.args.as_mut_ptr(),
            ptr::null_mut(),
            ptr::null_mut(),
        );
    }
    match catch_unwind(AssertUnwindSafe(|| M::answer(&call))) {
        Ok(value) => value,
        Err(_) => {
            // SAFETY: the texts end in NUL.
            unsafe {
                node::napi_throw_error(
                    env,
                    c"ERR_INTERNAL_ASSERTION".as_ptr(),
                    c"@sockeye/core: the native part panicked, please report it".as_ptr(),
                );
            }
            ptr::null_mut()
        }
    }
}

/// The object that `require()` gives to JavaScript.
pub struct Exports {
    env: napi_env,
    object: napi_value,
}

impl Exports {
    pub fn method<M: Method>(&self, name: &'static CStr) {
        const { assert!(M::ARGUMENTS <= MOST) };
        let mut function = ptr::null_mut();
        let length = name.count_bytes() as isize;
        // SAFETY: the name ends in NUL; `enter` has the signature that Node-API calls.
        unsafe {
            node::napi_create_function(
                self.env,
                name.as_ptr(),
                length,
                Some(enter::<M>),
                ptr::null_mut(),
                &mut function,
            );
            node::napi_set_named_property(self.env, self.object, name.as_ptr(), function);
        }
    }
}

/// `methods!(exports; c"name"(arguments) => function, …)`.
#[macro_export]
macro_rules! methods {
    ($exports:expr; $($name:literal($arguments:literal) => $function:path),* $(,)?) => {$({
        struct It;
        impl $crate::sys::js::Method for It {
            const ARGUMENTS: usize = $arguments;
            #[inline]
            fn answer(call: &$crate::sys::js::Call) -> $crate::sys::js::RawValue {
                $crate::sys::js::Answer::value($function(call), call)
            }
        }
        $exports.method::<It>($name);
    })*};
}

/// What Node-API calls a value; only for [`methods!`].
pub type RawValue = napi_value;

/// Called by Node.js once for each environment that loads the module.
///
/// # Safety
/// Node.js calls it, on the thread of `env`, with its own values.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn napi_register_module_v1(env: napi_env, object: napi_value) -> napi_value {
    super::find_node_api();
    Environment::open(env);
    crate::napi::register(&Exports { env, object });
    object
}

/// The version of Node-API that the module is written for; 8 came with Node 12.22.
#[unsafe(no_mangle)]
pub extern "C" fn node_api_module_get_api_version_v1() -> i32 {
    8
}
