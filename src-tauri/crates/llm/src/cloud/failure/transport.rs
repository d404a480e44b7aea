//! Failures below HTTP: no connection, no trust, no end.

use std::error::Error;
use std::io;

use rustls::{AlertDescription, CertificateError, InvalidMessage};

use super::{AskedOf, Failure, one_line};

/// What it means that a request got no answer, or only a part of one.
pub(in crate::cloud) fn of_transport(asked: &AskedOf<'_>, error: &reqwest::Error) -> Failure {
    if let Some(reason) = tls_trouble(error) {
        return Failure::Run(asked.unreachable(reason));
    }
    // The chain below has no address in it: that stands only in the outermost error, which is left
    // out. Proxies are named by what they answered.
    let reason = one_line(&chain(error), asked.key);
    if error.is_builder() || error.is_redirect() {
        return Failure::Run(asked.unreachable(reason));
    }
    if error.is_connect() {
        if reason.contains("proxy auth") {
            return Failure::Run(asked.unreachable("the proxy asks for a name and a password"));
        }
        let host = asked.endpoint.host();
        let what = if error.is_timeout() { "it took too long".to_owned() } else { reason };
        return Failure::Connection(one_line(
            &format!("no connection to `{host}`: {what}"),
            asked.key,
        ));
    }
    if error.is_timeout() {
        return Failure::Retry("the server went silent".to_owned());
    }
    Failure::Retry(one_line(&format!("the connection broke: {reason}"), asked.key))
}

/// The causes of an error, outermost first.
fn chain(error: &reqwest::Error) -> String {
    let mut said: Vec<String> = Vec::new();
    let mut source = error.source();
    while let Some(cause) = source {
        let text = cause.to_string();
        // Wrappers repeat what they wrap.
        if !said.last().is_some_and(|last| last.contains(&text)) {
            said.push(text);
        }
        source = cause.source();
    }
    if said.is_empty() { "no reason given".to_owned() } else { said.join(": ") }
}

/// Trouble with TLS that will not go away by itself, with what to do about it.
fn tls_trouble(error: &(dyn Error + 'static)) -> Option<String> {
    match find_tls(error)? {
        rustls::Error::InvalidCertificate(problem) => Some(of_certificate(problem)),
        rustls::Error::NoCertificatesPresented => {
            Some("the server shows no certificate".to_owned())
        }
        rustls::Error::InvalidMessage(InvalidMessage::InvalidContentType) => Some(
            "the server does not speak TLS: should the address begin with `http://`?".to_owned(),
        ),
        rustls::Error::PeerIncompatible(_)
        | rustls::Error::AlertReceived(
            AlertDescription::HandshakeFailure
            | AlertDescription::ProtocolVersion
            | AlertDescription::UnrecognisedName,
        ) => Some("the server and this program have no version of TLS in common".to_owned()),
        rustls::Error::AlertReceived(AlertDescription::CertificateRequired) => {
            Some("the server asks for a certificate of this program, which has none".to_owned())
        }
        _ => None,
    }
}

fn of_certificate(problem: &CertificateError) -> String {
    let (what, hint) = match problem {
        CertificateError::UnknownIssuer => (
            "is signed by nobody whom this machine trusts",
            "if the server or a proxy on the way has its own authority, add that to the system's \
             certificates",
        ),
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
            ("has expired", "check the clock of this machine, or ask whoever runs the server")
        }
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            ("is not valid yet", "check the clock of this machine")
        }
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            ("is for another host", "check the address")
        }
        CertificateError::Revoked => ("was revoked", "ask whoever runs the server"),
        other => return format!("the server's certificate was refused: {other:?}"),
    };
    format!("the server's certificate {what}; {hint}")
}

/// The error of TLS somewhere below. An `io::Error` hides its own content from its `source`.
fn find_tls<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a rustls::Error> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(found) = error.downcast_ref::<rustls::Error>() {
            return Some(found);
        }
        let inside = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        if let Some(found) = inside.and_then(|inside| find_tls(inside)) {
            return Some(found);
        }
        next = error.source();
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_certificate_that_is_not_trusted_is_found_below_layers_and_explained() {
        let layers = |error: rustls::Error| {
            let inner = io::Error::new(io::ErrorKind::InvalidData, error);
            io::Error::other(inner)
        };
        let cases = [
            (CertificateError::UnknownIssuer, "authority"),
            (CertificateError::Expired, "clock"),
            (CertificateError::NotValidForName, "check the address"),
            (CertificateError::BadSignature, "BadSignature"),
        ];
        for (problem, said) in cases {
            let error = layers(rustls::Error::InvalidCertificate(problem));
            let reason = tls_trouble(&error).unwrap();
            assert!(reason.contains("certificate") && reason.contains(said), "{reason}");
        }
        let error = layers(rustls::Error::InvalidMessage(InvalidMessage::InvalidContentType));
        assert!(tls_trouble(&error).unwrap().contains("`http://`"));
        assert_eq!(tls_trouble(&layers(rustls::Error::General("eof".to_owned()))), None);
        assert_eq!(tls_trouble(&io::Error::from(io::ErrorKind::ConnectionReset)), None);
    }
}
