//! The state of one Node.js environment: what it watches, whom it tells, and how it ends.
//!
//! The end is the sharp edge. Node.js unloads the module when the hooks of an environment are through, so the hook is an
//! asynchronous one and is removed *inside* libuv's last close callback: removed earlier, that callback would run in
//! memory that is gone; a hook that is not there at all makes Node.js abort over open handles.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::ffi::c_void;
use std::ptr;
use std::sync::atomic::{AtomicU64, Ordering};

use napi_sys::{self as node, Status, napi_async_cleanup_hook_handle, napi_env, napi_ref};

use super::uv::Watcher;
use crate::error::Result;
use crate::sys;
use crate::sys::js::Call;
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
    worker: bool,
    libuv: Cell<bool>,
    watchers: RefCell<HashMap<u32, *mut Watcher>>,
    /// Watchers that libuv has not forgotten yet.
    open: Cell<usize>,
    ending: Cell<bool>,
}

impl Environment {
    /// Makes the state and hands it to the environment.
    pub fn open(env: napi_env) {
        static NEXT: AtomicU64 = AtomicU64::new(1);
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
                worker: !sys::is_first_thread(),
                libuv: Cell::new(false),
                watchers: RefCell::default(),
                open: Cell::new(0),
                ending: Cell::new(false),
            }));
            node::napi_set_instance_data(env, this.cast(), None, ptr::null_mut());
            let mut hook = ptr::null_mut();
            node::napi_add_async_cleanup_hook(env, Some(on_end), this.cast(), &mut hook);
            (*this).hook.set(hook);
        }
    }

    /// `setup(onReady, nothing, hasLibuv)`: what only JavaScript knows.
    pub fn setup(&self, call: &Call) -> Result<()> {
        self.on_ready.set(call.keep_function(0)?);
        self.nothing.set(call.keep_function(1)?);
        self.libuv.set(call.bool(2)?);
        Ok(())
    }

    pub fn id(&self) -> u64 {
        self.id
    }

    pub fn is_worker(&self) -> bool {
        self.worker
    }

    pub(super) fn has_libuv(&self) -> bool {
        self.libuv.get() && !self.uv_loop.is_null()
    }

    pub(super) fn uv_loop(&self) -> *mut c_void {
        self.uv_loop
    }

    /// Watches a socket for these events, or for none.
    pub fn arm(&self, handle: Handle, events: i32) -> Result<()> {
        // A use that is counted in for the call refuses what was closed.
        let _in_use = table::acquire(handle)?;
        let known = self.watchers.borrow().get(&handle.slot).copied();
        let watcher = match known {
            // SAFETY: watchers in the map are alive, and only this thread touches them.
            Some(watcher) if unsafe { (*watcher).is_of(handle) } => watcher,
            _ if events == 0 => return Ok(()),
            _ => {
                self.forget(handle.slot);
                let watcher = Watcher::open(self, handle)?;
                self.open.set(self.open.get() + 1);
                self.watchers.borrow_mut().insert(handle.slot, watcher);
                watcher
            }
        };
        // SAFETY: as above.
        unsafe { (*watcher).arm(events) }
    }

    /// Ends the watch of a socket that is about to be closed or given away.
    pub fn unwatch(&self, handle: Handle) {
        let known = self.watchers.borrow().get(&handle.slot).copied();
        // SAFETY: watchers in the map are alive, and only this thread touches them.
        if known.is_some_and(|watcher| unsafe { (*watcher).is_of(handle) }) {
            self.forget(handle.slot);
        }
    }

    fn forget(&self, slot: u32) {
        let watcher = self.watchers.borrow_mut().remove(&slot);
        if let Some(watcher) = watcher {
            // SAFETY: it was in the map, so it is alive; libuv's close callback frees it later.
            unsafe { (*watcher).close() };
        }
    }

    /// Tells JavaScript, and runs the promises that it resolves.
    pub(super) fn ready(&self, slot: u32, events: i32) {
        if self.ending.get() {
            return;
        }
        let mut scope = ptr::null_mut();
        // SAFETY: on the thread of the environment, which is not ending; all values live in the scope opened here.
        unsafe {
            if node::napi_open_handle_scope(self.env, &mut scope) != Status::napi_ok {
                return;
            }
            let mut function = ptr::null_mut();
            let mut global = ptr::null_mut();
            let mut arguments = [ptr::null_mut(); 2];
            node::napi_get_reference_value(self.env, self.on_ready.get(), &mut function);
            node::napi_get_global(self.env, &mut global);
            node::napi_create_uint32(self.env, slot, &mut arguments[0]);
            node::napi_create_int32(self.env, events, &mut arguments[1]);
            let status = node::napi_make_callback(
                self.env,
                ptr::null_mut(),
                global,
                function,
                arguments.len(),
                arguments.as_ptr(),
                ptr::null_mut(),
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
            node::napi_get_reference_value(self.env, self.nothing.get(), &mut function);
            node::napi_get_global(self.env, &mut global);
            let status =
                node::napi_call_function(self.env, global, function, 0, ptr::null(), ptr::null_mut());
            node::napi_close_handle_scope(self.env, scope);
            status == Status::napi_ok
        }
    }

    /// # Safety
    /// `this` is the environment of a watcher that was just freed.
    pub(super) unsafe fn watcher_closed(this: *const Environment) {
        // SAFETY: an environment outlives its watchers.
        unsafe {
            (*this).open.set((*this).open.get() - 1);
            if (*this).ending.get() && (*this).open.get() == 0 {
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
            node::napi_remove_async_cleanup_hook(this.hook.get());
        }
    }
}

/// Node.js calls it when the environment ends: `process.exit()`, a worker's end, the end of the program.
unsafe extern "C" fn on_end(_: napi_async_cleanup_hook_handle, data: *mut c_void) {
    let this: *const Environment = data.cast();
    // SAFETY: the data is what `open` registered, and is freed by `finish` only.
    unsafe {
        (*this).ending.set(true);
        let watchers: Vec<_> = (*this)
            .watchers
            .borrow_mut()
            .drain()
            .map(|(_, watcher)| watcher)
            .collect();
        for watcher in watchers {
            (*watcher).close();
        }
        for reference in [(*this).on_ready.get(), (*this).nothing.get()] {
            if !reference.is_null() {
                node::napi_delete_reference((*this).env, reference);
            }
        }
        table::close_all_of((*this).id);
        if (*this).open.get() == 0 {
            Environment::finish(this);
        }
    }
}
