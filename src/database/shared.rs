//! Connections to a server: TLS by rustls, timeouts, errors that say what failed.

use super::url::{Target, TlsMode};
use super::{SESSION, chain};
use crate::error::{AppError, ErrorKind};
use diesel::{ConnectionError, ConnectionResult};
use diesel_async::pooled_connection::{AsyncDieselConnectionManager, ManagerConfig, RecyclingMethod};
use diesel_async::{AsyncPgConnection, SimpleAsyncConnection};
use futures_util::FutureExt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio_postgres::NoTls;
use tokio_postgres_rustls::MakeRustlsConnect;

/// How long connecting may take, TLS and authentication included.
pub(super) const CONNECT: Duration = Duration::from_secs(8);

/// What the server has for long statements, beside [`SESSION`].
const SERVER_SESSION: &str = "SET statement_timeout = '30s'";

/// What the last failed attempt to connect said; the pool itself only says that it timed out.
#[derive(Debug, Default)]
pub(super) struct LastError(Mutex<Option<String>>);

impl LastError {
    fn set(&self, text: String) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(text);
    }

    pub(super) fn take(&self) -> Option<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

pub(super) fn unavailable(label: &str, reason: &str) -> AppError {
    AppError::new(ErrorKind::Unavailable, format!("cannot reach {label}: {reason}"))
        .hinted("Check that the server runs, and the URL's host, port, user and database.")
}

/// Makes connections to a server as its URL says.
pub(super) fn manager(
    target: &Target,
    last_error: Arc<LastError>,
) -> Result<AsyncDieselConnectionManager<AsyncPgConnection>, AppError> {
    let config = target.config.clone();
    let tls = match target.tls {
        TlsMode::Disable => None,
        TlsMode::Verify => Some(connector(target)?),
    };
    let mut manager = ManagerConfig::<AsyncPgConnection>::default();
    manager.recycling_method = RecyclingMethod::Fast;
    manager.custom_setup = Box::new(move |_| {
        let (config, tls, last_error) = (config.clone(), tls.clone(), Arc::clone(&last_error));
        async move {
            let connecting = async {
                match tls {
                    Some(tls) => established(config.connect(tls).await, true).await,
                    None => established(config.connect(NoTls).await, true).await,
                }
            };
            reported(connecting, &last_error).await
        }
        .boxed()
    });
    Ok(AsyncDieselConnectionManager::new_with_config("", manager))
}

/// Makes connections to the embedded engine.
#[cfg(all(feature = "embedded", unix))]
pub(super) fn local_manager(
    config: tokio_postgres::Config,
    last_error: Arc<LastError>,
) -> AsyncDieselConnectionManager<AsyncPgConnection> {
    let mut manager = ManagerConfig::<AsyncPgConnection>::default();
    manager.recycling_method = RecyclingMethod::Fast;
    manager.custom_setup = Box::new(move |_| {
        let (config, last_error) = (config.clone(), Arc::clone(&last_error));
        async move { reported(async { established(config.connect(NoTls).await, false).await }, &last_error).await }.boxed()
    });
    AsyncDieselConnectionManager::new_with_config("", manager)
}

async fn reported(
    connecting: impl Future<Output = ConnectionResult<AsyncPgConnection>>,
    last_error: &LastError,
) -> ConnectionResult<AsyncPgConnection> {
    let result = tokio::time::timeout(CONNECT, connecting).await.unwrap_or_else(|_| {
        Err(ConnectionError::BadConnection(format!("no answer within {} seconds", CONNECT.as_secs())))
    });
    if let Err(error) = &result {
        last_error.set(match error {
            ConnectionError::BadConnection(text) => text.clone(),
            other => other.to_string(),
        });
    }
    result
}

async fn established<S>(
    connected: Result<
        (tokio_postgres::Client, tokio_postgres::Connection<tokio_postgres::Socket, S>),
        tokio_postgres::Error,
    >,
    server: bool,
) -> ConnectionResult<AsyncPgConnection>
where
    S: tokio_postgres::tls::TlsStream + Unpin + Send + 'static,
{
    let (client, driver) = connected.map_err(|error| ConnectionError::BadConnection(chain(&error)))?;
    let mut connection = AsyncPgConnection::try_from_client_and_connection(client, driver).await?;
    let session = if server { format!("{SESSION}; {SERVER_SESSION}") } else { SESSION.to_owned() };
    connection.batch_execute(&session).await.map_err(ConnectionError::CouldntSetupConfiguration)?;
    Ok(connection)
}

/// Makes the TLS connector: it verifies the server's certificate and name, against `sslrootcert` or the system's roots.
pub(super) fn connector(target: &Target) -> Result<MakeRustlsConnect, AppError> {
    let unusable = |reason: String| {
        AppError::new(ErrorKind::Input, format!("cannot set up TLS for {}: {reason}", target.label()))
    };
    let mut roots = rustls::RootCertStore::empty();
    if let Some(path) = &target.root_certificate {
        use rustls::pki_types::{CertificateDer, pem::PemObject};
        let certificates = CertificateDer::pem_file_iter(path)
            .and_then(Iterator::collect::<Result<Vec<_>, _>>)
            .map_err(|error| unusable(format!("sslrootcert {}: {error}", path.display())))?;
        roots.add_parsable_certificates(certificates);
    } else {
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    }
    let config =
        rustls::ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(|error| unusable(error.to_string()))?
            .with_root_certificates(roots)
            .with_no_client_auth();
    Ok(MakeRustlsConnect::new(config))
}
