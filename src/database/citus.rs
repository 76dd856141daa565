//! Citus, the extension that distributes PostgreSQL's tables over several servers: is it there, are our tables
//! distributed, and what distributes them.
//!
//! Tables with a `product_key` are distributed by it, co-located, so that everything about a product lies on one server;
//! the dictionaries that they refer to become reference tables, copied to every server. Triggers are not allowed on
//! distributed tables, so `gapdeck queue sync` does their work.

use super::refused;
use crate::error::{AppError, ErrorKind};
use diesel::sql_types::{Bool, Text};
use diesel::{QueryResult, QueryableByName};
use diesel_async::{AsyncConnection, AsyncPgConnection, RunQueryDsl, SimpleAsyncConnection};
use std::collections::BTreeSet;

/// The table that the others are co-located with.
const ROOT: &str = "raw_products";

/// Functions that statements call on the servers that hold the rows.
const FUNCTIONS: [&str; 2] = ["gapdeck_normalised(text)", "gapdeck_lot(text, text, text)"];

const PRESENT: &str = "SELECT EXISTS (SELECT FROM pg_proc WHERE proname = 'create_distributed_table')
    AND to_regclass('pg_dist_partition') IS NOT NULL AS yes";
const DISTRIBUTED: &str =
    "SELECT EXISTS (SELECT FROM pg_dist_partition WHERE logicalrelid = to_regclass('review_queue')) AS yes";
const DONE: &str =
    "SELECT relname::text AS name FROM pg_dist_partition JOIN pg_class ON pg_class.oid = logicalrelid
 WHERE relnamespace = current_schema()::regnamespace";

#[derive(QueryableByName)]
struct Yes {
    #[diesel(sql_type = Bool)]
    yes: bool,
}

#[derive(QueryableByName)]
struct Name {
    #[diesel(sql_type = Text)]
    name: String,
}

async fn ask(connection: &mut AsyncPgConnection, question: &str) -> QueryResult<bool> {
    Ok(diesel::sql_query(question).get_result::<Yes>(connection).await?.yes)
}

/// Tells whether the server has Citus.
pub async fn is_present(connection: &mut AsyncPgConnection) -> QueryResult<bool> {
    ask(connection, PRESENT).await
}

/// Tells whether gapdeck's tables are distributed.
pub async fn is_distributed(connection: &mut AsyncPgConnection) -> QueryResult<bool> {
    Ok(is_present(connection).await? && ask(connection, DISTRIBUTED).await?)
}

/// Our tables: all of the schema that belong to no extension, but for the list of migrations.
const TABLES: &str = "SELECT quote_ident(relname) AS name,
       EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'product_key') AS keyed
  FROM pg_class c
 WHERE relnamespace = current_schema()::regnamespace AND relkind = 'r' AND relname <> '__diesel_schema_migrations'
   AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = c.oid AND d.deptype = 'e')
 ORDER BY relname";

#[derive(QueryableByName)]
struct Table {
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Bool)]
    keyed: bool,
}

const FOREIGN_KEYS: &str = "SELECT quote_ident(f.relname) AS \"from\", quote_ident(t.relname) AS \"to\",
       quote_ident(conname) AS name, pg_get_constraintdef(c.oid) AS definition
  FROM pg_constraint c JOIN pg_class f ON f.oid = conrelid JOIN pg_class t ON t.oid = confrelid
 WHERE contype = 'f' AND connamespace = current_schema()::regnamespace ORDER BY f.relname, conname";

#[derive(QueryableByName)]
struct ForeignKey {
    #[diesel(sql_type = Text)]
    from: String,
    #[diesel(sql_type = Text)]
    to: String,
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Text)]
    definition: String,
}

const TRIGGERS: &str =
    "SELECT quote_ident(relname) AS \"table\", quote_ident(tgname) AS name, '' AS definition
  FROM pg_trigger JOIN pg_class c ON c.oid = tgrelid
 WHERE NOT tgisinternal AND relnamespace = current_schema()::regnamespace ORDER BY relname, tgname";

