//! What PostgreSQL can hold and our types cannot, taken as near as these come: one strange row hides no page of good ones.

use chrono::{DateTime, Utc};
use diesel::deserialize::{self, FromSql, FromSqlRow};
use diesel::pg::data_types::PgTimestamp;
use diesel::pg::{Pg, PgValue};
use diesel::sql_types::{Jsonb, Nullable, Timestamptz};

/// From 1970 to 2000, from where PostgreSQL counts, in microseconds.
const EPOCH: i64 = 946_684_800_000_000;
/// The first and the last microsecond of the years 1 to 9999, counted from 1970.
const FIRST: i64 = -62_135_596_800_000_000;
const LAST: i64 = 253_402_300_799_999_999;

/// A time; one before the year 1 or after 9999, `infinity` too, is the first or last moment of these.
#[derive(Debug, Clone, Copy, PartialEq, Eq, FromSqlRow)]
pub(super) struct Moment(pub DateTime<Utc>);

impl FromSql<Timestamptz, Pg> for Moment {
    fn from_sql(bytes: PgValue<'_>) -> deserialize::Result<Self> {
        let PgTimestamp(since) = FromSql::<Timestamptz, Pg>::from_sql(bytes)?;
        Ok(Self::counted(since))
    }
}

impl Moment {
    /// Takes microseconds since 2000.
    fn counted(since: i64) -> Self {
        let micros = since.saturating_add(EPOCH).clamp(FIRST, LAST);
        Self(DateTime::from_timestamp_micros(micros).unwrap_or_default())
    }
}

impl From<Moment> for DateTime<Utc> {
    fn from(Moment(time): Moment) -> Self {
        time
    }
}

/// A time or none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, FromSqlRow)]
pub(super) struct MaybeMoment(Option<DateTime<Utc>>);

impl FromSql<Nullable<Timestamptz>, Pg> for MaybeMoment {
    fn from_sql(bytes: PgValue<'_>) -> deserialize::Result<Self> {
        Ok(Self(Some(Moment::from_sql(bytes)?.0)))
    }

    fn from_nullable_sql(bytes: Option<PgValue<'_>>) -> deserialize::Result<Self> {
        bytes.map_or(Ok(Self(None)), Self::from_sql)
    }
}

impl From<MaybeMoment> for Option<DateTime<Utc>> {
    fn from(MaybeMoment(time): MaybeMoment) -> Self {
        time
    }
}

/// JSON; where a number in it is too large for a machine, null.
#[derive(Debug, Clone, PartialEq, FromSqlRow)]
pub(super) struct Json(serde_json::Value);

impl FromSql<Jsonb, Pg> for Json {
    fn from_sql(bytes: PgValue<'_>) -> deserialize::Result<Self> {
        // The first byte names the version of the format.
        let text = bytes.as_bytes().get(1..).unwrap_or_default();
        Ok(Self(serde_json::from_slice(text).unwrap_or_default()))
    }
}

impl From<Json> for serde_json::Value {
    fn from(Json(value): Json) -> Self {
        value
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_out_of_reach_become_the_first_or_the_last() {
        let year = |since| Moment::counted(since).0.format("%Y-%m-%d %H:%M:%S%.6f").to_string();
        assert_eq!(year(0), "2000-01-01 00:00:00.000000");
        assert_eq!(year(-1), "1999-12-31 23:59:59.999999");
        assert_eq!(year(i64::MAX), "9999-12-31 23:59:59.999999");
        assert_eq!(year(i64::MIN), "0001-01-01 00:00:00.000000");
    }
}
