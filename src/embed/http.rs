//! Embeddings from a server that speaks OpenAI's `/v1/embeddings`.

mod protocol;
mod retry;

use super::{EmbedError, check};
use crate::error::{AppError, ErrorKind};
use reqwest::header::{AUTHORIZATION, HeaderValue, RETRY_AFTER};
use reqwest::{Client, StatusCode, redirect};
use retry::{Gate, backoff, retry_after};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;
use url::Url;

/// Where a key for OpenAI goes, and where it does not.
const OPENAI: [&str; 2] = ["openai.com", "openai.azure.com"];
/// The longest wait that a server may ask for.
const PATIENCE: Duration = Duration::from_secs(15 * 60);
/// How long connecting may take.
const CONNECT: Duration = Duration::from_secs(15);
/// The most bytes of an answer: for each text as many as 4,096 numbers take, beside the rest.
const BYTES_A_TEXT: usize = 4096 * 32;
const BYTES_BESIDE: usize = 64 << 10;
/// So many texts refused before any was taken mean that the request is wrong, not the texts.
const HOPELESS: usize = 3;

/// How to ask a server.
#[derive(Clone)]
pub struct Settings {
    pub endpoint: Url,
    pub model: String,
    /// The key; never shown.
    pub key: Option<String>,
    /// How many numbers to ask for, where the model leaves a choice.
    pub dimensions: Option<u32>,
    /// How often a request is sent before it is given up.
    pub tries: u32,
    /// How long one request may take.
    pub timeout: Duration,
    pub per_minute: Option<u32>,
}

impl std::fmt::Debug for Settings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Settings").field("model", &self.model).finish_non_exhaustive()
    }
}

/// Why texts were not embedded.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HttpError {
    /// The server does not take these texts; it may take others.
    #[error("{place} refused: {reason}")]
    Refused { place: String, reason: String },
    /// The server takes nothing from us: key, model or address are wrong.
    #[error("{place} refused: {reason}")]
    Denied { place: String, reason: String },
    /// The server failed again and again.
    #[error("{place} failed {tries} times, the last time with {reason}")]
    GaveUp { place: String, tries: u32, reason: String },
    /// The server wants to be left alone for longer than anybody waits.
    #[error("{place} asks to wait {} minutes", wait.as_secs() / 60)]
    TooBusy { place: String, wait: Duration },
    /// A vector that cannot be stored.
    #[error("{place} gave a vector that cannot be stored: {error}")]
    Unusable { place: String, error: EmbedError },
    /// Vectors of several lengths cannot be compared.
    #[error("{place} gave vectors of {one} numbers and of {other}: they cannot be compared")]
    Mixed { place: String, one: usize, other: usize },
}

impl From<HttpError> for AppError {
    fn from(error: HttpError) -> Self {
        let message = error.to_string();
        match error {
            HttpError::Refused { .. } => Self::new(ErrorKind::Input, message)
                .hinted("The server's reason says what it does not take; see --model, --dimensions and --batch."),
            HttpError::Denied { .. } => Self::new(ErrorKind::Unavailable, message).hinted(
                "Check --endpoint and --model, and the key in GAPDECK_EMBED_KEY (or OPENAI_API_KEY for OpenAI itself).",
            ),
            HttpError::GaveUp { .. } | HttpError::TooBusy { .. } => Self::new(ErrorKind::Unavailable, message)
                .hinted("What was embedded is kept: the same command goes on from there.")
                .hinted("A slower pace: fewer at once with --concurrency, or --per-minute."),
            HttpError::Unusable { error: EmbedError::TooLong { .. }, .. } => Self::new(ErrorKind::Input, message)
                .hinted("Choose a model with at most 1536 dimensions, or one that can give fewer, with --dimensions 1536."),
            HttpError::Unusable { .. } | HttpError::Mixed { .. } => Self::new(ErrorKind::Input, message)
                .hinted("Choose another model, or ask whoever runs the server."),
        }
    }
}

/// What a single attempt came to, if not to vectors.
enum Failure {
    /// Another attempt may succeed.
    Passing {
        reason: String,
        wait: Option<Duration>,
    },
    Final(HttpError),
}

