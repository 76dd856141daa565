//! Database URLs as libpq's users write them.
//!
//! tokio-postgres refuses some of libpq's parameters, so they are taken out here. `sslmode` means, stricter than libpq
//! where rustls must be: `disable`: no TLS; `prefer` (default): TLS where the server offers it; `require`, `verify-ca`
//! and `verify-full`: TLS or nothing. Whenever TLS is used, the certificate and the host name are verified.

use crate::error::{AppError, ErrorKind};
use std::path::PathBuf;
use tokio_postgres::config::{Host, SslMode};

/// Whether the connection may use TLS.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TlsMode {
    /// Never.
    Disable,
    /// As the configuration's `ssl_mode` says, verifying certificate and name.
    Verify,
}

/// A server to connect to. Its `Debug` text holds no password.
#[derive(Debug, Clone)]
pub struct Target {
    pub config: tokio_postgres::Config,
    pub tls: TlsMode,
    /// `sslrootcert`: the file with the certificates to trust, instead of the system's.
    pub root_certificate: Option<PathBuf>,
}

impl Target {
    /// Reads a URL (`postgres://user:password@host:port/database?sslmode=...`).
    ///
    /// # Errors
    /// [`ErrorKind::Input`] says which part cannot be read; never repeats the password.
    pub fn parse(text: &str) -> Result<Self, AppError> {
        let text = text.trim();
        if !text.starts_with("postgres://") && !text.starts_with("postgresql://") {
            return Err(wrong("it must start with postgres:// or postgresql://"));
        }
        let (base, query) = text.split_once('?').unwrap_or((text, ""));
        let mut mode = None;
        let mut root_certificate = None;
        let mut kept = url::form_urlencoded::Serializer::new(String::new());
        for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
            match &*name {
                "sslmode" => mode = Some(value.into_owned()),
                "sslrootcert" => root_certificate = Some(PathBuf::from(value.into_owned())),
                _ => {
                    kept.append_pair(&name, &value);
                }
            }
        }
        let kept = kept.finish().replace('+', "%20");
        let rebuilt = if kept.is_empty() { base.to_owned() } else { format!("{base}?{kept}") };
        let mut config: tokio_postgres::Config =
            rebuilt.parse().map_err(|error| wrong(&super::chain(&error)))?;
        let (ssl_mode, tls) = match mode.as_deref() {
            Some("disable") => (SslMode::Disable, TlsMode::Disable),
            None | Some("prefer" | "allow") => (SslMode::Prefer, TlsMode::Verify),
            Some("require" | "verify-ca" | "verify-full") => (SslMode::Require, TlsMode::Verify),
            Some(other) => {
                return Err(wrong(&format!(
                    "sslmode={other} is not one of disable, prefer, require, verify-ca, verify-full"
                )));
            }
        };
        config.ssl_mode(ssl_mode);
        if config.get_hosts().is_empty() {
            config.host("localhost");
        }
        if config.get_user().is_none() {
            config.user(whoami());
        }
        // Without a database the user's name is libpq's default as well as tokio-postgres'.
        Ok(Self { config, tls, root_certificate })
    }

    /// Returns "database on host", without user and password.
    pub fn label(&self) -> String {
        let hosts: Vec<String> = self
            .config
            .get_hosts()
            .iter()
            .map(|host| match host {
                Host::Tcp(name) => name.clone(),
                #[cfg(unix)]
                Host::Unix(path) => path.display().to_string(),
            })
            .collect();
        let database = self.config.get_dbname().or_else(|| self.config.get_user()).unwrap_or("postgres");
        format!("{database} on {}", hosts.join(", "))
    }
}

fn wrong(reason: &str) -> AppError {
    AppError::new(ErrorKind::Input, format!("cannot read the database URL: {reason}"))
        .hinted("A URL looks like postgres://user:password@host:5432/database?sslmode=verify-full")
}

fn whoami() -> String {
    std::env::var("USER").or_else(|_| std::env::var("LOGNAME")).unwrap_or_else(|_| "postgres".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn libpq_parameters_are_understood() {
        let target = Target::parse("postgresql://ann:s3cret@db.example.com:6543/cat?sslmode=verify-full&sslrootcert=%2Fca.pem&application_name=a%20b").unwrap();
        assert_eq!(target.tls, TlsMode::Verify);
        assert_eq!(target.config.get_ssl_mode(), SslMode::Require);
        assert_eq!(target.root_certificate, Some(PathBuf::from("/ca.pem")));
        assert_eq!(target.config.get_application_name(), Some("a b"));
        assert_eq!(target.label(), "cat on db.example.com");
    }

    #[test]
    fn no_message_and_no_debug_text_holds_the_password() {
        let target = Target::parse("postgres://ann:s3cret@localhost/cat").unwrap();
        assert!(!format!("{target:?}").contains("s3cret"));
        for url in [
            "postgres://ann:s3cret@localhost:port/cat",
            "postgres://ann:s3cret@localhost/cat?sslmode=no",
            "mysql://ann:s3cret@x",
        ] {
            let error = Target::parse(url).unwrap_err();
            assert_eq!(error.kind, ErrorKind::Input);
            assert!(!error.message.contains("s3cret"), "{}", error.message);
        }
    }

    #[test]
    fn without_a_mode_tls_is_preferred_and_disable_turns_it_off() {
        assert_eq!(Target::parse("postgres:///cat").unwrap().config.get_ssl_mode(), SslMode::Prefer);
        assert_eq!(Target::parse("postgres://h/cat?sslmode=disable").unwrap().tls, TlsMode::Disable);
    }
}
