//! Look-ups that block, on threads of their own, answered by promises.
//!
//! Not on Node.js's pool: its four threads serve files and everybody's DNS, and a process or a worker that ends waits for
//! them, ten seconds long when a name server is silent. At most two of these threads do what somebody waits for; six more may
//! be stuck in look-ups that nobody wants any longer. They begin with the first look-up in the queue and end soon after the last.

use std::cell::{Cell, RefCell};
use std::collections::{HashMap, HashSet, VecDeque};
use std::ffi::c_void;
use std::ptr;
use std::rc::Rc;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, Once, PoisonError};
use std::time::Duration;

use napi_sys::{self as node, Status, napi_deferred, napi_env, napi_threadsafe_function, napi_value};

use super::js::{Call, Numbers, Value};
use crate::error::{Fault, Result};

/// Threads whose result somebody waits for.
const AT_ONCE: usize = 2;
/// Threads altogether.
const MOST: usize = 8;
/// How long a thread stays for the next look-up: a thread for each would double what a look-up in a file costs.
const LINGER: Duration = Duration::from_millis(50);

type Finish = Box<dyn FnOnce(&Call) -> Value + Send>;

struct Job {
    ticket: u32,
    run: Box<dyn FnOnce() -> Finish + Send>,
    mail: Arc<Mail>,
}

/// Who stands in the queue and who is served, in the whole process.
struct Line {
    next: u32,
    waiting: VecDeque<Job>,
    /// Jobs that run and that somebody waits for.
    wanted: Option<HashSet<u32>>,
    threads: usize,
    /// Threads that linger and that nothing was handed to.
    idle: usize,
    /// Jobs whose turn has come, for as many threads that linger.
    handed: VecDeque<Job>,
}

static LINE: Mutex<Line> = Mutex::new(Line {
    next: 0,
    waiting: VecDeque::new(),
    wanted: None,
    threads: 0,
    idle: 0,
    handed: VecDeque::new(),
});

/// Tells threads that linger of what was handed to them.
static HANDED: Condvar = Condvar::new();

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Line {
    fn wanted(&mut self) -> &mut HashSet<u32> {
        self.wanted.get_or_insert_default()
    }

    /// The next job, if its turn has come; it counts as running from now on.
    fn take(&mut self) -> Option<Job> {
        if self.wanted().len() >= AT_ONCE {
            return None;
        }
        let job = self.waiting.pop_front()?;
        self.wanted().insert(job.ticket);
        Some(job)
    }
}

/// Has as many threads as there is work for. What a thread could not be had for is done by the others; an error where
/// there are none.
fn serve(line: &mut Line) -> Result<()> {
    while line.idle > 0 || line.threads < MOST {
        let Some(job) = line.take() else { break };
        if line.idle > 0 {
            line.idle -= 1;
            line.handed.push_back(job);
            HANDED.notify_one();
            continue;
        }
        let mine = Arc::new(Mutex::new(Some(job)));
        let theirs = mine.clone();
        let spawned = std::thread::Builder::new()
            .name("sockeye.lookup".into())
            .spawn(move || {
                let first = locked(&theirs).take();
                work(first);
            });
        if let Err(error) = spawned {
            if let Some(job) = locked(&mine).take() {
                line.wanted().remove(&job.ticket);
                line.waiting.push_front(job);
            }
            if line.threads > 0 {
                break;
            }
            return Err(super::spawn_error(&error).into());
        }
        line.threads += 1;
    }
    Ok(())
}

/// A thread.
fn work(mut job: Option<Job>) {
    while let Some(Job { ticket, run, mail }) = job {
        let finish = run();
        let mut line = locked(&LINE);
        line.wanted().remove(&ticket);
        let next = line.take();
        drop(line);
        mail.post(ticket, finish);
        // Between the two locks a job may have come, and its thread.
        job = next.or_else(linger);
    }
}

