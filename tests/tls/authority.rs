//! An authority of a test's own, and what it signs.

use rcgen::{
    BasicConstraints, Certificate, CertificateParams, CertificateRevocationListParams, DnType,
    ExtendedKeyUsagePurpose, IsCa, Issuer, KeyIdMethod, KeyPair, KeyUsagePurpose, RevokedCertParams,
    SerialNumber, date_time_ymd,
};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use std::path::{Path, PathBuf};

/// From when until when a certificate is valid.
#[derive(Clone, Copy)]
pub enum Time {
    Now,
    Past,
    Future,
}

impl Time {
    fn years(self) -> (i32, i32) {
        match self {
            Self::Now => (2020, 2090),
            Self::Past => (2020, 2021),
            Self::Future => (2080, 2090),
        }
    }
}

/// A certificate and its key.
pub struct Signed {
    pub certificate: Certificate,
    pub key: KeyPair,
}

impl Signed {
    pub fn chain(&self) -> Vec<CertificateDer<'static>> {
        vec![self.certificate.der().clone()]
    }

    pub fn private_key(&self) -> PrivateKeyDer<'static> {
        PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(self.key.serialize_der()))
    }
}

pub struct Authority {
    issuer: Issuer<'static, KeyPair>,
    pub certificate: Certificate,
}

impl Authority {
    pub fn new(name: &str) -> Self {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let key = KeyPair::generate().expect("a key");
        let certificate = params.self_signed(&key).expect("a certificate");
        Self { issuer: Issuer::new(params, key), certificate }
    }

    /// Signs a server's certificate.
    pub fn server(&self, name: &str, time: Time) -> Signed {
        self.sign(name, time, ExtendedKeyUsagePurpose::ServerAuth, 1)
    }

    /// Returns its own certificate, for a server that shows it.
    pub fn as_server(&self) -> Signed {
        let key = KeyPair::from_pem(&self.issuer.key().serialize_pem()).expect("a key");
        Signed { certificate: self.certificate.clone(), key }
    }

    /// Signs a client's certificate.
    pub fn client(&self, name: &str) -> Signed {
        self.sign(name, Time::Now, ExtendedKeyUsagePurpose::ClientAuth, 2)
    }

    fn sign(&self, name: &str, time: Time, purpose: ExtendedKeyUsagePurpose, serial: u64) -> Signed {
        let mut params = CertificateParams::new([name.to_owned()]).expect("a name");
        let (from, until) = time.years();
        (params.not_before, params.not_after) = (date_time_ymd(from, 1, 1), date_time_ymd(until, 1, 1));
        params.distinguished_name.push(DnType::CommonName, name);
        params.extended_key_usages = vec![purpose];
        params.serial_number = Some(SerialNumber::from(serial));
        let key = KeyPair::generate().expect("a key");
        let certificate = params.signed_by(&key, &self.issuer).expect("a certificate");
        Signed { certificate, key }
    }

    /// Makes the list of revoked certificates: the servers', or none.
    pub fn revoked(&self, serials: &[u64]) -> String {
        let revoked = |serial: &u64| RevokedCertParams {
            serial_number: SerialNumber::from(*serial),
            revocation_time: date_time_ymd(2021, 1, 1),
            reason_code: None,
            invalidity_date: None,
        };
        let params = CertificateRevocationListParams {
            this_update: date_time_ymd(2021, 1, 1),
            next_update: date_time_ymd(2090, 1, 1),
            crl_number: SerialNumber::from(1),
            issuing_distribution_point: None,
            revoked_certs: serials.iter().map(revoked).collect(),
            key_identifier_method: KeyIdMethod::Sha256,
        };
        params.signed_by(&self.issuer).expect("a list").pem().expect("PEM")
    }
}

/// Writes a file that nobody else may read.
pub fn write(directory: &Path, name: &str, text: &str) -> PathBuf {
    let path = directory.join(name);
    std::fs::write(&path, text).expect("write a file");
    set_mode(&path, 0o600);
    path
}

#[cfg(unix)]
pub fn set_mode(path: &Path, mode: u32) {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).expect("chmod");
}

#[cfg(not(unix))]
pub fn set_mode(_path: &Path, _mode: u32) {}
