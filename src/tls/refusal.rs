//! Why TLS did not come about, in words, and what to do about it.

use super::{Client, Identity};
use chrono::DateTime;
use rustls::pki_types::UnixTime;
use rustls::{AlertDescription, CertificateError, Error, InconsistentKeys};
use std::fmt;

/// Why something was refused, and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    pub reason: String,
    pub remedy: Option<String>,
}

impl Refusal {
    /// Makes one without a remedy.
    pub fn new(reason: impl Into<String>) -> Self {
        Self { reason: reason.into(), remedy: None }
    }

    /// Adds what to do.
    #[must_use]
    pub fn remedied(mut self, remedy: impl Into<String>) -> Self {
        self.remedy = Some(remedy.into());
        self
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.reason)
    }
}

/// Says why the client's own certificate and key cannot be used.
pub(super) fn of_identity(error: &Error, identity: &Identity) -> Refusal {
    let (certificate, key) = (identity.certificate.display(), identity.key.display());
    match error {
        Error::InconsistentKeys(InconsistentKeys::KeyMismatch) => {
            Refusal::new(format!("the key {key} is not that of the certificate {certificate}"))
                .remedied("Name the two that belong together with sslcert and sslkey.")
        }
        error => {
            Refusal::new(format!("the certificate {certificate} and the key {key} cannot be used: {error}"))
        }
    }
}

/// Says why a handshake with a host failed.
pub fn explain(error: &Error, host: &str, client: &Client) -> Refusal {
    match error {
        Error::InvalidCertificate(wrong) => certificate(wrong, host, client),
        Error::AlertReceived(alert) => alerted(*alert, client),
        Error::PeerIncompatible(why) => {
            Refusal::new(format!("the server and gapdeck have no kind of TLS in common: {why:?}"))
                .remedied("gapdeck speaks TLS 1.2 and 1.3 with modern ciphers; allow them on the server.")
        }
        Error::InvalidCertRevocationList(why) => {
            Refusal::new(format!("the list of revoked certificates cannot be used: {why:?}"))
        }
        error => Refusal::new(format!("TLS failed: {error}")),
    }
}

const RENEW: &str = "Renew the server's certificate; or, if this machine's clock is wrong, set it.";

fn certificate(error: &CertificateError, host: &str, client: &Client) -> Refusal {
    let refusal = |reason: &str| Refusal::new(format!("the server's certificate {reason}"));
    match error {
        CertificateError::UnknownIssuer => {
            refusal(&format!("is signed by an unknown authority; trusted are {}", client.trusted))
                .remedied("Name the file with the certificate of the server's authority: sslrootcert=FILE")
        }
        CertificateError::NotValidForNameContext { presented, .. } => {
            wrong_name(refusal(&format!("is for {}, not for {host}", names(presented))))
        }
        CertificateError::NotValidForName => wrong_name(refusal(&format!("is not for {host}"))),
        CertificateError::ExpiredContext { not_after, .. } => {
            refusal(&format!("expired on {}", day(*not_after))).remedied(RENEW)
        }
        CertificateError::Expired => refusal("has expired").remedied(RENEW),
        CertificateError::NotValidYetContext { not_before, .. } => {
            refusal(&format!("is not valid before {}", day(*not_before))).remedied(RENEW)
        }
        CertificateError::NotValidYet => refusal("is not valid yet").remedied(RENEW),
        CertificateError::Revoked => {
            refusal("has been revoked").remedied("Give the server a new certificate.")
        }
        CertificateError::UnknownRevocationStatus => {
            refusal("is not covered by the list of revoked certificates (sslcrl)")
        }
        CertificateError::ExpiredRevocationList | CertificateError::ExpiredRevocationListContext { .. } => {
            Refusal::new("the list of revoked certificates (sslcrl) has expired")
        }
        CertificateError::BadSignature => refusal("has a signature that is wrong")
            .remedied("Look whether sslrootcert names the right authority."),
        CertificateError::InvalidPurpose | CertificateError::InvalidPurposeContext { .. } => {
            refusal("is not meant for a server")
        }
        other => {
            let text = format!("{other:?}");
            if text.contains("CaUsedAsEndEntity") {
                return refusal("is that of an authority itself, which rustls does not take for a server's")
                    .remedied("Sign one for the server with it (CA:FALSE), and name the authority's with sslrootcert.");
            }
            if text.contains("UnsupportedCertVersion") {
                return refusal("is of version 1, which names no host").remedied("Make one of version 3.");
            }
            refusal(&format!("cannot be used: {text}"))
        }
    }
}

fn wrong_name(refusal: Refusal) -> Refusal {
    refusal.remedied(
        "Use one of its names in the URL (hostaddr=ADDRESS beside it says where); sslmode=verify-ca takes any name.",
    )
}

/// Lists the first of a certificate's names, without what rustls wraps them in: `DnsName("a")`, `IpAddress(::1)`.
fn names(presented: &[String]) -> String {
    const MOST: usize = 5;
    let plain = |name: &String| {
        let inner = name.split_once('(').map_or(name.as_str(), |(_, inner)| inner.trim_end_matches(')'));
        inner.trim_matches('"').to_owned()
    };
    let mut names: Vec<String> = presented.iter().take(MOST).map(plain).collect();
    if presented.len() > MOST {
        names.push(format!("{} more", presented.len() - MOST));
    }
    if names.is_empty() { "no host".to_owned() } else { names.join(", ") }
}

fn day(time: UnixTime) -> String {
    let time = i64::try_from(time.as_secs()).ok().and_then(|seconds| DateTime::from_timestamp(seconds, 0));
    time.map_or_else(
        || "a day that cannot be written".to_owned(),
        |time| time.format("%F %T UTC").to_string(),
    )
}

/// Says why the server ended the handshake: it does not like the client's certificate, as a rule.
fn alerted(alert: AlertDescription, client: &Client) -> Refusal {
    const SHOW: &str = "Name a certificate that the server knows, and its key: sslcert=FILE&sslkey=FILE";
    let wants = "the server wants a client certificate";
    let rejects =
        |why: &str| Refusal::new(format!("the server rejects the client certificate: {why}")).remedied(SHOW);
    match alert {
        AlertDescription::CertificateRequired => Refusal::new(wants).remedied(SHOW),
        // What TLS 1.2 says instead.
        AlertDescription::HandshakeFailure if !client.has_identity => {
            Refusal::new(format!("the server ended the handshake: perhaps {wants}")).remedied(SHOW)
        }
        AlertDescription::UnknownCA if client.has_identity => rejects("it does not know its authority"),
        AlertDescription::CertificateExpired => rejects("it has expired"),
        AlertDescription::CertificateRevoked => rejects("it has been revoked"),
        AlertDescription::BadCertificate
        | AlertDescription::UnsupportedCertificate
        | AlertDescription::CertificateUnknown
        | AlertDescription::DecryptError
        | AlertDescription::AccessDenied
            if client.has_identity =>
        {
            rejects(&format!("{alert:?}"))
        }
        AlertDescription::ProtocolVersion => Refusal::new("the server speaks another version of TLS")
            .remedied("gapdeck speaks TLS 1.2 and 1.3; allow one of them on the server."),
        alert => Refusal::new(format!("the server ended the TLS handshake: {alert:?}")),
    }
}