/// A client of one model on one server.
pub struct HttpEmbedder {
    client: Client,
    settings: Settings,
    url: Url,
    authorization: Option<HeaderValue>,
    gate: Gate,
    taken: AtomicBool,
    refused: AtomicUsize,
    dimensions: AtomicUsize,
    retries: AtomicU64,
}

impl std::fmt::Debug for HttpEmbedder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("HttpEmbedder").field("settings", &self.settings).finish_non_exhaustive()
    }
}

impl HttpEmbedder {
    /// Prepares a client; nothing is sent yet.
    ///
    /// # Errors
    /// [`ErrorKind::Usage`] for an address that is none, [`ErrorKind::Input`] for a key that cannot be sent.
    pub fn new(settings: Settings) -> Result<Self, AppError> {
        let url = address(&settings.endpoint)?;
        let unusable = |reason: String| AppError::new(ErrorKind::Input, format!("cannot embed: {reason}"));
        let authorization = match &settings.key {
            None => None,
            Some(key) => {
                let mut value = HeaderValue::try_from(format!("Bearer {key}"))
                    .map_err(|_| unusable("the key holds a character that no key has".into()))?;
                value.set_sensitive(true);
                Some(value)
            }
        };
        let tls = crate::tls::client(&crate::tls::Settings::default());
        let tls = tls.map_err(|refusal| unusable(refusal.reason))?;
        let client = Client::builder()
            .tls_backend_preconfigured(tls.config)
            // A redirection would take the key somewhere else.
            .redirect(redirect::Policy::none())
            .connect_timeout(CONNECT)
            .timeout(settings.timeout)
            .user_agent(concat!("gapdeck/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|error| unusable(crate::database::chain(&error)))?;
        Ok(Self {
            client,
            gate: Gate::new(settings.per_minute),
            settings,
            url,
            authorization,
            taken: AtomicBool::new(false),
            refused: AtomicUsize::new(0),
            dimensions: AtomicUsize::new(0),
            retries: AtomicU64::new(0),
        })
    }

    /// Returns the name that the vectors are stored under: vectors cut to fewer numbers are another model's.
    pub fn model(&self) -> String {
        match self.settings.dimensions {
            Some(dimensions) => format!("{}@{dimensions}", self.settings.model),
            None => self.settings.model.clone(),
        }
    }

    /// Returns how many requests were sent again.
    pub fn retries(&self) -> u64 {
        self.retries.load(Ordering::Relaxed)
    }

    /// Returns how many numbers the vectors have, once there is one.
    pub fn dimensions(&self) -> Option<usize> {
        Some(self.dimensions.load(Ordering::Relaxed)).filter(|dimensions| *dimensions > 0)
    }

    /// Embeds texts; of those that the server does not take, the reason. Such a text is found by asking for ever smaller
    /// parts.
    ///
    /// # Errors
    /// What no smaller part would mend.
    pub async fn embed(&self, texts: &[&str]) -> Result<Vec<Result<Vec<f32>, String>>, HttpError> {
        let mut done = Vec::with_capacity(texts.len());
        let mut parts = vec![texts];
        while let Some(part) = parts.pop() {
            match self.embed_together(part).await {
                Ok(vectors) => done.extend(vectors.into_iter().map(Ok)),
                Err(HttpError::Refused { .. }) if part.len() > 1 => {
                    let (first, second) = part.split_at(part.len() / 2);
                    parts.extend([second, first]);
                }
                Err(error @ HttpError::Refused { .. }) => {
                    let refused = self.refused.fetch_add(1, Ordering::Relaxed) + 1;
                    if refused >= HOPELESS && !self.taken.load(Ordering::Relaxed) {
                        return Err(error);
                    }
                    done.push(Err(error.to_string()));
                }
                Err(error) => return Err(error),
            }
        }
        Ok(done)
    }

    /// Embeds texts with one request, sent again while that may help.
    async fn embed_together(&self, texts: &[&str]) -> Result<Vec<Vec<f32>>, HttpError> {
        let mut failures = 0;
        loop {
            self.gate.pass().await;
            let (reason, wait) = match self.attempt(texts).await {
                Ok(vectors) => {
                    self.taken.store(true, Ordering::Relaxed);
                    return Ok(vectors);
                }
                Err(Failure::Final(error)) => return Err(error),
                Err(Failure::Passing { reason, wait }) => (reason, wait),
            };
            failures += 1;
            if failures >= self.settings.tries {
                return Err(HttpError::GaveUp { place: self.place(), tries: failures, reason });
            }
            match wait {
                // The others are to wait as well.
                Some(wait) if wait <= PATIENCE => self.gate.close_for(wait).await,
                Some(wait) => return Err(HttpError::TooBusy { place: self.place(), wait }),
                None => tokio::time::sleep(backoff(failures)).await,
            }
            self.retries.fetch_add(1, Ordering::Relaxed);
        }
    }

    async fn attempt(&self, texts: &[&str]) -> Result<Vec<Vec<f32>>, Failure> {
        let passing = |reason: String| Failure::Passing { reason, wait: None };
        let request = protocol::Request {
            model: &self.settings.model,
            input: texts,
            encoding_format: "float",
            dimensions: self.settings.dimensions,
        };
        let mut sending = self.client.post(self.url.clone()).json(&request);
        if let Some(authorization) = &self.authorization {
            sending = sending.header(AUTHORIZATION, authorization.clone());
        }
        let answer = sending.send().await.map_err(|error| passing(said(error)))?;
        let status = answer.status();
        let wait = answer
            .headers()
            .get(RETRY_AFTER)
            .and_then(|value| retry_after(value.to_str().ok()?, chrono::Utc::now()));
        let body = self.body(answer, texts.len()).await?;
        if status.is_success() {
            return protocol::vectors(&body, texts.len())
                .map_err(passing)
                .and_then(|vectors| self.checked(vectors).map_err(Failure::Final));
        }
        let mut reason = protocol::error_message(&body);
        if let Some(key) = self.settings.key.as_deref().filter(|key| !key.is_empty()) {
            reason = reason.replace(key, "***");
        }
        let reason = if reason.is_empty() { status.to_string() } else { format!("{status}: {reason}") };
        let place = self.place();
        Err(match status {
            StatusCode::TOO_MANY_REQUESTS | StatusCode::REQUEST_TIMEOUT | StatusCode::CONFLICT => {
                Failure::Passing { reason, wait }
            }
            status if status.is_server_error() => Failure::Passing { reason, wait },
            StatusCode::BAD_REQUEST | StatusCode::PAYLOAD_TOO_LARGE | StatusCode::UNPROCESSABLE_ENTITY => {
                Failure::Final(HttpError::Refused { place, reason })
            }
            _ => Failure::Final(HttpError::Denied { place, reason }),
        })
    }

    /// Reads an answer's body, and no more than an honest one has.
    async fn body(&self, mut answer: reqwest::Response, texts: usize) -> Result<Vec<u8>, Failure> {
        let limit = BYTES_BESIDE + texts.saturating_mul(BYTES_A_TEXT);
        let mut body = Vec::new();
        loop {
            let chunk =
                answer.chunk().await.map_err(|error| Failure::Passing { reason: said(error), wait: None })?;
            let Some(chunk) = chunk else { return Ok(body) };
            if body.len() + chunk.len() > limit {
                return Err(Failure::Final(HttpError::Denied {
                    place: self.place(),
                    reason: format!("an answer of more than {} MiB to {texts} texts", limit >> 20),
                }));
            }
            body.extend_from_slice(&chunk);
        }
    }

    /// Refuses vectors that cannot be stored, and those of another length than the ones before.
    fn checked(&self, vectors: Vec<Vec<f32>>) -> Result<Vec<Vec<f32>>, HttpError> {
        for vector in &vectors {
            check(vector).map_err(|error| HttpError::Unusable { place: self.place(), error })?;
            let before =
                self.dimensions.compare_exchange(0, vector.len(), Ordering::Relaxed, Ordering::Relaxed);
            if let Err(before) = before
                && before != vector.len()
            {
                return Err(HttpError::Mixed { place: self.place(), one: before, other: vector.len() });
            }
        }
        Ok(vectors)
    }

    /// Names the server without what a URL may hide.
    fn place(&self) -> String {
        let port = self.url.port().map(|port| format!(":{port}")).unwrap_or_default();
        format!("{}{port}", self.url.host_str().unwrap_or("the server"))
    }
}

/// Returns what went wrong on the way, without the URL, which may hold a password.
fn said(error: reqwest::Error) -> String {
    if error.is_timeout() {
        return "no answer in time".into();
    }
    let error = error.without_url();
    if error.is_body() || error.is_decode() {
        return format!("an answer that broke off ({})", crate::database::chain(&error));
    }
    crate::database::chain(&error)
}

/// Completes an endpoint: a server's address, its `/v1`, or the whole address of its embeddings.
fn address(endpoint: &Url) -> Result<Url, AppError> {
    if !matches!(endpoint.scheme(), "http" | "https") || endpoint.host_str().is_none() {
        return Err(AppError::new(ErrorKind::Usage, "--endpoint must be an http or https address")
            .hinted("For instance https://api.openai.com/v1 or http://localhost:11434/v1"));
    }
    let mut url = endpoint.clone();
    let path = endpoint.path().trim_end_matches('/');
    if !path.ends_with("/embeddings") {
        let path = if path.is_empty() { "/v1/embeddings".to_owned() } else { format!("{path}/embeddings") };
        url.set_path(&path);
    }
    Ok(url)
}

/// Tells whether a server is OpenAI's, which may be given OpenAI's key.
pub fn is_openai(endpoint: &Url) -> bool {
    let host = endpoint.host_str().unwrap_or_default();
    endpoint.scheme() == "https"
        && OPENAI.iter().any(|own| {
            host.strip_suffix(own).is_some_and(|before| before.is_empty() || before.ends_with('.'))
        })
}

/// Tells whether a key sent there could be read on the way.
pub fn is_readable(endpoint: &Url) -> bool {
    let local = match endpoint.host() {
        Some(url::Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    };
    endpoint.scheme() == "http" && !local
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_endpoint_may_be_given_short_or_whole() {
        for (given, whole) in [
            ("https://api.openai.com", "https://api.openai.com/v1/embeddings"),
            ("https://api.openai.com/v1/", "https://api.openai.com/v1/embeddings"),
            ("http://localhost:11434/v1/embeddings", "http://localhost:11434/v1/embeddings"),
            (
                "https://a.openai.azure.com/openai/deployments/d/embeddings?api-version=2024-02-01",
                "https://a.openai.azure.com/openai/deployments/d/embeddings?api-version=2024-02-01",
            ),
        ] {
            assert_eq!(address(&given.parse().unwrap()).unwrap().as_str(), whole);
        }
        assert_eq!(address(&"ftp://x/".parse().unwrap()).unwrap_err().kind, ErrorKind::Usage);
    }

    #[test]
    fn openais_key_goes_to_openai_only() {
        let is = |url: &str| is_openai(&url.parse().unwrap());
        assert!(is("https://api.openai.com/v1") && is("https://a.openai.azure.com/x"));
        assert!(!is("https://api.openai.com.evil.example/v1") && !is("https://notopenai.com/v1"));
        assert!(!is("http://api.openai.com/v1") && !is("http://localhost:8080"));
    }

    #[test]
    fn a_key_is_readable_on_plain_http_to_another_machine() {
        let is = |url: &str| is_readable(&url.parse().unwrap());
        assert!(is("http://embeddings.example/v1") && is("http://10.0.0.7/v1"));
        assert!(!is("https://embeddings.example/v1") && !is("http://127.0.0.1:80") && !is("http://[::1]:80"));
        assert!(!is("http://localhost:11434/v1"));
    }

    #[test]
    fn no_debug_text_holds_the_key() {
        let settings = Settings {
            endpoint: "http://localhost/v1".parse().unwrap(),
            model: "m".into(),
            key: Some("sEcReT".into()),
            dimensions: None,
            tries: 1,
            timeout: Duration::from_secs(1),
            per_minute: None,
        };
        assert!(!format!("{settings:?}").contains("sEcReT"));
        let embedder = HttpEmbedder::new(settings).unwrap();
        assert!(!format!("{embedder:?}").contains("sEcReT"));
    }
}