/// The next job, or nothing when none comes for a while: then the thread is no longer counted.
fn linger() -> Option<Job> {
    let mut line = locked(&LINE);
    if let Some(job) = line.take() {
        return Some(job);
    }
    line.idle += 1;
    let nothing = |line: &mut Line| line.handed.is_empty();
    let (mut line, _) = HANDED
        .wait_timeout_while(line, LINGER, nothing)
        .unwrap_or_else(PoisonError::into_inner);
    let job = line.handed.pop_front();
    if job.is_none() {
        line.idle -= 1;
        line.threads -= 1;
    }
    job
}

/// What the threads have for one environment.
struct Mail(Mutex<Inbox>);

struct Inbox {
    done: Vec<(u32, Finish)>,
    /// Null once the environment is gone.
    function: napi_threadsafe_function,
}

// SAFETY: a thread-safe function may be called from any thread, and is here only under the lock.
unsafe impl Send for Inbox {}

impl Mail {
    fn post(&self, ticket: u32, finish: Finish) {
        let mut inbox = locked(&self.0);
        if inbox.function.is_null() {
            return;
        }
        inbox.done.push((ticket, finish));
        if inbox.done.len() == 1 {
            // SAFETY: the function is there while it is in the inbox, which is locked; it does not block.
            unsafe {
                let nonblocking = node::ThreadsafeFunctionCallMode::nonblocking;
                node::napi_call_threadsafe_function(inbox.function, ptr::null_mut(), nonblocking);
            }
        }
    }
}

/// The promises of one environment. Belongs to its thread.
pub struct Desk {
    env: napi_env,
    mail: Arc<Mail>,
    pending: RefCell<HashMap<u32, napi_deferred>>,
    gone: Cell<bool>,
}

impl Desk {
    /// Made with the first look-up. Its thread-safe function keeps it until the environment has ended.
    pub fn open(call: &Call) -> Result<Rc<Desk>> {
        stay_loaded();
        let env = call.raw();
        let desk = Rc::new(Desk {
            env,
            mail: Arc::new(Mail(Mutex::new(Inbox {
                done: Vec::new(),
                function: ptr::null_mut(),
            }))),
            pending: RefCell::default(),
            gone: Cell::new(false),
        });
        let kept = Rc::into_raw(desk.clone()).cast_mut().cast::<c_void>();
        let mut function = ptr::null_mut();
        // SAFETY: on the thread of the environment; `kept` is given back to `on_gone`, or here where there is no function.
        unsafe {
            let status = node::napi_create_threadsafe_function(
                env,
                ptr::null_mut(),
                ptr::null_mut(),
                call.text("sockeye.lookup").0,
                0,
                1,
                kept,
                Some(on_gone),
                kept,
                Some(on_mail),
                &mut function,
            );
            if status != Status::napi_ok {
                drop(Rc::from_raw(kept.cast::<Desk>().cast_const()));
                return Err(super::ENOTSUP.into());
            }
            node::napi_unref_threadsafe_function(env, function);
        }
        locked(&desk.mail.0).function = function;
        Ok(desk)
    }

    /// Keeps the event loop alive while promises are pending, and not longer.
    fn count(&self, before: usize) {
        let after = self.pending.borrow().len();
        let function = locked(&self.mail.0).function;
        if function.is_null() || (before == 0) == (after == 0) {
            return;
        }
        // SAFETY: on the thread of the environment, where alone the function goes.
        unsafe {
            match after {
                0 => node::napi_unref_threadsafe_function(self.env, function),
                _ => node::napi_ref_threadsafe_function(self.env, function),
            };
        }
    }

    fn settle(&self, ticket: u32, value: impl FnOnce(&Call) -> Value) {
        let before = self.pending.borrow().len();
        let deferred = self.pending.borrow_mut().remove(&ticket);
        let Some(deferred) = deferred else { return };
        self.count(before);
        let call = Call::of_environment(self.env);
        // SAFETY: on the thread of the environment, in a scope; a promise is resolved once.
        unsafe { node::napi_resolve_deferred(self.env, deferred, value(&call).0) };
    }

