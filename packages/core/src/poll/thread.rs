//! A thread in epoll_wait(2) or its like, and one thread-safe function: for runtimes without libuv (Bun, Deno), and by a switch on
//! Node.js. Slower than libuv's own loop (7 µs instead of 2.3 from send to callback), and the same to whoever waits.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::ffi::c_void;
use std::ptr;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use napi_sys::{self as node, Status, napi_env, napi_threadsafe_function, napi_value};

use super::env::Environment;
use super::{DIRECTIONS, Engine, Event, FAULTY, UNREFERENCED, keeps_alive};
use crate::error::Result;
use crate::sys::{self, OwnedFd, Poller};
use crate::table::{self, Handle};

/// What the thread has seen and JavaScript has not heard of yet.
struct Inbox {
    events: Vec<Event>,
    /// Null once the function is gone: the thread then has nobody to tell.
    function: napi_threadsafe_function,
}

// SAFETY: a thread-safe function may be called from any thread, and is here only under the lock.
unsafe impl Send for Inbox {}

struct Shared {
    poller: Poller,
    inbox: Mutex<Inbox>,
}

impl Shared {
    fn inbox(&self) -> std::sync::MutexGuard<'_, Inbox> {
        self.inbox.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

struct Watch {
    handle: Handle,
    /// The descriptor that is polled, while it is.
    own: OwnedFd,
    wanted: i32,
    /// What is polled for, until the next event.
    armed: i32,
}

impl Watch {
    fn directions(&self) -> i32 {
        self.wanted & DIRECTIONS
    }
}

struct Running {
    shared: Arc<Shared>,
    thread: JoinHandle<()>,
}

/// Starts its thread with the first wait.
pub struct ThreadEngine {
    environment: *const Environment,
    running: RefCell<Option<Running>>,
    watches: RefCell<HashMap<u32, Watch>>,
    /// Watches that poll for something and are referenced: while there are any, the event loop is kept alive.
    interested: Cell<usize>,
}

impl ThreadEngine {
    pub fn new(environment: &Environment) -> ThreadEngine {
        ThreadEngine {
            environment,
            running: RefCell::default(),
            watches: RefCell::default(),
            interested: Cell::new(0),
        }
    }

    fn env(&self) -> napi_env {
        // SAFETY: an environment outlives its engine.
        unsafe { (*self.environment).raw() }
    }

    fn shared(&self) -> Result<Arc<Shared>> {
        if let Some(running) = self.running.borrow().as_ref() {
            return Ok(running.shared.clone());
        }
        let inbox = Mutex::new(Inbox {
            events: Vec::new(),
            function: ptr::null_mut(),
        });
        let shared = Arc::new(Shared {
            poller: Poller::new()?,
            inbox,
        });
        let theirs = shared.clone();
        // The thread first: a function without one would outlive the engine, of which it holds the address.
        let thread = std::thread::Builder::new()
            .name("sockeye".into())
            .spawn(move || watch(&theirs))
            .map_err(|error| sys::spawn_error(&error))?;
        let mut function = ptr::null_mut();
        // SAFETY: on the thread of the environment, in a native method; the engine stays where it is, in the box of its
        // environment, until `on_function_gone` was called.
        let status = unsafe {
            let mut name = ptr::null_mut();
            node::napi_create_string_utf8(self.env(), c"sockeye".as_ptr(), 7, &mut name);
            node::napi_create_threadsafe_function(
                self.env(),
                ptr::null_mut(),
                ptr::null_mut(),
                name,
                0,
                1,
                ptr::from_ref(self).cast_mut().cast(),
                Some(on_function_gone),
                ptr::from_ref(self).cast_mut().cast(),
                Some(on_events),
                &mut function,
            )
        };
        if status != Status::napi_ok {
            shared.poller.stop();
            let _ = thread.join();
            return Err(sys::ENOTSUP.into());
        }
        // SAFETY: as above; the function was just made.
        unsafe { node::napi_unref_threadsafe_function(self.env(), function) };
        // Nothing is polled yet, so the thread has not looked for the function so far.
        shared.inbox().function = function;
        *self.running.borrow_mut() = Some(Running {
            shared: shared.clone(),
            thread,
        });
        Ok(shared)
    }

    /// Keeps the event loop alive while somebody waits, and not longer.
    fn count(&self, before: i32, after: i32) {
        let change = i32::from(keeps_alive(after)) - i32::from(keeps_alive(before));
        let count = self.interested.get().saturating_add_signed(change as isize);
        let turned = (count == 0) != (self.interested.get() == 0);
        self.interested.set(count);
        if !turned {
            return;
        }
        let Some(shared) = self
            .running
            .borrow()
            .as_ref()
            .map(|running| running.shared.clone())
        else {
            return;
        };
        let function = shared.inbox().function;
        if function.is_null() {
            return;
        }
        // SAFETY: on the thread of the environment; the function goes only on this thread.
        unsafe {
            match count {
                0 => node::napi_unref_threadsafe_function(self.env(), function),
                _ => node::napi_ref_threadsafe_function(self.env(), function),
            };
        }
    }

    fn forget(&self, slot: u32) {
        let watch = self.watches.borrow_mut().remove(&slot);
        if let Some(watch) = watch {
            self.count(watch.wanted, 0);
            if let Some(running) = self.running.borrow().as_ref() {
                // Closing the descriptor would not do: the socket's own keeps the open file in the poller.
                let _ = running.shared.poller.remove(&watch.own);
            }
        }
    }

