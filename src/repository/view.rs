//! The specification's views.

use super::{Page, Result, blocking::repository};
use crate::domain::{
    AttributeValueStats, GapId, ProductDetails, ProductGap, ProductKey, ProductSummary, Refreshed, View,
    ViewState, WhenBusy,
};
use std::time::Duration;

repository! {
    /// Reads the views, and keeps the materialised ones up to date. A materialised view shows what was there when it was
    /// refreshed; nothing in it is cut.
    pub trait ViewRepository: Send + Sync {
        /// Loads a product's row of `product_details`.
        async fn product_details(&self, product: &ProductKey) -> Result<Option<ProductDetails>>;

        /// Loads rows of `product_details` in the order of their keys, at most `limit`.
        async fn all_product_details(
            &self,
            after: Option<&ProductKey>,
            limit: usize,
        ) -> Result<Page<ProductDetails, ProductKey>>;

        /// Loads a product's rows of `product_summary`, in the order of the attributes' keys.
        async fn product_summary(&self, product: &ProductKey) -> Result<Vec<ProductSummary>>;

        /// Loads rows of `product_summary` in the order of products and attributes, at most `limit`.
        async fn all_product_summaries(
            &self,
            after: Option<&GapId>,
            limit: usize,
        ) -> Result<Page<ProductSummary, GapId>>;

        /// Loads a product's rows of `product_gaps`, in the order of the attributes' keys.
        async fn product_gaps(&self, product: &ProductKey) -> Result<Vec<ProductGap>>;

        /// Loads rows of `product_gaps` in the order of products and attributes, at most `limit`.
        async fn all_product_gaps(&self, after: Option<&GapId>, limit: usize) -> Result<Page<ProductGap, GapId>>;

        /// Loads `attribute_value_stats`, in the order of the attributes' keys; always up to date.
        async fn attribute_value_stats(&self) -> Result<Vec<AttributeValueStats>>;

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
