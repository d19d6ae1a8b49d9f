//! One `uv_poll_t` a socket, on the loop of the environment. libuv is in the Node.js process already; its functions are
//! looked up at run time, since other runtimes lack them.
//!
//! Manual: <https://docs.libuv.org/en/v1.x/poll.html>.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::ffi::{CStr, c_int, c_void};
use std::sync::OnceLock;

use super::env::Environment;
use super::{DIRECTIONS, EXCEPTIONAL, Engine, FAULTY, READABLE, UNREFERENCED, WRITABLE, keeps_alive};
use crate::error::Result;
use crate::sys::{self, OwnedFd, UvSocket};
use crate::table::{self, Handle};

/// `uv_handle_type`: UV_POLL.
const UV_POLL: c_int = 8;
const UV_READABLE: c_int = 1;
const UV_WRITABLE: c_int = 2;
/// POLLPRI. Without it libuv takes POLLERR for a dead descriptor: it stops the handle and says UV_EBADF.
const UV_PRIORITIZED: c_int = 8;

type PollCallback = unsafe extern "C" fn(*mut c_void, c_int, c_int);
type CloseCallback = unsafe extern "C" fn(*mut c_void);

/// libuv's functions, all of them there since 1.19 (UV_PRIORITIZED since 1.14).
struct Libuv {
    handle_size: unsafe extern "C" fn(c_int) -> usize,
    handle_get_data: unsafe extern "C" fn(*const c_void) -> *mut c_void,
    handle_set_data: unsafe extern "C" fn(*mut c_void, *mut c_void),
    poll_init: unsafe extern "C" fn(*mut c_void, *mut c_void, UvSocket) -> c_int,
    poll_start: unsafe extern "C" fn(*mut c_void, c_int, PollCallback) -> c_int,
    poll_stop: unsafe extern "C" fn(*mut c_void) -> c_int,
    reference: unsafe extern "C" fn(*mut c_void),
    unreference: unsafe extern "C" fn(*mut c_void),
    close: unsafe extern "C" fn(*mut c_void, CloseCallback),
}

impl Libuv {
    fn find() -> Option<&'static Libuv> {
        static LIBUV: OnceLock<Option<Libuv>> = OnceLock::new();
        // SAFETY: each name is that of a libuv function with the signature of the field it is stored in.
        let find = || unsafe {
            Some(Libuv {
                handle_size: function(c"uv_handle_size")?,
                handle_get_data: function(c"uv_handle_get_data")?,
                handle_set_data: function(c"uv_handle_set_data")?,
                poll_init: function(sys::UV_POLL_INIT)?,
                poll_start: function(c"uv_poll_start")?,
                poll_stop: function(c"uv_poll_stop")?,
                reference: function(c"uv_ref")?,
                unreference: function(c"uv_unref")?,
                close: function(c"uv_close")?,
            })
        };
        LIBUV.get_or_init(find).as_ref()
    }
}

/// Looks a function up in the whole process.
///
/// # Safety
/// `T` is the type of a function pointer, and the one that the function of this name has.
unsafe fn function<T: Copy>(name: &CStr) -> Option<T> {
    const { assert!(size_of::<T>() == size_of::<*mut c_void>()) };
    let found = sys::symbol(name);
    // SAFETY: of the same size, and by the caller's word of the same kind.
    (!found.is_null()).then(|| unsafe { std::mem::transmute_copy(&found) })
}

/// The engine on the environment's own loop.
pub struct UvEngine {
    libuv: &'static Libuv,
    environment: *const Environment,
    watchers: RefCell<HashMap<u32, *mut Watcher>>,
    /// Watchers that libuv has not forgotten yet.
    open: Cell<usize>,
}

impl UvEngine {
    /// Nothing where the runtime has no libuv, or no loop to give.
    pub fn find(environment: &Environment) -> Option<UvEngine> {
        let libuv = Libuv::find()?;
        (!environment.uv_loop().is_null()).then(|| UvEngine {
            libuv,
            environment,
            watchers: RefCell::default(),
            open: Cell::new(0),
        })
    }

