//! The files that TLS needs: authorities, revoked certificates, the client's own certificate and key.

use super::{Identity, Refusal, Roots};
use rustls::RootCertStore;
use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, CertificateRevocationListDer, PrivateKeyDer};
use std::path::Path;

/// Returns who is trusted, and says so in words.
pub(super) fn roots(roots: &Roots) -> Result<(RootCertStore, String), Refusal> {
    match roots {
        Roots::File { path, is_named } if *is_named || path.exists() => {
            let certificates: Vec<CertificateDer<'_>> = items(path, "sslrootcert", "certificate")?;
            let mut store = RootCertStore::empty();
            let (taken, _) = store.add_parsable_certificates(certificates);
            if taken == 0 {
                return Err(unusable("sslrootcert", path, "no certificate in it can be read"));
            }
            Ok((store, format!("the authorities in {}", path.display())))
        }
        Roots::System | Roots::File { .. } => {
            let mut store = RootCertStore::empty();
            store.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
            let trusted = if store.is_empty() {
                "anybody: this machine has no root certificates".to_owned()
            } else {
                "the authorities of this system".to_owned()
            };
            Ok((store, trusted))
        }
    }
}

/// Returns the lists of revoked certificates in a file; one that nobody named may be missing.
pub(super) fn revoked(
    path: &Path,
    is_named: bool,
) -> Result<Vec<CertificateRevocationListDer<'static>>, Refusal> {
    if !is_named && !path.exists() {
        return Ok(Vec::new());
    }
    items(path, "sslcrl", "revocation list")
}

/// A certificate with those that sign it, and its key.
type Own = (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>);

/// Returns the client's own certificate and key; none where nobody named one and none is there.
pub(super) fn identity(identity: &Identity) -> Result<Option<Own>, Refusal> {
    let Identity { certificate, key, is_named } = identity;
    if !is_named && !certificate.exists() {
        return Ok(None);
    }
    let chain = items(certificate, "sslcert", "certificate")?;
    let facts = std::fs::metadata(key).map_err(|error| {
        let remedy = format!("The certificate {} needs its key.", certificate.display());
        unusable("sslkey", key, &error.to_string()).remedied(remedy)
    })?;
    if !facts.is_file() {
        return Err(unusable("sslkey", key, "it is not a plain file"));
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        // As in libpq: a key that root keeps for a group may be read by it.
        let forbidden = if facts.uid() == 0 { 0o037 } else { 0o077 };
        if facts.mode() & forbidden != 0 {
            return Err(unusable("sslkey", key, "others may read it")
                .remedied(format!("Run chmod 600 {}", key.display())));
        }
    }
    match PrivateKeyDer::from_pem_file(key) {
        Ok(read) => Ok(Some((chain, read))),
        Err(error) => Err(key_trouble(key, &error)),
    }
}

fn key_trouble(path: &Path, error: &pem::Error) -> Refusal {
    let is_encrypted = std::fs::read_to_string(path).is_ok_and(|text| text.contains("ENCRYPTED"));
    if is_encrypted {
        return unusable("sslkey", path, "a passphrase protects it, which gapdeck does not ask for")
            .remedied(format!("Make one without: openssl pkey -in {} -out NEW", path.display()));
    }
    unusable("sslkey", path, &said(error, "private key"))
}

/// Reads every item of a kind from a PEM file; at least one.
fn items<T: PemObject>(path: &Path, parameter: &str, kind: &str) -> Result<Vec<T>, Refusal> {
    let items = T::pem_file_iter(path)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(|error| unusable(parameter, path, &said(&error, kind)))?;
    if items.is_empty() {
        return Err(unusable(parameter, path, &said(&pem::Error::NoItemsFound, kind)));
    }
    Ok(items)
}

fn said(error: &pem::Error, kind: &str) -> String {
    match error {
        pem::Error::Io(error) => error.to_string(),
        pem::Error::NoItemsFound => format!("it holds no {kind} in PEM"),
        _ => format!("it is no PEM file: {error}"),
    }
}

fn unusable(parameter: &str, path: &Path, reason: &str) -> Refusal {
    Refusal::new(format!("{parameter} {}: {reason}", path.display()))
}
