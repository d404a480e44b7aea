//! llama.cpp's log, sent to `tracing` under the target `llama.cpp`, with the last error kept:
//! its functions answer failure with a null pointer and say why only in the log.

use std::ffi::{CStr, c_char, c_void};
use std::sync::Mutex;

use llama_cpp_sys_2 as sys;

/// The last complete line of level ERROR. The C log callback has no other place for it.
static LAST_ERROR: Mutex<Option<String>> = Mutex::new(None);

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
    match level {
        sys::GGML_LOG_LEVEL_ERROR => {
            if let Ok(mut last) = LAST_ERROR.lock() {
                // The first error of a failure names the cause; the later ones only that
                // something above it failed, too.
                last.get_or_insert_with(|| readable(text));
            }
            tracing::error!(target: "llama.cpp", "{text}");
        }
        sys::GGML_LOG_LEVEL_WARN => tracing::warn!(target: "llama.cpp", "{text}"),
        sys::GGML_LOG_LEVEL_INFO => tracing::debug!(target: "llama.cpp", "{text}"),
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
    use super::readable;

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
