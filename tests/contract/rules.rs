//! What a statement must keep to so that Citus takes it on tables that are distributed by product.
//!
//! The rules are what was tried on Citus (a lock or a join over several products' parts is refused, so is a vector from a
//! sub-select) and what its planner's messages name (an upsert's update may call no function). A statement's text is
//! parsed; nothing is matched by its looks.

use sqlparser::ast::{
    BinaryOperator, ConflictTarget, Delete, Expr, FromTable, Insert, JoinConstraint, JoinOperator,
    ObjectName, OnConflictAction, OnInsert, Query, Select, SetExpr, Statement, TableFactor, TableObject,
    TableWithJoins, Update, Visit, Visitor, visit_expressions,
};
use sqlparser::dialect::PostgreSqlDialect;
use sqlparser::parser::Parser;
use std::collections::BTreeSet;
use std::ops::ControlFlow;

/// The column by which tables are distributed.
const KEY: &str = "product_key";

/// A join of one product with every other one: a server cannot do it for its part alone.
const REFUSED_VIEWS: [&str; 1] = ["product_similarity_search"];

const VOLATILE: [&str; 5] = ["clock_timestamp", "gen_random_uuid", "nextval", "random", "timeofday"];

/// Returns what Citus would refuse in a statement, given the names of the distributed tables.
pub fn broken(text: &str, distributed: &BTreeSet<String>) -> Vec<String> {
    // The parser knows `FOR UPDATE` only; both lock rows.
    let text = text.replace("FOR NO KEY UPDATE", "FOR UPDATE");
    let statements = match Parser::parse_sql(&PostgreSqlDialect {}, &text) {
        Ok(statements) => statements,
        Err(error) => return vec![format!("cannot be parsed: {error}")],
    };
    let mut rules = Rules { distributed, broken: Vec::new() };
    for statement in &statements {
        rules.check(statement);
        let _ = statement.visit(&mut rules);
    }
    rules.broken
}

struct Rules<'a> {
    distributed: &'a BTreeSet<String>,
    broken: Vec<String>,
}

