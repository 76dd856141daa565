//! pgvector's `vector` as a Diesel type, sent and read in binary.
//!
//! The `pgvector` crate's own Diesel support needs libpq at build time; these few lines do not.

use bytes::BytesMut;
use diesel::deserialize::{self, FromSql, FromSqlRow};
use diesel::expression::{AsExpression, Expression};
use diesel::pg::{Pg, PgValue};
use diesel::query_builder::QueryId;
use diesel::serialize::{self, IsNull, Output, ToSql};
use diesel::sql_types::{Double, SqlType};
use std::io::Write;
use tokio_postgres::types::Type;

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
        out.write_all(&binary(self.0.as_slice())?)?;
        Ok(IsNull::No)
    }
}

/// For connections without Diesel.
impl tokio_postgres::types::ToSql for Vector {
    fn to_sql(
        &self,
        _: &Type,
        out: &mut BytesMut,
    ) -> Result<tokio_postgres::types::IsNull, Box<dyn std::error::Error + Sync + Send>> {
        out.extend_from_slice(&binary(self.0.as_slice())?);
        Ok(tokio_postgres::types::IsNull::No)
    }

    fn accepts(of: &Type) -> bool {
        of.name() == "vector"
    }

    tokio_postgres::types::to_sql_checked!();
}

/// Writes the binary form of a vector: dimensions and a reserved word, 16 bits each, then the numbers, all big-endian.
fn binary(numbers: &[f32]) -> Result<Vec<u8>, std::num::TryFromIntError> {
    let mut bytes = Vec::with_capacity(4 + 4 * numbers.len());
    bytes.extend_from_slice(&u16::try_from(numbers.len())?.to_be_bytes());
    bytes.extend_from_slice(&[0, 0]);
    for number in numbers {
        bytes.extend_from_slice(&number.to_be_bytes());
    }
    Ok(bytes)
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
