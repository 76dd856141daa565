//! The server: versions, settings that put data at risk, clock, room for connections.

use super::{Finding, Level, number, row, rows};
use crate::database::ann::Version;
use crate::database::{Connection, Database};
use crate::repository::Result;
use chrono::{DateTime, Utc};

/// The oldest PostgreSQL that gapdeck works with.
const OLDEST: u32 = 15;
/// The oldest pgvector, and the first without known faults of indexes.
const OLDEST_VECTOR: Version = Version(0, 5, 0);
const SOUND_VECTOR: Version = Version(0, 8, 3);
/// Seconds by which the clocks may differ.
const SKEW: f64 = 2.0;
/// How many connections one gapdeck may open.
const POOL: i64 = 8;

pub(super) async fn check(database: &Database, connection: &mut Connection) -> Result<Vec<Finding>> {
    let mut found = versions(connection).await?;
    if database.is_embedded() {
        // Its extensions come with gapdeck: nobody can update them, but the index that they serve well can be kept.
        for finding in found.iter_mut().filter(|finding| finding.level == Level::Warning) {
            finding.level = Level::Notice;
            finding.remedy =
                Some("keep to ivfflat here: `gapdeck index rebuild` without --hnsw or --halfvec".into());
        }
    } else {
        found.extend(risks(connection).await?);
        found.push(clock(connection).await?);
        found.push(connections(connection).await?);
    }
    Ok(found)
}

const VERSIONS: &str =
    "SELECT ARRAY[current_setting('server_version_num'), current_setting('server_version')] AS cells";

const EXTENSIONS: &str = "
    SELECT ARRAY[wanted.name, e.extversion, a.default_version] AS cells
      FROM (VALUES ('vector'), ('btree_gin'), ('pg_trgm')) AS wanted (name)
      LEFT JOIN pg_extension e ON e.extname = wanted.name
      LEFT JOIN pg_available_extensions a ON a.name = wanted.name ORDER BY wanted.name DESC";

async fn versions(connection: &mut Connection) -> Result<Vec<Finding>> {
    let mut found = Vec::new();
    let version = row(connection, VERSIONS).await?;
    let [number_, name] = version.as_slice() else { return Ok(found) };
    let (major, name) = (number::<u32>(number_) / 10_000, name.split(' ').next().unwrap_or_default());
    found.push(if major < OLDEST {
        Finding::new(
            Level::Error,
            "server",
            format!("PostgreSQL {name} is older than {OLDEST}"),
            format!("upgrade the server to PostgreSQL {OLDEST} or newer"),
        )
    } else {
        Finding::ok("server", format!("PostgreSQL {name}"))
    });
    for cells in rows(connection, EXTENSIONS, &[]).await? {
        let [Some(name), installed, offered] = cells.as_slice() else { continue };
        found.push(extension(name, installed.as_deref(), offered.as_deref()));
    }
    Ok(found)
}

fn extension(name: &str, installed: Option<&str>, offered: Option<&str>) -> Finding {
    let check = "extensions";
    let Some(installed) = installed else {
        let remedy = match offered {
            Some(_) => format!("as the database's owner or a superuser: CREATE EXTENSION {name}"),
            None => format!("install the package of {name} on the server, then CREATE EXTENSION {name}"),
        };
        return Finding::new(Level::Error, check, format!("the extension {name} is missing"), remedy);
    };
    let update = format!("update its package, then ALTER EXTENSION {name} UPDATE");
    let version = Version::parse(installed);
    if name == "vector" && version < OLDEST_VECTOR {
        let message = format!("{name} {installed} is older than {OLDEST_VECTOR}");
        return Finding::new(Level::Error, check, message, update);
    }
    if name == "vector" && version < SOUND_VECTOR {
        let message = format!(
            "{name} {installed} has faults in building and vacuuming HNSW indexes, mended in {SOUND_VECTOR}"
        );
        return Finding::new(Level::Warning, check, message, update);
    }
    match offered.filter(|offered| Version::parse(offered) > version) {
        Some(offered) => Finding::new(
            Level::Notice,
            check,
            format!("{name} {installed} is installed here, and {offered} on the server"),
            format!("ALTER EXTENSION {name} UPDATE"),
        ),
        None => Finding::ok(check, format!("{name} {installed}")),
    }
}

const RISKS: &str = "SELECT ARRAY[name, setting] AS cells FROM pg_settings
 WHERE name IN ('fsync', 'full_page_writes', 'synchronous_commit', 'autovacuum') AND setting = 'off' ORDER BY name";

