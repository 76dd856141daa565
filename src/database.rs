//! Where a connection comes from: the embedded database or a shared server, behind one pool.

pub mod ann;
pub mod citus;
mod connection;
#[cfg(all(feature = "embedded", unix))]
mod embedded;
mod migrations;
mod own;
mod pooler;
mod reads;
pub mod schema;
mod shared;
pub mod url;
pub mod vector;

pub use connection::{Connection, abandonable};
pub use migrations::MigrationState;
pub use own::OwnConnection;
pub use pooler::Pooling;
pub use reads::{ReadReplicas, ReplicaConnection, ReplicaStatus};

use crate::error::{AppError, ErrorKind};
use crate::repository::postgres::PostgresStore;
use diesel_async::AsyncPgConnection;
use diesel_async::SimpleAsyncConnection as _;
use diesel_async::pooled_connection::bb8::Pool;
use std::sync::Arc;
use std::time::Duration;
use url::Environment;

/// How long a taker waits for a pooled connection.
const CHECKOUT: Duration = Duration::from_secs(10);

/// An open database.
#[derive(Clone)]
pub struct Database {
    pool: Pool<AsyncPgConnection>,
    label: String,
    pooling: Pooling,
    #[cfg(all(feature = "embedded", unix))]
    engine: Option<Arc<embedded::Engine>>,
    reads: Option<Arc<reads::Reads>>,
    distributed: Arc<tokio::sync::OnceCell<bool>>,
    last_error: Arc<shared::LastError>,
    /// Gives a session its time limits back.
    restoring: String,
    /// What fills in what the URLs of replicas leave out.
    environment: Environment,
    /// The server; `None` for the embedded engine, which takes one client at a time.
    server: Option<Arc<shared::Route>>,
}

impl std::fmt::Debug for Database {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Database").field("label", &self.label).finish_non_exhaustive()
    }
}

impl Database {
    /// Connects to a shared server; this process's environment fills in what the URL leaves out.
    ///
    /// # Errors
    /// As [`Database::connect_in`].
    pub async fn connect(url: &str) -> Result<Self, AppError> {
        Self::connect_in(&Environment::of_process(), url).await
    }

    /// Connects to a shared server; the environment fills in what the URL leaves out.
    ///
    /// # Errors
    /// [`ErrorKind::Input`] for a URL, variable or file that cannot be used or a pooler that gapdeck cannot work through,
    /// [`ErrorKind::Unavailable`] for a server that does not answer or does not let us in.
    pub async fn connect_in(environment: &Environment, url: &str) -> Result<Self, AppError> {
        let target = url::Target::parse(url, environment)?;
        let label = target.label();
        let last_error = Arc::new(shared::LastError::default());
        let route = shared::Route::to(target)?;
        let (first, pooling) = pooler::first_connection(&route, &label).await?;
        let pool = Pool::builder()
            .max_size(8)
            .max_lifetime(Some(Duration::from_secs(30 * 60)))
            // As long as every server may take, and a little.
            .connection_timeout(CHECKOUT.max(route.patience() + Duration::from_secs(2)))
            // Whoever needs the server tries again, with a wait of its own.
            .retry_connection(false)
            .build_unchecked(shared::manager(route.clone(), pooling, Arc::clone(&last_error)));
        // The pool is empty, so it has room.
        let _ = pool.add(first);
        Ok(Self {
            pool,
            label,
            pooling,
            #[cfg(all(feature = "embedded", unix))]
            engine: None,
            reads: None,
            distributed: Arc::default(),
            last_error,
            restoring: route.restoring().to_owned(),
            environment: environment.clone(),
            server: Some(Arc::new(route)),
        })
    }

    /// Starts PostgreSQL inside this process, on a data directory that it creates where there is none.
    ///
    /// # Errors
    /// [`ErrorKind::Unavailable`] when another process uses the directory or it cannot be written.
    #[cfg(all(feature = "embedded", unix))]
    pub async fn open_embedded(directory: &std::path::Path) -> Result<Self, AppError> {
        let engine = embedded::Engine::start(directory).await?;
        let last_error = Arc::new(shared::LastError::default());
        let session = Arc::new(shared::Session::embedded());
        let pool = Pool::builder()
            .max_size(1)
            .max_lifetime(None)
            .idle_timeout(None)
            .test_on_check_out(false)
            // An import holds the only connection for as long as it takes.
            .connection_timeout(Duration::from_secs(600))
            .build(shared::local_manager(engine.config(), Arc::clone(&session), Arc::clone(&last_error)))
            .await
            .map_err(|error| shared::Failure::new(error.to_string()).unavailable("the embedded database"))?;
        let database = Self {
            pool,
            label: "embedded".into(),
            pooling: Pooling::Direct,
            engine: Some(Arc::new(engine)),
            reads: None,
            distributed: Arc::default(),
            last_error,
            restoring: session.restore.clone(),
            environment: Environment::default(),
            server: None,
        };
        drop(database.connection().await?);
        Ok(database)
    }

