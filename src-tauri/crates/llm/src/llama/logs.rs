//! llama.cpp's log, sent to `tracing` under the target `llama.cpp`, with the last error kept:
//! its functions answer failure with a null pointer and say why only in the log.

use std::cell::Cell;
use std::ffi::{CStr, c_char, c_void};
use std::sync::Mutex;

use llama_cpp_sys_2 as sys;

use super::modules;

/// The last complete line of level ERROR. The C log callback has no other place for it.
static LAST_ERROR: Mutex<Option<String>> = Mutex::new(None);

/// Hears how far a work has come that llama.cpp tells only in its log.
pub type CountHearer = Box<dyn Fn(f32) + Send>;

static COUNT_HEARER: Mutex<Option<CountHearer>> = Mutex::new(None);

/// Sets who hears the counts, and nobody any more with `None`. One such work at a time.
pub fn hear_counts(hearer: Option<CountHearer>) {
    if let Ok(mut slot) = COUNT_HEARER.lock() {
        *slot = hearer;
    }
}

/// The share of `[  12/ 272]` at the beginning of a line.
fn counted(text: &str) -> Option<f32> {
    let (place, all) = text.strip_prefix('[')?.split_once(']')?.0.split_once('/')?;
    let (place, all) = (place.trim().parse::<u32>().ok()?, all.trim().parse::<u32>().ok()?);
    (all > 0).then(|| place as f32 / all as f32)
}

thread_local! {
    /// Whether a call on this thread was told to stop, so that it complains for no reason.
    static EXPECTS_ABORT: Cell<bool> = const { Cell::new(false) };
}

/// Says whether this thread's present call was told to stop: what llama.cpp then logs as errors
/// is no news.
pub fn expect_abort(expects: bool) {
    EXPECTS_ABORT.set(expects);
}

/// How loud a line is told on.
fn told_level(level: sys::ggml_log_level, expects_abort: bool) -> tracing::Level {
    match level {
        sys::GGML_LOG_LEVEL_ERROR | sys::GGML_LOG_LEVEL_WARN if expects_abort => {
            tracing::Level::DEBUG
        }
        sys::GGML_LOG_LEVEL_ERROR => tracing::Level::ERROR,
        sys::GGML_LOG_LEVEL_WARN => tracing::Level::WARN,
        sys::GGML_LOG_LEVEL_INFO => tracing::Level::DEBUG,
        _ => tracing::Level::TRACE,
    }
}

unsafe extern "C" fn forward(level: sys::ggml_log_level, text: *const c_char, _: *mut c_void) {
    if text.is_null() {
        return;
    }
    // SAFETY: llama.cpp passes a C string that lives during the call.
    let text = unsafe { CStr::from_ptr(text) }.to_string_lossy();
    let text = text.trim_end();
    if text.is_empty() {
        return;
    }
    let told = told_level(level, EXPECTS_ABORT.get());
    if told == tracing::Level::ERROR
        && let Ok(mut last) = LAST_ERROR.lock()
    {
        // The first error of a failure names the cause; the later ones only that something above
        // it failed, too.
        last.get_or_insert_with(|| readable(text));
    }
    if level == sys::GGML_LOG_LEVEL_INFO {
        modules::hear(text);
    }
    if level == sys::GGML_LOG_LEVEL_INFO
        && let Some(fraction) = counted(text)
        && let Ok(hearer) = COUNT_HEARER.lock()
        && let Some(hearer) = hearer.as_ref()
    {
        hearer(fraction);
    }
    match told {
        tracing::Level::ERROR => tracing::error!(target: "llama.cpp", "{text}"),
        tracing::Level::WARN => tracing::warn!(target: "llama.cpp", "{text}"),
        tracing::Level::DEBUG => tracing::debug!(target: "llama.cpp", "{text}"),
        _ => tracing::trace!(target: "llama.cpp", "{text}"),
    }
}

/// Drops the C function's name in front of the message.
fn readable(text: &str) -> String {
    match text.split_once(": ") {
        Some((function, rest))
            if !rest.is_empty()
                && function.chars().all(|char| char.is_ascii_alphanumeric() || char == '_') =>
        {
            readable(rest)
        }
        _ => text.to_owned(),
    }
}

/// Starts forwarding.
pub fn install() {
    // SAFETY: the callback is a plain function that never unwinds and needs no data.
    unsafe {
        sys::llama_log_set(Some(forward), std::ptr::null_mut());
        sys::ggml_log_set(Some(forward), std::ptr::null_mut());
    }
}

/// The first error since the last call, and forgets it.
pub fn take_last_error() -> Option<String> {
    LAST_ERROR.lock().ok()?.take()
}

#[cfg(test)]
mod tests {
    use llama_cpp_sys_2 as sys;

    use super::{counted, readable, told_level};

    #[test]
    fn a_call_that_was_told_to_stop_complains_quietly() {
        for level in [sys::GGML_LOG_LEVEL_ERROR, sys::GGML_LOG_LEVEL_WARN] {
            assert_eq!(told_level(level, true), tracing::Level::DEBUG);
        }
        assert_eq!(told_level(sys::GGML_LOG_LEVEL_ERROR, false), tracing::Level::ERROR);
        assert_eq!(told_level(sys::GGML_LOG_LEVEL_WARN, false), tracing::Level::WARN);
        assert_eq!(told_level(sys::GGML_LOG_LEVEL_INFO, true), tracing::Level::DEBUG);
    }

    #[test]
    fn how_far_it_is_stands_at_the_beginning_of_a_line() {
        assert_eq!(counted("[  68/ 272] blk.1.attn_k.weight - [576, 192, 1, 1]"), Some(0.25));
        for other in ["[68] a/b", "blk [1/2]", "[1/0] x", "[a/b]", ""] {
            assert_eq!(counted(other), None, "{other}");
        }
    }

    #[test]
    fn the_name_of_the_c_function_is_dropped() {
        assert_eq!(
            readable("gguf_init_from_file_impl: invalid magic characters: 'abcd'"),
            "invalid magic characters: 'abcd'"
        );
        assert_eq!(readable("no prefix here"), "no prefix here");
        assert_eq!(readable("a b: stays"), "a b: stays");
    }
}
