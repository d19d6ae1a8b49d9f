//! The state of one Node.js environment: what it watches, whom it tells, and how it ends.
//!
//! The end is the sharp edge. Node.js unloads the module when the hooks of an environment are through, so the hook is an
//! asynchronous one and is removed *inside* libuv's last close callback: removed earlier, that callback would run in
//! memory that is gone; a hook that is not there at all makes Node.js abort over open handles.

use std::cell::{Cell, OnceCell};
use std::ffi::c_void;
use std::ptr;
use std::rc::Rc;
use std::sync::atomic::{AtomicU64, Ordering};

use napi_sys::{self as node, Status, napi_async_cleanup_hook_handle, napi_env, napi_ref};

use super::thread::ThreadEngine;
use super::uv::UvEngine;
use super::{Engine, SHARED, Shared};
use crate::error::Result;
use crate::sys;
use crate::sys::js::Call;
use crate::sys::mapping::Mappings;
use crate::sys::work::Desk;
use crate::table::{self, Handle};

/// Belongs to one thread. JavaScript reaches it as the module's instance data.
pub struct Environment {
    env: napi_env,
    /// Tells the table whose a descriptor is.
    id: u64,
    uv_loop: *mut c_void,
    hook: Cell<napi_async_cleanup_hook_handle>,
    on_ready: Cell<napi_ref>,
    nothing: Cell<napi_ref>,
    /// The numbers that are shared with JavaScript, and what keeps them alive.
    shared: Cell<*mut [i32; SHARED]>,
    kept: Cell<napi_ref>,
    worker: bool,
    engine: OnceCell<Box<dyn Engine>>,
    /// The promises of look-ups, from the first on.
    desk: OnceCell<Rc<Desk>>,
    mappings: Mappings,
    /// Node-API wants a cleanup hook removed by whoever added it; Deno frees it by itself, and once is enough.
    removes_hook: Cell<bool>,
    ending: Cell<bool>,
}

impl Environment {
    /// Makes the state and hands it to the environment.
    pub fn open(env: napi_env) {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        sys::prepare();
        let mut uv_loop = ptr::null_mut();
        // SAFETY: Node.js is loading the module into `env`, on its thread. The box is freed by `finish`.
        unsafe {
            if node::napi_get_uv_event_loop(env, &mut uv_loop) != Status::napi_ok {
                uv_loop = ptr::null_mut();
            }
            let this = Box::into_raw(Box::new(Environment {
                env,
                id: NEXT.fetch_add(1, Ordering::Relaxed),
                uv_loop: uv_loop.cast(),
                hook: Cell::new(ptr::null_mut()),
                on_ready: Cell::new(ptr::null_mut()),
                nothing: Cell::new(ptr::null_mut()),
                shared: Cell::new(ptr::null_mut()),
                kept: Cell::new(ptr::null_mut()),
                worker: !sys::is_first_thread(),
                engine: OnceCell::new(),
                desk: OnceCell::new(),
                mappings: Mappings::default(),
                removes_hook: Cell::new(true),
                ending: Cell::new(false),
            }));
            node::napi_set_instance_data(env, this.cast(), None, ptr::null_mut());
            let mut hook = ptr::null_mut();
            node::napi_add_async_cleanup_hook(env, Some(on_end), this.cast(), &mut hook);
            (*this).hook.set(hook);
        }
    }

    /// `setup(onReady, nothing, hasLibuv, shared)`: what only JavaScript knows. The first call counts.
    pub fn setup(&self, call: &Call) -> Result<()> {
        if self.engine.get().is_some() {
            return Ok(());
        }
        let (shared, kept) = call.keep_numbers::<SHARED>(3)?;
        self.shared.set(shared);
        self.kept.set(kept);
        self.on_ready.set(call.keep_function(0)?);
        self.nothing.set(call.keep_function(1)?);
        let libuv = if call.bool(2)? { UvEngine::find(self) } else { None };
        let engine: Box<dyn Engine> = match libuv {
            Some(engine) => Box::new(engine),
            None => Box::new(ThreadEngine::new(self)),
        };
        let _ = self.engine.set(engine);
        Ok(())
    }

    /// The runtime frees the cleanup hook by itself: once is enough.
    pub fn leave_hook(&self) {
        self.removes_hook.set(false);
    }

    pub fn id(&self) -> u64 {
        self.id
    }

    /// Where look-ups are asked for.
    pub fn desk(&self, call: &Call) -> Result<&Desk> {
        match self.desk.get() {
            Some(desk) => Ok(desk),
            None => {
                let desk = Desk::open(call)?;
                Ok(self.desk.get_or_init(|| desk))
            }
        }
    }

    pub fn mappings(&self) -> &Mappings {
        &self.mappings
    }

    pub fn is_worker(&self) -> bool {
        self.worker
    }

    pub(super) fn raw(&self) -> napi_env {
        self.env
    }

    pub(super) fn uv_loop(&self) -> *mut c_void {
        self.uv_loop
    }

