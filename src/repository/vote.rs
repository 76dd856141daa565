//! The port to the neighbours' votes: what to vote on, who votes, and where the result is kept.

use super::{Page, Result, blocking::repository};
use crate::domain::{
    AttributeKey, CategoryKey, CategoryValues, GapId, ListCut, Neighbour, ProductKey, ShownList, VoteMark,
    VoteWorth,
};

/// Which gaps are to be voted on: always unsettled ones with a candidate.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ToVote {
    /// Those of one attribute only.
    pub attribute: Option<AttributeKey>,
    /// Those only whose vote was not counted yet, or for another value.
    pub only_missing: bool,
}

/// A gap with the candidate that is voted on, and what the vote said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Marked {
    pub gap: GapId,
    /// The best candidate, as the queue has it.
    pub value: Option<String>,
    pub mark: VoteMark,
}

repository! {
    /// Reads what votes need, and keeps votes and what they are worth.
    pub trait VoteRepository: Send + Sync {
        /// Lists gaps to be voted on with their best candidate, in the order of products and attributes, at most `limit`.
        async fn gaps_to_vote(
            &self,
            which: &ToVote,
            after: Option<&GapId>,
            limit: usize,
        ) -> Result<Page<(GapId, String), GapId>>;

        /// Returns the nearest of a product with their source values: for each of the attributes the same neighbours.
        async fn voters(&self, product: &ProductKey, attributes: &[AttributeKey]) -> Result<Vec<Vec<Neighbour>>>;

        /// Returns products with an embedding and a source value for an attribute, with these values: at most `limit`,
        /// the same each time, and in no order that has to do with what they are.
        async fn known_values(
            &self,
            attribute: &AttributeKey,
            limit: usize,
        ) -> Result<Vec<(ProductKey, Vec<String>)>>;

        /// Stores marks on the queue and returns how many rows changed. A gap whose best candidate is another by now is
        /// left alone, and so is one that somebody else is writing to.
        async fn save_votes(&self, marks: &[Marked]) -> Result<u64>;

        /// Stores what the vote is worth for an attribute.
        async fn save_vote_worth(&self, worth: &VoteWorth) -> Result<()>;

        /// Lists what the vote is worth, in the order of the attributes' keys.
        async fn vote_worths(&self) -> Result<Vec<VoteWorth>>;

        /// Tells what values the products of a category have for an attribute, as of the last refresh of `category_values`.
        async fn category_values(
            &self,
            category: &CategoryKey,
            attribute: &AttributeKey,
        ) -> Result<Option<CategoryValues>>;

        /// Returns the lists of candidates of gaps of an attribute that were drawn at random and decided, with the value
        /// that was right, the latest first, at most `limit`. Lists that the reviewer did not see (blind first), decisions
        /// undone, and those that say nothing about a value (not applicable, deferred, flagged) are not among them.
        async fn shown_lists(&self, attribute: &AttributeKey, limit: usize) -> Result<Vec<ShownList>>;

        /// Stores how far down its lists an attribute's right values are.
        async fn save_list_cut(&self, cut: &ListCut) -> Result<()>;

        /// Lists how far down the right values are, in the order of the attributes' keys.
        async fn list_cuts(&self) -> Result<Vec<ListCut>>;
    }
}
