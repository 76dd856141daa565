//! How the team reviews.

use super::{Result, blocking::repository};
use crate::domain::{Policy, Reviewer};

repository! {
/// Reads and sets how the team reviews.
pub trait PolicyRepository: Send + Sync {
    /// Loads the policy; nothing is special where nobody has set one.
    async fn policy(&self) -> Result<Policy>;

    /// Sets the policy, for everybody and from now on. Decided gaps stay as they are.
    async fn set_policy(&self, policy: &Policy, by: &Reviewer) -> Result<()>;
}
}
