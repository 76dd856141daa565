//! What can be exported, and the query that reads it.

use crate::repository::bulk::{Field, Kind, Table};

/// Something to export.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum What {
    /// A table, in the shape that an import reads.
    Table(Table),
    /// The values of the accepted and overridden decisions in force, for the upstream pipeline.
    AcceptedValues,
}

/// Which rows are exported.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// Only these attributes; all where there is none.
    pub attributes: Vec<String>,
    /// Only these experiments; all where there is none.
    pub experiments: Vec<String>,
    /// Only what the database took at this time (RFC 3339) or later.
    pub since: Option<String>,
}

const ACCEPTED_NAME: &str = "accepted_values";

/// The fields of an accepted value.
const ACCEPTED_FIELDS: &[Field] = &[
    Field::key("product_key"),
    Field::key("attribute_key"),
    Field::required("value", Kind::Text),
    Field::optional("unit", Kind::Text).about("the attribute's unit"),
    Field::required("action", Kind::Action).about("`accept` or `override`"),
    Field::optional("confidence", Kind::Number).about("of the value's candidate, as the reviewer saw it"),
    Field::or("sources", Kind::Texts, "'[]'")
        .about("the experiments and rounds that had proposed the value; empty for one that nobody had"),
    Field::required("decision_id", Kind::Uuid),
    Field::key("reviewer"),
    Field::required("decided_at", Kind::Time).about("by the reviewer's clock"),
    Field::required("recorded_at", Kind::Time).about("by the server's clock; `--since` compares it"),
    Field::optional("batch_id", Kind::Uuid).about("the bulk action that the decision is part of"),
    Field::optional("comment", Kind::Text),
    Field::optional("shown_value", Kind::Text).about("the value of the candidate shown first"),
    Field::optional("shown_confidence", Kind::Number).about("its confidence"),
    Field::optional("shown_experiment", Kind::Name).about("its experiment"),
];

/// The last decision on each gap that is neither an undo nor undone, whether or not the gap is still there. Not one to which a
/// second opinion is awaited, or on which two differ.
const ACCEPTED: &str = "(SELECT d.*, a.unit, candidate.confidence, coalesce(candidate.sources, '[]') AS sources
   FROM (SELECT DISTINCT ON (product_key, attribute_key) h.* FROM human_recommendations h
          WHERE h.action <> 'undo' AND NOT EXISTS (SELECT FROM human_recommendations u
                WHERE u.product_key = h.product_key AND u.undoes = h.decision_id)
          ORDER BY product_key, attribute_key, result_version DESC) d
   LEFT JOIN raw_attributes a USING (attribute_key)
   LEFT JOIN LATERAL (
        SELECT c ->> 'confidence' AS confidence, c -> 'sources' AS sources
          FROM jsonb_array_elements(CASE jsonb_typeof(d.seen -> 'candidates') WHEN 'array' THEN d.seen -> 'candidates'
                                         ELSE '[]' END) c
         WHERE c ->> 'value' = d.value LIMIT 1) AS candidate ON true
  WHERE d.action IN ('accept', 'override') AND coalesce(d.result_state, '') NOT IN ('second', 'disputed'))";

impl What {
    /// Everything that a database holds, in the order in which an import reads it.
    pub const ALL: [Self; Table::ALL.len()] = {
        let mut all = [Self::AcceptedValues; Table::ALL.len()];
        let mut index = 0;
        while index < all.len() {
            all[index] = Self::Table(Table::ALL[index]);
            index += 1;
        }
        all
    };

    /// Returns what a name stands for; `-` and `_` are one.
    pub fn named(name: &str) -> Option<Self> {
        let name = name.replace('-', "_");
        if name == ACCEPTED_NAME { Some(Self::AcceptedValues) } else { Table::named(&name).map(Self::Table) }
    }

    /// Returns the name of its file, without endings.
    pub fn name(self) -> &'static str {
        match self {
            Self::Table(table) => table.plan().name,
            Self::AcceptedValues => ACCEPTED_NAME,
        }
    }

    /// Returns the fields of its rows.
    pub fn fields(self) -> &'static [Field] {
        match self {
            Self::Table(table) => table.plan().fields,
            Self::AcceptedValues => ACCEPTED_FIELDS,
        }
    }

    /// Returns the table whose size tells about how many rows there are.
    pub(super) fn counted(self) -> &'static str {
        match self {
            Self::Table(table) => table.plan().stored,
            Self::AcceptedValues => "human_recommendations",
        }
    }

    /// Returns the options of a filter that its rows have no column for.
    pub fn unfit(self, filter: &Filter) -> Vec<&'static str> {
        let has = |column: &str| self.fields().iter().any(|field| field.column == column);
        let given = [
            ("--attribute", !filter.attributes.is_empty(), "attribute_key"),
            ("--experiment", !filter.experiments.is_empty(), "experiment_key"),
            ("--since", filter.since.is_some(), "recorded_at"),
        ];
        given
            .into_iter()
            .filter(|(_, given, column)| *given && !has(column))
            .map(|(option, ..)| option)
            .collect()
    }

    /// Returns the query for the rows, each one array of texts in the order of the fields; `$1` to `$3` are the filter's
    /// attributes and experiments, empty for all, and its time.
    pub(super) fn query(self) -> String {
        let has = |column: &str| self.fields().iter().any(|field| field.column == column);
        let cells: Vec<String> =
            self.fields().iter().map(|field| format!("t.{}::text", field.column)).collect();
        let (from, order) = match self {
            Self::AcceptedValues => (ACCEPTED, vec!["recorded_at", "decision_id"]),
            // An event after the other, as they came.
            Self::Table(Table::Decisions) => ("human_recommendations", vec!["recorded_at", "decision_id"]),
            Self::Table(table) => (table.plan().stored, table.plan().key.to_vec()),
        };
        let in_list = |number: u8, column: &str| {
            if has(column) {
                format!("(cardinality(${number}::text[]) = 0 OR t.{column} = ANY (${number}::text[]))")
            } else {
                format!("cardinality(${number}::text[]) = 0")
            }
        };
        let since = if has("recorded_at") {
            "$3 = '' OR t.recorded_at >= nullif($3, '')::timestamptz"
        } else {
            "$3 = ''"
        };
        format!(
            "SELECT ARRAY[{}] AS cells FROM {from} t WHERE {} AND {} AND ({since}) ORDER BY {}",
            cells.join(", "),
            in_list(1, "attribute_key"),
            in_list(2, "experiment_key"),
            order.iter().map(|key| format!("t.{key}")).collect::<Vec<_>>().join(", ")
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_may_be_written_with_either_dash() {
        assert_eq!(What::named("accepted-values"), Some(What::AcceptedValues));
        assert_eq!(What::named("rich-texts"), Some(What::Table(Table::RichTexts)));
        assert_eq!(What::named("truth"), None);
    }

    #[test]
    fn a_filter_fits_where_the_rows_have_its_column() {
        let filter = Filter { since: Some("2026-01-01T00:00:00Z".into()), ..Filter::default() };
        assert_eq!(What::named("decisions").unwrap().unfit(&filter), Vec::<&str>::new());
        assert_eq!(What::named("products").unwrap().unfit(&filter), ["--since"]);
        let filter = Filter { experiments: vec!["e".into()], ..Filter::default() };
        assert_eq!(What::named("predictions").unwrap().unfit(&filter), Vec::<&str>::new());
        assert_eq!(What::named("values").unwrap().unfit(&filter), ["--experiment"]);
    }
}
