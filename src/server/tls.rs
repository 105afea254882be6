//! TLS: a certificate and its key as configured, and the handshake with a client.

use std::{io, sync::Arc, time::Duration};

use secrecy::ExposeSecret;
use tokio::{net::TcpStream, time::timeout};
use tokio_rustls::rustls::{
    CertificateError, Error as Failure, InconsistentKeys, RootCertStore, ServerConfig,
    client::{WebPkiServerVerifier, danger::ServerCertVerifier},
    crypto::{CryptoProvider, ring},
    pki_types::{
        CertificateDer, PrivateKeyDer, ServerName, UnixTime,
        pem::{self, PemObject},
    },
};
use tokio_rustls::{TlsAcceptor, server::TlsStream};

use crate::config::Https;

/// Why a certificate and a key are not taken. The texts of the library quote neither.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// The text holds no certificate.
    #[error("auditLog.https.certificate.cert {}", not_pem(.0, "certificate"))]
    Certificate(pem::Error),
    /// It holds one that cannot be read.
    #[error("auditLog.https.certificate.cert is not a usable certificate: {0}")]
    Unusable(Failure),
    /// The text holds no private key.
    #[error("auditLog.https.certificate.key {}", not_pem(.0, "private key"))]
    Key(pem::Error),
    /// It holds one of a kind that is not supported.
    #[error("auditLog.https.certificate.key is not a usable private key: {0}")]
    UnusableKey(Failure),
    /// Each is good, and they do not belong together.
    #[error(
        "auditLog.https.certificate.key does not match the first certificate of auditLog.https.certificate.cert"
    )]
    Mismatch,
}

fn not_pem(error: &pem::Error, thing: &str) -> String {
    match error {
        pem::Error::NoItemsFound => format!("holds no {thing} in PEM"),
        _ => format!("holds no {thing} in PEM that can be read"),
    }
}

/// A certificate with its key, ready to be shown to clients.
#[derive(Clone, Debug)]
pub struct Tls {
    config: Arc<ServerConfig>,
    /// Why clients will refuse the certificate today, where they will.
    pub doubt: Option<&'static str>,
}

impl Tls {
    /// Reads what was configured; `now` is seconds since 1970.
    pub fn new(https: &Https, now: u64) -> Result<Self, TlsError> {
        let chain: Vec<_> = CertificateDer::pem_slice_iter(https.cert.as_bytes())
            .collect::<Result<_, _>>()
            .map_err(TlsError::Certificate)?;
        let Some(first) = chain.first() else {
            return Err(TlsError::Certificate(pem::Error::NoItemsFound));
        };
        let provider = Arc::new(ring::default_provider());
        let doubt = doubt(first, &provider, now)?;
        let key = PrivateKeyDer::from_pem_slice(https.key.expose_secret().as_bytes());
        let key = key.map_err(TlsError::Key)?;
        let versions = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(TlsError::Unusable)?;
        let config = versions.with_no_client_auth().with_single_cert(chain, key);
        let mut config = config.map_err(|error| match error {
            Failure::InconsistentKeys(InconsistentKeys::KeyMismatch) => TlsError::Mismatch,
            Failure::InvalidCertificate(_) => TlsError::Unusable(error),
            _ => TlsError::UnusableKey(error),
        })?;
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Self {
            config: Arc::new(config),
            doubt,
        })
    }

    /// The handshake with a client, which may take so long and no longer.
    pub(super) async fn accept(
        &self,
        stream: TcpStream,
        time: Duration,
    ) -> io::Result<TlsStream<TcpStream>> {
        let handshake = TlsAcceptor::from(Arc::clone(&self.config)).accept(stream);
        timeout(time, handshake).await?
    }
}

/// What a client's own check says of the certificate's time. It looks at that before anything else, so that it does not
/// matter here that no authority is known.
fn doubt(
    certificate: &CertificateDer<'_>,
    provider: &Arc<CryptoProvider>,
    now: u64,
) -> Result<Option<&'static str>, TlsError> {
    let mut roots = RootCertStore::empty();
    roots.add(certificate.clone()).map_err(TlsError::Unusable)?;
    let verifier =
        WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::clone(provider)).build();
    let (Ok(verifier), Ok(name)) = (verifier, ServerName::try_from("localhost")) else {
        return Ok(None);
    };
    let now = UnixTime::since_unix_epoch(Duration::from_secs(now));
    let checked = verifier.verify_server_cert(certificate, &[], &name, &[], now);
    Ok(match checked {
        Err(Failure::InvalidCertificate(error)) => match error {
            CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
                Some("has expired")
            }
            CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
                Some("is not valid yet")
            }
            _ => None,
        },
        _ => None,
    })
}
