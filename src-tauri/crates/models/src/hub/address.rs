//! Where the hub is. What a person sets as an address is judged here, before anything is sent.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use reqwest::Url;

use crate::ModelsError;

/// An address that was judged.
#[derive(Clone, Debug)]
pub(super) struct Address {
    /// Without a slash at its end.
    text: String,
    url: Url,
    is_this_machine: bool,
}

impl Address {
    /// Reads what was set. A mirror may lie below a path.
    pub(super) fn read(text: &str) -> Result<Self, ModelsError> {
        let text = text.trim().trim_end_matches('/');
        let bad = |reason: String| ModelsError::BadEndpoint { reason };
        if text.is_empty() {
            return Err(bad("it is empty".to_owned()));
        }
        // The text is not repeated before it is known to hold no password.
        let whole = if text.contains("://") { text.to_owned() } else { format!("http://{text}") };
        let mut url = Url::parse(&whole).map_err(|error| bad(error.to_string()))?;
        if url.host_str() == Some("www.huggingface.co") {
            // The same hub under its other name: what is for the one is for the other.
            url.set_host(Some("huggingface.co")).map_err(|error| bad(error.to_string()))?;
        }
        if !matches!(url.scheme(), "http" | "https") {
            return Err(bad("it must begin with `https://` or `http://`".to_owned()));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(bad("there is a name or a password in it".to_owned()));
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(bad("it must end before `?` and `#`".to_owned()));
        }
        let Some(host) = url.host_str().filter(|host| !host.is_empty()) else {
            return Err(bad("it names no host".to_owned()));
        };
        let is_this_machine = is_loopback(host);
        if whole != text && !is_this_machine {
            return Err(bad(format!("write `https://` in front of `{host}`")));
        }
        let text = url.as_str().trim_end_matches('/').to_owned();
        Ok(Self { text, url, is_this_machine })
    }

    pub(super) fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether what is sent there stays on this machine.
    pub(super) fn is_this_machine(&self) -> bool {
        self.is_this_machine
    }

    /// Whether something that is sent there can be read on the way.
    pub(super) fn is_in_the_clear(&self) -> bool {
        self.url.scheme() != "https" && !self.is_this_machine
    }

    /// Host and port, for messages.
    pub(super) fn host(&self) -> String {
        host_of(&self.url)
    }

    /// The path that the hub lies below.
    pub(super) fn path(&self) -> &str {
        self.url.path()
    }

    /// Whether this is of the same scheme, host and port.
    pub(super) fn is_origin_of(&self, url: &Url) -> bool {
        self.url.origin() == url.origin()
    }

    /// Whether this is of the same host.
    pub(super) fn is_host_of(&self, url: &Url) -> bool {
        self.url.host_str() == url.host_str()
    }

    /// An address below. Each part is one step of the path, whatever is in it.
    pub(super) fn below<'a>(&self, parts: impl IntoIterator<Item = &'a str>) -> Url {
        let mut url = self.url.clone();
        url.path_segments_mut().expect("http and https have paths").pop_if_empty().extend(parts);
        url
    }
}

/// Host and port of an address, for messages.
pub(super) fn host_of(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    url.port().map_or(host.to_owned(), |port| format!("{host}:{port}"))
}

/// The address of the host, where it is a number. `Url` has already brought `0x7f.1` and its like
/// into the usual form.
fn ip_of(host: &str) -> Option<IpAddr> {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    bare.parse::<IpAddr>().ok().map(|address| address.to_canonical())
}

/// Whether a host as it stands in an address is this machine.
pub(super) fn is_loopback(host: &str) -> bool {
    let name = host.trim_end_matches('.');
    name == "localhost"
        || name.ends_with(".localhost")
        || ip_of(host).is_some_and(|address| address.is_loopback())
}

/// Whether a host as it stands in an address is on this machine, in its own network, or a name
/// that means something only there. A name that a server elsewhere made to lead here is not seen:
/// names are looked up by the client or by its proxy.
pub(super) fn is_private(host: &str) -> bool {
    if let Some(address) = ip_of(host) {
        return match address {
            IpAddr::V4(address) => is_private_v4(address),
            IpAddr::V6(address) => is_private_v6(address),
        };
    }
    let name = host.trim_end_matches('.').to_ascii_lowercase();
    let ends = [".localhost", ".local", ".internal", ".home.arpa", ".lan"];
    !name.contains('.') || ends.iter().any(|end| name.ends_with(end))
}

