//! pgvector's `vector` as a Diesel type, sent and read in binary.
//!
//! The `pgvector` crate's own Diesel support needs libpq at build time; these few lines do not.

use diesel::deserialize::{self, FromSql, FromSqlRow};
use diesel::expression::{AsExpression, Expression};
use diesel::pg::{Pg, PgValue};
use diesel::query_builder::QueryId;
use diesel::serialize::{self, IsNull, Output, ToSql};
use diesel::sql_types::{Double, SqlType};
use std::io::Write;

/// The SQL type `vector`; its oid is looked up by name, once a connection.
#[derive(Debug, Clone, Copy, Default, SqlType, QueryId)]
#[diesel(postgres_type(name = "vector"))]
pub struct VectorType;

/// A vector as PostgreSQL stores it.
#[derive(Debug, Clone, PartialEq, FromSqlRow, AsExpression)]
#[diesel(sql_type = VectorType)]
pub struct Vector(pub pgvector::Vector);

impl From<Vec<f32>> for Vector {
    fn from(numbers: Vec<f32>) -> Self {
        Self(numbers.into())
    }
}

impl From<Vector> for Vec<f32> {
    fn from(vector: Vector) -> Self {
        vector.0.into()
    }
}

impl ToSql<VectorType, Pg> for Vector {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
        // Dimensions and a reserved word, 16 bits each, then the numbers: all big-endian.
        let mut bytes = Vec::with_capacity(4 + 4 * self.0.as_slice().len());
        bytes.extend_from_slice(&u16::try_from(self.0.as_slice().len())?.to_be_bytes());
        bytes.extend_from_slice(&[0, 0]);
        for number in self.0.as_slice() {
            bytes.extend_from_slice(&number.to_be_bytes());
        }
        out.write_all(&bytes)?;
        Ok(IsNull::No)
    }
}

impl FromSql<VectorType, Pg> for Vector {
    fn from_sql(value: PgValue<'_>) -> deserialize::Result<Self> {
        parse(value.as_bytes()).map(Self::from)
    }
}

/// Reads the binary form of a vector.
fn parse(bytes: &[u8]) -> deserialize::Result<Vec<f32>> {
    let (head, numbers) = bytes.split_first_chunk::<4>().ok_or("a vector of less than 4 bytes")?;
    let dimensions = usize::from(u16::from_be_bytes([head[0], head[1]]));
    let (chunks, rest) = numbers.as_chunks::<4>();
    if chunks.len() != dimensions || !rest.is_empty() {
        return Err(format!("a vector of {dimensions} dimensions in {} bytes", bytes.len()).into());
    }
    Ok(chunks.iter().map(|chunk| f32::from_be_bytes(*chunk)).collect())
}

diesel::infix_operator!(CosineDistance, " <=> ", Double, backend: Pg);

/// pgvector's operators on expressions of type `vector`.
pub trait VectorExpressionMethods: Expression + Sized {
    /// The cosine distance, 0 (same direction) to 2 (opposite); in `ORDER BY ... LIMIT` it uses the index.
    fn cosine_distance<T>(self, other: T) -> CosineDistance<Self, T::Expression>
    where
        Self::SqlType: SqlType,
        T: AsExpression<Self::SqlType>,
    {
        CosineDistance::new(self, other.as_expression())
    }
}

impl<E: Expression<SqlType = VectorType>> VectorExpressionMethods for E {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_binary_form_is_read() {
        assert_eq!(parse(&[0, 2, 0, 0, 0x3f, 0x80, 0, 0, 0xc0, 0, 0, 0]).unwrap(), vec![1.0, -2.0]);
    }

    #[test]
    fn a_torn_vector_is_refused() {
        assert!(parse(&[0, 2]).is_err());
        assert!(parse(&[0, 2, 0, 0, 0x3f, 0x80, 0, 0]).is_err());
        assert!(parse(&[0, 1, 0, 0, 0x3f, 0x80, 0, 0, 1]).is_err());
    }
}
