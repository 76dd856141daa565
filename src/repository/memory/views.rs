//! The view repository in memory: a materialised view is what the tables held when it was refreshed.

use super::MemoryStore;
use crate::domain::{Refresh, Refreshed, View, ViewState, WhenBusy};
use crate::repository::{Result, ViewRepository};
use async_trait::async_trait;
use chrono::{DateTime, Utc};
use std::time::Duration;

fn age(refresh: &Refresh) -> Duration {
    let since: DateTime<Utc> = refresh.refreshed_at;
    (Utc::now() - since).to_std().unwrap_or_default()
}

#[async_trait]
impl ViewRepository for MemoryStore {
    async fn view_states(&self) -> Result<Vec<ViewState>> {
        let tables = self.tables();
        let state = |view: View| {
            let last = tables.refreshes.get(&view).copied();
            ViewState {
                view,
                last,
                age: last.as_ref().map(|last| age(last).as_secs_f64()),
                may_refresh: true,
            }
        };
        Ok(View::ALL.map(state).to_vec())
    }

    async fn refresh_view(&self, view: View, older_than: Duration, _busy: WhenBusy) -> Result<Refreshed> {
        let mut tables = self.tables();
        if let Some(last) = tables.refreshes.get(&view).filter(|last| age(last) < older_than) {
            return Ok(Refreshed::Fresh(*last));
        }
        let refresh = Refresh { refreshed_at: tables.now(), seconds: 0.0 };
        tables.refreshes.insert(view, refresh);
        Ok(Refreshed::Done(refresh))
    }
}
