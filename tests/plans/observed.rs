//! Plans as the server's auto_explain wrote them into its log.

use crate::support::server::TestDatabase;
use serde_json::Value;
use std::fmt;
use tokio::sync::{Mutex, MutexGuard};
use tokio_postgres::Client;

/// Tables that grow with the catalogue.
const LARGE: [&str; 9] = [
    "review_queue",
    "prediction_results",
    "raw_products",
    "raw_product_categories",
    "raw_product_attribute_values",
    "raw_product_attribute_gaps",
    "raw_recommendations",
    "human_recommendations",
    "product_embeddings",
];

/// What sessions of a database log and plan by from now on. The costs are those of a solid-state disk: with a spinning disk's, so small a database is read from end to end sooner
/// than one of millions would be.
const SETTINGS: [(&str, &str); 10] = [
    ("session_preload_libraries", "auto_explain"),
    ("auto_explain.log_min_duration", "0"),
    ("auto_explain.log_analyze", "on"),
    ("auto_explain.log_timing", "off"),
    ("auto_explain.log_nested_statements", "on"),
    ("auto_explain.log_format", "json"),
    ("log_min_messages", "log"),
    ("log_parameter_max_length", "0"),
    ("jit", "off"),
    ("random_page_cost", "1.1"),
];

/// Held while somebody observes: the databases of a server share its log.
static ALONE: Mutex<()> = Mutex::const_new(());

/// The log of the statements of one database.
pub struct Observed {
    /// On another database: it does not observe itself.
    watcher: Client,
    name: String,
    offset: i64,
    _alone: MutexGuard<'static, ()>,
}

impl Observed {
    /// Observes the sessions that begin from now on.
    pub async fn start(database: &TestDatabase) -> Self {
        let alone = ALONE.lock().await;
        let client = database.client().await;
        let name: String = client.query_one("SELECT current_database()::text", &[]).await.unwrap().get(0);
        let mut url = url::Url::parse(&database.url).unwrap();
        url.set_path("/postgres");
        let watcher = crate::support::server::connect(url.as_str()).await;
        for (setting, value) in SETTINGS {
            let alter = format!("ALTER DATABASE {name} SET {setting} = '{value}'");
            watcher.batch_execute(&alter).await.unwrap_or_else(|error| panic!("{alter}: {error:?}"));
        }
        let mut observed = Self { watcher, name, offset: 0, _alone: alone };
        observed.skip().await;
        observed
    }

    /// Forgets what has been logged.
    pub async fn skip(&mut self) {
        let size = "SELECT size FROM pg_stat_file('log')";
        let row = self.watcher.query_one(size, &[]).await.unwrap_or_else(|error| {
            panic!("the server of the tests has to log into the file `log` of its data directory: {error:?}")
        });
        self.offset = row.get(0);
    }

    /// Returns the plans logged since the last call.
    pub async fn plans(&mut self) -> Vec<Plan> {
        // An answer may arrive before its statement has ended, which is when the plan is written.
        let busy = "SELECT count(*) FROM pg_stat_activity WHERE datname = $1 AND state <> 'idle' AND pid <> pg_backend_pid()";
        while self.watcher.query_one(busy, &[&self.name]).await.unwrap().get::<_, i64>(0) > 0 {
            tokio::task::yield_now().await;
        }
        let read = "SELECT pg_read_file('log', $1, 100000000)";
        let text: String = self.watcher.query_one(read, &[&self.offset]).await.unwrap().get(0);
        self.skip().await;
        plans(&text)
    }
}

/// Reads a log: a plan is JSON behind "plan:", its lines indented by a tab.
fn plans(log: &str) -> Vec<Plan> {
    let mut plans = Vec::new();
    let mut lines = log.lines();
    while let Some(line) = lines.next() {
        if !line.ends_with("plan:") {
            continue;
        }
        let json: String = lines
            .by_ref()
            .take_while(|line| line.starts_with('\t'))
            .map(|line| line.trim_start_matches('\t'))
            .collect::<Vec<_>>()
            .join("\n");
        let json: Value = serde_json::from_str(&json).unwrap_or_else(|error| panic!("{error} in {json}"));
        plans.push(Plan(json));
    }
    plans
}

/// The plan of one statement with what its steps saw.
pub struct Plan(Value);

impl Plan {
    /// Says what reads or sorts more than it may.
    pub fn problems(&self, most_rows: f64, most_sorted: f64) -> Vec<String> {
        let mut problems = Vec::new();
        let mut seen = 0.0;
        visit(&self.0["Plan"], &mut |step| {
            let kind = step["Node Type"].as_str().unwrap_or_default();
            let relation = step["Relation Name"].as_str().unwrap_or_default();
            if kind == "Seq Scan" && LARGE.contains(&relation) && loops(step) > 0.0 {
                problems.push(format!("reads all of {relation}"));
            }
            if kind.contains("Scan") {
                let removed: f64 = ["Rows Removed by Filter", "Rows Removed by Index Recheck"]
                    .iter()
                    .map(|name| step[*name].as_f64().unwrap_or(0.0))
                    .sum();
                seen += (rows(step) + removed) * loops(step);
            }
            if kind.ends_with("Sort") {
                let sorted = step["Plans"].as_array().map_or(0.0, |inner| rows(&inner[0]) * loops(&inner[0]));
                if sorted > most_sorted {
                    problems.push(format!("sorts {sorted} rows"));
                }
            }
        });
        if seen > most_rows {
            problems.push(format!("sees {seen} rows"));
        }
        problems
    }
}

fn rows(step: &Value) -> f64 {
    step["Actual Rows"].as_f64().unwrap_or(0.0)
}

fn loops(step: &Value) -> f64 {
    step["Actual Loops"].as_f64().unwrap_or(0.0)
}

fn visit(step: &Value, look: &mut impl FnMut(&Value)) {
    look(step);
    for inner in step["Plans"].as_array().into_iter().flatten() {
        visit(inner, look);
    }
}

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = self.0["Query Text"].as_str().unwrap_or_default();
        writeln!(f, "    {}", text.split_whitespace().collect::<Vec<_>>().join(" "))?;
        step(f, &self.0["Plan"], 2)
    }
}

fn step(f: &mut fmt::Formatter<'_>, one: &Value, depth: usize) -> fmt::Result {
    let of = |name: &str| one[name].as_str().unwrap_or_default().to_owned();
    writeln!(
        f,
        "{:width$}{} {} {} ({} rows x {} loops, {} filtered) {} {}",
        "",
        of("Node Type"),
        of("Index Name"),
        of("Relation Name"),
        rows(one),
        loops(one),
        one["Rows Removed by Filter"].as_f64().unwrap_or(0.0),
        of("Index Cond"),
        of("Filter"),
        width = depth * 2
    )?;
    one["Plans"].as_array().into_iter().flatten().try_for_each(|inner| step(f, inner, depth + 1))
}