    /// Nobody waits for this one any longer: it leaves the queue or, where it runs, gives its turn to the next. Its promise
    /// is resolved with `undefined`.
    pub fn cancel(&self, ticket: u32) {
        let job;
        {
            let mut line = locked(&LINE);
            let at = line.waiting.iter().position(|job| job.ticket == ticket);
            job = at.and_then(|at| line.waiting.remove(at));
            if line.wanted().remove(&ticket) {
                // Where no thread is to be had, those there are go on with the queue.
                let _ = serve(&mut line);
            }
        }
        drop(job);
        self.settle(ticket, |call| call.undefined());
    }
}

/// Runs `run` on a thread when its turn comes, then `finish` here, whose value resolves the promise that is returned.
/// `out` gets the ticket for [`Desk::cancel`].
pub fn promise<T: Send + 'static>(
    call: &Call,
    out: Numbers,
    run: impl FnOnce() -> T + Send + 'static,
    finish: fn(&Call, T) -> Value,
) -> Result<Value> {
    let desk = call.environment().desk(call)?;
    let mut deferred = ptr::null_mut();
    let mut promise = ptr::null_mut();
    // SAFETY: on the thread of the environment.
    if unsafe { node::napi_create_promise(desk.env, &mut deferred, &mut promise) } != Status::napi_ok {
        return Err(Fault::BadArgument);
    }
    let before = desk.pending.borrow().len();
    let mut line = locked(&LINE);
    line.next = line.next.wrapping_add(1);
    let ticket = line.next;
    line.waiting.push_back(Job {
        ticket,
        run: Box::new(move || {
            let result = run();
            Box::new(move |call: &Call| finish(call, result))
        }),
        mail: desk.mail.clone(),
    });
    desk.pending.borrow_mut().insert(ticket, deferred);
    let served = serve(&mut line);
    if served.is_err() {
        line.waiting.retain(|job| job.ticket != ticket);
    }
    drop(line);
    desk.count(before);
    if let Err(fault) = served {
        desk.settle(ticket, |call| call.undefined());
        return Err(fault);
    }
    out.put([ticket as i32])?;
    Ok(Value(promise))
}

/// The thread-safe function, on the thread of the environment.
unsafe extern "C" fn on_mail(env: napi_env, _: napi_value, desk: *mut c_void, _: *mut c_void) {
    if env.is_null() {
        return;
    }
    // SAFETY: the context is the desk, which the function keeps; a reference of our own, since JavaScript runs below.
    let desk = unsafe {
        Rc::increment_strong_count(desk.cast::<Desk>());
        Rc::from_raw(desk.cast::<Desk>().cast_const())
    };
    let done = std::mem::take(&mut locked(&desk.mail.0).done);
    for (ticket, finish) in done {
        if desk.gone.get() {
            return;
        }
        desk.settle(ticket, finish);
    }
}

/// The environment ends: nobody is told of anything any more. On its thread.
unsafe extern "C" fn on_gone(_: napi_env, desk: *mut c_void, _: *mut c_void) {
    // SAFETY: the desk that `open` gave away, given back once.
    let desk = unsafe { Rc::from_raw(desk.cast::<Desk>().cast_const()) };
    desk.gone.set(true);
    let mut inbox = locked(&desk.mail.0);
    inbox.function = ptr::null_mut();
    let done = std::mem::take(&mut inbox.done);
    drop(inbox);
    drop(done);
    let mail = &desk.mail;
    let mut line = locked(&LINE);
    let (theirs, others): (VecDeque<_>, VecDeque<_>) = std::mem::take(&mut line.waiting)
        .into_iter()
        .partition(|job| Arc::ptr_eq(&job.mail, mail));
    line.waiting = others;
    for ticket in desk.pending.borrow().keys() {
        line.wanted().remove(ticket);
    }
    let _ = serve(&mut line);
    drop(line);
    drop(theirs);
}

/// Keeps this library in memory: a thread may come back from a look-up after the environment that loaded it has ended.
fn stay_loaded() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let here: unsafe extern "C" fn(napi_env, napi_value, *mut c_void, *mut c_void) = on_mail;
        super::stay_loaded(here as *const c_void);
    });
}