    fn forget(&self, slot: u32) {
        let watcher = self.watchers.borrow_mut().remove(&slot);
        if let Some(watcher) = watcher {
            // SAFETY: it was in the map, so it is alive; libuv's close callback frees it later.
            unsafe { (*watcher).close() };
        }
    }

    fn known(&self, handle: Handle) -> Option<*mut Watcher> {
        let watcher = self.watchers.borrow().get(&handle.slot).copied()?;
        // SAFETY: watchers in the map are alive, and only this thread touches them.
        unsafe { (*watcher).handle == handle }.then_some(watcher)
    }
}

impl Engine for UvEngine {
    fn arm(&self, handle: Handle, events: i32) -> Result<()> {
        let watcher = match self.known(handle) {
            Some(watcher) => watcher,
            None if events == 0 => return Ok(()),
            None => {
                self.forget(handle.slot);
                let watcher = Watcher::open(self, handle)?;
                self.open.set(self.open.get() + 1);
                self.watchers.borrow_mut().insert(handle.slot, watcher);
                watcher
            }
        };
        // SAFETY: watchers in the map are alive, and only this thread touches them.
        unsafe { (*watcher).arm(events) }
    }

    fn unwatch(&self, handle: Handle) {
        if self.known(handle).is_some() {
            self.forget(handle.slot);
        }
    }

    fn end(&self) -> bool {
        let watchers: Vec<_> = self
            .watchers
            .borrow_mut()
            .drain()
            .map(|(_, watcher)| watcher)
            .collect();
        for watcher in watchers {
            // SAFETY: it was in the map, so it is alive; libuv's close callback frees it later.
            unsafe { (*watcher).close() };
        }
        self.open.get() == 0
    }
}

/// The poll handle of one socket, from its first wait to its close. Lives in a box that libuv's close callback frees.
struct Watcher {
    libuv: &'static Libuv,
    engine: *const UvEngine,
    /// Memory of `uv_handle_size(UV_POLL)` bytes, aligned for it.
    memory: Box<[u64]>,
    environment: *const Environment,
    handle: Handle,
    /// The descriptor that is polled, until the close.
    own: Option<OwnedFd>,
    wanted: i32,
    armed: i32,
    referenced: bool,
    closing: bool,
}

impl Watcher {
    /// uv_poll_init on a descriptor of our own, dup(2).
    ///
    /// libuv aborts the process when a number that it polls was closed behind its back, and refuses one that it polls
    /// already (a `net.Socket` may have the socket's own). Nobody else knows this one.
    fn open(engine: &UvEngine, handle: Handle) -> Result<*mut Watcher> {
        let libuv = engine.libuv;
        // SAFETY: an environment outlives its engine.
        let environment = unsafe { &*engine.environment };
        let socket = table::acquire(handle)?;
        sys::mark_error_queue(socket.fd());
        let blocking = sys::is_blocking(socket.fd())?;
        let own = sys::dup(socket.fd())?;
        // SAFETY: a number is asked and told.
        let size = unsafe { (libuv.handle_size)(UV_POLL) };
        let mut memory = vec![0u64; size.div_ceil(size_of::<u64>())].into_boxed_slice();
        // SAFETY: the memory is of the size that libuv asked for; the loop is that of this thread.
        let status = unsafe {
            (libuv.poll_init)(
                environment.uv_loop(),
                memory.as_mut_ptr().cast(),
                sys::uv_socket(&own),
            )
        };
        if status < 0 {
            return Err(sys::uv_error(status).into());
        }
        if blocking {
            // uv_poll_init has set O_NONBLOCK on the open file; the socket's own setting stands. It was read a moment
            // ago from the same descriptor, so this cannot fail.
            let _ = sys::set_blocking(socket.fd(), true);
        }
        let watcher = Box::into_raw(Box::new(Watcher {
            libuv,
            engine,
            memory,
            environment,
            handle,
            own: Some(own),
            wanted: 0,
            armed: 0,
            referenced: true,
            closing: false,
        }));
        // SAFETY: the watcher was just made, and lives until the close callback.
        unsafe { (libuv.handle_set_data)((*watcher).uv(), watcher.cast()) };
        Ok(watcher)
    }

    fn uv(&mut self) -> *mut c_void {
        self.memory.as_mut_ptr().cast()
    }

