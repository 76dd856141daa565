//! Connections to a server: which of several, TLS by rustls, passwords, timeouts, errors that say what failed.

mod failure;
mod session;

pub(super) use failure::Failure;
pub(super) use session::Session;

use super::pooler::Pooling;
use super::url::{Looked, Password, Role, Server, Target, Wanted};
use crate::error::{AppError, ErrorKind};
use crate::tls;
use diesel::{ConnectionError, ConnectionResult};
use diesel_async::pooled_connection::{
    AsyncDieselConnectionManager, ManagerConfig, PoolableConnection, RecyclingMethod,
};
use diesel_async::{AsyncPgConnection, SimpleAsyncConnection};
use failure::Attempt;
use futures_util::FutureExt;
use std::future::{Ready, ready};
use std::hash::{BuildHasher, RandomState};
use std::net::IpAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::Notify;
use tokio::sync::futures::Notified;
use tokio_postgres::config::{LoadBalanceHosts, SslMode};
use tokio_postgres::tls::MakeTlsConnect;
use tokio_postgres::{CancelToken, Client, SimpleQueryMessage, Socket};
use tokio_postgres_rustls::MakeRustlsConnect;

/// What the server's lists of sessions call us, unless the URL says otherwise.
const APPLICATION: &str = "gapdeck";

/// How long connecting may take, TLS and authentication included, and however many servers are tried; unless the URL says
/// `connect_timeout`.
const CONNECT: Duration = Duration::from_secs(8);
/// What each of several servers or addresses has of it at least.
const LEAST: Duration = Duration::from_secs(2);

/// Carries the bytes of a connection.
type Driver = tokio_postgres::Connection<Socket, <MakeRustlsConnect as MakeTlsConnect<Socket>>::Stream>;

/// What the last failed attempt to connect said; the pool itself only says that it timed out.
#[derive(Debug, Default)]
pub(super) struct LastError {
    failure: Mutex<Option<Failure>>,
    failed: Notify,
}

impl LastError {
    fn set(&self, failure: Failure) {
        *self.failure.lock().unwrap_or_else(PoisonError::into_inner) = Some(failure);
        self.failed.notify_waiters();
    }

    pub(super) fn take(&self) -> Option<Failure> {
        self.failure.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    pub(super) fn get(&self) -> Option<Failure> {
        self.failure.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Waits for the next attempt that fails.
    pub(super) fn failed(&self) -> Notified<'_> {
        self.failed.notified()
    }
}

/// How a server is reached.
#[derive(Clone)]
pub(super) struct Route {
    target: Arc<Target>,
    config: tokio_postgres::Config,
    connector: MakeRustlsConnect,
    /// None where TLS is turned off.
    tls: Option<Arc<tls::Client>>,
    session: Arc<Session>,
    /// The server that was taken last.
    last: Arc<AtomicUsize>,
}

impl std::fmt::Debug for Route {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Route").finish_non_exhaustive()
    }
}

