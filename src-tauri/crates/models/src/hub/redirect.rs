//! Where a redirect may lead. The hub keeps large files with others and sends us there; whoever
//! gets between must not be able to send us to the router, or to make us speak in the clear.

use reqwest::Url;

use super::address::{Address, host_of, is_loopback, is_private};
use super::text::one_line;

/// How many redirects are followed for one request. The hub needs two: for a repository that was
/// renamed, and for a large file.
pub(super) const MOST: usize = 5;

/// Where a redirect from `from` leads, or why it is not followed.
pub(super) fn next(hub: &Address, from: &Url, location: &str) -> Result<Url, String> {
    let to = from.join(location).map_err(|_error| {
        let location = one_line(location);
        format!("`{location}` is no address")
    })?;
    if from.scheme() == "https" && to.scheme() == "http" && !hub.is_this_machine() {
        return Err(format!("it leads from https to http, to `{}`", host_of(&to)));
    }
    check(hub, &to)?;
    Ok(to)
}

/// Whether something may be fetched from there at all.
pub(super) fn check(hub: &Address, to: &Url) -> Result<(), String> {
    if !matches!(to.scheme(), "http" | "https") {
        return Err(format!("it leads to an address of the kind `{}`", one_line(to.scheme())));
    }
    if !to.username().is_empty() || to.password().is_some() {
        return Err("there is a name or a password in the address".to_owned());
    }
    let Some(host) = to.host_str() else { return Err("it names no host".to_owned()) };
    if hub.is_this_machine() {
        // Who set a hub on this machine was promised that nothing leaves it.
        if is_loopback(host) {
            return Ok(());
        }
        return Err(format!("it leads from this machine to `{}`", host_of(to)));
    }
    if is_private(host) && !hub.is_host_of(to) {
        return Err(format!("it leads to this machine or its network, to `{}`", host_of(to)));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lead(hub: &str, from: &str, location: &str) -> Result<String, String> {
        let hub = Address::read(hub).unwrap();
        next(&hub, &Url::parse(from).unwrap(), location).map(|url| url.to_string())
    }

    #[test]
    fn redirects_are_followed_to_public_places_only() {
        let hub = "https://huggingface.co";
        let file = "https://huggingface.co/o/n/resolve/main/a.gguf";
        let good = [
            ("https://cdn-lfs.hf.co/x?Signature=1", "https://cdn-lfs.hf.co/x?Signature=1"),
            ("/o/new/resolve/main/a.gguf", "https://huggingface.co/o/new/resolve/main/a.gguf"),
            ("//cas-bridge.xethub.hf.co/y", "https://cas-bridge.xethub.hf.co/y"),
        ];
        for (location, due) in good {
            assert_eq!(lead(hub, file, location).as_deref(), Ok(due), "{location}");
        }
        let bad = [
            ("http://cdn-lfs.hf.co/x", "from https to http"),
            ("https://127.0.0.1/x", "this machine"),
            ("https://2130706433/x", "this machine"),
            ("https://[::1]/x", "this machine"),
            ("https://192.168.0.1/x", "network"),
            ("https://169.254.169.254/latest", "network"),
            ("https://localhost/x", "this machine"),
            ("file:///etc/passwd", "of the kind `file`"),
            ("ftp://hf.co/x", "of the kind `ftp`"),
            ("data:text/plain,x", "of the kind `data`"),
            ("https://me:word@hf.co/x", "password"),
            ("https://[zz]/x", "is no address"),
        ];
        for (location, said) in bad {
            let refused = lead(hub, file, location).unwrap_err();
            assert!(refused.contains(said), "{location}: {refused}");
        }
    }

    #[test]
    fn a_mirror_in_the_own_network_leads_to_itself_and_to_public_places() {
        let hub = "http://192.168.1.5:8090";
        let from = "http://192.168.1.5:8090/o/n/resolve/main/a.gguf";
        assert!(lead(hub, from, "http://192.168.1.5:9000/x").is_ok());
        assert!(lead(hub, from, "https://cdn-lfs.hf.co/x").is_ok());
        assert!(lead(hub, from, "http://192.168.1.6/x").is_err());
    }

    #[test]
    fn a_hub_on_this_machine_leads_only_to_this_machine() {
        let hub = "https://localhost:8443";
        let from = "https://localhost:8443/o/n/resolve/main/a.gguf";
        assert!(lead(hub, from, "http://127.0.0.1:9000/x").is_ok());
        assert!(lead(hub, from, "https://cdn-lfs.hf.co/x").is_err());
        assert!(lead(hub, from, "http://192.168.1.6/x").is_err());
    }
}
