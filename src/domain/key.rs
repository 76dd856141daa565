//! Keys: text that names a thing, one type a kind of thing.

use serde::{Deserialize, Serialize};
use std::fmt;

macro_rules! key {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// Wraps a key as it stands in the database.
            pub fn new(key: impl Into<String>) -> Self {
                Self(key.into())
            }

            /// Returns the key as it stands in the database.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl From<String> for $name {
            fn from(key: String) -> Self {
                Self(key)
            }
        }

        impl From<&str> for $name {
            fn from(key: &str) -> Self {
                Self(key.to_owned())
            }
        }

        impl From<$name> for String {
            fn from(key: $name) -> Self {
                key.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

key! {
    /// Names a product (`raw_products.product_key`).
    ProductKey
}
key! {
    /// Names an attribute (`raw_attributes.attribute_key`).
    AttributeKey
}
key! {
    /// Names a category (`raw_categories.category_key`).
    CategoryKey
}
key! {
    /// Names an experiment (`prediction_experiments.experiment_key`).
    ExperimentKey
}
key! {
    /// Names a recommendation round (`raw_recommendation_rounds.round_key`).
    RoundKey
}
key! {
    /// Names the person who decides.
    Reviewer
}
