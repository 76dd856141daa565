//! A connection to a server outside the pool, without Diesel: for COPY.

use super::pooler::Pooling;
use super::shared::{Failure, Route};
use tokio_postgres::Client;

/// A server that loses its client notices within a second and takes the transaction back; not every platform can.
const NOTICE: &str = "SET client_connection_check_interval = '1s'";

/// A connection of the caller's own; closed when dropped.
#[expect(missing_debug_implementations, reason = "a client has none that is of use")]
pub struct OwnConnection {
    client: Client,
    route: Route,
}

impl OwnConnection {
    /// Connects as the pool does; says why it cannot.
    pub(super) async fn open(route: Route, pooling: Pooling) -> Result<Self, Failure> {
        let client = route.client().await?;
        if pooling.keeps_sessions() {
            let _ = client.batch_execute(NOTICE).await;
        }
        Ok(Self { client, route })
    }

    /// Returns the client.
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// Ends the statement that is running, if one is.
    pub async fn cancel(&self) {
        self.route.cancel(&self.client.cancel_token()).await;
    }
}