impl Rules<'_> {
    fn check(&mut self, statement: &Statement) {
        match statement {
            Statement::Query(_)
            | Statement::Set(_)
            | Statement::StartTransaction { .. }
            | Statement::Commit { .. }
            | Statement::Rollback { .. }
            | Statement::Savepoint { .. }
            | Statement::ReleaseSavepoint { .. } => {}
            Statement::Insert(insert) => self.insert(insert),
            Statement::Update(update) => self.update(update),
            Statement::Delete(delete) => self.delete(delete),
            Statement::Explain { .. } => {
                self.tell("the plan of a distributed query knows nothing of the rows");
            }
            other => self.tell(&format!("a kind of statement without a rule: {other}")),
        }
    }

    fn tell(&mut self, problem: &str) {
        self.broken.push(problem.to_owned());
    }

    fn has(&self, name: &ObjectName) -> bool {
        self.distributed.contains(&last(name))
    }

    fn insert(&mut self, insert: &Insert) {
        let TableObject::TableName(name) = &insert.table else { return self.tell("inserts into no table") };
        if !self.has(name) {
            return;
        }
        if !insert.columns.iter().any(|column| last(column) == KEY) {
            self.tell("inserts without the product's key");
        }
        let rows = insert.source.as_ref().is_some_and(|source| matches!(&*source.body, SetExpr::Values(_)));
        if !rows {
            self.tell("inserts what a query finds");
        }
        let Some(OnInsert::OnConflict(conflict)) = &insert.on else { return };
        if let Some(ConflictTarget::Columns(columns)) = &conflict.conflict_target
            && !columns.iter().any(|column| column.value == KEY)
        {
            self.tell("upserts by a key without the product's");
        }
        if let OnConflictAction::DoUpdate(update) = &conflict.action {
            let mut calls = BTreeSet::new();
            for assignment in &update.assignments {
                calls.append(&mut functions(&assignment.value));
            }
            if let Some(condition) = &update.selection {
                calls.append(&mut functions(condition));
            }
            if !calls.is_empty() {
                self.tell(&format!("an upsert's update calls functions: {calls:?}"));
            }
        }
    }

    fn update(&mut self, update: &Update) {
        let Some((name, alias)) = table(&update.table.relation) else { return };
        if !self.distributed.contains(&name) {
            return;
        }
        for assignment in &update.assignments {
            let target = assignment.target.to_string();
            if target.trim_matches('"').ends_with(KEY) {
                self.tell("moves a row to another product");
            }
            let calls = functions(&assignment.value);
            if VOLATILE.iter().any(|name| calls.contains(*name)) {
                self.tell(&format!("sets what a volatile function says: {calls:?}"));
            }
        }
        self.write(update.selection.as_ref(), &alias, update.from.is_some());
    }

    fn delete(&mut self, delete: &Delete) {
        let (FromTable::WithFromKeyword(from) | FromTable::WithoutKeyword(from)) = &delete.from;
        let Some((name, alias)) = from.first().and_then(|from| table(&from.relation)) else { return };
        if self.distributed.contains(&name) {
            self.write(delete.selection.as_ref(), &alias, delete.using.is_some());
        }
    }

    /// A write names its product, or is so plain that every server can do it on its own rows.
    fn write(&mut self, selection: Option<&Expr>, alias: &str, joins: bool) {
        let conditions: Vec<&Expr> = selection.map(conjuncts).unwrap_or_default();
        let is_pinned = conditions.iter().any(|condition| pins(condition, alias));
        let has_query = selection.is_some_and(contains_query);
        if !is_pinned && (joins || has_query) {
            self.tell("writes rows of several products by a join or a sub-select");
        }
    }

    fn select(&mut self, select: &Select, is_locking: bool) {
        let mut relations = Vec::new();
        let mut conditions: Vec<&Expr> = select.selection.as_ref().map(conjuncts).unwrap_or_default();
        let mut joined_by_name = false;
        for from in &select.from {
            relations.extend(relations_of(from));
            for constraint in constraints_of(from) {
                match constraint {
                    JoinConstraint::On(condition) => conditions.extend(conjuncts(condition)),
                    JoinConstraint::Using(columns) => {
                        joined_by_name |= columns.iter().any(|column| last(column) == KEY);
                    }
                    JoinConstraint::Natural | JoinConstraint::None => {}
                }
            }
        }
        for (name, _) in &relations {
            if REFUSED_VIEWS.contains(&name.as_str()) {
                self.tell(&format!("reads the view {name}"));
            }
        }
        let own: Vec<&str> = relations
            .iter()
            .filter(|(name, _)| self.distributed.contains(name))
            .map(|(_, alias)| alias.as_str())
            .collect();
        if own.is_empty() {
            return;
        }
        let is_pinned = |alias: &str| conditions.iter().any(|condition| pins(condition, alias));
        if is_locking && !own.iter().all(|alias| is_pinned(alias)) {
            self.tell("locks rows of several products");
        }
        let links: Vec<(String, String)> =
            conditions.iter().filter_map(|condition| link(condition)).collect();
        let mut reached: BTreeSet<&str> = own.iter().take(1).copied().collect();
        loop {
            let more: Vec<&str> = own
                .iter()
                .copied()
                .filter(|alias| {
                    !reached.contains(alias)
                        && links.iter().any(|(a, b)| {
                            (a == alias && reached.contains(b.as_str()))
                                || (b == alias && reached.contains(a.as_str()))
                        })
                })
                .collect();
            if more.is_empty() {
                break;
            }
            reached.extend(more);
        }
        if reached.len() < own.len() && !joined_by_name && !own.iter().all(|alias| is_pinned(alias)) {
            self.tell(&format!("joins {own:?} otherwise than by product"));
        }
        let foreign = foreign(select);
        if !foreign.is_empty() {
            let meets = links.iter().any(|(a, b)| {
                (own.contains(&a.as_str()) && foreign.contains(b))
                    || (own.contains(&b.as_str()) && foreign.contains(a))
            });
            if !meets {
                self.tell(&format!(
                    "a sub-select of {own:?} depends on {foreign:?} otherwise than by product"
                ));
            }
        }
    }
}

