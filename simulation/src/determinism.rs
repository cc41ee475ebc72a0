//! Where a process could differ from one run to the next, and how it is kept from it: randomness and time.
//!
//! Everything in this process that asks for randomness (keys of hash maps, ids, nonces, jitter, the scheduler's choices) asks the
//! C library's `getrandom` in the end, and everything that asks for the time asks `clock_gettime`. The executable brings its own
//! two functions of these names, which the linker prefers. Before [`begin`] they do what the kernel does; from then on they give
//! a sequence that the seed determines, and the simulated time. Nothing of the services has to know.
//!
//! Some state outlives a run (the scheduler counts its runtimes, hash maps their keys), so one process runs one seed only, on a
//! thread of its own: see [`crate::runner`].

use std::ffi::{c_int, c_uint, c_void};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use parking_lot::Mutex;
use rustix::time::{ClockId, Timespec};

static DETERMINED: AtomicBool = AtomicBool::new(false);
static RANDOMNESS: Mutex<Option<fastrand::Rng>> = Mutex::new(None);
/// Microseconds since 1970.
static NOW: AtomicU64 = AtomicU64::new(0);

/// From now on this process does the same for the same `seed`.
pub fn begin(seed: u64) {
    *RANDOMNESS.lock() = Some(fastrand::Rng::with_seed(seed));
    DETERMINED.store(true, Ordering::SeqCst);
}

/// What the clock of the process shows from now on, in microseconds since 1970.
pub(crate) fn it_is(micros: i64) {
    NOW.store(micros.unsigned_abs(), Ordering::Relaxed);
}

/// Stands in for `getrandom(2)`.
///
/// # Safety
/// As the manual page has it: `length` bytes at `buffer` can be written.
#[allow(unsafe_code, reason = "a function of the C library is replaced")]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn getrandom(buffer: *mut c_void, length: usize, _flags: c_uint) -> isize {
    // SAFETY: the caller promises it; of no bytes even a dangling pointer is good.
    let bytes = unsafe { std::slice::from_raw_parts_mut(buffer.cast::<u8>(), length) };
    if DETERMINED.load(Ordering::SeqCst) {
        if let Some(randomness) = RANDOMNESS.lock().as_mut() {
            randomness.fill(bytes);
        }
        return length.cast_signed();
    }
    rustix::rand::getrandom(bytes, rustix::rand::GetRandomFlags::empty()).map_or(-1, usize::cast_signed)
}

/// Stands in for `clock_gettime(2)`.
///
/// # Safety
/// As the manual page has it: a `timespec` at `time` can be written.
#[allow(unsafe_code, reason = "a function of the C library is replaced")]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn clock_gettime(clock: c_int, time: *mut Timespec) -> c_int {
    let now = if DETERMINED.load(Ordering::SeqCst) {
        let micros = NOW.load(Ordering::Relaxed).cast_signed();
        Timespec { tv_sec: micros / 1_000_000, tv_nsec: micros % 1_000_000 * 1_000 }
    } else {
        // The two that the standard library asks for.
        let clock = if clock == 0 { ClockId::Realtime } else { ClockId::Monotonic };
        rustix::time::clock_gettime(clock)
    };
    // SAFETY: the caller promises that it can be written.
    unsafe { time.write(now) };
    0
}
