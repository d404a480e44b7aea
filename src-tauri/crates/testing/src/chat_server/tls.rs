//! Certificates that a test trusts or does not.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, date_time_ymd,
};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};

/// A certificate of a server, and who signed it.
#[derive(Clone)]
pub struct Certificate {
    /// Who signed it, for a client that is to trust it.
    pub root_pem: Vec<u8>,
    config: Arc<ServerConfig>,
}

impl Certificate {
    pub(super) fn acceptor(&self) -> TlsAcceptor {
        TlsAcceptor::from(Arc::clone(&self.config))
    }
}

/// A new certificate for a host, signed by an authority of its own.
///
/// # Panics
///
/// If the host is no name.
pub fn certificate(host: &str) -> Certificate {
    signed(&CertificateParams::new(vec![host.to_owned()]).expect("the host is a name"))
}

/// The same, but valid only until long ago.
///
/// # Panics
///
/// If the host is no name.
pub fn expired_certificate(host: &str) -> Certificate {
    let mut leaf = CertificateParams::new(vec![host.to_owned()]).expect("the host is a name");
    leaf.not_after = date_time_ymd(2001, 1, 1);
    signed(&leaf)
}

fn signed(leaf: &CertificateParams) -> Certificate {
    // Authorities of one name would be taken for one another.
    static AUTHORITIES: AtomicUsize = AtomicUsize::new(1);
    let mut authority = CertificateParams::new(Vec::new()).expect("no names are good names");
    let name = format!("test authority {}", AUTHORITIES.fetch_add(1, Ordering::Relaxed));
    authority.distinguished_name.push(DnType::CommonName, name);
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority_key = KeyPair::generate().expect("there is randomness");
    let issuer = CertifiedIssuer::self_signed(authority, authority_key).expect("it can be signed");
    let key = KeyPair::generate().expect("there is randomness");
    let leaf = leaf.signed_by(&key, &issuer).expect("it can be signed");
    let chain = vec![CertificateDer::from(leaf.der().to_vec())];
    let private = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("ring knows them")
        .with_no_client_auth()
        .with_single_cert(chain, private)
        .expect("key and certificate fit");
    Certificate { root_pem: issuer.pem().into_bytes(), config: Arc::new(config) }
}
