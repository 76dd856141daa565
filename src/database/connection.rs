//! A connection taken from the pool. A read that is given up before its end is ended on the server, too, so that nothing
//! runs there for nobody and the connection is soon of use again.

use super::shared::Route;
use diesel_async::pooled_connection::bb8::PooledConnection;
use diesel_async::{AsyncPgConnection, SimpleAsyncConnection};
use std::future::poll_fn;
use std::ops::{Deref, DerefMut};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::time::{sleep, timeout};

/// How long a cancelled connection may take before it is cancelled again: what was sent behind the cancelled statement
/// runs next.
const AGAIN: Duration = Duration::from_millis(100);
/// The longest time between two cancellations.
const SELDOM: Duration = Duration::from_secs(5);
/// How long a connection rests before somebody else gets it: a cancellation that is late must not hit their statement.
const SETTLE: Duration = Duration::from_millis(50);

tokio::task_local! {
    /// Whether the read that this is part of runs at this very moment.
    static READ: Arc<AtomicBool>;
}

/// Runs a read; what it runs on a server is ended there when the read is dropped before its end. Not for writes.
pub async fn abandonable<F: Future>(read: F) -> F::Output {
    let running = Arc::new(AtomicBool::new(false));
    let mut read = Box::pin(READ.scope(Arc::clone(&running), read));
    poll_fn(move |context| {
        running.store(true, Ordering::Relaxed);
        let polled = read.as_mut().poll(context);
        running.store(false, Ordering::Relaxed);
        polled
    })
    .await
}

/// A connection taken from the pool, given back when dropped.
pub struct Connection {
    inner: Option<PooledConnection<'static, AsyncPgConnection>>,
    abandoned: Option<Abandoned>,
}

/// What it takes to end an abandoned read.
struct Abandoned {
    running: Arc<AtomicBool>,
    route: Arc<Route>,
}

impl Connection {
    /// Guards a connection to a server, if it is taken for an [`abandonable`] read.
    pub(super) fn guarded(
        inner: PooledConnection<'static, AsyncPgConnection>,
        route: Option<&Arc<Route>>,
    ) -> Self {
        let abandoned = route.and_then(|route| {
            let running = READ.try_with(Arc::clone).ok()?;
            Some(Abandoned { running, route: Arc::clone(route) })
        });
        Self { inner: Some(inner), abandoned }
    }
}

impl std::fmt::Debug for Connection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Connection").finish_non_exhaustive()
    }
}

#[expect(clippy::expect_used, reason = "only dropping takes it out")]
impl Deref for Connection {
    type Target = AsyncPgConnection;

    fn deref(&self) -> &AsyncPgConnection {
        self.inner.as_ref().expect("a connection")
    }
}

#[expect(clippy::expect_used, reason = "only dropping takes it out")]
impl DerefMut for Connection {
    fn deref_mut(&mut self) -> &mut AsyncPgConnection {
        self.inner.as_mut().expect("a connection")
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        // Dropped by the running read itself, it has nothing to do any more; otherwise the read was dropped while it
        // waited for the server.
        let given_up = self.abandoned.take().filter(|read| !read.running.load(Ordering::Relaxed));
        let (Some(given_up), Some(connection)) = (given_up, self.inner.take()) else { return };
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(end(connection, given_up.route));
        }
    }
}

/// Ends what runs on a connection, and gives it back once the server has answered everything.
async fn end(mut connection: PooledConnection<'static, AsyncPgConnection>, route: Arc<Route>) {
    let token = connection.cancel_token();
    let mut answered = std::pin::pin!(connection.batch_execute(""));
    let mut wait = AGAIN;
    loop {
        route.cancel(&token).await;
        match timeout(wait, &mut answered).await {
            Ok(_) => break,
            Err(_) => wait = (wait * 2).min(SELDOM),
        }
    }
    sleep(SETTLE).await;
}
