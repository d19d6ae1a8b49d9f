//! Work on a thread of Node.js's pool, answered by a promise.

use std::ffi::c_void;
use std::ptr;

use napi_sys::{self as node, Status, napi_async_work, napi_deferred, napi_env};

use super::js::{Call, Value};
use crate::error::{Fault, Result};

type Run<T> = Box<dyn FnOnce() -> T + Send>;
type Finish<T> = fn(&Call, T) -> Value;

struct Job<T> {
    run: Option<Run<T>>,
    result: Option<T>,
    finish: Finish<T>,
    deferred: napi_deferred,
    work: napi_async_work,
}

/// Runs `run` elsewhere, then `finish` here, whose value resolves the promise that is returned.
pub fn promise<T: Send + 'static>(
    call: &Call,
    name: &str,
    run: impl FnOnce() -> T + Send + 'static,
    finish: Finish<T>,
) -> Result<Value> {
    let env = call.raw();
    let mut promise = ptr::null_mut();
    let job = Box::into_raw(Box::new(Job {
        run: Some(Box::new(run) as Run<T>),
        result: None,
        finish,
        deferred: ptr::null_mut(),
        work: ptr::null_mut(),
    }));
    // SAFETY: on the thread of the environment. The job is freed by `complete`, which Node-API calls once for each work
    // that was queued, or here when it was not.
    unsafe {
        let queued = ok(node::napi_create_promise(env, &mut (*job).deferred, &mut promise))
            .and_then(|()| {
                ok(node::napi_create_async_work(
                    env,
                    ptr::null_mut(),
                    call.text(name).0,
                    Some(execute::<T>),
                    Some(complete::<T>),
                    job.cast(),
                    &mut (*job).work,
                ))
            })
            .and_then(|()| ok(node::napi_queue_async_work(env, (*job).work)));
        if let Err(fault) = queued {
            drop(Box::from_raw(job));
            return Err(fault);
        }
    }
    Ok(Value(promise))
}

fn ok(status: i32) -> Result<()> {
    if status == Status::napi_ok {
        Ok(())
    } else {
        Err(Fault::BadArgument)
    }
}

unsafe extern "C" fn execute<T>(_: napi_env, data: *mut c_void) {
    // SAFETY: the job of `promise`, which this thread has alone until `complete`.
    let job = unsafe { &mut *data.cast::<Job<T>>() };
    if let Some(run) = job.run.take() {
        job.result = Some(run());
    }
}

unsafe extern "C" fn complete<T>(env: napi_env, _: i32, data: *mut c_void) {
    // SAFETY: the job of `promise`, given back; on the thread of the environment, in a scope that Node-API opened. A
    // job that was cancelled, because the environment ends, has no result and no one to tell.
    unsafe {
        let mut job = Box::from_raw(data.cast::<Job<T>>());
        if let Some(result) = job.result.take() {
            let value = (job.finish)(&Call::of_environment(env), result);
            node::napi_resolve_deferred(env, job.deferred, value.0);
        }
        node::napi_delete_async_work(env, job.work);
    }
}
