//! The port to embeddings and searches for the nearest.

use super::Result;
use super::blocking::repository;
use crate::domain::{
    AttributeKey, EmbeddingDetails, EmbeddingStats, Nearest, Neighbour, ProductKey, TextPage, ToEmbed,
};
use crate::transfer::record::EmbeddingRecord;

repository! {
    /// Reads and writes product embeddings.
    pub trait EmbeddingRepository: Send + Sync {
        /// Stores embeddings, each padded with zeros to 1536 dimensions; one that is there is replaced.
        ///
        /// # Errors
        /// [`super::RepositoryError::Invalid`] for more than 1536 dimensions, none, a number that is not finite, or
        /// only zeros, which have no direction.
        async fn save_embeddings(&self, embeddings: &[EmbeddingRecord]) -> Result<()>;

        /// Loads the embedding of a product, 1536 dimensions.
        async fn embedding(&self, product: &ProductKey) -> Result<Option<Vec<f32>>>;

        /// Loads the embeddings of several products, in the order of their keys; those without one are left out.
        async fn embeddings(&self, products: &[ProductKey]) -> Result<Vec<(ProductKey, Vec<f32>)>>;

        /// Loads what is known of the products' embeddings beside their numbers, in the order of the keys.
        async fn embedding_details(&self, products: &[ProductKey]) -> Result<Vec<EmbeddingDetails>>;

        /// Deletes the embeddings of products and returns how many there were.
        async fn delete_embeddings(&self, products: &[ProductKey]) -> Result<u64>;

        /// Counts the embeddings, in all and by model.
        async fn embedding_stats(&self) -> Result<EmbeddingStats>;

        /// Returns the nearest products by cosine similarity, the nearest first: `limit` of them where there are as many,
        /// however few a filter leaves. Empty for a product without an embedding.
        ///
        /// Unfiltered, or where a filter leaves many, the vector index answers, with the recall that `gapdeck index` shows;
        /// otherwise the search is exact.
        ///
        /// # Errors
        /// [`super::RepositoryError::Invalid`] for a vector that could not be stored.
        async fn nearest(&self, search: &Nearest) -> Result<Vec<Neighbour>>;

        /// Returns the nearest products by cosine similarity, the nearest first, without the product itself; with their
        /// values for `attribute` where one is given. Empty for a product without an embedding.
        async fn neighbours(
            &self,
            product: &ProductKey,
            attribute: Option<&AttributeKey>,
            limit: usize,
        ) -> Result<Vec<Neighbour>>;

        /// Lists products that have no embedding yet, in the order of their keys, after `after`, at most `limit`.
        async fn without_embedding(&self, after: Option<&ProductKey>, limit: usize) -> Result<Vec<ProductKey>>;

        /// Looks at the next `products` products after `after`, in the order of their keys, and loads the texts of those
        /// that are to be embedded.
        async fn texts_to_embed(
            &self,
            which: &ToEmbed,
            after: Option<&ProductKey>,
            products: u32,
        ) -> Result<TextPage>;
    }
}
