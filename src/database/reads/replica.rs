//! One replica: its connections, what is known of its lag, and the probe that finds out.

use crate::database::{Connection, chain, shared};
use diesel::sql_types::{BigInt, Bool, Nullable};
use diesel::{QueryResult, QueryableByName};
use diesel_async::pooled_connection::AsyncDieselConnectionManager;
use diesel_async::pooled_connection::bb8::Pool;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use serde::Serialize;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tokio::task::JoinHandle;

/// How long a reader waits for a connection to a replica before it goes to the primary.
const CHECKOUT: Duration = Duration::from_secs(2);
/// How long a probe takes at most.
const PROBE: Duration = Duration::from_secs(5);
/// How many positions of the primary are kept: a standby that is slower than this many probes lags too far anyway.
const MARKS: usize = 64;
/// How often a probe looks whether the standby has come to the position just noted.
const LOOKS: u32 = 5;

/// How a replica does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ReplicaStatus {
    /// The replica's name, without user and password.
    pub label: String,
    /// How far it lags at most, in milliseconds, where that is known.
    pub lag_ms: Option<u64>,
    /// Why reads do not go to it; `None` where they do.
    pub skipped: Option<String>,
}

/// A position in the primary's log, and a time before which everything was committed that lies before it.
#[derive(Debug, Clone, Copy)]
struct Mark {
    noted: Instant,
    position: i64,
}

#[derive(Debug, Default)]
struct State {
    marks: VecDeque<Mark>,
    /// The replica holds everything that was committed before this time.
    fresh_as_of: Option<Instant>,
    /// When the last probe began.
    probed: Option<Instant>,
    probing: bool,
    /// Why and since when the replica is left alone.
    skipped: Option<(String, Instant)>,
}

#[derive(Debug)]
pub(super) struct Replica {
    label: String,
    primary: Pool<AsyncPgConnection>,
    pool: Pool<AsyncPgConnection>,
    server: Arc<shared::Route>,
    last_error: Arc<shared::LastError>,
    max_lag: Duration,
    state: Mutex<State>,
}

