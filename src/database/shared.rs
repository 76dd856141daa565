//! Connections to a server: TLS by rustls, timeouts, errors that say what failed.

use super::pooler::Pooling;
use super::url::{Target, TlsMode};
use super::{SESSION, chain};
use crate::error::{AppError, ErrorKind};
use diesel::{ConnectionError, ConnectionResult};
use diesel_async::pooled_connection::{
    AsyncDieselConnectionManager, ManagerConfig, PoolableConnection, RecyclingMethod,
};
use diesel_async::{AsyncPgConnection, SimpleAsyncConnection};
use futures_util::FutureExt;
use std::future::{Ready, ready};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio_postgres::NoTls;
use tokio_postgres_rustls::MakeRustlsConnect;

/// What the server's lists of sessions call us, unless the URL says otherwise.
const APPLICATION: &str = "gapdeck";

/// How long connecting may take, TLS and authentication included.
const CONNECT: Duration = Duration::from_secs(8);

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

/// How a server is reached: its configuration and, unless TLS is off, the connector.
#[derive(Clone)]
pub(super) struct Route {
    config: tokio_postgres::Config,
    tls: Option<MakeRustlsConnect>,
}

impl Route {
    pub(super) fn to(target: &Target) -> Result<Self, AppError> {
        let mut config = target.config.clone();
        if config.get_application_name().is_none() {
            config.application_name(APPLICATION);
        }
        let tls = match target.tls {
            TlsMode::Disable => None,
            TlsMode::Verify => Some(connector(target)?),
        };
        Ok(Self { config, tls })
    }

    /// Returns the same route with one more option in the start-up packet.
    pub(super) fn with_option(&self, option: &str) -> Self {
        let mut route = self.clone();
        let options = match self.config.get_options() {
            Some(options) => format!("{options} {option}"),
            None => option.to_owned(),
        };
        route.config.options(options);
        route
    }

    /// Opens a session and sets it up; says why it cannot.
    pub(super) async fn connect(&self, pooling: Pooling) -> Result<AsyncPgConnection, String> {
        self.session(pooling).await.map_err(|error| said(&error))
    }

    async fn session(&self, pooling: Pooling) -> ConnectionResult<AsyncPgConnection> {
        let session = if pooling.keeps_sessions() {
            format!("{SESSION}; {SERVER_SESSION}")
        } else {
            // It would stay with whoever gets the session next.
            String::new()
        };
        in_time(async {
            match &self.tls {
                Some(tls) => established(self.config.connect(tls.clone()).await, &session).await,
                None => established(self.config.connect(NoTls).await, &session).await,
            }
        })
        .await
    }

    /// Opens a bare session.
    pub(super) async fn client(&self) -> Result<tokio_postgres::Client, String> {
        let opening = async {
            if let Some(tls) = &self.tls {
                let (client, driver) = self.config.connect(tls.clone()).await?;
                tokio::spawn(driver);
                return Ok(client);
            }
            let (client, driver) = self.config.connect(NoTls).await?;
            tokio::spawn(driver);
            Ok(client)
        };
        let opened: Result<_, tokio_postgres::Error> =
            tokio::time::timeout(CONNECT, opening).await.map_err(|_| too_late())?;
        opened.map_err(|error| chain(&error))
    }

    /// Asks the server to end the statement that a bare session runs.
    pub(super) async fn cancel(&self, client: &tokio_postgres::Client) {
        let token = client.cancel_token();
        let asking = async {
            match &self.tls {
                Some(tls) => token.cancel_query(tls.clone()).await,
                None => token.cancel_query(NoTls).await,
            }
        };
        // Closing the connection ends the statement, too, only later.
        let _ = tokio::time::timeout(CONNECT, asking).await;
    }
}

/// Makes connections to a server.
pub(super) fn manager(
    route: Route,
    pooling: Pooling,
    last_error: Arc<LastError>,
) -> AsyncDieselConnectionManager<AsyncPgConnection> {
    let mut manager = ManagerConfig::<AsyncPgConnection>::default();
    manager.recycling_method =
        RecyclingMethod::CustomFunction(Box::new(|connection| is_alive(connection).boxed()));
    manager.custom_setup = Box::new(move |_| {
        let (route, last_error) = (route.clone(), Arc::clone(&last_error));
        async move { reported(route.session(pooling).await, &last_error) }.boxed()
    });
    AsyncDieselConnectionManager::new_with_config("", manager)
}

/// Refuses a connection that the server or the network has ended while it rested, as far as this side knows already: a look,
/// not a question to the server.
fn is_alive(connection: &mut AsyncPgConnection) -> Ready<diesel::QueryResult<()>> {
    ready(if connection.is_broken() { Err(diesel::result::Error::BrokenTransactionManager) } else { Ok(()) })
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
        async move {
            let session = in_time(async { established(config.connect(NoTls).await, SESSION).await }).await;
            reported(session, &last_error)
        }
        .boxed()
    });
    AsyncDieselConnectionManager::new_with_config("", manager)
}

/// Gives an attempt to connect up after a while.
async fn in_time(
    connecting: impl Future<Output = ConnectionResult<AsyncPgConnection>>,
) -> ConnectionResult<AsyncPgConnection> {
    tokio::time::timeout(CONNECT, connecting)
        .await
        .unwrap_or_else(|_| Err(ConnectionError::BadConnection(too_late())))
}

fn too_late() -> String {
    format!("no answer within {} seconds", CONNECT.as_secs())
}

/// Keeps what a failed attempt to connect said.
fn reported(
    result: ConnectionResult<AsyncPgConnection>,
    last_error: &LastError,
) -> ConnectionResult<AsyncPgConnection> {
    result.inspect_err(|error| last_error.set(said(error)))
}

fn said(error: &ConnectionError) -> String {
    match error {
        ConnectionError::BadConnection(text) => text.clone(),
        other => other.to_string(),
    }
}

async fn established<S>(
    connected: Result<
        (tokio_postgres::Client, tokio_postgres::Connection<tokio_postgres::Socket, S>),
        tokio_postgres::Error,
    >,
    session: &str,
) -> ConnectionResult<AsyncPgConnection>
where
    S: tokio_postgres::tls::TlsStream + Unpin + Send + 'static,
{
    let (client, driver) = connected.map_err(|error| ConnectionError::BadConnection(chain(&error)))?;
    let mut connection = AsyncPgConnection::try_from_client_and_connection(client, driver).await?;
    if !session.is_empty() {
        connection.batch_execute(session).await.map_err(ConnectionError::CouldntSetupConfiguration)?;
    }
    Ok(connection)
}

/// Makes the TLS connector: it verifies the server's certificate and name, against `sslrootcert` or the system's roots.
fn connector(target: &Target) -> Result<MakeRustlsConnect, AppError> {
    let config = crate::tls::client_config(target.root_certificate.as_deref()).map_err(|reason| {
        let file = if target.root_certificate.is_some() { "sslrootcert " } else { "" };
        AppError::new(ErrorKind::Input, format!("cannot set up TLS for {}: {file}{reason}", target.label()))
    })?;
    Ok(MakeRustlsConnect::new(config))
}