    /// Watches a socket for these events, or for none. EBADF when it was closed.
    pub fn arm(&self, handle: Handle, events: i32) -> Result<()> {
        drop(table::acquire(handle)?);
        self.engine.get().ok_or(sys::ENOTSUP)?.arm(handle, events)
    }

    /// Ends the watch of a socket that is about to be closed or given away.
    pub fn unwatch(&self, handle: Handle) {
        if let Some(engine) = self.engine.get() {
            engine.unwatch(handle);
        }
    }

    fn share(&self, what: Shared, value: i32) {
        // SAFETY: four integers that live as long as the reference to them, until the environment ends; only its thread
        // is here, and JavaScript does not run meanwhile.
        unsafe { (*self.shared.get())[what as usize] = value };
    }

    /// Tells JavaScript, and runs the promises that it resolves. What is to be watched for afterwards; `wanted` is what is
    /// watched for now.
    pub(super) fn ready(&self, handle: Handle, happened: i32, wanted: i32) -> i32 {
        if self.ending.get() || self.shared.get().is_null() {
            return wanted;
        }
        self.share(Shared::Slot, handle.slot as i32);
        self.share(Shared::Generation, handle.generation as i32);
        self.share(Shared::Happened, happened);
        self.share(Shared::Wanted, wanted);
        self.call_ready();
        self.share(Shared::Slot, -1);
        // SAFETY: as in `share`.
        unsafe { (*self.shared.get())[Shared::Wanted as usize] }
    }

    fn call_ready(&self) {
        let mut scope = ptr::null_mut();
        // SAFETY: on the thread of the environment, which is not ending; all values live in the scope opened here.
        unsafe {
            if node::napi_open_handle_scope(self.env, &mut scope) != Status::napi_ok {
                return;
            }
            let mut function = ptr::null_mut();
            // Nobody looks at it, but Deno writes it without asking.
            let mut result = ptr::null_mut();
            node::napi_get_reference_value(self.env, self.on_ready.get(), &mut function);
            // The function is its own `this`, which it does not look at.
            let status = node::napi_make_callback(
                self.env,
                ptr::null_mut(),
                function,
                function,
                0,
                ptr::null(),
                &mut result,
            );
            if status == Status::napi_pending_exception {
                let mut exception = ptr::null_mut();
                if node::napi_get_and_clear_last_exception(self.env, &mut exception) == Status::napi_ok {
                    node::napi_fatal_exception(self.env, exception);
                }
            }
            node::napi_close_handle_scope(self.env, scope);
        }
    }

    /// Whether JavaScript may still run here: it may not in a worker that is being terminated.
    pub fn may_run(&self) -> bool {
        let mut scope = ptr::null_mut();
        // SAFETY: called from a native method, on the thread of the environment; values live in the scope opened here.
        unsafe {
            if node::napi_open_handle_scope(self.env, &mut scope) != Status::napi_ok {
                return false;
            }
            let mut function = ptr::null_mut();
            let mut global = ptr::null_mut();
            let mut result = ptr::null_mut();
            node::napi_get_reference_value(self.env, self.nothing.get(), &mut function);
            node::napi_get_global(self.env, &mut global);
            let status = node::napi_call_function(self.env, global, function, 0, ptr::null(), &mut result);
            node::napi_close_handle_scope(self.env, scope);
            status == Status::napi_ok
        }
    }

    /// The engine is through after an [`Engine::end`] that was not.
    ///
    /// # Safety
    /// `this` is not used by the caller afterwards.
    pub(super) unsafe fn engine_ended(this: *const Environment) {
        // SAFETY: an environment outlives its engine's work; it is freed here when it is ending, and not used again.
        unsafe {
            if (*this).ending.get() {
                Self::finish(this);
            }
        }
    }

    /// # Safety
    /// Nothing of `this` is used afterwards.
    unsafe fn finish(this: *const Environment) {
        // SAFETY: the box was made by `open`, the environment is ending, and no watcher points here any more.
        unsafe {
            let this = Box::from_raw(this.cast_mut());
            if this.removes_hook.get() {
                node::napi_remove_async_cleanup_hook(this.hook.get());
            }
        }
    }
}

/// Node.js calls it when the environment ends: `process.exit()`, a worker's end, the end of the program.
unsafe extern "C" fn on_end(_: napi_async_cleanup_hook_handle, data: *mut c_void) {
    let this: *const Environment = data.cast();
    // SAFETY: the data is what `open` registered, and is freed by `finish` only.
    unsafe {
        (*this).ending.set(true);
        let through = (*this).engine.get().is_none_or(|engine| engine.end());
        (*this).shared.set(ptr::null_mut());
        for reference in [(*this).on_ready.get(), (*this).nothing.get(), (*this).kept.get()] {
            if !reference.is_null() {
                node::napi_delete_reference((*this).env, reference);
            }
        }
        table::close_all_of((*this).id);
        if through {
            Environment::finish(this);
        }
    }
}