/// Built on no rows, an index for approximate search would be a bad one: it is dropped before its table is distributed and
/// made anew on each part of it.
const VECTOR_INDEXES: &str = "SELECT quote_ident(t.relname) AS \"table\", quote_ident(c.relname) AS name,
       pg_get_indexdef(c.oid) AS definition
  FROM pg_index i JOIN pg_class c ON c.oid = indexrelid JOIN pg_class t ON t.oid = indrelid
  JOIN pg_am a ON a.oid = c.relam
 WHERE c.relnamespace = current_schema()::regnamespace AND amname IN ('ivfflat', 'hnsw') ORDER BY c.relname";

/// Each server checks its own part of a key only, so the key must hold the column that says which part that is.
const BAD_KEYS: &str =
    "SELECT quote_ident(t.relname) AS \"table\", quote_ident(c.relname) AS name, '' AS definition
  FROM pg_index i JOIN pg_class c ON c.oid = indexrelid JOIN pg_class t ON t.oid = indrelid
  JOIN pg_attribute a ON a.attrelid = t.oid AND a.attname = 'product_key'
 WHERE t.relnamespace = current_schema()::regnamespace AND t.relkind = 'r' AND indisunique
   AND NOT a.attnum = ANY (indkey) ORDER BY c.relname";

/// A trigger or an index of a table.
#[derive(QueryableByName)]
struct Part {
    #[diesel(sql_type = Text)]
    table: String,
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Text)]
    definition: String,
}

/// What distributes the tables, in order.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Plan {
    pub statements: Vec<String>,
    /// Tables that nothing is joined with: they stay where they are.
    pub stay: Vec<String>,
}

/// Reads from the catalogue what has to be done; what is distributed already is left out.
///
/// # Errors
/// [`ErrorKind::Input`] for a unique key without the product's, which cannot be distributed.
pub async fn plan(connection: &mut AsyncPgConnection) -> Result<Plan, AppError> {
    let failed = |error: diesel::result::Error| refused("cannot read the catalogue", &error);
    let tables: Vec<Table> = diesel::sql_query(TABLES).load(connection).await.map_err(failed)?;
    let keys: Vec<ForeignKey> = diesel::sql_query(FOREIGN_KEYS).load(connection).await.map_err(failed)?;
    let triggers: Vec<Part> = diesel::sql_query(TRIGGERS).load(connection).await.map_err(failed)?;
    let indexes: Vec<Part> = diesel::sql_query(VECTOR_INDEXES).load(connection).await.map_err(failed)?;
    let bad: Vec<Part> = diesel::sql_query(BAD_KEYS).load(connection).await.map_err(failed)?;
    let done: Vec<Name> = if is_present(connection).await.map_err(failed)? {
        diesel::sql_query(DONE).load(connection).await.map_err(failed)?
    } else {
        Vec::new()
    };
    if !bad.is_empty() {
        let names: Vec<String> = bad.iter().map(|key| format!("{} on {}", key.name, key.table)).collect();
        return Err(AppError::new(
            ErrorKind::Input,
            format!(
                "these unique keys lack product_key, by which the tables are distributed: {}",
                names.join(", ")
            ),
        )
        .hinted("Drop them, or put product_key into them."));
    }
    let done: BTreeSet<&str> = done.iter().map(|one| one.name.as_str()).collect();
    Ok(arranged(&tables, &keys, &triggers, &indexes, &done))
}

