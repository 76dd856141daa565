//! OpenAI's `/v1/embeddings`, as its many imitators speak it too.

use serde::{Deserialize, Serialize};

/// What is sent.
#[derive(Debug, Serialize)]
pub(super) struct Request<'a> {
    pub model: &'a str,
    pub input: &'a [&'a str],
    pub encoding_format: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dimensions: Option<u32>,
}

#[derive(Debug, Deserialize)]
struct Answer {
    data: Vec<Item>,
}

#[derive(Debug, Deserialize)]
struct Item {
    index: Option<usize>,
    embedding: Vec<f32>,
}

/// Reads an answer to `count` texts: a vector each, in the order of the texts, whatever the order of the items.
///
/// # Errors
/// Says what is wrong with the answer.
pub(super) fn vectors(body: &[u8], count: usize) -> Result<Vec<Vec<f32>>, String> {
    let answer: Answer =
        serde_json::from_slice(body).map_err(|error| format!("an answer that cannot be read ({error})"))?;
    if answer.data.len() != count {
        return Err(format!("{} vectors for {count} texts", answer.data.len()));
    }
    let mut vectors: Vec<Option<Vec<f32>>> = vec![None; count];
    for (place, item) in answer.data.into_iter().enumerate() {
        let index = item.index.unwrap_or(place);
        match vectors.get_mut(index) {
            Some(slot @ None) => *slot = Some(item.embedding),
            Some(Some(_)) => return Err(format!("two vectors for text {index}")),
            None => return Err(format!("a vector for text {index} of {count}")),
        }
    }
    // As many as there are places, and none of them twice.
    Ok(vectors.into_iter().flatten().collect())
}

/// Returns what an error's body says, for a person: a line without control characters, at most 300 characters.
pub(super) fn error_message(body: &[u8]) -> String {
    let value: Option<serde_json::Value> = serde_json::from_slice(body).ok();
    let text = value
        .as_ref()
        .and_then(|value| {
            let error = value.get("error").unwrap_or(value);
            [error.get("message"), value.get("message"), value.get("detail"), Some(error)]
                .into_iter()
                .flatten()
                .find_map(|found| found.as_str())
        })
        .map_or_else(|| String::from_utf8_lossy(body).into_owned(), ToOwned::to_owned);
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ").replace(char::is_control, "");
    if line.chars().count() > 300 { line.chars().take(299).chain(['…']).collect() } else { line }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn vectors_come_in_the_order_of_the_texts() {
        let body = br#"{"object": "list", "model": "m", "usage": {"total_tokens": 3}, "data": [
            {"object": "embedding", "index": 1, "embedding": [2]}, {"index": 0, "embedding": [1.5, -1e-3]}]}"#;
        assert_eq!(vectors(body, 2).unwrap(), [vec![1.5, -1e-3], vec![2.0]]);
        let without_index = br#"{"data": [{"embedding": [1]}, {"embedding": [2]}]}"#;
        assert_eq!(vectors(without_index, 2).unwrap(), [vec![1.0], vec![2.0]]);
    }

    #[test]
    fn a_wrong_answer_is_refused() {
        let wrong = |body: &str, why: &str| {
            let error = vectors(body.as_bytes(), 2).unwrap_err();
            assert!(error.contains(why), "{error}");
        };
        wrong("{", "cannot be read");
        wrong(r#"{"data": "x"}"#, "cannot be read");
        wrong(r#"{"data": [{"index": 0, "embedding": "AAAA"}, {"embedding": [1]}]}"#, "cannot be read");
        wrong(r#"{"data": [{"index": 0, "embedding": [1]}]}"#, "1 vectors for 2 texts");
        wrong(r#"{"data": [{"index": 0, "embedding": [1]}, {"index": 0, "embedding": [1]}]}"#, "two vectors");
        wrong(r#"{"data": [{"index": 0, "embedding": [1]}, {"index": 9, "embedding": [1]}]}"#, "text 9 of 2");
    }

    #[test]
    fn an_errors_message_is_one_clean_line() {
        for (body, message) in [
            (r#"{"error": {"message": "no such\n model", "type": "x"}}"#, "no such model"),
            (r#"{"error": "overloaded"}"#, "overloaded"),
            (r#"{"detail": "Not Found"}"#, "Not Found"),
            ("<html>\u{1b}[31mBad Gateway</html>", "<html>[31mBad Gateway</html>"),
            ("", ""),
        ] {
            assert_eq!(error_message(body.as_bytes()), message);
        }
        assert_eq!(error_message("x".repeat(1000).as_bytes()).chars().count(), 300);
    }
}