    /// Starts PostgreSQL inside this process: not in this build.
    ///
    /// # Errors
    /// [`ErrorKind::Usage`] always.
    #[cfg(not(all(feature = "embedded", unix)))]
    #[expect(clippy::unused_async, reason = "the same signature as with the feature")]
    pub async fn open_embedded(directory: &std::path::Path) -> Result<Self, AppError> {
        let _ = directory;
        Err(AppError::new(ErrorKind::Usage, "this gapdeck was built without the embedded database")
            .hinted("Name a server with --database-url or DATABASE_URL.")
            .hinted("Or build gapdeck with its default features."))
    }

    /// Lets reads that may lag go to replicas, whenever one is fresh enough.
    ///
    /// # Errors
    /// [`ErrorKind::Input`] for a URL that cannot be read; a replica that does not answer is none.
    pub async fn reading_from(mut self, replicas: &ReadReplicas) -> Result<Self, AppError> {
        if !replicas.urls.is_empty() {
            let reads = reads::Reads::prepare(&self.pool, replicas, &self.environment)?;
            reads.first_probe().await;
            self.reads = Some(Arc::new(reads));
        }
        Ok(self)
    }

    /// Takes a connection to a replica for a read that may lag; `None` where none is fresh enough: then the read goes to
    /// the primary.
    pub async fn replica(&self) -> Option<ReplicaConnection> {
        match &self.reads {
            Some(reads) => reads.take().await,
            None => None,
        }
    }

    /// Tells how each replica does.
    pub fn replicas(&self) -> Vec<ReplicaStatus> {
        self.reads.as_ref().map(|reads| reads.status()).unwrap_or_default()
    }

    /// Tells whether the tables are distributed over several servers by Citus, which does not take every statement.
    ///
    /// # Errors
    /// [`ErrorKind::Unavailable`] when the database does not answer.
    pub async fn is_distributed(&self) -> Result<bool, AppError> {
        let known = self.distributed.get_or_try_init(async || {
            let mut connection = self.connection().await?;
            citus::is_distributed(&mut connection)
                .await
                .map_err(|error| refused("cannot look for Citus", &error))
        });
        Ok(*known.await?)
    }

    /// Refuses `what` on distributed tables.
    ///
    /// # Errors
    /// [`ErrorKind::Input`] with the way round it.
    pub async fn expect_undistributed(&self, what: &str) -> Result<(), AppError> {
        if !self.is_distributed().await? {
            return Ok(());
        }
        Err(AppError::new(
            ErrorKind::Input,
            format!(
                "the tables of {} are distributed by Citus, and {what} works on tables in one place",
                self.label
            ),
        )
        .hinted("Load distributed tables with COPY, then run `gapdeck queue sync`."))
    }

    /// Tells what lies between gapdeck and the server.
    pub fn pooling(&self) -> Pooling {
        self.pooling
    }

    /// Returns a name for the database without user or password.
    pub fn label(&self) -> &str {
        &self.label
    }

    /// Takes a connection from the pool.
    ///
    /// # Errors
    /// [`ErrorKind::Unavailable`] with what the last attempt to connect said.
    pub async fn connection(&self) -> Result<Connection, AppError> {
        let failed = |failure: Option<shared::Failure>| {
            failure.unwrap_or_else(|| shared::Failure::passing("no answer")).unavailable(&self.label)
        };
        let timed_out = |error: &dyn std::error::Error| {
            let said = || shared::Failure::passing(error.to_string());
            failed(Some(self.last_error.get().unwrap_or_else(said)))
        };
        let guarded = |connection| Connection::guarded(connection, self.server.as_ref());
        if self.is_embedded() {
            return self.pool.get_owned().await.map(guarded).map_err(|error| timed_out(&error));
        }
        let mut taking = std::pin::pin!(self.pool.get_owned());
        loop {
            tokio::select! {
                biased;
                taken = &mut taking => return taken.map(guarded).map_err(|error| timed_out(&error)),
                // The pool itself would say so only after all of its time. One that has connections gets them back.
                () = self.last_error.failed() => {
                    if self.pool.state().connections == 0 {
                        return Err(failed(self.last_error.get()));
                    }
                }
            }
        }
    }