fn is_private_v4(address: Ipv4Addr) -> bool {
    let [first, second, third, _] = address.octets();
    address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_multicast()
        || address.is_documentation()
        || first == 0
        || first >= 240
        || (first == 100 && second & 0xc0 == 64)
        || (first == 192 && second == 0 && third == 0)
        || (first == 198 && second & 0xfe == 18)
}

fn is_private_v6(address: Ipv6Addr) -> bool {
    let segments = address.segments();
    let embedded = |high: u16, low: u16| {
        let ([a, b], [c, d]) = (high.to_be_bytes(), low.to_be_bytes());
        is_private_v4(Ipv4Addr::new(a, b, c, d))
    };
    address.is_loopback()
        || address.is_unspecified()
        || address.is_multicast()
        || address.is_unique_local()
        || address.is_unicast_link_local()
        // Old forms of private addresses, and those that stand for one of version 4.
        || segments[0] & 0xffc0 == 0xfec0
        || (segments[..6] == [0; 6])
        || (segments[..6] == [0x64, 0xff9b, 0, 0, 0, 0] && embedded(segments[6], segments[7]))
        || (segments[0] == 0x2002 && embedded(segments[1], segments[2]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_hubs_are_judged() {
        let good = [
            ("https://huggingface.co", "https://huggingface.co", false),
            (" https://huggingface.co/ ", "https://huggingface.co", false),
            ("https://mirror.example/hf/", "https://mirror.example/hf", false),
            ("http://127.0.0.1:8080", "http://127.0.0.1:8080", true),
            ("localhost:8080", "http://localhost:8080", true),
            ("http://[::1]:1", "http://[::1]:1", true),
            ("http://0x7f.1:1", "http://127.0.0.1:1", true),
        ];
        for (text, read, here) in good {
            let address = Address::read(text).unwrap();
            assert_eq!((address.as_str(), address.is_this_machine()), (read, here), "{text}");
        }
        let bad = [
            "",
            "huggingface.co",
            "ftp://huggingface.co",
            "https://me:secret@huggingface.co",
            "https://huggingface.co?x",
            "https://huggingface.co#x",
            "https://",
            "https://[::",
        ];
        for text in bad {
            let error = Address::read(text).unwrap_err().to_string();
            assert!(!error.contains("secret"), "{error}");
        }
    }

    #[test]
    fn hosts_of_this_machine_and_its_network_are_private() {
        let private = [
            "127.0.0.1",
            "10.1.2.3",
            "172.16.0.1",
            "192.168.1.1",
            "169.254.169.254",
            "0.0.0.0",
            "100.64.0.1",
            "198.18.0.1",
            "224.0.0.1",
            "255.255.255.255",
            "192.0.0.8",
            "[::1]",
            "[::]",
            "[fe80::1]",
            "[fd00::1]",
            "[fec0::1]",
            "[::ffff:127.0.0.1]",
            "[::ffff:10.0.0.1]",
            "[::7f00:1]",
            "[64:ff9b::7f00:1]",
            "[2002:7f00:1::]",
            "[ff02::1]",
            "localhost",
            "localhost.",
            "a.localhost",
            "printer",
            "printer.local",
            "metadata.google.internal",
        ];
        for host in private {
            let url = Url::parse(&format!("http://{host}/")).unwrap();
            assert!(is_private(url.host_str().unwrap()), "{host}");
        }
        for number in ["2130706433", "0x7f000001", "0177.0.0.1", "127.1"] {
            let url = Url::parse(&format!("http://{number}/")).unwrap();
            assert!(is_private(url.host_str().unwrap()), "{number}");
        }
        let public = [
            "huggingface.co",
            "cdn-lfs.hf.co",
            "8.8.8.8",
            "172.32.0.1",
            "100.128.0.1",
            "[2606::1]",
            "[64:ff9b::808:808]",
            "localhost.example",
        ];
        for host in public {
            assert!(!is_private(host), "{host}");
        }
    }

    #[test]
    fn each_part_is_one_step_of_the_path() {
        let address = Address::read("https://mirror.example/hf").unwrap();
        let url = address.below(["o", "n", "resolve", "refs/pr/1", "a b#c?d%e.gguf"]);
        let due = "https://mirror.example/hf/o/n/resolve/refs%2Fpr%2F1/a%20b%23c%3Fd%25e.gguf";
        assert_eq!(url.as_str(), due);
        let address = Address::read("https://huggingface.co").unwrap();
        assert_eq!(address.below(["api"]).as_str(), "https://huggingface.co/api");
    }
}