    /// Passes on what the thread has seen.
    fn deliver(&self) {
        let Some(shared) = self
            .running
            .borrow()
            .as_ref()
            .map(|running| running.shared.clone())
        else {
            return;
        };
        let events = std::mem::take(&mut shared.inbox().events);
        for event in events {
            let handle = event.handle;
            let known = self
                .watches
                .borrow_mut()
                .get_mut(&handle.slot)
                .filter(|watch| watch.handle == handle)
                .map(|watch| {
                    // The event is the last until the watch is armed anew.
                    watch.armed = 0;
                    watch.wanted
                });
            if let Some(wanted) = known {
                // SAFETY: an environment outlives its engine.
                let wanted = unsafe { (*self.environment).ready(handle, event.happened, wanted) };
                self.rearm(handle, wanted);
            }
        }
    }

    /// Polls on for what is wanted now, unless the socket was closed meanwhile.
    fn rearm(&self, handle: Handle, wanted: i32) {
        let known = self
            .watches
            .borrow()
            .get(&handle.slot)
            .is_some_and(|watch| watch.handle == handle);
        if known && self.arm(handle, wanted).is_err() {
            // Nothing will be heard of it any more: the waiting calls say what is wrong.
            // SAFETY: an environment outlives its engine.
            let wanted = unsafe { (*self.environment).ready(handle, FAULTY | DIRECTIONS, 0) };
            let _ = self.arm(handle, wanted);
        }
    }
}

impl Engine for ThreadEngine {
    fn arm(&self, handle: Handle, events: i32) -> Result<()> {
        let stale = self
            .watches
            .borrow()
            .get(&handle.slot)
            .is_some_and(|watch| watch.handle != handle);
        if stale {
            self.forget(handle.slot);
        }
        if events == 0 && !self.watches.borrow().contains_key(&handle.slot) {
            return Ok(());
        }
        let shared = self.shared()?;
        if !self.watches.borrow().contains_key(&handle.slot) {
            let socket = table::acquire(handle)?;
            sys::mark_error_queue(socket.fd());
            let own = sys::dup(socket.fd())?;
            shared.poller.add(&own, handle)?;
            self.watches.borrow_mut().insert(
                handle.slot,
                Watch {
                    handle,
                    own,
                    wanted: 0,
                    armed: 0,
                },
            );
        }
        let mut watches = self.watches.borrow_mut();
        let Some(watch) = watches.get_mut(&handle.slot) else {
            return Ok(());
        };
        let before = watch.wanted;
        let after = events & (DIRECTIONS | UNREFERENCED);
        watch.wanted = after;
        let directions = watch.directions();
        if directions != watch.armed
            && let Err(errno) = shared.poller.modify(&watch.own, handle, directions)
        {
            watch.wanted = before;
            return Err(errno.into());
        }
        watch.armed = directions;
        drop(watches);
        self.count(before, after);
        Ok(())
    }

    fn unwatch(&self, handle: Handle) {
        let known = self
            .watches
            .borrow()
            .get(&handle.slot)
            .is_some_and(|watch| watch.handle == handle);
        if known {
            self.forget(handle.slot);
        }
    }

    fn end(&self) -> bool {
        self.watches.borrow_mut().clear();
        // Node.js closes a thread-safe function when its environment ends, and calls `on_function_gone` then.
        self.running.borrow().is_none()
    }
}

/// The thread.
fn watch(shared: &Shared) {
    let mut batch = Vec::with_capacity(64);
    // Ends when told to, or when the poller fails, which it has no reason to.
    while let Ok(true) = shared.poller.wait(&mut batch) {
        let mut inbox = shared.inbox();
        if inbox.function.is_null() {
            return;
        }
        let idle = inbox.events.is_empty();
        inbox.events.append(&mut batch);
        if idle && !inbox.events.is_empty() {
            // SAFETY: the function is there while it is in the inbox, which is locked; it does not block.
            unsafe {
                let nonblocking = node::ThreadsafeFunctionCallMode::nonblocking;
                node::napi_call_threadsafe_function(inbox.function, ptr::null_mut(), nonblocking);
            }
        }
    }
}

/// The thread-safe function, on the thread of the environment.
unsafe extern "C" fn on_events(env: napi_env, _: napi_value, engine: *mut c_void, _: *mut c_void) {
    // An environment that is gone has nobody to tell.
    if !env.is_null() {
        // SAFETY: the context is the engine, which outlives the function.
        unsafe { (*engine.cast::<ThreadEngine>()).deliver() };
    }
}

/// Node-API's word that the function is gone: its environment ends. On the thread of the environment.
unsafe extern "C" fn on_function_gone(_: napi_env, engine: *mut c_void, _: *mut c_void) {
    // SAFETY: the data is the engine, in the box of its environment, which `engine_ended` frees at the end.
    unsafe {
        let engine = engine.cast::<ThreadEngine>();
        let running = (*engine).running.borrow_mut().take();
        if let Some(Running { shared, thread }) = running {
            shared.inbox().function = ptr::null_mut();
            shared.poller.stop();
            let _ = thread.join();
        }
        Environment::engine_ended((*engine).environment);
    }
}
