//! The header of a CSV file, and a record under it to the texts of a row.

use super::cell;
use super::csv::Cell;
use super::parse::{Parsed, quoted, visible};
use crate::repository::bulk::{Field, Kind, Need, Table};
use crate::transfer::guard::unguarded;

/// Which field each column is.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Header {
    /// The index of a column's field; `None` for a column that is not read.
    columns: Vec<Option<usize>>,
    /// The columns that are not read.
    pub ignored: Vec<String>,
}

impl Header {
    /// Reads the first record of a file.
    pub fn read(table: Table, cells: &[Cell]) -> Result<Self, String> {
        let fields = table.plan().fields;
        let (mut columns, mut ignored) = (Vec::new(), Vec::new());
        for (index, cell) in cells.iter().enumerate() {
            let name = text(index, None, cell)?;
            let name = name.trim();
            let field = fields.iter().position(|field| field.name == name);
            match field {
                Some(field) if columns.contains(&Some(field)) => {
                    return Err(format!("column {}: {name} is there twice", index + 1));
                }
                None => ignored.push(visible(name)),
                Some(_) => {}
            }
            columns.push(field);
        }
        let absent = fields
            .iter()
            .enumerate()
            .find(|(index, field)| field.need == Need::Required && !columns.contains(&Some(*index)));
        match absent {
            Some((_, field)) => Err(format!(
                "the header has no column {}; it says {}",
                field.name,
                quoted(
                    &cells
                        .iter()
                        .map(|cell| String::from_utf8_lossy(&cell.bytes))
                        .collect::<Vec<_>>()
                        .join(",")
                )
            )),
            None => Ok(Self { columns, ignored }),
        }
    }

    /// Reads a record.
    pub fn row(&self, table: Table, cells: &[Cell]) -> Result<Parsed, String> {
        let fields = table.plan().fields;
        if cells.len() != self.columns.len() {
            let number =
                |count: usize| if count == 1 { "1 cell".to_owned() } else { format!("{count} cells") };
            return Err(format!("{}, where the header has {}", number(cells.len()), self.columns.len()));
        }
        let mut row = Parsed { cells: vec![None; fields.len()], vector: Vec::new() };
        for (index, (cell, column)) in cells.iter().zip(&self.columns).enumerate() {
            let Some(place) = *column else { continue };
            let field = &fields[place];
            let said = |reason: String| visible(&format!("column {}, {}: {reason}", index + 1, field.name));
            if cell.bytes.is_empty() && !cell.quoted {
                if field.need == Need::Required {
                    return Err(said(if field.kind == Kind::Text {
                        "nothing; an empty text is written \"\"".to_owned()
                    } else {
                        "empty".to_owned()
                    }));
                }
                continue;
            }
            let content = text(index, Some(field), cell)?;
            if field.kind == Kind::Vector {
                row.vector = cell::vector(content).map_err(said)?;
            } else {
                row.cells[place] = Some(value(field.kind, content).map_err(said)?);
            }
        }
        cell::whole(table, &row.cells).map(|()| row)
    }
}

/// Reads a cell's text.
fn text<'a>(index: usize, field: Option<&Field>, cell: &'a Cell) -> Result<&'a str, String> {
    std::str::from_utf8(&cell.bytes).map_err(|error| {
        let name = field.map(|field| format!(", {}", field.name)).unwrap_or_default();
        format!("column {}{name}: not UTF-8 at byte {}", index + 1, error.valid_up_to() + 1)
    })
}

/// Reads a cell as the text of a field.
fn value(kind: Kind, content: &str) -> Result<String, String> {
    match kind {
        Kind::Boolean => match content.to_ascii_lowercase().as_str() {
            "true" | "t" | "1" => Ok("true".to_owned()),
            "false" | "f" | "0" => Ok("false".to_owned()),
            _ => Err(format!("\"{content}\" is neither true nor false")),
        },
        Kind::Count => cell::count(content),
        Kind::Total => cell::total(content),
        Kind::Number | Kind::Share => cell::number(kind, content),
        Kind::Object => cell::object(content),
        Kind::Texts | Kind::Vector => Err("not a text".to_owned()),
        Kind::Key | Kind::Name | Kind::Text => cell::text(kind, unguarded(content).to_owned()),
        Kind::Time | Kind::Uuid | Kind::Action | Kind::State => cell::text(kind, content.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Cells of a line; one that begins with `~` is quoted.
    fn cells(line: &str) -> Vec<Cell> {
        line.split('|')
            .map(|cell| match cell.strip_prefix('~') {
                Some(text) => Cell { bytes: text.into(), quoted: true },
                None => Cell { bytes: cell.into(), quoted: false },
            })
            .collect()
    }

    fn row(table: Table, header: &str, line: &str) -> Result<Vec<String>, String> {
        let header = Header::read(table, &cells(header))?;
        let row = header.row(table, &cells(line))?;
        Ok(row.cells.into_iter().map(|cell| cell.unwrap_or_else(|| "-".to_owned())).collect())
    }

    #[test]
    fn columns_are_found_by_name_in_any_order() {
        let products = |line| row(Table::Products, "description|colour|product_key|product_name", line);
        assert_eq!(products("|red|p|~").unwrap(), ["p", "", "-", "-", "-", "-"]);
        let header = Header::read(Table::Products, &cells("product_key|colour")).unwrap();
        assert_eq!(header.ignored, ["colour"]);
    }

    #[test]
    fn guarded_cells_are_read_as_their_texts() {
        let read = row(Table::Values, "product_key|attribute_key|value", "p|a|'=1+1").unwrap();
        assert_eq!(read[2], "=1+1");
    }

    #[test]
    fn what_does_not_fit_is_said_with_its_column() {
        let header = |line| Header::read(Table::Values, &cells(line)).unwrap_err();
        assert_eq!(
            header("product_key;attribute_key;value"),
            "the header has no column product_key; it says \"product_key;attribute_key;value\""
        );
        assert_eq!(header("product_key|value|value"), "column 3: value is there twice");
        let values = |line| row(Table::Values, "product_key|attribute_key|value", line).unwrap_err();
        assert_eq!(values("p|a"), "2 cells, where the header has 3");
        assert_eq!(values("p|a|"), "column 3, value: nothing; an empty text is written \"\"");
        assert_eq!(values("p||v"), "column 2, attribute_key: empty");
        assert_eq!(values("~|a|v"), "column 1, product_key: empty");
        let predictions = |confidence: &str| {
            let header = "experiment|product_key|attribute_key|value|confidence";
            row(Table::Predictions, header, &format!("e|p|a|v|{confidence}"))
        };
        assert_eq!(predictions("50%").unwrap_err(), "column 5, confidence: \"50%\" is not a number");
        assert_eq!(predictions("2").unwrap_err(), "column 5, confidence: 2 is not within 0..1");
        assert_eq!(predictions("").unwrap()[4], "-");
    }
}
