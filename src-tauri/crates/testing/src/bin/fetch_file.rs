//! Fetches one file as a download does, in a process that can be killed.
//!
//! `fetch_file URL BYTES SHA256 TARGET` takes the server of the address for the hub; `-` for no
//! sum. It says `verifying BYTES` and `receiving BYTES` as it goes, in the end `memory BYTES`, the
//! most it had, where the system tells, and `fetched BYTES`; or `error CODE MESSAGE`.

use std::io::Write;
use std::process::ExitCode;
use std::time::Duration;

use braincells_core::AppError;
use braincells_models::download::{Control, Limits, Step, Wanted, fetch};
use braincells_models::hub::{Http, Hub, HubOptions};

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [url, bytes, sha256, target] = &words[..] else { return ExitCode::from(2) };
    let Ok(bytes) = bytes.parse() else { return ExitCode::from(2) };
    let sha256 = (sha256 != "-").then(|| sha256.clone());
    let wanted = Wanted { url: url.clone(), bytes, sha256, git_sha1: None, target: target.into() };
    match get(&wanted) {
        Ok(fetched) => {
            if let Some(bytes) = peak_memory_bytes() {
                say(&format!("memory {bytes}"));
            }
            say(&format!("fetched {fetched}"));
            ExitCode::SUCCESS
        }
        Err(error) => {
            say(&format!("error {} {error}", error.code.as_str()));
            ExitCode::FAILURE
        }
    }
}

#[tokio::main(flavor = "current_thread")]
async fn get(wanted: &Wanted) -> Result<u64, AppError> {
    // It fails only if somebody has done it already.
    drop(rustls::crypto::ring::default_provider().install_default());
    let client = || {
        let none = reqwest::redirect::Policy::none();
        let client = reqwest::Client::builder().redirect(none).referer(false).no_proxy().build();
        client.expect("a client without a proxy can be made")
    };
    let endpoint = wanted.url.splitn(4, '/').take(3).collect::<Vec<_>>().join("/");
    let options = HubOptions { endpoint, stall_timeout: Duration::from_mins(1) };
    let hub = Hub::new(Http { far: client(), beside: client() }, options)?;
    let heard = |step| match step {
        Step::Receiving { bytes_done, .. } => say(&format!("receiving {bytes_done}")),
        Step::Verifying { bytes_done } => say(&format!("verifying {bytes_done}")),
    };
    let fetched = fetch(&hub, wanted, None, &Limits::default(), &Control::new(), heard).await?;
    Ok(fetched.bytes_fetched)
}

fn peak_memory_bytes() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kilobytes: u64 = line.split_whitespace().next()?.parse().ok()?;
    Some(kilobytes * 1024)
}

fn say(line: &str) {
    let mut out = std::io::stdout().lock();
    // A closed pipe means that the test is over; there is nobody left to tell.
    drop(writeln!(out, "{line}").and_then(|()| out.flush()));
}
