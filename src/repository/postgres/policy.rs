//! The policy repository.

use super::PostgresStore;
use crate::database::schema::review_policy as p;
use crate::domain::{Policy, Reviewer, Share};
use crate::repository::{PolicyRepository, RepositoryError, Result};
use async_trait::async_trait;
use diesel::prelude::*;
use diesel::upsert::excluded;
use diesel_async::RunQueryDsl;

#[async_trait]
impl PolicyRepository for PostgresStore {
    async fn policy(&self) -> Result<Policy> {
        let row: Option<(f64, f64, f64, f64)> = p::table
            .select((p::second_opinions, p::random_share, p::blind_share, p::seeded_share))
            .first(&mut self.connection().await?)
            .await
            .optional()?;
        let Some((second_opinions, random, blind, seeded)) = row else { return Ok(Policy::default()) };
        let share = |number: f64| {
            Share::try_from(number).map_err(|reason| RepositoryError::Invalid { field: "share", reason })
        };
        Ok(Policy {
            second_opinions: share(second_opinions)?,
            random: share(random)?,
            blind: share(blind)?,
            seeded: share(seeded)?,
        })
    }

    async fn set_policy(&self, policy: &Policy, by: &Reviewer) -> Result<()> {
        diesel::insert_into(p::table)
            .values((
                p::only_row.eq(true),
                p::second_opinions.eq(policy.second_opinions.get()),
                p::random_share.eq(policy.random.get()),
                p::blind_share.eq(policy.blind.get()),
                p::seeded_share.eq(policy.seeded.get()),
                p::set_by.eq(by.as_str()),
                p::set_at.eq(diesel::dsl::now),
            ))
            .on_conflict(p::only_row)
            .do_update()
            .set((
                p::second_opinions.eq(excluded(p::second_opinions)),
                p::random_share.eq(excluded(p::random_share)),
                p::blind_share.eq(excluded(p::blind_share)),
                p::seeded_share.eq(excluded(p::seeded_share)),
                p::set_by.eq(excluded(p::set_by)),
                p::set_at.eq(excluded(p::set_at)),
            ))
            .execute(&mut self.connection().await?)
            .await?;
        Ok(())
    }
}
