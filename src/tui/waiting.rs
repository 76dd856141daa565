//! Opening a database that may be out of reach for now: tried again, longer apart each time, until it answers.

use super::OpenStore;
use super::app::Msg;
use crate::error::{AppError, ErrorKind};
use crate::repository::Store;
use crate::review::outbox::{Backoff, News, Outage, Place, survey};
use chrono::Utc;
use std::sync::Arc;
use tokio::sync::{Notify, mpsc};

/// Opens a database; while it is out of reach, `tell` hears of it and `again` ends a wait.
///
/// # Errors
/// What will not pass by itself: a wrong password, tables that are missing.
pub async fn open(
    mut store: OpenStore,
    place: &Place,
    tell: &mpsc::Sender<Msg>,
    again: &Notify,
) -> Result<Arc<dyn Store>, AppError> {
    let mut backoff = Backoff::default();
    let mut outage: Option<Outage> = None;
    loop {
        let error = match store().await {
            Err(error) if error.kind == ErrorKind::OutOfReach => error,
            result => return result,
        };
        if outage.is_none() {
            let place = place.clone();
            let resting =
                tokio::task::spawn_blocking(move || survey(&place).map(|survey| survey.decisions.len()));
            if let Ok(Ok(count)) = resting.await {
                let _ = tell.send(Msg::Resting(count)).await;
            }
        }
        let wait = backoff.next();
        let since = outage.as_ref().map_or_else(Utc::now, |outage| outage.since);
        let mut told = Outage { since, next_try: Some(Utc::now() + wait), reason: error.message };
        let _ = tell.send(Msg::Outbox(News::Connection(Some(told.clone())))).await;
        let _ = tokio::time::timeout(wait, again.notified()).await;
        told.next_try = None;
        let _ = tell.send(Msg::Outbox(News::Connection(Some(told.clone())))).await;
        outage = Some(told);
    }
}
