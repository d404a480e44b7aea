//! How a child ended, in words.

use std::process::ExitStatus;

/// Characters of the child's last line that are shown.
const SHOWN_CHARACTERS: usize = 300;

/// How it ended, with what it said last if that may tell why.
pub fn reason(status: Option<ExitStatus>, fault: Option<&str>, last_line: Option<&str>) -> String {
    let how = match (fault, status) {
        (Some(fault), _) => fault.to_owned(),
        (None, Some(status)) => ended(status),
        (None, None) => "it is gone".to_owned(),
    };
    match last_line.map(str::trim).filter(|line| !line.is_empty()) {
        Some(line) => {
            let shown: String = line.chars().take(SHOWN_CHARACTERS).collect();
            format!("{how} after it said `{shown}`")
        }
        None => how,
    }
}

fn ended(status: ExitStatus) -> String {
    #[cfg(unix)]
    {
        use std::os::unix::process::ExitStatusExt;
        if let Some(signal) = status.signal() {
            return by_signal(signal);
        }
    }
    match status.code() {
        // As Windows has it; elsewhere a crash is a signal.
        Some(code) if code < 0 => format!("it crashed with exception {code:#x}"),
        Some(code) => format!("it ended with exit code {code}"),
        None => "it was ended".to_owned(),
    }
}

#[cfg(unix)]
fn by_signal(signal: i32) -> String {
    // The same numbers on all these systems, but for SIGBUS.
    match signal {
        4 => "it crashed with SIGILL".to_owned(),
        6 => "it gave up with SIGABRT".to_owned(),
        7 | 10 => "it crashed with SIGBUS".to_owned(),
        8 => "it crashed with SIGFPE".to_owned(),
        9 => "it was ended by SIGKILL, as the system does when memory runs out".to_owned(),
        11 => "it crashed with SIGSEGV".to_owned(),
        15 => "it was ended by SIGTERM".to_owned(),
        other => format!("it was ended by signal {other}"),
    }
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::process::ExitStatusExt;

    use super::*;

    #[test]
    fn an_end_is_told_with_its_signal_or_code_and_the_last_words() {
        let signal = |number| Some(ExitStatus::from_raw(number));
        assert!(reason(signal(9), None, None).contains("memory"));
        assert_eq!(reason(signal(11), None, Some("  ")), "it crashed with SIGSEGV");
        assert_eq!(
            reason(signal(6), None, Some("a.c:1: GGML_ASSERT(x) failed\n")),
            "it gave up with SIGABRT after it said `a.c:1: GGML_ASSERT(x) failed`"
        );
        assert_eq!(reason(signal(3 << 8), None, None), "it ended with exit code 3");
        assert_eq!(reason(signal(9), Some("no frame"), None), "no frame", "we ended it ourselves");
        assert_eq!(reason(None, None, None), "it is gone");
        assert!(reason(None, None, Some(&"x".repeat(10_000))).len() < 400);
    }
}
