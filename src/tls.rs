//! TLS by rustls, for the database and for embedding servers: certificates are always verified.

mod files;
mod refusal;
mod verify;

pub use refusal::{Refusal, explain};

use rustls::crypto::CryptoProvider;
use rustls::{ClientConfig, RootCertStore, SupportedProtocolVersion, version};
use std::path::PathBuf;
use std::sync::Arc;

/// Who may sign certificates.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Roots {
    /// Whom the system trusts.
    #[default]
    System,
    /// The authorities in a file. One that nobody named may be missing: then, whom the system trusts.
    File { path: PathBuf, is_named: bool },
}

/// The files with the client's own certificate and its key. Those that nobody named may be missing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    pub certificate: PathBuf,
    pub key: PathBuf,
    pub is_named: bool,
}

/// Which server names are accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Names {
    /// The one that was asked for must be in the certificate.
    #[default]
    Verified,
    /// Any, as long as the authority is right.
    Any,
}

/// Which versions of TLS are spoken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Versions {
    #[default]
    Both,
    Only12,
    Only13,
}

impl Versions {
    fn list(self) -> Vec<&'static SupportedProtocolVersion> {
        match self {
            Self::Both => rustls::DEFAULT_VERSIONS.to_vec(),
            Self::Only12 => vec![&version::TLS12],
            Self::Only13 => vec![&version::TLS13],
        }
    }
}

/// What TLS is to be like.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    pub roots: Roots,
    /// A list of revoked certificates, and whether somebody named it.
    pub revoked: Option<(PathBuf, bool)>,
    pub identity: Option<Identity>,
    pub names: Names,
    /// Whether the server is told which name it is asked for.
    pub sends_name: bool,
    /// Whether TLS begins without asking PostgreSQL for it first.
    pub is_direct: bool,
    pub versions: Versions,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            roots: Roots::System,
            revoked: None,
            identity: None,
            names: Names::Verified,
            sends_name: true,
            is_direct: false,
            versions: Versions::Both,
        }
    }
}

/// The client's side of TLS, and what refusals should say of it.
#[derive(Debug, Clone)]
pub struct Client {
    pub config: ClientConfig,
    /// Who is trusted, in words.
    pub trusted: String,
    /// Whether the client has a certificate to show.
    pub has_identity: bool,
}

/// Makes the client's side of TLS.
///
/// # Errors
/// Says what is wrong with which file, and what to do.
pub fn client(settings: &Settings) -> Result<Client, Refusal> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let (roots, trusted) = files::roots(&settings.roots)?;
    let revoked = match &settings.revoked {
        Some((path, is_named)) => files::revoked(path, *is_named)?,
        None => Vec::new(),
    };
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_protocol_versions(&settings.versions.list())
        .map_err(|error| Refusal::new(error.to_string()))?;
    let builder = if settings.names == Names::Verified && revoked.is_empty() {
        builder.with_root_certificates(roots)
    } else {
        let verifier = verify::Verifier::new(roots, revoked, &provider, settings.names)?;
        builder.dangerous().with_custom_certificate_verifier(Arc::new(verifier))
    };
    let own = match &settings.identity {
        Some(identity) => files::identity(identity)?,
        None => None,
    };
    let has_identity = own.is_some();
    let mut config = match (own, &settings.identity) {
        (Some((chain, key)), Some(identity)) => builder
            .with_client_auth_cert(chain, key)
            .map_err(|error| refusal::of_identity(&error, identity))?,
        _ => builder.with_no_client_auth(),
    };
    config.enable_sni = settings.sends_name;
    if settings.is_direct {
        config.alpn_protocols = vec![b"postgresql".to_vec()];
    }
    Ok(Client { config, trusted, has_identity })
}

/// Makes a client's side that trusts nobody, for where TLS is turned off.
///
/// # Errors
/// Says that TLS cannot be set up.
pub fn none() -> Result<ClientConfig, Refusal> {
    let provider: Arc<CryptoProvider> = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| Refusal::new(error.to_string()))?;
    Ok(builder.with_root_certificates(RootCertStore::empty()).with_no_client_auth())
}