    /// Takes a connection that stays with its session, for `what` needs that.
    pub(crate) async fn session(&self, what: &str) -> Result<Connection, AppError> {
        if !self.pooling.keeps_sessions() {
            return Err(pooler::needs_session(&self.label, what));
        }
        self.connection().await
    }

    /// Tells whether the database runs inside this process.
    pub fn is_embedded(&self) -> bool {
        #[cfg(all(feature = "embedded", unix))]
        return self.engine.is_some();
        #[cfg(not(all(feature = "embedded", unix)))]
        return false;
    }

    /// Gives a connection its time limits back, after work that needed none.
    pub(crate) async fn restore_timeouts(
        &self,
        connection: &mut AsyncPgConnection,
    ) -> diesel::QueryResult<()> {
        connection.batch_execute(&self.restoring).await
    }

    /// Opens a connection to the server outside the pool, for what Diesel's cannot do; `None` where there is no server.
    ///
    /// # Errors
    /// [`ErrorKind::Unavailable`] when the server does not answer.
    pub async fn own_connection(&self) -> Result<Option<OwnConnection>, AppError> {
        match &self.server {
            Some(route) => match OwnConnection::open((**route).clone(), self.pooling).await {
                Ok(own) => Ok(Some(own)),
                Err(failure) => Err(failure.unavailable(&self.label)),
            },
            None => Ok(None),
        }
    }

    /// Returns the repositories over this database.
    pub fn store(&self) -> PostgresStore {
        PostgresStore::new(self.clone())
    }

    /// Runs the migrations that are missing, one migrator at a time, and returns their names.
    ///
    /// # Errors
    /// [`ErrorKind::Unavailable`] with the migration's name and what the database said.
    pub async fn migrate(&self) -> Result<Vec<String>, AppError> {
        migrations::run_pending(self.session("migrating").await?, &self.restoring).await
    }

    /// Takes every migration back, the last first, and returns their names.
    ///
    /// # Errors
    /// As [`Database::migrate`].
    pub async fn revert_migrations(&self) -> Result<Vec<String>, AppError> {
        migrations::revert_all(self.session("migrating").await?, &self.restoring).await
    }

    /// Tells which migrations are missing, and which this gapdeck does not know.
    ///
    /// # Errors
    /// [`ErrorKind::Unavailable`] when the database does not answer.
    pub async fn migration_state(&self) -> Result<MigrationState, AppError> {
        migrations::state(self.connection().await?).await
    }

    /// Lists the migrations that are missing.
    ///
    /// # Errors
    /// [`ErrorKind::Unavailable`] when the database does not answer.
    pub async fn pending_migrations(&self) -> Result<Vec<String>, AppError> {
        Ok(self.migration_state().await?.pending)
    }

    /// Closes the connections and stops the embedded engine, if there is one.
    #[cfg_attr(
        not(all(feature = "embedded", unix)),
        expect(clippy::unused_async, reason = "the same signature as with the feature")
    )]
    pub async fn close(self) {
        #[cfg(all(feature = "embedded", unix))]
        if let Some(engine) = self.engine {
            // The engine ends without a checkpoint: without this one, the next start would have to recover.
            if let Ok(mut connection) = self.pool.get_owned().await {
                let checkpoint = connection.batch_execute("CHECKPOINT");
                if tokio::time::timeout(Duration::from_secs(5), checkpoint).await.is_err() {
                    tracing::warn!("the embedded database was closed without a checkpoint");
                }
            }
            drop(self.pool);
            engine.stop().await;
        }
    }
}

/// Says that the database refused or failed, outside a repository.
pub(crate) fn refused(what: &str, error: &dyn std::error::Error) -> AppError {
    AppError::new(ErrorKind::Unavailable, format!("{what}: {}", chain(error)))
}

/// Joins an error's message with those of its sources, each once.
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(inner) = source {
        let more = inner.to_string();
        if !text.contains(&more) {
            text.push_str(": ");
            text.push_str(&more);
        }
        source = inner.source();
    }
    text
}