impl Visitor for Rules<'_> {
    type Break = ();

    fn pre_visit_query(&mut self, query: &Query) -> ControlFlow<()> {
        match &*query.body {
            SetExpr::Select(select) => self.select(select, !query.locks.is_empty()),
            SetExpr::Insert(_) | SetExpr::Update(_) | SetExpr::Delete(_) => {
                self.tell("writes within a query");
            }
            _ => {}
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_expr(&mut self, expression: &Expr) -> ControlFlow<()> {
        if let Expr::BinaryOp { left, op: BinaryOperator::Spaceship, right } = expression
            && (contains_query(left) || contains_query(right))
        {
            self.tell("orders by the distance from a vector that is not bound");
        }
        ControlFlow::Continue(())
    }
}

fn last(name: &ObjectName) -> String {
    name.0.last().and_then(|part| part.as_ident()).map(|ident| ident.value.clone()).unwrap_or_default()
}

/// Returns a table's name and what a query calls it.
fn table(factor: &TableFactor) -> Option<(String, String)> {
    let TableFactor::Table { name, alias, .. } = factor else { return None };
    let name = last(name);
    let alias = alias.as_ref().map_or_else(|| name.clone(), |alias| alias.name.value.clone());
    Some((name, alias))
}

fn relations_of(from: &TableWithJoins) -> Vec<(String, String)> {
    std::iter::once(&from.relation)
        .chain(from.joins.iter().map(|join| &join.relation))
        .flat_map(|factor| match factor {
            TableFactor::NestedJoin { table_with_joins, .. } => relations_of(table_with_joins),
            factor => table(factor).into_iter().collect(),
        })
        .collect()
}

/// Returns what joins the tables of a list, those in parentheses too.
fn constraints_of(from: &TableWithJoins) -> Vec<&JoinConstraint> {
    fn nested(factor: &TableFactor) -> Vec<&JoinConstraint> {
        match factor {
            TableFactor::NestedJoin { table_with_joins, .. } => constraints_of(table_with_joins),
            _ => Vec::new(),
        }
    }
    let mut constraints = nested(&from.relation);
    for join in &from.joins {
        constraints.extend(nested(&join.relation));
        constraints.extend(constraint(&join.join_operator));
    }
    constraints
}

fn constraint(join: &JoinOperator) -> Option<&JoinConstraint> {
    match join {
        JoinOperator::Join(on)
        | JoinOperator::Inner(on)
        | JoinOperator::Left(on)
        | JoinOperator::LeftOuter(on)
        | JoinOperator::Right(on)
        | JoinOperator::RightOuter(on)
        | JoinOperator::FullOuter(on)
        | JoinOperator::CrossJoin(on) => Some(on),
        _ => None,
    }
}

/// Returns the parts of a condition that all must hold.
fn conjuncts(condition: &Expr) -> Vec<&Expr> {
    match condition {
        Expr::BinaryOp { left, op: BinaryOperator::And, right } => {
            let mut parts = conjuncts(left);
            parts.extend(conjuncts(right));
            parts
        }
        Expr::Nested(inner) => conjuncts(inner),
        other => vec![other],
    }
}

/// Returns whose product key a column is: a table's alias, or an empty one for a bare name.
fn key_of(expression: &Expr) -> Option<&str> {
    match expression {
        Expr::Identifier(ident) if ident.value == KEY => Some(""),
        Expr::CompoundIdentifier(parts) if parts.last().is_some_and(|part| part.value == KEY) => {
            parts.iter().rev().nth(1).map(|part| part.value.as_str())
        }
        Expr::Nested(inner) => key_of(inner),
        _ => None,
    }
}

fn sides(condition: &Expr) -> Option<(&Expr, &Expr)> {
    match condition {
        Expr::BinaryOp { left, op: BinaryOperator::Eq, right } => Some((left, right)),
        _ => None,
    }
}

/// Tells whether a condition holds a table to one product.
fn pins(condition: &Expr, alias: &str) -> bool {
    let is_key = |side: &Expr| key_of(side).is_some_and(|of| of.is_empty() || of == alias);
    let is_bound = |side: &Expr| matches!(side, Expr::Value(_) | Expr::Cast { .. });
    sides(condition).is_some_and(|(a, b)| (is_key(a) && is_bound(b)) || (is_key(b) && is_bound(a)))
}

/// Returns the two tables that a condition joins by product.
fn link(condition: &Expr) -> Option<(String, String)> {
    let (a, b) = sides(condition)?;
    let (a, b) = (key_of(a)?, key_of(b)?);
    (!a.is_empty() && !b.is_empty()).then(|| (a.to_owned(), b.to_owned()))
}

fn functions(expression: &Expr) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let _ = visit_expressions(expression, |inner| {
        if let Expr::Function(function) = inner {
            found.insert(last(&function.name).to_lowercase());
        }
        ControlFlow::<()>::Continue(())
    });
    found
}

fn contains_query(expression: &Expr) -> bool {
    visit_expressions(expression, |inner| match inner {
        Expr::Subquery(_) | Expr::InSubquery { .. } | Expr::Exists { .. } => ControlFlow::Break(()),
        _ => ControlFlow::Continue(()),
    })
    .is_break()
}

