//! The specification's views.

use super::PostgresStore;
use super::refresh::{refresh_view, view_states};
use crate::domain::{Refreshed, View, ViewState, WhenBusy};
use crate::repository::{Result, ViewRepository};
use async_trait::async_trait;
use std::time::Duration;

#[async_trait]
impl ViewRepository for PostgresStore {
    async fn view_states(&self) -> Result<Vec<ViewState>> {
        Ok(view_states(&mut *self.connection().await?).await?)
    }

    async fn refresh_view(&self, view: View, older_than: Duration, busy: WhenBusy) -> Result<Refreshed> {
        Ok(refresh_view(&mut *self.connection().await?, view, older_than, busy).await?)
    }
}