    /// Polls for these events from now on, and for nothing when there are none.
    fn arm(&mut self, events: i32) -> Result<()> {
        self.wanted = events & (DIRECTIONS | UNREFERENCED);
        let wanted = self.wanted & DIRECTIONS;
        if self.closing {
            return Ok(());
        }
        // A handle that polls for nothing keeps nothing alive.
        let referenced = wanted == 0 || keeps_alive(self.wanted);
        if referenced != self.referenced {
            let set = if referenced {
                self.libuv.reference
            } else {
                self.libuv.unreference
            };
            // SAFETY: the handle was initialised and is not closing.
            unsafe { set(self.uv()) };
            self.referenced = referenced;
        }
        if wanted == self.armed {
            return Ok(());
        }
        let status = if wanted == 0 {
            // SAFETY: the handle was initialised and is not closing.
            unsafe { (self.libuv.poll_stop)(self.uv()) }
        } else {
            let asked = [
                (READABLE, UV_READABLE),
                (WRITABLE, UV_WRITABLE),
                (EXCEPTIONAL, UV_PRIORITIZED),
            ];
            let events = asked
                .into_iter()
                .filter(|(ours, _)| wanted & ours != 0)
                .fold(0, |events, (_, theirs)| events | theirs);
            // SAFETY: the handle was initialised and is not closing; the callback has libuv's signature.
            unsafe { (self.libuv.poll_start)(self.uv(), events, on_events) }
        };
        if status < 0 {
            return Err(sys::uv_error(status).into());
        }
        self.armed = wanted;
        Ok(())
    }

    /// uv_close. The descriptor is free at once, the memory when libuv is done with it.
    fn close(&mut self) {
        if !self.closing {
            self.closing = true;
            // SAFETY: the handle was initialised and is not closing; `on_close` frees the watcher.
            unsafe { (self.libuv.close)(self.uv(), on_close) };
            // uv_close has taken the number out of the loop's poller already. Kept open, it would keep the connection.
            self.own = None;
        }
    }
}

/// libuv's callback, on the thread of the loop.
unsafe extern "C" fn on_events(uv: *mut c_void, status: c_int, events: c_int) {
    // SAFETY: the data is the watcher, which lives until `on_close`; JavaScript that runs inside `ready` may reach this
    // watcher by way of the environment, so no reference to it is held across that call.
    unsafe {
        let Some(libuv) = Libuv::find() else { return };
        let watcher: *mut Watcher = (libuv.handle_get_data)(uv).cast();
        let mut happened = 0;
        if status < 0 {
            // libuv has stopped the handle: the next arm starts it again.
            (*watcher).armed = 0;
            happened = FAULTY | DIRECTIONS;
        }
        if events & UV_READABLE != 0 {
            happened |= READABLE;
        }
        if events & UV_WRITABLE != 0 {
            happened |= WRITABLE;
        }
        // An error may stand beside it, which libuv keeps to itself: JavaScript asks.
        if events & UV_PRIORITIZED != 0 {
            happened |= EXCEPTIONAL;
        }
        let (environment, handle) = ((*watcher).environment, (*watcher).handle);
        let wanted = (*environment).ready(handle, happened, (*watcher).wanted);
        // A poller that cannot be started again has nothing to tell: the waiters' calls will say what is wrong.
        if (*watcher).arm(wanted).is_err() {
            let wanted = (*environment).ready(handle, FAULTY | DIRECTIONS, 0);
            let _ = (*watcher).arm(wanted);
        }
    }
}

/// libuv's callback when it has forgotten the handle.
unsafe extern "C" fn on_close(uv: *mut c_void) {
    // SAFETY: the data is the watcher's box, made by `open` and freed here, once; its environment outlives it.
    unsafe {
        let Some(libuv) = Libuv::find() else { return };
        let watcher = Box::from_raw((libuv.handle_get_data)(uv).cast::<Watcher>());
        let engine = watcher.engine;
        drop(watcher);
        (*engine).open.set((*engine).open.get() - 1);
        if (*engine).open.get() == 0 {
            // The environment takes the engine with it when it is ending: neither is used again here.
            Environment::engine_ended((*engine).environment);
        }
    }
}
