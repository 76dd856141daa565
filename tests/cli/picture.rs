//! Pictures of screens.

use super::*;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_picture_shows_the_screen_that_keys_lead_to() {
    let (_database, gapdeck) = demo().await;
    let first = array(gapdeck.json(&["queue", "--json", "--limit", "2"]));
    let picture = gapdeck.succeeds(&["picture", "--keys", "j p", "--size", "120x40"]).stdout;
    assert!(picture.starts_with("<svg ") && picture.ends_with("</svg>\n"), "{picture}");
    let name = text(&first[1], "product_name").split_whitespace().next().expect("a word").to_owned();
    assert!(picture.contains(&name), "{name} is missing: {picture}");
    assert!(!picture.contains('\u{1b}'));
    let decided = || array(gapdeck.json(&["queue", "--json", "--state", "decided"])).len();
    assert_eq!(decided(), 0);
    gapdeck.succeeds(&["picture", "--keys", "r"]);
    assert_eq!(decided(), 1, "what keys decide is decided");
    let message = gapdeck.fails(2, &["picture", "--keys", "Hyper-X"]);
    assert!(message.contains("Hyper"), "{message}");
    gapdeck.fails(2, &["picture", "--size", "12"]);
    let message = gapdeck.fails(3, &["picture", "-o", "/no/such/directory/x.svg"]);
    assert!(message.contains("/no/such/directory"), "{message}");
}
