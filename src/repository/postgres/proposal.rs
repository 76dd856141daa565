//! Predictions and recommendations alike: writing them with the experiment or round that they name.

/// Writes predictions or recommendations, in the caller's transaction; an experiment or round that is not there is made
/// from its key. A row that is there already keeps its time of creation where none is given.
macro_rules! save_proposals {
    ($connection:expr, $records:expr, $table:ident, $parents:ident, $parent_key:ident, $parent:ident) => {{
        use $parents as parents;
        use $table as t;
        let now = chrono::Utc::now();
        let kept =
            last_of_each($records, |one| (&one.$parent, &one.product_key, &one.attribute_key, &one.value));
        for chunk in kept.chunks(BATCH) {
            let named: Vec<_> = chunk.iter().map(|one| parents::$parent_key.eq(&one.$parent)).collect();
            diesel::insert_into(parents::table)
                .values(named)
                .on_conflict_do_nothing()
                .execute($connection)
                .await?;
            let rows = |dated: bool| -> Vec<_> {
                chunk
                    .iter()
                    .filter(|one| one.created_at.is_some() == dated)
                    .map(|one| {
                        (
                            t::product_key.eq(&one.product_key),
                            t::attribute_key.eq(&one.attribute_key),
                            t::$parent_key.eq(&one.$parent),
                            t::value.eq(&one.value),
                            t::confidence.eq(one.confidence),
                            t::reasoning.eq(&one.reasoning),
                            t::created_at.eq(one.created_at.unwrap_or(now)),
                        )
                    })
                    .collect()
            };
            let key = (t::product_key, t::attribute_key, t::$parent_key, t::value_md5);
            upsert!($connection, t, key, rows(false), [confidence, reasoning]);
            upsert!($connection, t, key, rows(true), [confidence, reasoning, created_at]);
        }
    }};
}

pub(super) use save_proposals;