async fn risks(connection: &mut Connection) -> Result<Vec<Finding>> {
    let off = rows(connection, RISKS, &[]).await?;
    let risk = |name: &str| match name {
        "autovacuum" => "nothing clears away old rows or gathers statistics: every query becomes slower",
        "synchronous_commit" => "a crash of the server can lose the decisions of the last moments",
        _ => "a crash of the machine can destroy the database",
    };
    let found = off.iter().filter_map(|cells| cells.first()?.as_deref()).map(|name| {
        Finding::new(
            Level::Warning,
            "settings",
            format!("{name} is off: {}", risk(name)),
            format!("ALTER SYSTEM SET {name} = on; SELECT pg_reload_conf()"),
        )
    });
    Ok(found.collect())
}

async fn clock(connection: &mut Connection) -> Result<Finding> {
    let mut best: Option<(f64, f64)> = None;
    for _ in 0..3 {
        let before = Utc::now();
        let told =
            row(connection, "SELECT ARRAY[extract(epoch FROM clock_timestamp())::text] AS cells").await?;
        let after = Utc::now();
        let server: f64 = told.first().map(|text| number(text)).unwrap_or_default();
        let (before, after) = (seconds(before), seconds(after));
        // The quickest answer says it most exactly.
        if best.is_none_or(|(took, _)| after - before < took) {
            best = Some((after - before, server - f64::midpoint(before, after)));
        }
    }
    let (took, difference) = best.unwrap_or_default();
    Ok(judge_clock(took, difference))
}

/// Judges by how much the server's clock is ahead, known as exactly as the question took.
fn judge_clock(took: f64, ahead: f64) -> Finding {
    if ahead.abs() - took / 2.0 <= SKEW {
        return Finding::ok("clock", format!("the server's and this machine's clocks agree within {SKEW} s"));
    }
    let which = if ahead > 0.0 { "ahead of" } else { "behind" };
    Finding::new(
        Level::Warning,
        "clock",
        format!(
            "the server's clock is {:.0} s {which} this machine's: times of decisions are off by as much",
            ahead.abs()
        ),
        "set both by NTP (timedatectl set-ntp true)",
    )
}

#[expect(clippy::cast_precision_loss, reason = "microseconds since 1970 fit")]
fn seconds(time: DateTime<Utc>) -> f64 {
    time.timestamp_micros() as f64 / 1e6
}

const CONNECTIONS: &str =
    "SELECT ARRAY[current_setting('max_connections'), current_setting('superuser_reserved_connections'),
    (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend')::text] AS cells";

async fn connections(connection: &mut Connection) -> Result<Finding> {
    let told: Vec<i64> = row(connection, CONNECTIONS).await?.iter().map(|text| number(text)).collect();
    let [most, reserved, used] = told.as_slice() else { return Ok(Finding::ok("connections", "not known")) };
    let free = most - reserved - used;
    Ok(if free < POOL {
        Finding::new(
            Level::Warning,
            "connections",
            format!("{used} of {most} connections are in use; each gapdeck may open {POOL}"),
            "raise max_connections, or put PgBouncer between (docs/scaling.md)",
        )
    } else {
        Finding::ok("connections", format!("{used} of {most} connections in use, {POOL} a gapdeck"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_that_is_off_is_told_and_a_slow_answer_is_not_taken_for_one() {
        assert_eq!(judge_clock(0.01, 0.5).level, Level::Ok);
        assert_eq!(judge_clock(10.0, 6.0).level, Level::Ok);
        assert!(judge_clock(0.01, 60.0).message.contains("60 s ahead of"));
        assert!(judge_clock(0.01, -5.0).message.contains("5 s behind"));
    }

    #[test]
    fn extensions_are_judged_by_their_version() {
        for (name, installed, offered, level) in [
            ("vector", None, None, Level::Error),
            ("vector", None, Some("0.8.6"), Level::Error),
            ("vector", Some("0.4.4"), Some("0.4.4"), Level::Error),
            ("vector", Some("0.8.2"), Some("0.8.2"), Level::Warning),
            ("vector", Some("0.8.4"), Some("0.8.6"), Level::Notice),
            ("vector", Some("0.8.6"), Some("0.8.6"), Level::Ok),
            ("pg_trgm", Some("1.6"), Some("1.6"), Level::Ok),
            ("pg_trgm", Some("1.5"), Some("1.6"), Level::Notice),
        ] {
            let finding = extension(name, installed, offered);
            assert_eq!(finding.level, level, "{finding:?}");
            assert_eq!(finding.remedy.is_some(), level > Level::Ok, "{finding:?}");
        }
    }
}
