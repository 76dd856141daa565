//! Read replicas: reads that may lag go to a standby that is known to be fresh enough, and to the primary otherwise.
//!
//! How far a standby lags is measured against the primary itself: a probe notes the primary's log position and then looks
//! how far the standby has replayed. A standby that has replayed a position holds everything committed before that
//! position was noted, so a read at any later time misses at most what came after: `now - noted` bounds the lag without
//! anybody's clock, on an idle primary too. Probes run beside the reads, never before them: a read that finds no fresh
//! standby goes to the primary at once, and without reads nothing runs.

mod replica;

pub use replica::ReplicaStatus;

use super::url::{Environment, Target};
use super::{Connection, shared};
use crate::error::AppError;
use diesel_async::AsyncPgConnection;
use diesel_async::pooled_connection::bb8::Pool;
use replica::Replica;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

/// How long opening a database waits for the first probes.
const FIRST_PROBE: Duration = Duration::from_secs(1);

/// Which replicas there are, and how far they may lag.
#[derive(Clone, PartialEq, Eq)]
pub struct ReadReplicas {
    /// The standbys' URLs; they may hold passwords.
    pub urls: Vec<String>,
    /// A standby that is further behind is not read. A standby that failed rests as long.
    pub max_lag: Duration,
}

impl ReadReplicas {
    /// How far a replica may lag unless told otherwise.
    pub const MAX_LAG: Duration = Duration::from_secs(10);
}

impl Default for ReadReplicas {
    fn default() -> Self {
        Self { urls: Vec::new(), max_lag: Self::MAX_LAG }
    }
}

impl std::fmt::Debug for ReadReplicas {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ReadReplicas")
            .field("urls", &self.urls.len())
            .field("max_lag", &self.max_lag)
            .finish()
    }
}

/// The replicas of one database.
#[derive(Debug)]
pub(super) struct Reads {
    replicas: Vec<Arc<Replica>>,
    /// The replica that has the next turn.
    turn: AtomicUsize,
}

impl Reads {
    /// Prepares the replicas without connecting to them.
    pub(super) fn prepare(
        primary: &Pool<AsyncPgConnection>,
        replicas: &ReadReplicas,
        environment: &Environment,
    ) -> Result<Self, AppError> {
        let made = replicas.urls.iter().map(|url| {
            let target = Target::replica(url, environment)?;
            let label = target.label();
            let last_error = Arc::new(shared::LastError::default());
            let route = shared::Route::to(target)?;
            let manager = shared::manager(route.clone(), super::Pooling::Direct, Arc::clone(&last_error));
            let server = Arc::new(route);
            let made = Replica::new(label, primary.clone(), manager, server, last_error, replicas.max_lag);
            Ok(Arc::new(made))
        });
        Ok(Self { replicas: made.collect::<Result<_, AppError>>()?, turn: AtomicUsize::new(0) })
    }

    /// Probes every replica; goes on without those that do not answer soon.
    pub(super) async fn first_probe(&self) {
        let probes: Vec<_> = self.replicas.iter().filter_map(Replica::start_probe).collect();
        let _ = tokio::time::timeout(FIRST_PROBE, futures_util::future::join_all(probes)).await;
    }

    /// Takes a connection to a replica that is fresh enough; `None` where there is none right now.
    pub(super) async fn take(&self) -> Option<ReplicaConnection> {
        let count = self.replicas.len();
        let turn = if count > 1 { self.turn.fetch_add(1, Ordering::Relaxed) } else { 0 };
        for offset in 0..count {
            let replica = &self.replicas[(turn + offset) % count];
            if let Some(connection) = replica.take().await {
                return Some(ReplicaConnection { connection, replica: Arc::clone(replica) });
            }
        }
        None
    }

    /// Tells how each replica does.
    pub(super) fn status(&self) -> Vec<ReplicaStatus> {
        self.replicas.iter().map(|replica| replica.status()).collect()
    }
}

/// A connection to a replica, for reads that may lag.
pub struct ReplicaConnection {
    connection: Connection,
    replica: Arc<Replica>,
}

impl std::fmt::Debug for ReplicaConnection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ReplicaConnection").field("replica", &self.replica).finish_non_exhaustive()
    }
}

impl ReplicaConnection {
    /// Returns the connection, and what to tell when a read on it fails.
    pub fn split(self) -> (Connection, Blame) {
        (self.connection, Blame(self.replica))
    }
}

/// Whose fault a failed read is.
#[derive(Debug)]
pub struct Blame(Arc<Replica>);

impl Blame {
    /// Leaves the replica alone for a while.
    pub fn failed(self, reason: &str) {
        self.0.skip(reason.to_owned());
    }
}
