//! The lease repository in memory, by the clock of this process.

use super::MemoryStore;
use super::tables::Tables;
use crate::domain::{Changes, Claim, Claimed, Fence, GapId, LEASES_SHOWN, Lease, LeaseToken};
use crate::repository::{LeaseRepository, RepositoryError, Result};
use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use std::time::Duration;

#[async_trait]
impl LeaseRepository for MemoryStore {
    async fn claim(&self, claim: &Claim) -> Result<Claimed> {
        let lasts = whole_milliseconds(claim.lasts)?;
        let mut tables = self.tables();
        let now = tables.now();
        let filter = claim.filter.claimable_by(&claim.reviewer);
        let mut rows = tables.sorted(&filter, claim.sort, claim.after.as_ref())?;
        rows.retain(|(_, row)| tables.held(&row.gap, now).is_none());
        rows.truncate(claim.limit.clamp(1, 1_000));
        let last = rows.last().map(|(place, _)| place.clone());
        let rows = rows.into_iter().map(|(_, row)| {
            let lease = Lease {
                gap: row.gap.clone(),
                token: claim.token,
                reviewer: claim.reviewer.clone(),
                claimed_at: now,
                expires_at: now + lasts,
            };
            tables.leases.insert(row.gap.clone(), lease.clone());
            (self.reader.row(row), lease)
        });
        Ok(Claimed { rows: rows.collect(), last })
    }

    async fn renew(&self, token: LeaseToken, gaps: &[GapId], lasts: Duration) -> Result<Vec<Lease>> {
        let lasts = whole_milliseconds(lasts)?;
        let mut tables = self.tables();
        let expires_at = tables.now() + lasts;
        let own = |lease: &&mut Lease| lease.token == token && gaps.contains(&lease.gap);
        let renewed = tables.leases.values_mut().filter(own).map(|lease| {
            lease.expires_at = expires_at;
            lease.clone()
        });
        Ok(renewed.collect())
    }

    async fn release(&self, token: LeaseToken, gaps: &[GapId]) -> Result<()> {
        self.tables().leases.retain(|gap, lease| lease.token != token || !gaps.contains(gap));
        Ok(())
    }

    async fn changes(&self, since: Option<DateTime<Utc>>, limit: usize) -> Result<Changes> {
        let mut tables = self.tables();
        let now = tables.now();
        let mut leases: Vec<Lease> =
            tables.leases.values().filter(|lease| lease.expires_at > now).cloned().collect();
        leases.sort_by(|a, b| (a.expires_at, &a.gap).cmp(&(b.expires_at, &b.gap)));
        leases.truncate(LEASES_SHOWN);
        let last =
            tables.decisions.iter().filter_map(|(gap, events)| Some((events.last()?.0.recorded_at, gap)));
        let mut decided: Vec<_> = last.filter(|(at, _)| since.is_some_and(|since| *at > since)).collect();
        decided.sort_by_key(|(at, _)| std::cmp::Reverse(*at));
        let cut = decided.len() > limit;
        let rows = decided
            .iter()
            .take(limit)
            .filter_map(|(_, gap)| tables.row(gap))
            .map(|row| self.reader.row(row))
            .collect();
        Ok(Changes { rows, cut, leases, now })
    }
}

impl Tables {
    /// Returns the lease of a gap, if it has not expired.
    fn held(&self, gap: &GapId, now: DateTime<Utc>) -> Option<&Lease> {
        self.leases.get(gap).filter(|lease| lease.expires_at > now)
    }

    /// Refuses a decision on a gap that is in other hands.
    pub(super) fn check_fence(&mut self, gap: &GapId, fence: Fence) -> Result<()> {
        let own = match fence {
            Fence::Open => return Ok(()),
            Fence::Unheld | Fence::After(_) => None,
            Fence::Lease(token) => Some(token),
        };
        let now = self.now();
        match self.held(gap, now) {
            Some(lease) if own != Some(lease.token) => Err(RepositoryError::Held {
                gap: gap.clone(),
                by: lease.reviewer.clone(),
                until: lease.expires_at,
            }),
            _ => Ok(()),
        }
    }
}

fn whole_milliseconds(lasts: Duration) -> Result<TimeDelta> {
    let refused = || RepositoryError::Invalid { field: "lease", reason: "it has to last for a while".into() };
    let lasts = i64::try_from(lasts.as_millis()).ok().filter(|lasts| *lasts > 0).ok_or_else(refused)?;
    TimeDelta::try_milliseconds(lasts).ok_or_else(refused)
}
