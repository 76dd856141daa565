//! The policy repository in memory.

use super::MemoryStore;
use crate::domain::{Policy, Reviewer};
use crate::repository::{PolicyRepository, Result};
use async_trait::async_trait;

#[async_trait]
impl PolicyRepository for MemoryStore {
    async fn policy(&self) -> Result<Policy> {
        Ok(self.tables().policy)
    }

    async fn set_policy(&self, policy: &Policy, _by: &Reviewer) -> Result<()> {
        self.tables().policy = *policy;
        Ok(())
    }
}