impl Route {
    /// Prepares the way, reading the files that TLS needs.
    pub(super) fn to(target: Target) -> Result<Self, AppError> {
        let mut config = target.config.clone();
        if config.get_application_name().is_none() {
            config.application_name(APPLICATION);
        }
        let unusable = |refusal: tls::Refusal| {
            let error = AppError::new(
                ErrorKind::Input,
                format!("cannot set up TLS for {}: {}", target.label(), refusal.reason),
            );
            refusal.remedy.into_iter().fold(error, AppError::hinted)
        };
        let tls = match &target.tls {
            Some(settings) => Some(Arc::new(tls::client(settings).map_err(unusable)?)),
            None => None,
        };
        let connector = match &tls {
            Some(client) => client.config.clone(),
            None => tls::none().map_err(unusable)?,
        };
        Ok(Self {
            session: Arc::new(Session::beside(config.get_options())),
            config,
            connector: MakeRustlsConnect::new(connector),
            tls,
            target: Arc::new(target),
            last: Arc::default(),
        })
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

    /// Returns the statement that gives a session its time limits back.
    pub(super) fn restoring(&self) -> &str {
        &self.session.restore
    }

    /// Returns how long trying every server may take.
    pub(super) fn patience(&self) -> Duration {
        let servers = u32::try_from(self.target.servers.len()).unwrap_or(u32::MAX);
        self.patience_each().saturating_mul(servers)
    }

    fn patience_each(&self) -> Duration {
        self.target.patience.unwrap_or_else(|| share(CONNECT, self.target.servers.len()))
    }

    /// Opens a session and sets it up; says why it cannot.
    pub(super) async fn connect(&self, pooling: Pooling) -> Result<AsyncPgConnection, Failure> {
        // Else it would stay with whoever gets the session next.
        let set_up = if pooling.keeps_sessions() { self.session.set_up.as_str() } else { "" };
        let (client, driver) = self.open().await?;
        let setting_up = established(client, driver, set_up);
        let said = |error: ConnectionError| Failure::passing(said(&error));
        tokio::time::timeout(CONNECT, setting_up).await.map_err(|_| too_late(CONNECT))?.map_err(said)
    }

    /// Opens a bare session.
    pub(super) async fn client(&self) -> Result<Client, Failure> {
        let (client, driver) = self.open().await?;
        tokio::spawn(driver);
        Ok(client)
    }

    /// Asks the server to end the statement that a session runs.
    pub(super) async fn cancel(&self, token: &CancelToken) {
        let asking = token.cancel_query(self.connector.clone());
        // Closing the connection ends the statement, too, only later.
        let _ = tokio::time::timeout(CONNECT, asking).await;
    }

    /// Connects to the first server that is there and is what the URL wants.
    async fn open(&self) -> Result<(Client, Driver), Failure> {
        let rounds = match self.target.wanted {
            Wanted::PreferStandby => vec![Wanted::Standby, Wanted::Any],
            wanted => vec![wanted],
        };
        let mut failures = Vec::new();
        for wanted in rounds {
            failures.clear();
            for index in self.order() {
                let server = &self.target.servers[index];
                match self.try_server(server, wanted).await {
                    Ok(opened) => {
                        self.last.store(index, Ordering::Relaxed);
                        return Ok(opened);
                    }
                    Err(failure) => failures.push((server, failure)),
                }
            }
        }
        Err(Failure::of_all(failures))
    }

    /// Returns in which order the servers are tried.
    fn order(&self) -> Vec<usize> {
        let mut order: Vec<usize> = (0..self.target.servers.len()).collect();
        if self.config.get_load_balance_hosts() == LoadBalanceHosts::Random {
            // Seeded anew by the standard library each time.
            let random = RandomState::new();
            order.sort_by_key(|index| random.hash_one(index));
        }
        if self.target.wanted.is_primary() {
            // There is one at most: most likely the one from before, and a dead one would be waited for.
            let last = self.last.load(Ordering::Relaxed);
            order.sort_by_key(|index| *index != last);
        }
        order
    }

    async fn try_server(&self, server: &Server, wanted: Wanted) -> Result<(Client, Driver), Failure> {
        let patience = self.patience_each();
        let addresses: Vec<Option<IpAddr>> = if server.is_socket() {
            vec![None]
        } else if let Some(address) = server.address {
            vec![Some(address)]
        } else {
            let looking = tokio::net::lookup_host((server.host.as_str(), server.port));
            let found = tokio::time::timeout(patience, looking).await.map_err(|_| too_late(patience))?;
            let found = found.map_err(|error| Failure::passing(format!("its name is not known: {error}")))?;
            found.map(|address| Some(address.ip())).collect()
        };
        let patience = self.target.patience.unwrap_or_else(|| share(patience, addresses.len()));
        let mut failure = Failure::passing("its name leads to no address");
        for address in addresses {
            let trying = self.try_address(server, address, patience, wanted);
            match tokio::time::timeout(patience, trying).await {
                Ok(Ok(opened)) => return Ok(opened),
                Ok(Err(said)) => failure = said,
                Err(_) => failure = too_late(patience),
            }
        }
        Err(failure)
    }

    async fn try_address(
        &self,
        server: &Server,
        address: Option<IpAddr>,
        patience: Duration,
        wanted: Wanted,
    ) -> Result<(Client, Driver), Failure> {
        let (password, unused) = self.password(server);
        let mut config = self.config.clone();
        config.host(&server.host).port(server.port).connect_timeout(patience);
        if let Some(address) = address {
            config.hostaddr(address);
        }
        if let Some(password) = &password {
            config.password(&password.text);
        }
        if server.is_socket() {
            // As in libpq: nobody listens within the machine.
            config.ssl_mode(SslMode::Disable);
        }
        let attempt = Attempt {
            server,
            tls: self.tls.as_deref(),
            password: password.as_ref(),
            unused: unused.as_deref(),
        };
        let (client, mut driver) = match config.connect(self.connector.clone()).await {
            Ok(connected) => connected,
            Err(error) => return Err(attempt.failure(&error)),
        };
        if !matches!(wanted, Wanted::Any | Wanted::PreferStandby) {
            let role = role(&client, &mut driver).await.map_err(|error| attempt.failure(&error))?;
            if let Some(refusal) = wanted.refusal(role) {
                return Err(Failure::passing(refusal));
            }
        }
        Ok((client, driver))
    }

    /// Returns the password, or why a file with passwords was not used.
    fn password(&self, server: &Server) -> (Option<Password>, Option<String>) {
        let target = &self.target;
        match (&target.password, &target.passfile) {
            (Some(password), _) => (Some(password.clone()), None),
            (None, None) => (None, None),
            (None, Some(file)) => {
                match file.look_up(server, target.database(), target.config.get_user().unwrap_or_default()) {
                    Looked::Found { password, line } => {
                        let place = format!("line {line} of {}", file.path.display());
                        (Some(Password { text: password, place }), None)
                    }
                    Looked::Nothing => (None, None),
                    Looked::Unusable(reason) => {
                        tracing::warn!("the password file {reason}");
                        (None, Some(reason))
                    }
                }
            }
        }
    }
}

/// Parts a time among several; none gets too little.
fn share(whole: Duration, among: usize) -> Duration {
    let among = u32::try_from(among).unwrap_or(u32::MAX).max(1);
    if among == 1 { whole } else { (whole / among).max(LEAST) }
}

const ROLE: &str = "SELECT pg_is_in_recovery(), current_setting('transaction_read_only')";

/// Returns what a server says it is without being asked; few poolers do.
fn told(driver: &Driver) -> Option<Role> {
    let is = |name: &str| driver.parameter(name).map(|value| value == "on");
    let (is_standby, is_frozen) = (is("in_hot_standby")?, is("default_transaction_read_only")?);
    Some(Role { is_standby, is_read_only: is_standby || is_frozen })
}

/// Finds out what a server is.
async fn role(client: &Client, driver: &mut Driver) -> Result<Role, tokio_postgres::Error> {
    if let Some(role) = told(driver) {
        return Ok(role);
    }
    let mut asking = std::pin::pin!(client.simple_query(ROLE));
    let rows = tokio::select! {
        rows = &mut asking => rows?,
        ended = driver => {
            ended?;
            asking.await?
        }
    };
    let row = rows.iter().find_map(|message| match message {
        SimpleQueryMessage::Row(row) => Some(row),
        _ => None,
    });
    let is = |index: usize, yes: &str| row.is_some_and(|row| row.try_get(index).ok().flatten() == Some(yes));
    Ok(Role { is_standby: is(0, "t"), is_read_only: is(1, "on") })
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
        async move {
            let connected = route.connect(pooling).await.map_err(|failure| {
                last_error.set(failure.clone());
                ConnectionError::BadConnection(failure.reason)
            });
            if connected.is_ok() {
                last_error.take();
            }
            connected
        }
        .boxed()
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
    session: Arc<Session>,
    last_error: Arc<LastError>,
) -> AsyncDieselConnectionManager<AsyncPgConnection> {
    let mut manager = ManagerConfig::<AsyncPgConnection>::default();
    manager.recycling_method = RecyclingMethod::Fast;
    manager.custom_setup = Box::new(move |_| {
        let (config, last_error) = (config.clone(), Arc::clone(&last_error));
        let session = Arc::clone(&session);
        async move {
            let connecting = async {
                let (client, driver) = config
                    .connect(tokio_postgres::NoTls)
                    .await
                    .map_err(|error| ConnectionError::BadConnection(super::chain(&error)))?;
                established(client, driver, &session.set_up).await
            };
            let connected = tokio::time::timeout(CONNECT, connecting)
                .await
                .unwrap_or_else(|_| Err(ConnectionError::BadConnection(too_late(CONNECT).reason)));
            connected.inspect_err(|error| last_error.set(Failure::new(said(error))))
        }
        .boxed()
    });
    AsyncDieselConnectionManager::new_with_config("", manager)
}

fn too_late(patience: Duration) -> Failure {
    let seconds = patience.as_secs_f64();
    let unit = if patience.as_secs() == 1 && patience.subsec_nanos() == 0 { "second" } else { "seconds" };
    Failure::passing(format!("no answer within {} {unit}", (seconds * 10.0).round() / 10.0))
}

fn said(error: &ConnectionError) -> String {
    match error {
        ConnectionError::BadConnection(text) => text.clone(),
        other => other.to_string(),
    }
}

/// Makes a client Diesel's, and sets its session up.
async fn established<S>(
    client: Client,
    driver: tokio_postgres::Connection<Socket, S>,
    set_up: &str,
) -> ConnectionResult<AsyncPgConnection>
where
    S: tokio_postgres::tls::TlsStream + Unpin + Send + 'static,
{
    let mut connection = AsyncPgConnection::try_from_client_and_connection(client, driver).await?;
    if !set_up.is_empty() {
        connection.batch_execute(set_up).await.map_err(ConnectionError::CouldntSetupConfiguration)?;
    }
    Ok(connection)
}
