//! A connection to a server outside the pool, without Diesel: for COPY.

use super::shared::{CONNECT, connector, unavailable};
use super::url::{Target, TlsMode};
use super::{SESSION, chain};
use crate::error::AppError;
use tokio_postgres::{Client, NoTls};
use tokio_postgres_rustls::MakeRustlsConnect;

/// A server that loses its client notices within a second and takes the transaction back; not every platform can.
const NOTICE: &str = "SET client_connection_check_interval = '1s'";

/// A connection of the caller's own; closed when dropped.
#[expect(missing_debug_implementations, reason = "a client has none that is of use")]
pub struct OwnConnection {
    client: Client,
    tls: Option<MakeRustlsConnect>,
}

impl OwnConnection {
    /// Connects as the pool does.
    pub(super) async fn open(target: &Target) -> Result<Self, AppError> {
        let tls = match target.tls {
            TlsMode::Disable => None,
            TlsMode::Verify => Some(connector(target)?),
        };
        let connecting = async {
            let client = if let Some(tls) = &tls {
                let (client, driver) = target.config.connect(tls.clone()).await?;
                tokio::spawn(driver);
                client
            } else {
                let (client, driver) = target.config.connect(NoTls).await?;
                tokio::spawn(driver);
                client
            };
            client.batch_execute("SET TIME ZONE 'UTC'").await?;
            client.batch_execute(SESSION).await?;
            let _ = client.batch_execute(NOTICE).await;
            Ok::<_, tokio_postgres::Error>(client)
        };
        let refused = |reason: &str| unavailable(&target.label(), reason);
        match tokio::time::timeout(CONNECT, connecting).await {
            Ok(Ok(client)) => Ok(Self { client, tls }),
            Ok(Err(error)) => Err(refused(&chain(&error))),
            Err(_) => Err(refused(&format!("no answer within {} seconds", CONNECT.as_secs()))),
        }
    }

    /// Returns the client.
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// Ends the statement that is running, if one is.
    pub async fn cancel(&self) {
        let token = self.client.cancel_token();
        let cancelling = async {
            match &self.tls {
                Some(tls) => token.cancel_query(tls.clone()).await,
                None => token.cancel_query(NoTls).await,
            }
        };
        // Closing the connection ends the statement, too, only later.
        let _ = tokio::time::timeout(CONNECT, cancelling).await;
    }
}
