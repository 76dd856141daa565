//! Writing rows that may be there already.

/// Rows written by one statement: a statement has at most 65,535 parameters.
pub(super) const BATCH: usize = 1_000;

/// Inserts rows; of one whose key is there already, replaces the columns listed.
macro_rules! upsert {
    ($connection:expr, $table:ident, $key:expr, $rows:expr, [$($column:ident),+ $(,)?]) => {
        diesel::insert_into($table::table)
            .values($rows)
            .on_conflict($key)
            .do_update()
            .set(($($table::$column.eq(diesel::upsert::excluded($table::$column)),)+))
            .execute($connection)
            .await?
    };
}

/// Inserts rows that have nothing but their key; those that are there stay.
macro_rules! insert_keys {
    ($connection:expr, $rows:expr, $table:ident, |$row:ident| $values:expr) => {
        for chunk in $rows.chunks($crate::repository::postgres::upsert::BATCH) {
            let values: Vec<_> = chunk.iter().map(|$row| $values).collect();
            diesel::insert_into($table::table)
                .values(values)
                .on_conflict_do_nothing()
                .execute($connection)
                .await?;
        }
    };
}

pub(super) use {insert_keys, upsert};