fn arranged(
    tables: &[Table],
    keys: &[ForeignKey],
    triggers: &[Part],
    indexes: &[Part],
    done: &BTreeSet<&str>,
) -> Plan {
    let new = |name: &str| !done.contains(name);
    let mut keyed: Vec<&str> = tables
        .iter()
        .filter(|table| table.keyed && new(&table.name))
        .map(|table| table.name.as_str())
        .collect();
    keyed.sort_by_key(|name| *name != ROOT);
    let is_joined = |name: &str| keys.iter().any(|key| key.from == name || key.to == name);
    let others = || tables.iter().filter(|table| !table.keyed).map(|table| table.name.as_str());
    let references = in_order(others().filter(|name| is_joined(name) && new(name)).collect(), keys);
    let stay = others().filter(|name| !is_joined(name)).map(ToOwned::to_owned).collect();
    let moved: BTreeSet<&str> = keyed.iter().chain(&references).copied().collect();
    let mut statements = Vec::new();
    if moved.is_empty() {
        return Plan { statements, stay };
    }
    // All in one transaction, for which Citus wants to work one table after the other.
    statements.push("SET LOCAL citus.multi_shard_modify_mode TO 'sequential'".to_owned());
    for part in triggers.iter().filter(|part| moved.contains(part.table.as_str())) {
        statements.push(format!("DROP TRIGGER {} ON {}", part.name, part.table));
    }
    // Foreign keys of distributed tables are made again once both of their ends are distributed.
    let again: Vec<&ForeignKey> = keys.iter().filter(|key| keyed.contains(&key.from.as_str())).collect();
    for key in &again {
        statements.push(format!("ALTER TABLE {} DROP CONSTRAINT {}", key.from, key.name));
    }
    let rebuilt: Vec<&Part> = indexes.iter().filter(|index| keyed.contains(&index.table.as_str())).collect();
    for index in &rebuilt {
        statements.push(format!("DROP INDEX {}", index.name));
    }
    for name in &references {
        statements.push(format!("SELECT create_reference_table('{name}')"));
    }
    for name in &keyed {
        let with = if *name == ROOT { "none" } else { ROOT };
        statements.push(format!(
            "SELECT create_distributed_table('{name}', 'product_key', colocate_with => '{with}')"
        ));
    }
    for function in FUNCTIONS {
        statements.push(format!("SELECT create_distributed_function('{function}')"));
    }
    for key in &again {
        statements.push(format!("ALTER TABLE {} ADD CONSTRAINT {} {}", key.from, key.name, key.definition));
    }
    statements.extend(rebuilt.iter().map(|index| index.definition.clone()));
    // The coordinator's own copies, which nobody reads any more; a table goes after those that refer to it.
    for name in keyed.iter().rev().chain(references.iter().rev()) {
        statements.push(format!("SELECT truncate_local_data_after_distributing_table('{name}')"));
    }
    Plan { statements, stay }
}

/// Puts tables behind those that they refer to.
fn in_order<'a>(mut tables: Vec<&'a str>, keys: &[ForeignKey]) -> Vec<&'a str> {
    let mut ordered: Vec<&str> = Vec::with_capacity(tables.len());
    while !tables.is_empty() {
        let waits = |name: &str, rest: &[&str]| {
            keys.iter().any(|key| key.from == name && key.to != name && rest.contains(&key.to.as_str()))
        };
        // Tables that refer to each other in a circle: any of them goes first.
        let next = tables.iter().position(|name| !waits(name, &tables)).unwrap_or(0);
        ordered.push(tables.remove(next));
    }
    ordered
}

/// Carries a plan out in one transaction, telling each statement before it runs.
///
/// # Errors
/// [`ErrorKind::Unavailable`] with the statement that was refused; nothing has changed then.
pub async fn distribute(
    connection: &mut AsyncPgConnection,
    plan: &Plan,
    mut tell: impl FnMut(&str) + Send,
) -> Result<(), AppError> {
    enum Ended {
        At(String, diesel::result::Error),
        Otherwise(diesel::result::Error),
    }
    impl From<diesel::result::Error> for Ended {
        fn from(error: diesel::result::Error) -> Self {
            Self::Otherwise(error)
        }
    }
    let ended = connection
        .transaction(async |connection: &mut AsyncPgConnection| {
            connection
                .batch_execute("SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = '60s'")
                .await?;
            for statement in &plan.statements {
                tell(statement);
                connection
                    .batch_execute(statement)
                    .await
                    .map_err(|error| Ended::At(statement.clone(), error))?;
            }
            Ok(())
        })
        .await;
    ended.map_err(|ended| match ended {
        Ended::At(statement, error) => {
            refused(&format!("cannot distribute the tables, at `{statement}`"), &error)
        }
        Ended::Otherwise(error) => refused("cannot distribute the tables", &error),
    })
}
