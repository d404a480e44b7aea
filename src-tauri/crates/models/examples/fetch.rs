//! Fetches one file from a server: for `bench/download`, and to try it by hand.
//!
//! `fetch URL BYTES TARGET [SHA256]` prints what it took as JSON. The server is taken for the hub.

use std::error::Error;
use std::io::Write;
use std::time::{Duration, Instant};

use braincells_models::download::{Control, Limits, Step, Wanted, fetch};
use braincells_models::hub::{Http, Hub, HubOptions};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [url, bytes, target, rest @ ..] = &words[..] else {
        return Err("usage: fetch URL BYTES TARGET [SHA256]".into());
    };
    rustls::crypto::ring::default_provider().install_default().map_err(|_one| "TLS is set up")?;
    let client = || {
        let none = reqwest::redirect::Policy::none();
        reqwest::Client::builder().redirect(none).referer(false).no_proxy().build()
    };
    let endpoint = url.splitn(4, '/').take(3).collect::<Vec<_>>().join("/");
    let options = HubOptions { endpoint, stall_timeout: Duration::from_mins(1) };
    let hub = Hub::new(Http { far: client()?, beside: client()? }, options)?;
    let wanted = Wanted {
        url: url.clone(),
        bytes: bytes.parse()?,
        sha256: rest.first().cloned(),
        git_sha1: None,
        target: target.into(),
    };
    let started = Instant::now();
    let mut received = Duration::ZERO;
    let heard = |step| {
        if matches!(step, Step::Receiving { bytes_done, .. } if bytes_done == wanted.bytes) {
            received = started.elapsed();
        }
    };
    let fetched = fetch(&hub, &wanted, None, &Limits::default(), &Control::new(), heard).await?;
    let said = serde_json::json!({
        "sha256": fetched.sha256,
        "bytes_fetched": fetched.bytes_fetched,
        "received_seconds": received.as_secs_f64(),
        "seconds": started.elapsed().as_secs_f64(),
    });
    writeln!(std::io::stdout(), "{said}")?;
    Ok(())
}