/// Returns the tables that a query names without having them: of a query around it.
fn foreign(select: &Select) -> BTreeSet<String> {
    struct Names {
        had: BTreeSet<String>,
        used: BTreeSet<String>,
    }
    impl Visitor for Names {
        type Break = ();

        fn pre_visit_table_factor(&mut self, factor: &TableFactor) -> ControlFlow<()> {
            let alias = match factor {
                TableFactor::Derived { alias, .. }
                | TableFactor::Function { alias, .. }
                | TableFactor::UNNEST { alias, .. }
                | TableFactor::TableFunction { alias, .. } => {
                    alias.as_ref().map(|alias| alias.name.value.clone())
                }
                factor => table(factor).map(|(_, alias)| alias),
            };
            self.had.extend(alias);
            ControlFlow::Continue(())
        }

        fn pre_visit_expr(&mut self, expression: &Expr) -> ControlFlow<()> {
            if let Expr::CompoundIdentifier(parts) = expression
                && let Some(part) = parts.iter().rev().nth(1)
            {
                self.used.insert(part.value.clone());
            }
            ControlFlow::Continue(())
        }
    }
    let mut names = Names { had: BTreeSet::new(), used: BTreeSet::new() };
    let _ = select.visit(&mut names);
    &names.used - &names.had
}

#[test]
fn what_citus_refuses_is_found() {
    let tables = ["review_queue", "raw_products", "product_embeddings", "review_leases"];
    let tables: BTreeSet<String> = tables.into_iter().map(Into::into).collect();
    for (statement, problem) in [
        ("SELECT 1 FROM review_queue WHERE state = 'open' FOR NO KEY UPDATE SKIP LOCKED", "locks rows"),
        (
            "SELECT 1 FROM review_queue q, raw_products p WHERE p.product_name = q.product_name",
            "otherwise than by product",
        ),
        (
            "SELECT 1 FROM review_queue q JOIN raw_products p ON p.product_name = q.product_name",
            "otherwise than by product",
        ),
        (
            "SELECT 1 FROM review_queue q WHERE EXISTS (SELECT FROM raw_products p WHERE p.product_name = q.product_name)",
            "depends on",
        ),
        (
            "SELECT 1 FROM product_embeddings ORDER BY embedding <=> (SELECT embedding FROM product_embeddings WHERE product_key = $1)",
            "not bound",
        ),
        ("SELECT 1 FROM product_similarity_search WHERE product_key = $1", "view"),
        ("INSERT INTO review_leases (token) VALUES ($1)", "without the product's key"),
        (
            "INSERT INTO review_leases (product_key) SELECT product_key FROM review_queue",
            "what a query finds",
        ),
        (
            "INSERT INTO review_leases (product_key) VALUES ($1) ON CONFLICT (product_key) DO UPDATE SET claimed_at = now()",
            "calls functions",
        ),
        (
            "INSERT INTO review_leases (product_key) VALUES ($1) ON CONFLICT (token) DO NOTHING",
            "by a key without",
        ),
        ("UPDATE review_queue SET product_key = $1 WHERE product_key = $2", "another product"),
        ("UPDATE review_queue SET updated_at = clock_timestamp() WHERE product_key = $2", "volatile"),
        (
            "UPDATE review_queue q SET state = $1 FROM unnest($2::text[]) AS u (k) WHERE q.product_key = u.k",
            "by a join",
        ),
        (
            "DELETE FROM review_leases WHERE product_key IN (SELECT product_key FROM raw_products)",
            "by a join or a sub-select",
        ),
        ("WITH x AS (DELETE FROM review_leases RETURNING 1) SELECT count(*) FROM x", "within a query"),
        ("EXPLAIN SELECT 1 FROM review_queue", "knows nothing"),
        ("LOCK TABLE review_queue", ""),
    ] {
        let broken = broken(statement, &tables);
        assert!(broken.iter().any(|found| found.contains(problem)), "{statement}: {broken:?}");
    }
    for statement in [
        "SELECT 1 FROM review_queue WHERE product_key = $1 AND attribute_key = $2 FOR NO KEY UPDATE",
        "SELECT 1 FROM review_queue q JOIN raw_products p ON p.product_key = q.product_key WHERE q.state = 'open'",
        "SELECT 1 FROM review_queue q WHERE NOT EXISTS (SELECT FROM review_leases l WHERE l.product_key = q.product_key)",
        "SELECT 1 FROM review_queue WHERE product_key IN (SELECT product_key FROM raw_products WHERE product_name ILIKE $1)",
        "SELECT 1 FROM review_queue JOIN raw_attributes USING (attribute_key)",
        "SELECT 1 FROM (raw_products p LEFT JOIN product_embeddings e ON (e.product_key = p.product_key)) WHERE p.code_type = $1",
        "INSERT INTO review_leases (product_key, token) VALUES ($1, $2) ON CONFLICT (product_key) DO UPDATE
             SET token = excluded.token WHERE review_leases.expires_at <= excluded.claimed_at",
        "UPDATE review_queue SET state = $1 WHERE product_key = $2",
        "DELETE FROM review_leases WHERE expires_at < $1",
    ] {
        assert_eq!(broken(statement, &tables), [""; 0], "{statement}");
    }
}