impl Replica {
    pub(super) fn new(
        label: String,
        primary: Pool<AsyncPgConnection>,
        manager: AsyncDieselConnectionManager<AsyncPgConnection>,
        server: Arc<shared::Route>,
        last_error: Arc<shared::LastError>,
        max_lag: Duration,
    ) -> Self {
        let pool = Pool::builder()
            .max_size(4)
            .max_lifetime(Some(Duration::from_secs(30 * 60)))
            .connection_timeout(CHECKOUT)
            .retry_connection(false)
            .build_unchecked(manager);
        Self { label, primary, pool, server, last_error, max_lag, state: Mutex::default() }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a connection if the replica is fresh enough; sees to it that it is probed in time.
    pub(super) async fn take(self: &Arc<Self>) -> Option<Connection> {
        drop(self.start_probe());
        let is_fresh = {
            let state = self.state();
            state.skipped.is_none() && state.fresh_as_of.is_some_and(|as_of| as_of.elapsed() <= self.max_lag)
        };
        if !is_fresh {
            return None;
        }
        match self.pool.get_owned().await {
            Ok(connection) => Some(Connection::guarded(connection, Some(&self.server))),
            Err(error) => {
                self.skip(self.last_error.take().map_or_else(|| error.to_string(), |failure| failure.reason));
                None
            }
        }
    }

    /// Leaves the replica alone for a while.
    pub(super) fn skip(&self, reason: String) {
        tracing::warn!("{} is not read: {reason}", self.label);
        let mut state = self.state();
        state.fresh_as_of = None;
        state.skipped = Some((reason, Instant::now()));
    }

    pub(super) fn status(&self) -> ReplicaStatus {
        let state = self.state();
        let lag = state.fresh_as_of.map(|as_of| as_of.elapsed());
        let skipped = match (&state.skipped, lag) {
            (Some((reason, _)), _) => Some(reason.clone()),
            (None, None) => Some("not asked yet".into()),
            // Unless nobody has read for a while, it may be fresher than known.
            (None, Some(lag)) if lag > self.max_lag => Some(format!("it lags {:.1} s", lag.as_secs_f64())),
            (None, Some(_)) => None,
        };
        let lag_ms = lag.map(|lag| u64::try_from(lag.as_millis()).unwrap_or(u64::MAX));
        ReplicaStatus { label: self.label.clone(), lag_ms, skipped }
    }

    /// Starts a probe beside everything else, if it is time for one.
    pub(super) fn start_probe(self: &Arc<Self>) -> Option<JoinHandle<()>> {
        {
            let mut state = self.state();
            let rests = state.skipped.as_ref().is_some_and(|(_, since)| since.elapsed() < self.max_lag);
            let is_recent = state.probed.is_some_and(|probed| probed.elapsed() < self.max_lag / 4);
            if state.probing || rests || is_recent {
                return None;
            }
            state.probing = true;
            state.probed = Some(Instant::now());
        }
        let replica = Arc::clone(self);
        Some(tokio::spawn(async move {
            let result = tokio::time::timeout(PROBE, replica.probe()).await;
            let result = result.unwrap_or_else(|_| Err(format!("no answer within {} s", PROBE.as_secs())));
            match result {
                Ok(()) => replica.state().skipped = None,
                Err(reason) => replica.skip(reason),
            }
            replica.state().probing = false;
        }))
    }

    /// Notes the primary's position, and finds the newest noted one that the standby has replayed.
    async fn probe(&self) -> Result<(), String> {
        let noted = Instant::now();
        let mut primary = self.primary.get_owned().await.map_err(|error| error.to_string())?;
        let at: LogEnd = diesel::sql_query(POSITION)
            .get_result(&mut primary)
            .await
            .map_err(|error| format!("the primary does not tell its position: {}", chain(&error)))?;
        drop(primary);
        {
            let mut state = self.state();
            // After a failover the log may go on from an earlier position.
            state.marks.retain(|mark| mark.position <= at.position);
            state.marks.push_back(Mark { noted, position: at.position });
            if state.marks.len() > MARKS {
                state.marks.pop_front();
            }
        }
        let mut replica = self.pool.get_owned().await.map_err(|error| {
            self.last_error.take().map_or_else(|| error.to_string(), |failure| failure.reason)
        })?;
        for look in 0..LOOKS {
            let replayed: Replayed = replayed(&mut replica).await.map_err(|error| chain(&error))?;
            let Some(position) = replayed.position.filter(|_| replayed.is_standby) else {
                return Err("it is no standby: read_urls names streaming replicas".into());
            };
            if (replayed.system, replayed.database) != (at.system, at.database) {
                return Err("it is a standby of another server, or another database on it".into());
            }
            let reached = {
                let mut state = self.state();
                let reached = state.marks.iter().rev().find(|mark| mark.position <= position).copied();
                if let Some(mark) = reached {
                    state.fresh_as_of = state.fresh_as_of.max(Some(mark.noted));
                }
                reached
            };
            if reached.is_some_and(|mark| mark.noted == noted) {
                break;
            }
            // Usually a standby is milliseconds behind.
            tokio::time::sleep(Duration::from_millis(5 << look)).await;
        }
        if self.state().fresh_as_of.is_none() {
            return Err("it has not replayed yet what the primary had when it was first asked".into());
        }
        Ok(())
    }
}

/// Where the primary's log ends that is safe on its disk: all that a standby can have, and every commit that was waited for.
const POSITION: &str = "SELECT pg_wal_lsn_diff(pg_current_wal_flush_lsn(), '0/0')::bigint AS position,
       (SELECT system_identifier FROM pg_control_system()) AS system,
       (SELECT oid::bigint FROM pg_database WHERE datname = current_database()) AS database";

#[derive(QueryableByName)]
struct LogEnd {
    #[diesel(sql_type = BigInt)]
    position: i64,
    #[diesel(sql_type = BigInt)]
    system: i64,
    #[diesel(sql_type = BigInt)]
    database: i64,
}

const REPLAYED: &str = "SELECT pg_is_in_recovery() AS is_standby,
       pg_wal_lsn_diff(pg_last_wal_replay_lsn(), '0/0')::bigint AS position,
       (SELECT system_identifier FROM pg_control_system()) AS system,
       (SELECT oid::bigint FROM pg_database WHERE datname = current_database()) AS database";

#[derive(QueryableByName)]
struct Replayed {
    #[diesel(sql_type = Bool)]
    is_standby: bool,
    #[diesel(sql_type = Nullable<BigInt>)]
    position: Option<i64>,
    #[diesel(sql_type = BigInt)]
    system: i64,
    #[diesel(sql_type = BigInt)]
    database: i64,
}

async fn replayed(connection: &mut AsyncPgConnection) -> QueryResult<Replayed> {
    diesel::sql_query(REPLAYED).get_result(connection).await
}
