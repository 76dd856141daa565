//! The specification's views.

use super::{Result, blocking::repository};
use crate::domain::{Refreshed, View, ViewState, WhenBusy};
use std::time::Duration;

repository! {
    /// Reads the views, and keeps the materialised ones up to date.
    pub trait ViewRepository: Send + Sync {
        /// Tells of each materialised view when it was last refreshed, and whether this user may refresh it.
        async fn view_states(&self) -> Result<Vec<ViewState>>;

        /// Brings a materialised view up to date, while others may read it. Refreshers exclude each other.
        ///
        /// A view whose last refresh began at most `older_than` before this call is left alone; nothing is younger than
        /// zero.
        ///
        /// # Errors
        /// [`super::RepositoryError::Database`] for a user who may not refresh it: the owner may, and from PostgreSQL 17 on
        /// whoever was granted MAINTAIN.
        async fn refresh_view(&self, view: View, older_than: Duration, busy: WhenBusy) -> Result<Refreshed>;
    }
}
