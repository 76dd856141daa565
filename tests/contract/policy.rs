//! What [`gapdeck::repository::PolicyRepository`] promises.

use gapdeck::domain::{Policy, Share};
use gapdeck::repository::Store;

pub async fn a_policy_holds_until_the_next_is_set(store: &dyn Store) {
    assert_eq!(store.policy().await.unwrap(), Policy::default());
    let share = |number: f64| Share::try_from(number).unwrap();
    let first =
        Policy { second_opinions: share(0.2), random: share(0.05), blind: share(0.1), seeded: share(0.04) };
    store.set_policy(&first, &"ada".into()).await.unwrap();
    assert_eq!(store.policy().await.unwrap(), first);
    let second = Policy { second_opinions: Share::ALL, ..Policy::default() };
    store.set_policy(&second, &"bob".into()).await.unwrap();
    assert_eq!(store.policy().await.unwrap(), second);
}
